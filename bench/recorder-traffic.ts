import { readFileSync } from 'node:fs';
import type { ProxySample } from '../diagnostics/io/proxy-sample.ts';
import { sampleOfPage } from '../proxy/adapters/metrics/sample.ts';

/** Pages that real proxies wrote, and how many times their hosts and services are repeated to make a busy proxy of them. */
const PAGES = [
  { file: 'ingress-nginx/06-after-traffic.prom', times: 10 },
  { file: 'traefik/3.7.9/json.metrics.txt', times: 20 },
  { file: 'envoy/1.40.0/stats.prometheus.txt', times: 20 },
] as const;

/** One of each kind of busy proxy, its counters as the page had them. */
export async function busyProxies(): Promise<ProxySample[]> {
  return Promise.all(
    PAGES.map(async ({ file, times }) => {
      const text = readFileSync(new URL(`../test/fixtures/${file}`, import.meta.url), 'utf8');
      const page = { page: async () => text };
      return repeated(await sampleOfPage('http://10.0.0.1:9113/metrics', page, AbortSignal.timeout(10_000)), times);
    }),
  );
}

/** The same proxy with more hosts and services. */
function repeated(sample: ProxySample, times: number): ProxySample {
  const rows = <T extends { service: string | null; host?: string | null }>(all: T[]): T[] =>
    Array.from({ length: times }, (_, i) =>
      all.map((row) => ({
        ...structuredClone(row),
        ...(row.host && { host: `${i}-${row.host}` }),
        ...(row.service && { service: `team-${i}-${row.service}` }),
      })),
    ).flat();
  return {
    ...sample,
    requests: rows(sample.requests).filter((row, i) => row.host || row.service || i < sample.requests.length),
    latency: rows(sample.latency).filter((row, i) => row.host || row.service || i < sample.latency.length),
    endpoints: rows(sample.endpoints),
    ...(sample.retries && { retries: rows(sample.retries) }),
  };
}

/** A proxy under traffic: every call is one sample, a period later. */
export function underTraffic(
  start: ProxySample,
  from: number,
  everyMs: number,
  random: () => number,
): () => ProxySample {
  const now = structuredClone(start);
  // Few hosts have most of the requests, and errors are rare.
  const rates = now.requests.map(
    (row) => (40 * (/^[45]/.test(row.status) ? 0.01 : 1)) / (1 + Math.floor(random() * 60)),
  );
  const some = (mean: number): number => Math.floor(mean * (0.5 + random()) + random());
  const names = new Map<string, number>();
  const numberOf = (row: { host: string | null; service: string | null }): number => {
    const name = `${row.host}/${row.service}`;
    if (!names.has(name)) names.set(name, names.size);
    return names.get(name) as number;
  };
  const groups = now.requests.map(numberOf);
  const latencies = now.latency.map(numberOf);
  const served = new Array<number>(names.size).fill(0);
  let at = from;
  return () => {
    at += everyMs;
    now.at = new Date(at + Math.floor(random() * 40)).toISOString();
    now.clock = new Date(Math.floor(at / 1000) * 1000).toISOString();
    const seconds = everyMs / 1000;
    let all = 0;
    served.fill(0);
    for (const [i, row] of now.requests.entries()) {
      const more = some((rates[i] as number) * seconds);
      row.count += more;
      all += more;
      served[groups[i] as number] = (served[groups[i] as number] as number) + more;
    }
    for (const [i, row] of now.latency.entries()) {
      // The same requests are counted in the total time, the upstream's and the connection's.
      const more = row.host === null && row.service === null ? all : (served[latencies[i] as number] as number);
      row.count += more;
      row.seconds += more * 0.02 * (0.5 + random());
      const falls = [0.5, 0.8, 0.93, 0.98, 0.995];
      for (const [j, bucket] of row.buckets.entries()) bucket[1] += Math.round(more * (falls[j] ?? 1));
    }
    for (const one of now.endpoints) {
      if (one.connections !== null) one.connections += some(3);
      if (one.requests) one.requests += some(all / now.endpoints.length);
      if (one.inflight !== null) one.inflight = some(4);
    }
    for (const one of now.tls) one.count += some(all / now.tls.length);
    const { connections, process } = now;
    if (connections.active !== null) connections.active = some(400);
    if (connections.accepted !== null) connections.accepted += some(all / 10);
    if (process.cpuSeconds !== null) process.cpuSeconds += random();
    if (process.residentBytes !== null) process.residentBytes = 2e8 + 4096 * some(2000);
    if (process.openFiles !== null) process.openFiles = some(500);
    return now;
  };
}
