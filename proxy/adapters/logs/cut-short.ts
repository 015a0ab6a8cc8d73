import type { ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
import type { AccessRow } from './access-log.ts';

/** What an access log says of requests that somebody cut, and of when: added up row by row into `out`. */

/** A gateway timeout that is not known to be passed on: after how long somebody gave up. */
export function addGivenUp(out: ServedRequests, row: AccessRow): void {
  const elsewhere = row.maker === 'upstream' || row.maker === 'client' || row.why === 'connect-timeout';
  if (row.status !== 504 || row.seconds === null || elsewhere) return;
  const ms = Math.round(row.seconds * 1000);
  const { count, leastMs, mostMs } = out.gaveUp ?? { count: 0, leastMs: ms, mostMs: ms };
  out.gaveUp = { count: count + 1, leastMs: Math.min(leastMs, ms), mostMs: Math.max(mostMs, ms) };
}

/** A tunnel that ended. Of those that the proxy cut for silence, the shortest and the longest: HAProxy's sD and cD. */
export function addTunnel(out: ServedRequests, row: AccessRow): void {
  if (row.status !== 101 || row.seconds === null) return;
  const known = out.tunnels ?? { ended: 0, cut: 0, leastMs: 0, mostMs: 0 };
  known.ended++;
  out.tunnels = known;
  if (row.why !== 'proxy-timeout' && row.why !== 'client-slow') return;
  const ms = Math.round(row.seconds * 1000);
  known.leastMs = known.cut === 0 ? ms : Math.min(known.leastMs, ms);
  known.mostMs = Math.max(known.mostMs, ms);
  known.cut++;
}
