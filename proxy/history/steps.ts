import type { HistoryStep, ProxyHistory, ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import { endpointsOf, latencyOf, OTHERS, requestsOf, type Scope } from './scope.ts';

export type Reset = ProxyHistory['resets'][number];

/**
 * How far a begin moves without a restart, ms: most proxies state it, cut to seconds; Envoy's is computed from an uptime
 * that is written every 5 s.
 */
const sameStart = (kind: string): number => (kind === 'envoy' ? 6_000 : 1_500);
const HAPROXY = /^haproxy/;

const ms = (iso: string): number => Date.parse(iso);
const keyOf = (row: { host?: string | null; service: string | null; endpoint: string | null }, more: string): string =>
  `${row.host ?? ''}\0${row.service ?? ''}\0${row.endpoint ?? ''}\0${more}`;

/** Totals by series. */
function countsOf(sample: ProxySample): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of sample.requests) counts.set(keyOf(row, `${row.status}\0${row.maker}`), row.count);
  return counts;
}

/**
 * Whether the counters of `after` began anew since `before`. Another begin of the process says so; HAProxy's reload is a
 * new process with counters at zero and its own begin (measured on 2.6.12; a restart looks the same from outside). Where the begin is not told:
 * connections, processor time or at least half of the series went back.
 */
export function resetBetween(before: ProxySample, after: ProxySample, kind: string, clockMs = 0): Reset | null {
  const [was, is] = [before.process.startedAt, after.process.startedAt];
  if (was !== null && is !== null) {
    const at = Math.min(Math.max(ms(is) - clockMs, ms(before.at)), ms(after.at));
    if (Math.abs(ms(is) - ms(was)) > sameStart(kind))
      return { at: new Date(at).toISOString(), why: HAPROXY.test(kind) ? 'reload' : 'restart' };
  }
  const fell = (a: number | null, b: number | null): boolean => a !== null && b !== null && b < a;
  const [counts, later] = [countsOf(before), countsOf(after)];
  const moved = [...counts].filter(([key, count]) => count > 0 && !key.includes(OTHERS) && later.has(key));
  const back = moved.filter(([key, count]) => (later.get(key) as number) < count).length;
  if (
    fell(before.connections.accepted, after.connections.accepted) ||
    fell(before.process.cpuSeconds, after.process.cpuSeconds) ||
    (back > 0 && back * 2 >= moved.length)
  )
    return { at: after.at, why: HAPROXY.test(kind) ? 'reload' : 'unknown' };
  return null;
}

/** A counter's growth. After a reset, or for a series that was not there before, it is what it has reached since zero. */
function growth(before: number | null | undefined, after: number | null, anew: boolean): number | null {
  if (after === null) return null;
  if (anew || before === null || before === undefined || after < before) return after;
  return after - before;
}

/** The growth of rows that are summed; a sum of many series (`others`) that shrinks lost a member, which is no event. */
function grown(key: string, before: Map<string, number>, after: number, anew: boolean): number {
  if (!anew && key.includes(OTHERS)) return Math.max(0, after - (before.get(key) ?? after));
  return growth(before.get(key), after, anew) as number;
}

type Counted = Pick<HistoryStep, 'requests' | 'errors' | 'madeByProxy' | 'madeByUpstream'>;

/** Answers that no client got, since the proxy tried again, are no requests; only the whole proxy's are known. */
function takeBack(out: Counted, before: ProxySample, after: ProxySample, anew: boolean): void {
  const was = new Map((before.repeated ?? []).map((one) => [one.status, one.count]));
  for (const { status, count } of after.repeated ?? []) {
    const again = Math.min(growth(was.get(status), count, anew) ?? 0, out.errors[status] ?? 0);
    if (again <= 0) continue;
    out.requests -= again;
    out.errors[status] = (out.errors[status] as number) - again;
    if (out.errors[status] === 0) delete out.errors[status];
    out.madeByProxy = Math.max(0, out.madeByProxy - again);
  }
}

