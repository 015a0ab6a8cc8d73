import type { Gathered } from './collect.ts';
import { FEW, inRequests, ratesBeside, type Weighed, weigh } from './measure.ts';
import { type Scale, stakeOf } from './shares.ts';
import { beyond, type Tally, together, worseOf } from './tally.ts';
import type { Measured } from './types.ts';
import { countOf, time } from './words.ts';

/** How long requests take: at each edge of the histogram, how many were slower, on both sides in the same interval. */

interface Quantile {
  measure: 'latency-p50' | 'latency-p99';
  margin: 'p50' | 'p99';
  /** Part of requests that is slower than it. */
  tail: number;
  /** Edges that so many of the old side's requests exceed still say something of this quantile. */
  upTo: number;
  who: string;
}
const QUANTILES: Quantile[] = [
  { measure: 'latency-p50', margin: 'p50', tail: 0.5, upTo: 0.8, who: 'half of the requests take' },
  { measure: 'latency-p99', margin: 'p99', tail: 0.01, upTo: 0.05, who: 'the slowest 1 % of requests take' },
];

interface Edge {
  edge: number;
  tally: Tally;
  /** What to compare with where the old side has no traffic left. */
  earlier: Tally | null;
  old: number;
  fresh: number;
  concurrent: boolean;
}

/** Pure: the median and the P99 of times. */
export function timesOf(gathered: Gathered, scale: Scale): Weighed[] {
  return QUANTILES.map((quantile) => quantileOf(gathered, scale, quantile));
}

function quantileOf(gathered: Gathered, scale: Scale, quantile: Quantile): Weighed {
  const { measure, margin, tail } = quantile;
  const tallies = [...gathered.tallies.latency.values()].sort((a, b) => (a.edge ?? 0) - (b.edge ?? 0));
  const base = { measure, of: null, source: gathered.source } as const;
  const none = (verdict: 'blind' | 'open', says: string): Weighed => ({
    measured: { ...base, old: null, fresh: null, verdict, says, needs: null, concurrent: true },
    waits: verdict === 'open',
    suspect: false,
  });
  if (tallies.length === 0) return none('blind', 'How long requests take was not read.');
  const edges = tallies.flatMap((tally): Edge[] => {
    const before = scale.earlier?.tallies.latency.get(String(tally.edge));
    const earlier = before && before.sum.oldTotal > 0 ? before : null;
    const rates = ratesBeside(tally, earlier);
    return rates ? [{ edge: tally.edge as number, tally, earlier, ...rates }] : [];
  });
  if (edges.length === 0) return none('open', 'Nothing to compare times with: one side has no requests.');
  const above = edges.findLast((e) => e.old > tail);
  const below = edges.find((e) => e.old <= tail);
  const telling = [...(above && above.old <= quantile.upTo ? [above] : []), ...(below ? [below] : [])];
  if (telling.length === 0)
    return none(
      'blind',
      `Times beyond ${time(edges.at(-1)?.edge ?? 0)} are not told apart: the slowest requests are not seen.`,
    );
  const shown = {
    old: secondsAt(edges, tail, 'old'),
    fresh: secondsAt(edges, tail, 'fresh'),
  };
  // Evidence is the mean over all edges, so that none is picked; for the P99 every edge out there may speak.
  const stake = stakeOf(scale, measure, margin, 1, undefined);
  const speaking = quantile.margin === 'p99' ? edges.filter((e) => e.old <= quantile.upTo) : telling;
  const far = speaking.filter((e) => beyond(e, stake.allowed) > 0 && e.tally.sum.freshBad >= FEW);
  const log = together(
    far.filter((e) => e.concurrent).map((e) => worseOf(e.tally)),
    tallies.length,
  );
  const worse = log >= -Math.log(stake.alpha);
  const weights = worse
    ? []
    : telling.map((e) => weigh(e.tally, { ...stake, alpha: stake.alpha / tallies.length, earlier: e.earlier }));
  const alike = !worse && far.length === 0 && weights.every((w) => w.verdict === 'alike');
  const verdict: Measured['verdict'] = worse ? 'worse' : alike ? 'alike' : 'open';
  const requests = telling[0]?.tally.sum.freshTotal ?? 0;
  const waitsFor = weights.filter((w) => w.verdict !== 'alike').map((w) => w.more);
  const more = waitsFor.includes(null) ? null : Math.max(1, ...(waitsFor as number[]));
  const widest =
    far.toSorted((a, b) => beyond(b, stake.allowed) - beyond(a, stake.allowed))[0] ?? (telling.at(-1) as Edge);
  const who = gathered.source === 'probes' ? quantile.who.replace('requests', 'probe requests') : quantile.who;
  const says = `On the new proxies ${who} ${said(shown.fresh, edges)}, on the old ones ${said(shown.old, edges)}`;
  return {
    measured: {
      ...base,
      concurrent: telling.every((e) => e.concurrent),
      old: shown.old === null ? null : { seconds: shown.old },
      fresh: shown.fresh === null ? null : { seconds: shown.fresh },
      verdict,
      says: `${says} (slower than ${time(widest.edge)}: ${countsOf(widest)}${verdict === 'open' ? '; not sure yet' : ''}).`,
      needs: verdict === 'open' ? inRequests(more, requests, gathered) : null,
    },
    waits: true,
    suspect: far.length > 0,
  };
}

const countsOf = ({ tally: { sum }, earlier, concurrent }: Edge): string => {
  const { oldBad, oldTotal } = concurrent || !earlier ? sum : earlier.sum;
  return `${countOf(sum.freshBad, sum.freshTotal)} against ${countOf(oldBad, oldTotal)}${concurrent ? '' : ' earlier'}`;
};

const said = (seconds: number | null, edges: Edge[]): string =>
  seconds === null ? `more than ${time(edges.at(-1)?.edge ?? 0)}` : `${time(seconds)} or more`;

/** The time that a part `tail` of requests exceeds, straight between edges; null: beyond the last edge. */
function secondsAt(edges: Edge[], tail: number, side: 'old' | 'fresh'): number | null {
  let [from, over] = [0, 1];
  for (const e of edges) {
    const left = e[side];
    if (left <= tail) return over > left ? from + ((e.edge - from) * (over - tail)) / (over - left) : e.edge;
    [from, over] = [e.edge, left];
  }
  return null;
}
