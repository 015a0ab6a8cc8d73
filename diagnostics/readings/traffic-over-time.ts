import type { Draft, ReadScope } from '../define-check.ts';
import type { HistoryStep, ProxyHistory } from '../io/proxy-sample.ts';
import { onsetOf, stepUpOf } from '../onset.ts';
import { oneOfSeveral } from './one-of-several.ts';

/** What every finding of this check says. */
export type Base = {
  proxy: string;
  /** Whose requests were counted: "shop.example.test", "its services", "everything it serves". */
  counted: string;
  /** `host`, `service` or `proxy`: how near to the host in question the numbers are. */
  scope: string;
  now: string;
  /** `recorder`, `prometheus` or `two samples`. */
  source: string;
  address: string;
};

export interface TrafficFacts {
  ERRORS_BEGAN: Base & {
    /** null: it was so before the first sample. */
    at: string | null;
    earliest: string;
    latest: string;
    until: string | null;
    errors: number;
    requests: number;
    otherErrors: number;
    otherRequests: number;
  };
  NO_ERRORS_COUNTED: Base & { requests: number; from: string; covers: boolean };
  SLOWNESS_BEGAN: Base & { at: string; beforeMs: number; afterMs: number; upstream: boolean | null };
  ERRORS_COUNTED_UPSTREAM: Base & { errors: number; made: number; requests: number };
  ERRORS_COUNTED_IN_PROXY: Base & { errors: number; made: number; requests: number };
  ONE_OF_SEVERAL_FAILED: Base & {
    one: string;
    what: string;
    errors: number;
    requests: number;
    otherErrors: number;
    otherRequests: number;
    statuses: string[];
    retries: number | null;
    slow: number | null;
    since: string;
    counters: string;
  };
  CONNECTIONS_DROPPED_BY_PROXY: Base & { dropped: number; accepted: number; active: number | null };
  COUNTERS_BEGAN_ANEW: Base & { times: number; last: string; why: string };
  TRAFFIC_STOPPED: Base & { at: string; perMinute: number };
  HISTORY_HAS_GAPS: Base & { gaps: number; minutes: number; why: string; clockMs: number | null };
}

const MINUTE = 60_000;
/** More errors within a second than our own looks make. */
const MANY = 10;
const iso = (ms: number): string => new Date(ms).toISOString();
const sum = (steps: HistoryStep[], of: (step: HistoryStep) => number | null): number =>
  steps.reduce((total, step) => total + (of(step) ?? 0), 0);

/** 5xx of a step; 499 is a client that left, other 4xx are mostly what was asked for. */
const serverErrors = (step: HistoryStep): number =>
  Object.entries(step.errors).reduce((total, [status, count]) => total + (status.startsWith('5') ? count : 0), 0);

/** Requests that a stretch of silence would have held, so that it is no mere pause. */
const MISSED = 30;

/** Requests came and then came no more, though the proxy was still there to be asked. */
function stopped(steps: HistoryStep[]): { at: number; perMinute: number } | null {
  const last = steps.findLastIndex((step) => step.requests > 0);
  if (last < 0 || last === steps.length - 1) return null;
  const before = steps.slice(0, last + 1);
  const after = steps.slice(last + 1);
  const rate =
    sum(before, (s) => s.requests) /
    Math.max(
      1,
      sum(before, (s) => s.ms),
    );
  if (rate * sum(after, (s) => s.ms) < MISSED) return null;
  return { at: Date.parse((after[0] as HistoryStep).at), perMinute: rate * MINUTE };
}

type Slowness = Pick<TrafficFacts['SLOWNESS_BEGAN'], 'at' | 'beforeMs' | 'afterMs' | 'upstream'>;
/** A mean below this is not what anybody calls slow, s. */
const SLOW_SECONDS = 0.1;

/** Time of the proxy and of its upstream stepped up together: then the time went behind it. */
function slowness(steps: HistoryStep[]): Slowness | null {
  const level = (of: (step: HistoryStep) => number | null) =>
    stepUpOf(
      steps
        .filter((s) => s.requests > 0 && of(s) !== null)
        .map((s) => ({ at: Date.parse(s.at), ms: s.ms, n: s.requests, mean: of(s) as number })),
    );
  const told = steps.some((s) => s.upstreamSeconds !== null);
  const upstream = told ? level((s) => s.upstreamSeconds) : null;
  // Some proxies count the time of services only: then it is all that there is, and it was spent behind them.
  const total = steps.some((s) => s.seconds !== null) ? level((s) => s.seconds) : upstream;
  if (!total || total.after < SLOW_SECONDS) return null;
  const behind = upstream !== null && upstream.after - upstream.before >= 0.7 * (total.after - total.before);
  return {
    at: iso(total.at),
    beforeMs: Math.round(total.before * 1000),
    afterMs: Math.round(total.after * 1000),
    upstream: told ? behind : null,
  };
}

