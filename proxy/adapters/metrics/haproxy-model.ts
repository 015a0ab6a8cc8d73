import type { RecentMean } from '../../../diagnostics/io/proxy-sample.ts';
import { counts } from './collector.ts';
import { clip, type Tally } from './tally.ts';

/** What HAProxy counts, whether it was read from its exporter or from its stats socket. */
interface HaproxyCounts {
  /** Responses by class: `proxy` alone for frontends and backends, `backend\nserver` for servers. */
  frontends: ReturnType<typeof counts>;
  backends: ReturnType<typeof counts>;
  servers: ReturnType<typeof counts>;
  /** Classes that the source can hold; without them nothing can be subtracted. */
  sees: { frontends: boolean; backends: boolean; servers: boolean };
  retries: Map<string, number>;
  means: RecentMean[];
}

export const haproxyCounts = (): HaproxyCounts => ({
  frontends: counts(),
  backends: counts(),
  servers: counts(),
  sees: { frontends: false, backends: false, servers: false },
  retries: new Map(),
  means: [],
});

/** Most means and services with retries of one sample. */
const ROWS = 5_000;

export function addMean(of: HaproxyCounts, mean: RecentMean): void {
  if (mean.seconds > 0 && Number.isFinite(mean.seconds) && of.means.length < ROWS)
    of.means.push({ ...mean, service: clip(mean.service) ?? '', endpoint: clip(mean.endpoint) });
}

export function addRetries(of: HaproxyCounts, service: string, count: number): void {
  if (count > 0 && Number.isFinite(count) && of.retries.size < ROWS)
    of.retries.set(clip(service) ?? '', (of.retries.get(clip(service) ?? '') ?? 0) + count);
}

/** HAProxy's TIME_STATS_SAMPLES (include/haproxy/defaults.h). */
const SAMPLES = 512;
/** It rounds its means up to whole milliseconds (swrate_avg). */
const ROUNDED_S = 0.001;

/**
 * A mean of the exporter, in seconds, for a server or backend that had so many requests. The exporter divides the sum by
 * 512 however few requests there were (addons/promex/service-prometheus.c), the stats socket by their number: after 86
 * requests 99 ms against 583 ms (measured on 2.6.12). Never more than what the unrounded value can have been.
 */
export const exporterMean = (seconds: number, requests: number): number =>
  requests > 0 && requests < SAMPLES ? Math.max(seconds, ((seconds - ROUNDED_S) * SAMPLES) / requests) : seconds;

/** The exporter's means of a model as they are: for each server and backend by the responses that were counted for it. */
export function trueMeans(of: HaproxyCounts): RecentMean[] {
  const requests = new Map<string, number>();
  const add = (key: string, count: number): void => void requests.set(key, (requests.get(key) ?? 0) + count);
  for (const row of of.servers.rows()) add(row.of ?? '', row.count);
  for (const row of of.backends.rows()) add(`${row.of}\t`, row.count);
  return of.means.map((mean) => ({
    ...mean,
    seconds: exporterMean(mean.seconds, requests.get(`${mean.service}\t${mean.endpoint ?? ''}`) ?? 0),
  }));
}

const classOf = (code: string | null): string => code ?? 'other';

/** `2xx` of `hrsp_2xx` and of `code="2xx"` alike. */
export const responseClass = classOf;

/**
 * Who made which status. HAProxy counts a response for the server only when the server sent it, for the backend and
 * the frontend whatever the client got (measured on 2.6.12: a refused connection and a server timeout count 5xx for
 * backend and frontend, none for the server). So a backend's surplus over its servers, and the frontends' over the
 * backends, are HAProxy's own answers: 503 without a server, 504, 400, 403 by rule, redirects. Among the frontends' 4xx
 * is a 400 for everybody who connects and leaves without a word (health checks), unless `option http-ignore-probes` is
 * set (measured on 2.6.12).
 */
export function tallyHaproxy(tally: Tally, of: HaproxyCounts): void {
  const repeated = new Map<string, number>();
  const byServers = new Map<string, number>();
  for (const { of: key, status, count } of of.servers.rows()) {
    const [service = '', endpoint = ''] = (key ?? '').split('\t');
    tally.request({ service, endpoint }, status, status === 'other' ? 'unknown' : 'upstream', count);
    const sum = `${service}\t${status}`;
    byServers.set(sum, (byServers.get(sum) ?? 0) + count);
  }
  if (of.sees.backends) {
    for (const { of: service, status, count } of of.backends.rows()) {
      const sum = `${service}\t${status}`;
      const own = count - (byServers.get(sum) ?? 0);
      byServers.delete(sum);
      const maker = !of.sees.servers || status === 'other' ? 'unknown' : 'proxy';
      tally.request({ service }, status, maker, own);
      // `retry-on 5xx` repeats after an answer: the server counts both.
      if (own < 0) repeated.set(status, (repeated.get(status) ?? 0) - own);
    }
    for (const [sum, count] of byServers) {
      const status = sum.slice(sum.lastIndexOf('\t') + 1);
      repeated.set(status, (repeated.get(status) ?? 0) + count);
    }
  }
  if (of.sees.frontends && of.sees.backends) {
    const behind = of.backends.byStatus();
    for (const [status, count] of of.frontends.byStatus())
      tally.request({}, status, status === 'other' ? 'unknown' : 'proxy', count - (behind.get(status) ?? 0));
  }
  const { sample } = tally;
  sample.repeated = [...repeated].filter(([status]) => status === '5xx').map(([status, count]) => ({ status, count }));
  sample.retries = [...of.retries].map(([service, count]) => ({ service, count }));
  sample.means = of.means;
  tally.cannotTell(
    'requests by host',
    'option httplog with "capture request header Host len 64", and the log as accessLog:',
  );
  tally.cannotTell(
    'times of all requests (HAProxy keeps means of the last 1024)',
    'option httplog, and the log as accessLog:',
  );
}

/** True for the states in which HAProxy sends requests to a server: UP, `UP 1/3`, and `no check`. NOLB takes only persistent ones. */
export const isUp = (status: string): boolean => /^(UP|no check)\b/.test(status);
