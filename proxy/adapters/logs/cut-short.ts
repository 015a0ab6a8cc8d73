import type { Alike, ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
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

/** Durations of one kind that are kept: enough to see a pattern in. */
const MOST_KEPT = 20_000;
/** Two durations are equal within this part of the longer one, or so many ms. */
const EQUAL = { part: 0.05, ms: 60 };

/** The largest group of equal durations among them. */
function largestGroup(durations: number[]): Alike | undefined {
  const sorted = durations.toSorted((a, b) => a - b);
  let best: Alike | undefined;
  let from = 0;
  sorted.forEach((mostMs, i) => {
    const apart = (leastMs: number): boolean => mostMs - leastMs > Math.max(EQUAL.ms, EQUAL.part * mostMs);
    while (apart(sorted[from] as number)) from++;
    const count = i - from + 1;
    if (count > (best?.count ?? 0)) best = { all: sorted.length, count, leastMs: sorted[from] as number, mostMs };
  });
  return best;
}

/**
 * Callers that left (499) and requests that were not sent whole in time (408): people leave when they like, a limit ends all
 * after the same time.
 */
export function endedAlike(): { add(row: AccessRow): void; found(): Pick<ServedRequests, 'left' | 'unsent'> } {
  const left: number[] = [];
  const unsent: number[] = [];
  return {
    add(row) {
      if (row.seconds === null || row.maker === 'upstream') return;
      const kept = row.status === 499 ? left : row.status === 408 ? unsent : null;
      if (kept && kept.length < MOST_KEPT) kept.push(Math.round(row.seconds * 1000));
    },
    found() {
      const [ofLeft, ofUnsent] = [largestGroup(left), largestGroup(unsent)];
      return { ...(ofLeft && { left: ofLeft }), ...(ofUnsent && { unsent: ofUnsent }) };
    },
  };
}
