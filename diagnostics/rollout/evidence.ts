/**
 * Evidence that may be looked at after every interval, and stopped at any: e-values. Each has a mean of at most one where
 * its hypothesis holds, whatever happened before, so that their product reaches 1/a with a probability of at most a, over
 * all looks together (Ville 1939; Ramdas et al., Game-theoretic statistics and safe anytime-valid inference, 2023).
 * Numbers here are natural logarithms of e-values.
 */

/** Both sides in one interval: of `total`, `bad` went wrong. Whole, finite, bad <= total. */
export interface Table {
  oldBad: number;
  oldTotal: number;
  freshBad: number;
  freshTotal: number;
}

/** How many times the odds of going wrong are those of the old side: from "a fifth more" to "always against hardly ever". */
export const ODDS = [1.2, 1.5, 2, 3, 5, 10, 30, 100, 1000] as const;
const LOG_ODDS = ODDS.map(Math.log);
/** Up to so many terms the hypergeometric law is summed; beyond it is bounded from above. */
const EXACT = 48;

/** ln of the sum of exp(values), without overflow. */
export const logSum = (values: readonly number[]): number => {
  const most = Math.max(...values);
  if (most === Number.NEGATIVE_INFINITY) return most;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - most);
  return most + Math.log(sum);
};
const sumOf = (a: number, b: number): number => {
  const [more, less] = a > b ? [a, b] : [b, a];
  return less === Number.NEGATIVE_INFINITY ? more : more + Math.log1p(Math.exp(less - more));
};

/**
 * "The new side is not worse", one interval, against each of ODDS. Given how many went wrong on both sides together, the
 * number on the new side is hypergeometric whatever the rate is: a fault of the application, which hits both, and a rate
 * that drifts say nothing, and small counts are exact. The likelihood ratio of Fisher's noncentral law; for large counts
 * its norm is bounded by that of draws with replacement (Hoeffding 1963, theorem 4), which can only lose evidence.
 */
export function worseIn({ oldBad, oldTotal, freshBad, freshTotal }: Table): readonly number[] {
  const bad = oldBad + freshBad;
  const all = oldTotal + freshTotal;
  if (bad === 0 || bad === all || oldTotal === 0 || freshTotal === 0) return NOTHING;
  const least = Math.max(0, bad - oldTotal);
  const most = Math.min(bad, freshTotal);
  if (most - least > EXACT)
    return LOG_ODDS.map((log) => {
      const more = Math.expm1(log);
      const norm = Math.min(bad * Math.log1p((freshTotal / all) * more), freshTotal * Math.log1p((bad / all) * more));
      return freshBad * log - norm;
    });
  // Terms of the central law, relative to the first.
  const terms = [0];
  for (let j = least; j < most; j++)
    terms.push(
      (terms.at(-1) as number) + Math.log(((bad - j) * (freshTotal - j)) / ((j + 1) * (oldTotal - bad + j + 1))),
    );
  const whole = logSum(terms);
  return LOG_ODDS.map((log) => (freshBad - least) * log - logSum(terms.map((t, j) => t + j * log)) + whole);
}
const NOTHING: readonly number[] = ODDS.map(() => 0);

/** Half of the stake is on a fault from the first interval on, half on one that begins later. */
interface Worse {
  /** By odds: the logarithm of what was staked, times its evidence. */
  logs: number[];
  /** Intervals so far. */
  count: number;
}
/** Before the first interval. */
export const noWorse = (): Worse => ({ logs: ODDS.map(() => Number.NEGATIVE_INFINITY), count: 0 });

/** One more interval: a mixture over the odds and over the interval in which the fault begins. */
export function addWorse(worse: Worse, step: readonly number[]): Worse {
  const count = worse.count + 1;
  const stake = Math.log(count === 1 ? 0.5 : 0.5 / (count * (count - 1)));
  return { count, logs: worse.logs.map((log, i) => sumOf(log, stake) + (step[i] as number)) };
}
/** What all odds together say; what was not staked yet stays as it is. */
export function worseSoFar({ logs, count }: Worse): number {
  const rest = Math.log(count === 0 ? 1 : 0.5 / count);
  return logSum(logs.map((log) => logSum([log, rest]))) - Math.log(ODDS.length);
}