function requestsIn(before: ProxySample, after: ProxySample, scope: Scope, anew: boolean) {
  const was = countsOf(before);
  const out: Counted = { requests: 0, errors: {}, madeByProxy: 0, madeByUpstream: 0 };
  for (const row of requestsOf(after, scope)) {
    const count = grown(keyOf(row, `${row.status}\0${row.maker}`), was, row.count, anew);
    if (count === 0) continue;
    out.requests += count;
    if (!/^[45]/.test(row.status)) continue;
    out.errors[row.status] = (out.errors[row.status] ?? 0) + count;
    if (row.maker === 'proxy') out.madeByProxy += count;
    if (row.maker === 'upstream') out.madeByUpstream += count;
  }
  if (scope.kind === 'proxy') takeBack(out, before, after, anew);
  return out;
}

/** Mean time of one kind, s; null where nothing was counted. */
function meanOf(before: ProxySample, after: ProxySample, scope: Scope, anew: boolean, kind: 'total' | 'upstream') {
  const of = (sample: ProxySample) => latencyOf(sample, kind, scope);
  const [counts, seconds] = [new Map<string, number>(), new Map<string, number>()];
  for (const row of of(before)) {
    counts.set(keyOf(row, kind), row.count);
    seconds.set(keyOf(row, kind), row.seconds);
  }
  let [n, sum] = [0, 0];
  for (const row of of(after)) {
    // Count and sum begin anew together: a count that fell takes its sum with it.
    const fresh = anew || row.count < (counts.get(keyOf(row, kind)) ?? 0);
    n += grown(keyOf(row, kind), counts, row.count, fresh);
    sum += grown(keyOf(row, kind), seconds, row.seconds, fresh);
  }
  return n > 0 ? Math.max(0, sum) / n : null;
}

/** Tries beyond the first: as the services count them, else as the endpoints do; null: not told. */
function retriesIn(before: ProxySample, after: ProxySample, scope: Scope, anew: boolean): number | null {
  const told = (sample: ProxySample): Map<string, number> => {
    const ours = sample.retries?.filter((one) => scope.kind !== 'service' || scope.services.has(one.service));
    if (ours?.length) return new Map(ours.map((one) => [one.service, one.count]));
    const counted = endpointsOf(sample.endpoints, scope).filter((one) => one.retries !== null);
    return new Map(counted.map((one) => [keyOf(one, ''), one.retries as number]));
  };
  const was = told(before);
  const is = [...told(after)];
  return is.length ? is.reduce((sum, [key, count]) => sum + (growth(was.get(key), count, anew) as number), 0) : null;
}

/** Reloads between two samples: by the counter, else by the time or hash of the last one; null: not told. */
function reloadsIn(before: ProxySample, after: ProxySample, reset: Reset | null): number | null {
  if (after.reloads.ok !== null && reset === null) return growth(before.reloads.ok, after.reloads.ok, false);
  if (reset !== null) return reset.why === 'reload' ? 1 : null;
  const [was, is] = [before.reloads, after.reloads];
  if (is.lastAt !== null && was.lastAt !== null) return is.lastAt === was.lastAt ? 0 : 1;
  if (is.hash !== null && was.hash !== null) return is.hash === was.hash ? 0 : 1;
  return null;
}

/** What happened between two samples. After a reset it begins where the counters did, and nothing before is in it. */
export function stepBetween(before: ProxySample, after: ProxySample, scope: Scope, reset: Reset | null): HistoryStep {
  const anew = reset !== null;
  const begin = anew && reset.at < after.at ? reset.at : before.at;
  const grew = (of: (sample: ProxySample) => number | null): number | null => growth(of(before), of(after), anew);
  return {
    at: begin,
    ms: Math.max(1, ms(after.at) - ms(begin)),
    ...requestsIn(before, after, scope, anew),
    seconds: meanOf(before, after, scope, anew, 'total'),
    upstreamSeconds: meanOf(before, after, scope, anew, 'upstream'),
    active: after.connections.active,
    accepted: grew((one) => one.connections.accepted),
    dropped: grew((one) => one.connections.dropped),
    retries: retriesIn(before, after, scope, anew),
    handshakeFailures: grew((one) => one.refusedBeforeRequest.handshake),
    reloads: reloadsIn(before, after, reset),
    failedReloads: grew((one) => one.reloads.failed),
    residentBytes: after.process.residentBytes,
    processes: after.process.processes,
  };
}