/** Pure: what a history of counters says of the time in question. */
export function readTraffic(history: ProxyHistory, scope: ReadScope): Draft<TrafficFacts>[] {
  const { steps } = history;
  const proxy = scope.look.at.part ?? scope.look.at.hop;
  const host = scope.case.target.host;
  const counted =
    history.scope === 'host' ? host : history.scope === 'service' ? `the services of ${host}` : 'everything it serves';
  const base: Base = {
    proxy,
    counted,
    scope: history.scope,
    now: scope.case.at,
    source: history.source,
    address: scope.address,
  };
  const found: Draft<TrafficFacts>[] = [];
  const requests = sum(steps, (s) => s.requests);
  const errors = sum(steps, serverErrors);

  // Two samples a moment apart hold little but our own probes: a few errors among them say nothing.
  const enough = history.source === 'two samples' ? MANY : 1;
  const dropped = sum(steps, (s) => s.dropped);
  if (dropped > 0) {
    const facts = { ...base, dropped, accepted: sum(steps, (s) => s.accepted), active: steps.at(-1)?.active ?? null };
    found.push({ code: 'CONNECTIONS_DROPPED_BY_PROXY', facts });
  }
  const restarts = history.resets.filter((reset) => reset.why !== 'reload');
  if (restarts.length) {
    const last = restarts.at(-1) as ProxyHistory['resets'][number];
    found.push({
      code: 'COUNTERS_BEGAN_ANEW',
      facts: { ...base, times: restarts.length, last: last.at, why: last.why },
    });
  }
  // The window begins a little before what was reported; only what is missing from then on matters.
  const since = scope.case.since === null ? Date.parse(history.from) : Date.parse(scope.case.since);
  const missing = history.gaps.reduce(
    (total, gap) => total + Math.max(0, Date.parse(gap.to) - Math.max(since, Date.parse(gap.from))),
    0,
  );
  const clockMs = Math.abs(history.clockDifferenceMs ?? 0) > 2_000 ? history.clockDifferenceMs : null;
  if (missing >= MINUTE || clockMs !== null) {
    const why = history.gaps.at(-1)?.why ?? 'its clock differs from ours';
    const facts = { ...base, gaps: history.gaps.length, minutes: Math.round(missing / MINUTE), why, clockMs };
    found.push({ code: 'HISTORY_HAS_GAPS', facts });
  }
  const one = oneOfSeveral(history, scope);
  if (one) found.push({ code: 'ONE_OF_SEVERAL_FAILED', facts: { ...base, ...one } });
  const made = { upstream: sum(steps, (s) => s.madeByUpstream), proxy: sum(steps, (s) => s.madeByProxy) };
  if (errors >= enough && made.upstream > 0.8 * errors)
    found.push({
      code: 'ERRORS_COUNTED_UPSTREAM',
      ...(history.scope === 'proxy' && { direction: 'context' as const }),
      facts: { ...base, errors, made: made.upstream, requests },
    });
  if (errors >= enough && made.proxy > 0.8 * errors)
    found.push({ code: 'ERRORS_COUNTED_IN_PROXY', facts: { ...base, errors, made: made.proxy, requests } });
  if (history.source === 'two samples') return found;

  const onset = onsetOf(steps.map((s) => ({ at: Date.parse(s.at), ms: s.ms, n: s.requests, k: serverErrors(s) })));
  if (onset) {
    found.push({
      code: 'ERRORS_BEGAN',
      facts: {
        ...base,
        at: onset.at === null ? null : iso(onset.at),
        earliest: iso(onset.earliest),
        latest: iso(onset.latest),
        until: onset.until === null ? null : iso(onset.until),
        errors: onset.during.k,
        requests: onset.during.n,
        otherErrors: onset.otherwise.k,
        otherRequests: onset.otherwise.n,
      },
    });
  }
  const slow = slowness(steps);
  if (slow) found.push({ code: 'SLOWNESS_BEGAN', facts: { ...base, ...slow } });
  const end = stopped(steps);
  if (end) found.push({ code: 'TRAFFIC_STOPPED', facts: { ...base, at: iso(end.at), perMinute: end.perMinute } });
  // A page that counts requests without their status (nginx' stub_status) cannot tell that none failed.
  const told = history.last?.requests.some((row) => row.status !== 'all') ?? false;
  if (errors === 0 && requests > 0 && told) {
    const covers = scope.case.since !== null && missing < MINUTE;
    found.push({ code: 'NO_ERRORS_COUNTED', facts: { ...base, requests, from: history.from, covers } });
  }
  return found;
}
