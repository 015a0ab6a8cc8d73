import type { Gathered } from './collect.ts';
import type { Allowed, Table } from './evidence.ts';
import { withinIn } from './evidence.ts';
import { beyond, ratesOf, type Tally, withinOf, worseOf } from './tally.ts';
import type { Margins, Measured } from './types.ts';

/** Measures of one share: requests that fail, connections that are reset, handshakes that fail. */

/**
 * Half a percentage point of failures: what 1 % more is told from within a quarter of an hour at two requests a second
 * (`./dev bench rollout`); smaller margins take their square longer. The P99 may become what was the P98, the median what was the P60;
 * a quarter of one class's handshakes and a fifth of the requests on one endpoint are faults, not noise.
 */
export const MARGINS: Margins = {
  errors: 0.005,
  handshakes: 0.005,
  resets: 0.005,
  clients: 0.25,
  p50: 0.1,
  p99: 0.01,
  balance: 0.2,
};
/** And a tenth of what fails on the old side too: while the application fails, nobody sees half a point more. */
const TENTH = 1.1;

/** What a margin allows beside the old side's own share. */
export const allowedOf = (margins: Margins, measure: keyof Margins): Allowed => ({
  times: measure === 'clients' || measure === 'p50' || measure === 'balance' ? 1 : TENTH,
  more: margins[measure],
});

/** "Not worse than allowed" is believed at this evidence: one in twenty, for each measure, since all must show it. */
export const ENOUGH = Math.log(20);
/** Fewer failures than this on the new side are an anecdote. */
export const FEW = 5;

/** What is said of one measure, and whether the stage waits for it. */
export interface Weighed {
  measured: Measured;
  waits: boolean;
  /** More failures than allowed so far, whether or not it can be told. */
  suspect: boolean;
  /** A class of clients that gets in on the old side. */
  getsIn?: boolean;
}

/** How one measure is weighed: its margin, what may be staked on it (a probability), and what there is to compare with. */
export interface Stake {
  allowed: Allowed;
  alpha: number;
  /** The old side of earlier stages, where it has none of this stage's traffic left. */
  earlier: Tally | null;
  /** Share of the traffic that the new side should get. */
  share: number;
}

/** What became of weighing one share. */
export interface Weight {
  verdict: 'worse' | 'alike' | 'open';
  rates: { old: number; fresh: number } | null;
  suspect: boolean;
  concurrent: boolean;
  /** More of what is counted (requests, connections, handshakes) on the new side until it is told. */
  more: number | null;
  /** What was compared. */
  table: Table;
}

/** An old side with less than this part of the new one's traffic is no comparison. */
const THIN = 0.02;

/** Has the new side all the traffic, or nearly? */
export const isAlone = ({ old, fresh }: Gathered): boolean => old <= THIN * fresh;
const isThin = ({ sum }: Tally): boolean => sum.oldTotal <= THIN * sum.freshTotal;

/** What went wrong on both sides at the same time, or else against earlier stages; null: there is nothing to compare. */
export function ratesBeside(
  tally: Tally,
  earlier: Tally | null,
): { old: number; fresh: number; concurrent: boolean } | null {
  if (earlier && isThin(tally) && tally.sum.freshTotal > 0)
    return {
      old: earlier.sum.oldBad / earlier.sum.oldTotal,
      fresh: tally.sum.freshBad / tally.sum.freshTotal,
      concurrent: false,
    };
  const rates = ratesOf(tally);
  return rates && { ...rates, concurrent: true };
}

/** One share on both sides: worse, alike or open. */
export function weigh(tally: Tally, stake: Stake): Weight {
  const { sum } = tally;
  if (stake.earlier && isThin(tally)) return weighEarlier(tally, stake.earlier, stake);
  const rates = ratesOf(tally);
  const far = rates ? beyond(rates, stake.allowed) > 0 : false;
  const suspect = far && sum.freshBad >= FEW;
  const log = suspect ? worseOf(tally) : Number.NEGATIVE_INFINITY;
  const needed = -Math.log(stake.alpha);
  const table = sum;
  // Without any old traffic a new side within the margin by itself is within it whatever the old one does.
  const compared = rates !== null;
  if (log >= needed) return { verdict: 'worse', rates, suspect, concurrent: compared, more: null, table };
  const within = far ? 0 : withinOf(tally, stake.allowed);
  if (!far && within >= ENOUGH) return { verdict: 'alike', rates, suspect, concurrent: compared, more: null, table };
  const more =
    suspect && log > 1
      ? Math.ceil(((needed - log) / log) * sum.freshTotal)
      : moreFor(sum, stake, Math.min(within, ENOUGH));
  return { verdict: 'open', rates, suspect, concurrent: compared, more, table };
}

/** Against the old side of earlier stages: that may show that nothing is worse, never that something is, since times differ. */
function weighEarlier(tally: Tally, earlier: Tally, stake: Stake): Weight {
  const { freshBad, freshTotal } = tally.sum;
  const table = { oldBad: earlier.sum.oldBad, oldTotal: earlier.sum.oldTotal, freshBad, freshTotal };
  const one: Tally = { ...tally, sum: table, steps: [{ at: 0, seconds: 0, table }] };
  const rates = freshTotal > 0 ? { old: table.oldBad / table.oldTotal, fresh: freshBad / freshTotal } : null;
  const far = rates ? beyond(rates, stake.allowed) > 0 : false;
  // Alone the new side may be good enough too.
  const within = far ? 0 : Math.max(withinOf(one, stake.allowed), withinOf(tally, stake.allowed));
  const verdict = !far && within >= ENOUGH ? 'alike' : 'open';
  const more = verdict === 'alike' || far ? null : moreFor(table, stake, within);
  return { verdict, rates, suspect: far && freshBad >= FEW, concurrent: false, more, table };
}

/** How many more it takes on the new side until the margin can be ruled out, if both sides are alike. */
function moreFor(table: Table, { allowed, share }: Stake, within: number): number | null {
  const all = table.oldTotal + table.freshTotal;
  const level = Math.min(0.95, (table.oldBad + table.freshBad + 0.2) / (all + 200));
  const part = table.freshTotal > 0 ? table.freshTotal / all : share;
  if (part <= 0) return null;
  const fresh = 100;
  const old = (fresh * (1 - part)) / part;
  const guess = { oldBad: level * old, oldTotal: old, freshBad: level * fresh, freshTotal: fresh };
  const growth = withinIn(guess, allowed, level) / fresh;
  // A nat and a half is what it costs not to know the rate beforehand.
  return growth > 0 ? Math.max(1, Math.ceil((ENOUGH + (table.freshTotal > 0 ? 0.5 : 1.5) - within) / growth)) : null;
}

/** Connections or handshakes to requests, as they came so far. */
export function inRequests(more: number | null, units: number, gathered: Gathered): number | null {
  if (more === null) return null;
  if (units <= 0) return gathered.fresh > 0 ? null : more;
  return Math.ceil((more * Math.max(1, gathered.fresh)) / units);
}
