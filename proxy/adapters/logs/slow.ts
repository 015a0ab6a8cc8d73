import type { ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
import type { AccessRow } from './access-row.ts';

/** Requests slower than this count as slow, s: where people begin to write that something hangs. */
export const SLOW_SECONDS = 1;
/** The upstream's part of a slow request from which on it is the upstream that was slow. */
export const UPSTREAM_PART = 0.8;
/** The client's or the queue's part of a slow request from which on it is they that were slow. */
const WAITED_PART = 0.5;
/** Answers larger than this take a slow line long, bytes. */
const LARGE_BYTES = 1_000_000;
/** Answers smaller than this fit into the first flight of a connection (RFC 6928: ten segments): no line is slow for them. */
const ONE_FLIGHT_BYTES = 12_000;

/** Does the row say how long what is behind the proxy took? */
const tellsUpstream = (row: AccessRow): boolean =>
  row.upstreams.length > 0 && row.upstreams.every((u) => u.seconds !== null);

/** Who has no time of its upstreams, and may have waited for one all the same. */
const isUntold = (row: AccessRow): boolean =>
  row.upstreams.length > 0 ? row.upstreams.every((u) => u.seconds === null) : row.maker === 'unknown';

const upstreamSeconds = (row: AccessRow): number => row.upstreams.reduce((sum, u) => sum + (u.seconds ?? 0), 0);

/** Where a slow request spent its time, as far as its row tells: added up in `out`. */
export function addSlow(out: ServedRequests, row: AccessRow): void {
  const total = row.seconds ?? 0;
  // How long a bare connection lasted says nothing; a WebSocket lasts as long as it is used.
  if (total < SLOW_SECONDS || row.status < 200) return;
  out.slow++;
  if ((row.queued ?? 0) >= WAITED_PART * total) out.slowQueue = (out.slowQueue ?? 0) + 1;
  else if ((row.receiving ?? 0) >= WAITED_PART * total || row.why === 'client-slow')
    out.slowClient = (out.slowClient ?? 0) + 1;
  else if (upstreamSeconds(row) >= UPSTREAM_PART * total || (row.why === 'proxy-timeout' && row.upstreams.length > 0))
    out.slowUpstream++;
  else if (isUntold(row)) out.slowUntold = (out.slowUntold ?? 0) + 1;
  else if ((row.bytes ?? 0) >= LARGE_BYTES) out.slowLarge = (out.slowLarge ?? 0) + 1;
  // Nothing to read from the client but a few lines, nothing to send that would wait for it: then nobody else kept it.
  else if (row.bodiless && row.bytes !== undefined && row.bytes < ONE_FLIGHT_BYTES && tellsUpstream(row))
    out.slowHeld = (out.slowHeld ?? 0) + 1;
}
