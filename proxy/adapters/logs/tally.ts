import type { EndpointShares, ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
import type { PathHop } from '../../../diagnostics/types.ts';
import type { AccessRow } from './access-log.ts';
import type { AccessRows } from './access-rows.ts';

/** Requests slower than this count as slow, s: where people begin to write that something hangs. */
const SLOW_SECONDS = 1;
/** The upstream's part of a slow request from which on it is the upstream that was slow. */
const UPSTREAM_PART = 0.8;
/** A request line that is a PROXY header: v1 in words, v2 as its first byte shown escaped (measured on nginx). */
const HEADER_LINE = /^(PROXY (TCP|UNKNOWN)|\\x00|\\x0D)/;

const iso = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(ms).toISOString();
const upstreamSeconds = (row: AccessRow): number => row.upstreams.reduce((sum, u) => sum + (u.seconds ?? 0), 0);

/** Most addresses that are named: more than any service has endpoints worth naming. */
const MOST_UPSTREAMS = 100;

function upstreamsOf(rows: AccessRow[]): ServedRequests['upstreams'] {
  const counts = new Map<string, { requests: number; errors: number; last: number | null }>();
  for (const row of rows) {
    for (const { address, status } of row.upstreams) {
      const counted = counts.get(address) ?? { requests: 0, errors: 0, last: null };
      counted.requests++;
      if (status === null || status >= 500) counted.errors++;
      counted.last = row.at ?? counted.last;
      counts.set(address, counted);
    }
  }
  return [...counts]
    .map(([address, c]) => ({ address, requests: c.requests, errors: c.errors, last: iso(c.last) }))
    .slice(0, MOST_UPSTREAMS);
}

/** Pure: what the rows say of one host. Rows without a host count where the whole log has none. */
export function countRequests(log: AccessRows, host: string): ServedRequests {
  const named = log.rows.some((row) => row.host !== null);
  const rows = named ? log.rows.filter((row) => row.host === host) : log.rows;
  const out: ServedRequests = {
    source: named ? log.source : `${log.source} (it names no hosts: all of them together)`,
    from: iso(log.rows[0]?.at),
    to: iso(log.rows.at(-1)?.at),
    lines: log.lines,
    unreadable: log.unreadable,
    truncated: log.truncated,
    total: rows.length,
    madeByProxy: {},
    madeByUpstream: {},
    clientGone: 0,
    noRoute: rows.filter((row) => row.noRoute === true).length,
    statuses: {},
    slow: 0,
    slowUpstream: 0,
    firstError: null,
    lastError: null,
    upstreams: upstreamsOf(rows),
    proxyHeaderLines: log.rows.filter((row) => HEADER_LINE.test(row.request)).length,
  };
  const add = (into: { [status: string]: number }, status: number): void => {
    into[status] = (into[status] ?? 0) + 1;
  };
  for (const row of rows) {
    add(out.statuses, row.status);
    if (row.maker === 'client') out.clientGone++;
    if (row.status >= 400 && row.status < 500 && row.maker === 'proxy') add(out.madeByProxy, row.status);
    if (row.status >= 500) {
      if (row.maker === 'upstream') add(out.madeByUpstream, row.status);
      else if (row.maker === 'proxy') add(out.madeByProxy, row.status);
      out.firstError ??= iso(row.at);
      out.lastError = iso(row.at);
    }
    if ((row.seconds ?? 0) < SLOW_SECONDS) continue;
    out.slow++;
    if (upstreamSeconds(row) >= UPSTREAM_PART * (row.seconds as number)) out.slowUpstream++;
  }
  return out;
}

/**
 * Pure: how requests to a service's endpoints were spread, by the first try of each (a retry is drawn otherwise).
 * Only addresses that the service has count, and those without any request count too: an idle endpoint is the finding.
 */
export function countShares(log: AccessRows, service: PathHop): EndpointShares {
  const wanted = new Map(
    (service.endpoints ?? [])
      .filter((e) => e.ready !== false)
      .map((e) => [e.address, { requests: 0, errors: 0, seconds: 0 }]),
  );
  const own = service.address;
  const byName = new Map((service.endpoints ?? []).map((e) => [e.name, e.address]));
  let through = 0;
  for (const row of log.rows) {
    const first = row.upstreams[0];
    if (!first) continue;
    if (own && first.address === own) through++;
    // HAProxy's log names servers, not addresses.
    const counted = wanted.get(first.address) ?? wanted.get(byName.get(first.address) ?? '');
    if (!counted) continue;
    counted.requests++;
    if ((first.status ?? row.status) >= 500) counted.errors++;
    counted.seconds += first.seconds ?? 0;
  }
  return {
    source: through > 0 ? `${log.source} (${through} requests went to the service's own address ${own})` : log.source,
    from: iso(log.rows[0]?.at),
    to: iso(log.rows.at(-1)?.at),
    endpoints: [...wanted].map(([address, c]) => ({
      address,
      requests: c.requests,
      errors: c.errors,
      seconds: c.requests ? c.seconds / c.requests : null,
    })),
  };
}
