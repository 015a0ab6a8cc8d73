import { oddOneOut } from '../balance/oddities.ts';
import type { ReadScope } from '../define-check.ts';
import type { EndpointState, ProxyHistory, ProxySample, RequestCounter } from '../io/proxy-sample.ts';
import { windowOf } from '../window.ts';

/** One endpoint, or one service of several that share a host, that fails where its siblings do not: totals of the process. */
export interface OneOfSeveral {
  /** As the inventory or the proxy calls it. */
  one: string;
  what: 'endpoint' | 'service';
  errors: number;
  requests: number;
  otherErrors: number;
  otherRequests: number;
  /** 5xx that it gave and callers got: codes or classes. Empty: most of what failed was tried elsewhere. */
  statuses: string[];
  /** Tries beyond the first, of all of them; null: not told. */
  retries: number | null;
  /** Requests of all of them that took a second and more behind the proxy; null: not told. */
  slow: number | null;
  /** When the counting began, ISO. */
  since: string;
  /** The page, socket or file with these counters. */
  counters: string;
}

interface Total {
  name: string;
  what: OneOfSeveral['what'];
  requests: number;
  errors: number;
  statuses: string[];
}

/** One endpoint that gets this many times what the others get may fail because it gets it. */
const FELT = 1.5;
/** What people call slow, s. */
const SLOW_S = 1;

const failed = (rows: RequestCounter[]): RequestCounter[] => rows.filter((row) => row.status.startsWith('5'));
const sum = (rows: RequestCounter[]): number => rows.reduce((total, row) => total + row.count, 0);
const totalOf = (name: string, what: Total['what'], rows: RequestCounter[], bad: RequestCounter[]): Total => ({
  name,
  what,
  requests: sum(rows),
  errors: sum(bad),
  statuses: [...new Set(bad.map((row) => row.status))],
});

/** Endpoints of one service: by their answers where those are counted, else by the tries that failed at them (Envoy: rq_error). */
function endpointsOf(sample: ProxySample, states: EndpointState[], known: Map<string, string>): Total[] {
  return states.flatMap((state): Total[] => {
    const name = known.get(state.address ?? state.endpoint) ?? known.get(state.endpoint);
    if (name === undefined) return [];
    const rows = sample.requests.filter((row) => row.service === state.service && row.endpoint === state.endpoint);
    if (rows.length)
      return [
        totalOf(
          name,
          'endpoint',
          rows,
          failed(rows).filter((row) => row.maker === 'upstream'),
        ),
      ];
    const { requests, responseErrors, connectErrors } = state;
    if (requests == null || responseErrors === null) return [];
    // A connection that could not be made is no answer of the application's.
    const errors = Math.max(0, responseErrors - (connectErrors ?? 0));
    const passedOn = failed(sample.requests).filter((row) => row.service === state.service && row.maker === 'upstream');
    const statuses = 2 * sum(passedOn) >= errors ? passedOn.map((row) => row.status) : [];
    return [{ name, what: 'endpoint', requests, errors, statuses }];
  });
}

/**
 * Who made a 500 that Traefik counts for a service: in the clear its own code makes one only of an answer that is no HTTP
 * (traefik: pkg/proxy/httputil/proxy.go; a refused or closed connection is a 502), which is the endpoint's doing all the same.
 */
const endpointsOwn = (row: RequestCounter, clearTraefik: boolean): boolean =>
  row.maker === 'upstream' || (clearTraefik && row.status === '500' && row.maker === 'unknown');

/** Pure: which one of several fails alone, by all that the proxy counted since it began; null: none, or older than the time in question. */
export function oneOfSeveral({ last, services = [] }: ProxyHistory, scope: ReadScope): OneOfSeveral | null {
  const since = last?.process.startedAt;
  if (!last || !since || Date.parse(since) < Date.parse(windowOf(scope.case).from)) return null;
  const behind = scope.path.hops.filter((hop) => hop.hop === 'service' || hop.hop === 'app');
  const known = new Map(
    behind
      .flatMap((hop) => hop.endpoints ?? [])
      .flatMap(({ name, address }) => [
        [name, name],
        [address, name],
      ]),
  );
  const groups: Total[][] = [...Map.groupBy(last.endpoints, (state) => state.service).values()].map((states) =>
    endpointsOf(last, states, known),
  );
  const clear = scope.hop?.kind === 'traefik' && behind.every((hop) => hop.scheme !== 'https');
  groups.push(
    services.map((name) => {
      const rows = last.requests.filter((row) => row.service === name);
      return totalOf(
        name.split('@')[0] as string,
        'service',
        rows,
        failed(rows).filter((row) => endpointsOwn(row, clear)),
      );
    }),
  );
  for (const group of groups) {
    const odd = oddOneOut(group.map((one) => ({ ...one, address: one.name, seconds: null, weight: null })));
    const one = odd && group.find(({ name }) => name === odd.endpoint.address);
    if (!one) continue;
    const others = group.filter((other) => other !== one);
    const otherRequests = others.reduce((total, other) => total + other.requests, 0);
    if (one.what === 'endpoint' && one.requests > (FELT * otherRequests) / others.length) continue;
    return {
      one: one.name,
      what: one.what,
      errors: one.errors,
      requests: one.requests,
      otherErrors: others.reduce((total, other) => total + other.errors, 0),
      otherRequests,
      statuses: one.statuses,
      retries: last.retries?.reduce((total, row) => total + row.count, 0) ?? null,
      slow: slowIn(last),
      since,
      // Envoy tells its endpoints on a page of their own (admin interface, GET /clusters).
      counters: one.what === 'endpoint' ? last.source.replace(/\/stats\/prometheus$/, '/clusters') : last.source,
    };
  }
  return null;
}

/** Requests that took a second and more behind the proxy, by its histograms; null: it has none with such a bound. */
function slowIn({ latency }: ProxySample): number | null {
  const rows = latency.filter((row) => row.kind === 'upstream' && row.endpoint === null);
  const slow = rows.flatMap(({ buckets, count }) => {
    const bound = buckets.findLast(([le]) => le !== null && le <= SLOW_S);
    return bound ? [count - bound[1]] : [];
  });
  return slow.length ? slow.reduce((total, count) => total + count, 0) : null;
}
