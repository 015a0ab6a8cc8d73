import type { ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
import type { AccessRow } from './access-row.ts';
import type { AccessRows } from './access-rows.ts';
import { SLOW_SECONDS, UPSTREAM_PART } from './slow.ts';

/**
 * Endpoints that stand still for a time and then answer all at once, as a program does that collects garbage, waits for a lock
 * or is frozen: while one's slow requests wait, it answers nobody, though the proxy answers others as ever. A page that is
 * merely slow looks otherwise: beside it the same endpoint answers quick ones. Pure.
 */

/** Whole seconds of waiting that are kept: half an hour in which every endpoint of some stood still. */
const MOST_SECONDS = 20_000;
/** A wait longer than this is somebody's long poll or a download, s. */
const LONGEST_WAIT = 60;

type Ended = (row: AccessRow) => number | null;
/** nginx notes when a request ended; HAProxy, Envoy and Traefik note when it began. A row does not say which. */
const ENDINGS: readonly Ended[] = [
  (row) => row.at,
  (row) => (row.at === null ? null : row.at + (row.seconds ?? 0) * 1000),
];

/** The endpoint that made a request slow, where it was asked once and the time was its own. */
function slowAt(row: AccessRow): string | null {
  const [only, another] = row.upstreams;
  const total = row.seconds ?? 0;
  if (!only || another || only.status === null || row.status < 200 || total <= SLOW_SECONDS || total > LONGEST_WAIT)
    return null;
  return (only.seconds ?? 0) >= UPSTREAM_PART * total ? only.address : null;
}

/** Whole seconds that lie inside the waits of a host's slow requests, with the endpoints that were waited for. */
function waits(rows: AccessRows['rows'], host: string | null, ended: Ended): Map<number, Set<string>> {
  const inside = new Map<number, Set<string>>();
  rows.each(host, (row) => {
    const [address, end] = [slowAt(row), ended(row)];
    if (address === null || end === null) return;
    // Times may be whole seconds: of the first and the last one nobody knows how much belongs to the wait.
    const last = Math.floor(end / 1000);
    for (let s = Math.ceil(last + 1 - (row.seconds ?? 0)); s < last && inside.size < MOST_SECONDS; s++) {
      const known = inside.get(s) ?? new Set();
      inside.set(s, known.add(address));
    }
  });
  return inside;
}

/** How many runs of seconds there are without a gap. */
const runs = (seconds: Iterable<number>, has: (s: number) => boolean): number =>
  [...seconds].filter((s) => !has(s - 1)).length;

function count(
  rows: AccessRows['rows'],
  inside: Map<number, Set<string>>,
  ended: Ended,
): NonNullable<ServedRequests['stalls']> {
  const quiet = new Map<string, number>();
  for (const addresses of inside.values()) for (const a of addresses) quiet.set(a, (quiet.get(a) ?? 0) + 1);
  const all = new Map<string, number>();
  let [answered, others] = [0, 0];
  rows.each(null, (row) => {
    const [address, end] = [row.upstreams.at(-1)?.address, ended(row)];
    if (address === undefined || end === null || row.status < 200) return;
    const waiting = inside.get(Math.floor(end / 1000));
    if (waiting?.has(address)) answered++;
    else {
      if (quiet.has(address)) all.set(address, (all.get(address) ?? 0) + 1);
      if (waiting && (row.seconds ?? SLOW_SECONDS) < SLOW_SECONDS) others++;
    }
  });
  const span = Math.max(1, ((rows.to ?? 0) - (rows.from ?? 0)) / 1000 + 1);
  const expected = [...quiet].reduce((sum, [a, s]) => sum + ((all.get(a) ?? 0) * s) / Math.max(1, span - s), 0);
  return {
    times: runs(inside.keys(), (s) => inside.has(s)),
    endpoints: [...quiet.keys()].slice(0, 20),
    expected: Math.round(expected),
    answered,
    others,
  };
}

/** What endpoints answered while slow requests of a host waited for them; undefined: no wait is long enough to look into. */
export function stallsIn(rows: AccessRows['rows'], host: string | null): ServedRequests['stalls'] {
  const counted = ENDINGS.map((ended) => ({ ended, inside: waits(rows, host, ended) }))
    .filter(({ inside }) => inside.size > 0)
    .map(({ ended, inside }) => count(rows, inside, ended));
  const part = (s: { answered: number; expected: number }): number => s.answered / Math.max(1, s.expected);
  return counted.toSorted((a, b) => part(a) - part(b))[0];
}
