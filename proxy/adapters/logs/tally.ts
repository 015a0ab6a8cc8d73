import type { EndpointShares, ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
import type { PathHop } from '../../../diagnostics/types.ts';
import { rowCounter } from '../metrics/balance-log.ts';
import type { AccessRow } from './access-log.ts';
import type { AccessRows } from './access-rows.ts';
import { failed } from './compact-rows.ts';
import { addGivenUp, addTunnel, endedAlike } from './cut-short.ts';
import { addSlow } from './slow.ts';
import { stallsIn } from './stalls.ts';
import { addTooLarge } from './too-large.ts';

/** No application has begun to work on a request that it ends so soon, s. */
const AT_ONCE_SECONDS = 0.05;

const iso = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(ms).toISOString();
const later = (a: number | null, b: number | null): number | null => (a === null || (b !== null && b > a) ? b : a);
const sooner = (a: number | null, b: number | null): number | null => (a === null || (b !== null && b < a) ? b : a);

/** Most addresses that are named: more than any service has endpoints worth naming. */
const MOST_UPSTREAMS = 100;

interface Asked {
  requests: number;
  errors: number;
  last: number | null;
}

function addUpstreams(counts: Map<string, Asked>, row: AccessRow): void {
  for (const { address, status } of row.upstreams) {
    const counted = counts.get(address) ?? { requests: 0, errors: 0, last: null };
    counted.requests++;
    // A try that was given up because the client left says nothing of the endpoint.
    if (status === null ? row.maker !== 'client' : status >= 500) counted.errors++;
    counted.last = later(counted.last, row.at);
    counts.set(address, counted);
  }
}

/** Steps that a log's stretch of time is cut into, and the shortest one, ms: most logs know whole seconds. */
const STEPS = 120;
const SHORTEST_MS = 5_000;

/** Counts of requests and failures over time, in steps of equal length. */
function overTime(from: number | null, to: number | null) {
  if (from === null || to === null) return { put: () => {}, steps: () => [] };
  const ms = Math.max(SHORTEST_MS, Math.ceil((to - from + 1) / STEPS / 1000) * 1000);
  const counts = new Map<number, { requests: number; errors: number }>();
  return {
    put(at: number | null, isError: boolean): void {
      if (at === null) return;
      const step = Math.floor((at - from) / ms);
      const count = counts.get(step) ?? { requests: 0, errors: 0 };
      counts.set(step, count);
      count.requests++;
      if (isError) count.errors++;
    },
    steps: (): NonNullable<ServedRequests['steps']> =>
      [...counts]
        .sort(([a], [b]) => a - b)
        .map(([step, count]) => ({ at: new Date(from + step * ms).toISOString(), ms, ...count })),
  };
}

/** Pure: what the rows say of one host. Rows without a host count where the whole log has none. */
export function countRequests(log: AccessRows, host: string): ServedRequests {
  const { rows } = log;
  const out: ServedRequests = {
    source: rows.namesHosts ? log.source : `${log.source} (it names no hosts: all of them together)`,
    from: iso(rows.from),
    to: iso(rows.to),
    lines: log.lines,
    unreadable: log.unreadable,
    truncated: log.truncated,
    total: 0,
    madeByProxy: {},
    madeByUpstream: {},
    clientGone: 0,
    noRoute: 0,
    statuses: {},
    slow: 0,
    slowUpstream: 0,
    firstError: null,
    lastError: null,
    upstreams: [],
    proxyHeaderLines: rows.proxyHeaderLines,
    reasons: {},
    others: null,
    connections: 0,
    slowClient: 0,
    slowQueue: 0,
    slowLarge: 0,
    upstreamSeconds: null,
  };
  const reasons = out.reasons as NonNullable<ServedRequests['reasons']>;
  const asked = new Map<string, Asked>();
  const add = (into: { [status: string]: number }, status: number): void => {
    into[status] = (into[status] ?? 0) + 1;
  };
  const over = overTime(rows.from, rows.to);
  const alike = endedAlike();
  const bad: number[] = [];
  let errors = 0;
  let answers = 0;
  let waited = 0;
  let first: number | null = null;
  let last: number | null = null;
  rows.each(rows.namesHosts ? host : null, (row) => {
    out.total++;
    addUpstreams(asked, row);
    if (row.status === 0) out.connections = (out.connections ?? 0) + 1;
    else add(out.statuses, row.status);
    if (row.noRoute) out.noRoute++;
    if (row.maker === 'client') out.clientGone++;
    if (row.status >= 400 && row.status < 500 && row.maker === 'proxy') add(out.madeByProxy, row.status);
    if (row.status >= 500) {
      if (row.maker === 'upstream') add(out.madeByUpstream, row.status);
      else if (row.maker === 'proxy') add(out.madeByProxy, row.status);
    }
    over.put(row.at, failed(row));
    if (failed(row)) {
      first = sooner(first, row.at);
      last = later(last, row.at);
      errors++;
      if (row.why !== undefined) reasons[row.why] = (reasons[row.why] ?? 0) + 1;
      if (row.why === 'closed-early' && row.seconds !== null && row.seconds <= AT_ONCE_SECONDS)
        out.closedAtOnce = (out.closedAtOnce ?? 0) + 1;
    }
    const final = row.upstreams.at(-1);
    if (final && final.status !== null && final.seconds !== null && row.status >= 200) {
      answers++;
      waited += final.seconds;
    }
    addSlow(out, row);
    addGivenUp(out, row);
    addTunnel(out, row);
    alike.add(row);
    addTooLarge(out, row);
    if (row.status === 400 && row.maker === 'proxy' && row.at !== null && bad.length < MOST_BAD) bad.push(row.at);
    if (row.status >= 400 && row.status < 500 && row.maker === 'upstream') {
      out.passedOn ??= {};
      add(out.passedOn, row.status);
      if (row.head) {
        out.passedOnHead ??= {};
        add(out.passedOnHead, row.status);
      }
    }
    if (row.why === 'auth-failed') out.authFailed = (out.authFailed ?? 0) + 1;
    if (row.status === 429 && row.maker === 'upstream') out.limitedUpstream = (out.limitedUpstream ?? 0) + 1;
  });
  Object.assign(out, alike.found());
  if (bad.length > 0) out.bad = amidBad(rows, rows.namesHosts ? host : null, bad);
  out.upstreamSeconds = answers ? waited / answers : null;
  const stalls = out.slowUpstream > 0 ? stallsIn(rows, rows.namesHosts ? host : null) : undefined;
  if (stalls) out.stalls = stalls;
  out.steps = over.steps();
  out.firstError = iso(first);
  out.lastError = iso(last);
  out.upstreams = [...asked]
    .map(([address, c]) => ({ address, requests: c.requests, errors: c.errors, last: iso(c.last) }))
    .slice(0, MOST_UPSTREAMS);
  if (rows.namesHosts) out.others = { requests: rows.count - out.total, errors: rows.errors - errors };
  return out;
}

/** Times of refused requests that are kept. */
const MOST_BAD = 20_000;

/**
 * What became of others amid the 400s of the proxy's own: after half of them, since a lone one may be hours older than the
 * trouble. A second visit, for rows come in no order of time.
 */
function amidBad(rows: AccessRows['rows'], host: string | null, bad: number[]): NonNullable<ServedRequests['bad']> {
  const half = bad.sort((a, b) => a - b)[bad.length >> 1] as number;
  let answeredSince = 0;
  rows.each(host, ({ at, status }) => {
    if (at !== null && at >= half && status >= 200 && status < 300) answeredSince++;
  });
  return { count: bad.length, half: new Date(half).toISOString(), answeredSince };
}

/** Most logs note when a request ended: a slow endpoint would look as if it had joined later. Whole seconds, as most logs know. */
const begunAt = (row: AccessRow): number | null =>
  row.at === null ? null : Math.floor((row.at - (row.seconds ?? 0) * 1000) / 1000) * 1000;

/**
 * Pure: how requests to a service's endpoints were spread, by the first try of each (a retry is drawn otherwise).
 * Only addresses that the service has count, and those without any request count too: an idle endpoint is the finding.
 */
export function countShares(log: AccessRows, service: PathHop): EndpointShares {
  const endpoints = (service.endpoints ?? []).filter((e) => e.ready !== false);
  const wanted = new Set(endpoints.map((e) => e.address));
  const own = service.address;
  const byName = new Map(endpoints.map((e) => [e.name, e.address]));
  const counter = rowCounter();
  const stays = new Map<string, { first: number; last: number; before: number; after: number }>();
  let through = 0;
  const eachOfThem = (visit: (address: string, row: AccessRow) => void): void =>
    log.rows.each(null, (row) => {
      const first = row.upstreams[0];
      if (!first) return;
      // HAProxy's log names servers, not addresses.
      const address = wanted.has(first.address) ? first.address : byName.get(first.address);
      if (address !== undefined) visit(address, row);
      else if (own && first.address === own) through++;
    });
  eachOfThem((address, row) => {
    counter.put(service.name, address, row);
    const at = begunAt(row);
    if (at === null) return;
    const stay = stays.get(address) ?? { first: at, last: at, before: 0, after: 0 };
    stays.set(address, stay);
    stay.first = Math.min(stay.first, at);
    stay.last = Math.max(stay.last, at);
  });
  // Rows come in the reader's order, not in time's: who joined later is told by times, in a second visit.
  const all = [...stays.values()];
  through = 0;
  eachOfThem((_, row) => {
    const at = begunAt(row);
    if (at === null) return;
    for (const stay of all) {
      if (at < stay.first) stay.before++;
      else if (at > stay.last) stay.after++;
    }
  });
  const counted = counter.end().services.get(service.name)?.endpoints;
  const stay = (address: string): { before?: number; after?: number } => {
    const known = stays.get(address);
    return known ? { before: known.before, after: known.after } : {};
  };
  return {
    source: through > 0 ? `${log.source} (${through} requests went to the service's own address ${own})` : log.source,
    from: iso(log.rows.from),
    to: iso(log.rows.to),
    endpoints: endpoints.map((e) => {
      const c = counted?.get(e.address);
      return {
        address: e.address,
        requests: c?.requests ?? 0,
        errors: c?.errors ?? 0,
        seconds: c?.seconds ?? null,
        ...(typeof c?.deviation === 'number' && { deviation: c.deviation }),
        ...stay(e.address),
        ...(e.zone && { zone: e.zone }),
        ...(e.startedAt && { startedAt: e.startedAt }),
      };
    }),
    ...(through > 0 && { through }),
  };
}
