import { type Counted, tablesOf } from './tables.ts';
import { addTo, noTally, type Tally } from './tally.ts';
import type { Interval } from './types.ts';

/** Everything that one source showed of a stage. */
export interface Gathered {
  source: Interval['source'];
  /** By kind; of times one for each edge, of clients and endpoints one for each name. */
  tallies: { [kind in Counted['kind']]: Map<string, Tally> };
  /** Requests on the new and the old side, whatever became of them. */
  fresh: number;
  old: number;
  /** New connections on the new side: what its endpoints were drawn by, where it balances connections. */
  connections: number;
  /** What the intervals cover, s; and the end of the last, ms. */
  seconds: number;
  until: number;
  /** Begin of the first interval in which the new side had requests, ms; null: in none. */
  since: number | null;
  /** Requests a second on the new side lately. */
  rate: number;
}

/** Longer than this no interval is: its clock is wrong. */
const LONGEST_MS = 7 * 24 * 3600_000;
/** The rate of requests is that of the last so many milliseconds. */
const LATELY_MS = 10 * 60_000;
/** So many different reasons are told; the rest says the same. */
const MOST_WORDS = 20;

interface Timed {
  interval: Interval;
  from: number;
  to: number;
}

const timed = (interval: Interval): Timed | null => {
  const [from, to] = [Date.parse(String(interval?.from)), Date.parse(String(interval?.to))];
  const known = interval?.source === 'counters' || interval?.source === 'probes';
  return known && to > from && to - from <= LONGEST_MS ? { interval, from, to } : null;
};

/** Rates drift: of earlier stages, what is nearest in time is compared. */
const NEAR_MS = 30 * 60_000;

/** The last half hour in which the old side still had traffic. */
export function latest(intervals: readonly Interval[]): Interval[] {
  const busy = intervals.filter((one) => timed(one) && one.old?.requests > 0);
  const end = busy.reduce((most, one) => Math.max(most, Date.parse(one.to)), 0);
  return busy.filter((one) => Date.parse(one.to) > end - NEAR_MS);
}

/** All intervals by source, in order of time; what overlaps one that counts already is left out, as it would count twice. */
export function gather(intervals: readonly Interval[]): { sources: Gathered[]; blind: string[] } {
  const blind = new Set<string>();
  const say = (words: string): unknown => blind.size < MOST_WORDS && blind.add(words);
  const all: Timed[] = [];
  for (const interval of intervals) {
    const one = timed(interval);
    if (one) all.push(one);
    else say('an interval whose times or source make no sense was not counted');
  }
  all.sort((a, b) => a.from - b.from || a.to - b.to);
  const sources: Gathered[] = [];
  for (const source of ['counters', 'probes'] as const) {
    const own = all.filter((one) => one.interval.source === source);
    if (own.length === 0) continue;
    const gathered = nothing(source);
    let until = Number.NEGATIVE_INFINITY;
    const fresh: { to: number; ms: number; requests: number }[] = [];
    for (const { interval, from, to } of own) {
      if (from < until) continue;
      until = to;
      if (Array.isArray(interval.blind)) for (const words of interval.blind) say(String(words).slice(0, 300));
      const { counted, refused } = tablesOf(interval);
      for (const words of Object.values(refused)) say(words);
      const requests = add(gathered, counted, from, to);
      fresh.push({ to, ms: to - from, requests });
    }
    gathered.until = until;
    const lately = fresh.filter((one) => one.to > until - LATELY_MS);
    const ms = lately.reduce((sum, one) => sum + one.ms, 0);
    gathered.rate = ms > 0 ? (1000 * lately.reduce((sum, one) => sum + one.requests, 0)) / ms : 0;
    sources.push(gathered);
  }
  return { sources, blind: [...blind] };
}

const nothing = (source: Interval['source']): Gathered => ({
  source,
  tallies: {
    errors: new Map(),
    latency: new Map(),
    handshakes: new Map(),
    resets: new Map(),
    clients: new Map(),
    balance: new Map(),
  },
  fresh: 0,
  old: 0,
  connections: 0,
  seconds: 0,
  until: 0,
  since: null,
  rate: 0,
});

/** One interval, in place; returns its requests on the new side. */
function add(gathered: Gathered, counted: Counted[], from: number, to: number): number {
  const seconds = (to - from) / 1000;
  let fresh = 0;
  // Most proxies count connections and not resets: their handshakes then say how many came.
  const connected =
    counted.find(({ kind }) => kind === 'resets') ??
    counted.find(({ kind, of }) => kind === 'handshakes' && of === null);
  gathered.connections += connected?.table.freshTotal ?? 0;
  for (const { kind, of, edge, table } of counted) {
    if (kind === 'errors') {
      fresh = table.freshTotal;
      gathered.fresh += fresh;
      gathered.old += table.oldTotal;
      if (fresh > 0) gathered.since ??= from;
    }
    const key = edge === null ? (of ?? '') : String(edge);
    const tallies = gathered.tallies[kind];
    const tally = tallies.get(key) ?? noTally(of, edge);
    tallies.set(key, tally);
    addTo(tally, table, from, seconds);
  }
  gathered.seconds += seconds;
  return fresh;
}
