import type { ProxySample, RequestCounter } from '../../../diagnostics/io/proxy-sample.ts';

export const START = Date.parse('2026-11-21T15:00:00.000Z');
export const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

/** A sample of a proxy that counts nothing yet, `seconds` after 15:00. */
export function aSample(seconds: number, over: Partial<ProxySample> = {}): ProxySample {
  return {
    v: 1,
    at: at(seconds),
    clock: null,
    source: 'http://127.0.0.1:9100/metrics',
    software: 'traefik 3.7.9',
    requests: [],
    latency: [],
    connections: { active: null, idle: null, limit: null, accepted: null, dropped: null },
    endpoints: [],
    tls: [],
    refusedBeforeRequest: { handshake: null, proxyHeader: null },
    reloads: { ok: null, failed: null, lastOk: null, lastAt: null, hash: null },
    process: {
      startedAt: null,
      processes: null,
      residentBytes: null,
      cpuSeconds: null,
      openFiles: null,
      maxFiles: null,
    },
    certificates: [],
    cannotTell: [],
    ...over,
  };
}

/** Requests of one service, by status. */
export const served = (
  service: string | null,
  counts: { [status: string]: number },
  over: Partial<RequestCounter> = {},
): RequestCounter[] =>
  Object.entries(counts).map(([status, count]) => ({
    host: null,
    service,
    endpoint: null,
    status,
    maker: /^5/.test(status) ? 'upstream' : 'unknown',
    count,
    ...over,
  }));