/** The new side may fail in `times` the old side's share plus `more`. */
export interface Allowed {
  times: number;
  more: number;
}

/**
 * "The new side is worse than allowed", one interval, from the guess that both fail at the rate `level`: a bet on each
 * request, new ones against failing and old ones for failing, weighted so that whatever the old rate is, the bets of a new
 * side that fails in `times` the old share plus `more` have a mean of at most one. (For new requests 1 - c (y - b), for old
 * ones 1 + times c n/m (y - a), b = times a + more: by log(1 + x) <= x the mean is at most exp(n c (times a' + more - b')).
 * It is the two-sample e-variable of Turner, Ly and Grünwald, Journal of Statistical Planning and Inference 2024, for a
 * half plane.) Without old requests b = more: a new side that fails less than that is within the margin, whatever the old does.
 */
export function withinIn({ oldBad, oldTotal, freshBad, freshTotal }: Table, allowed: Allowed, level: number): number {
  if (freshTotal === 0) return 0;
  const gap = (allowed.times - 1) * level + allowed.more;
  let old = 0;
  if (oldTotal > 0) {
    const top = Math.min(0.999, level + gap);
    const precision = oldTotal / (level * (1 - level));
    const freshPrecision = freshTotal / (top * (1 - top));
    const shift = (gap * allowed.times * freshPrecision) / (precision + allowed.times ** 2 * freshPrecision);
    old = Math.max(0.1 * level, level - shift);
  }
  const fresh = Math.min(0.9999, allowed.times * old + allowed.more);
  if (fresh <= level || allowed.times * old + allowed.more >= 1) return 0;
  let bet = (fresh - level) / (fresh * (1 - fresh));
  const ratio = oldTotal > 0 ? (allowed.times * freshTotal) / oldTotal : 0;
  if (old > 0) bet = Math.min(bet, 0.9 / (ratio * old));
  return (
    freshBad * Math.log1p(-bet * (1 - fresh)) +
    (freshTotal - freshBad) * Math.log1p(bet * fresh) +
    oldBad * Math.log1p(ratio * bet * (1 - old)) +
    (oldTotal - oldBad) * Math.log1p(-ratio * bet * old)
  );
}

/** Rates that are guessed from the beginning; besides them, what was seen so far, and what was seen last. */
const LEVELS = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9] as const;
const WEIGHTS = [0.25, 0.25, ...LEVELS.map(() => 0.5 / LEVELS.length)].map(Math.log);
/** Held back from each bet: an interval in which everything fails on both sides must not ruin what was gathered before. */
const HELD = 0.02;

const held = (log: number): number =>
  log > 0 ? log + Math.log(1 - HELD + HELD * Math.exp(-log)) : Math.log(HELD + (1 - HELD) * Math.exp(log));

/** By guess: the logarithm of its evidence; and what the next guesses are made of. */
export interface Within {
  logs: number[];
  bad: number;
  total: number;
  last: number;
}
/** Before the first interval. */
export const noWithin = (): Within => ({ logs: WEIGHTS.map(() => 0), bad: 0, total: 0, last: 0.001 });

const guess = (bad: number, total: number): number => Math.min(0.97, (bad + 0.2) / (total + 200));

/** One more interval. The guesses come from the intervals before it only. */
export function addWithin(within: Within, table: Table, allowed: Allowed): Within {
  const levels = [guess(within.bad, within.total), within.last, ...LEVELS];
  const bad = table.oldBad + table.freshBad;
  const total = table.oldTotal + table.freshTotal;
  return {
    logs: levels.map((level, i) => (within.logs[i] as number) + held(withinIn(table, allowed, level))),
    bad: within.bad + bad,
    total: within.total + total,
    last: total > 0 ? guess(bad, total) : within.last,
  };
}
/** What all guesses together say. */
export const withinSoFar = ({ logs }: Within): number => logSum(logs.map((log, i) => log + (WEIGHTS[i] as number)));
