import { binomialTwoSided, chiSquaredTail, lnGamma, normalAbove } from './stats.ts';

/** Do counts fit the shares that they should have? Tests for draws that were made one by one. Pure. */

/** By chance less often than this: under 1 % false alarms in any 3,000 fair draws (simulated: `./dev bench balance`). */
export const ALPHA = 0.0075;
/** Chi-squared wants an expected count of at least this in each cell (Cochran 1954). */
const MIN_EXPECTED = 5;
/** Cauchy's combination is undone by a p of one: nothing above this says anything. */
const NOTHING = 0.9;

/**
 * Probability that fair draws are at least this uneven; null without draws or with one cell.
 *
 * Two tests that see different things: Pearson's chi-squared sees many small differences, the worst cell's exact
 * binomial (Bonferroni over the cells) sees one endpoint among many. Both into one by Cauchy's combination (Liu and Xie
 * 2020), which costs next to nothing where they agree. Where an expected count is below five only the exact one is
 * used: it never alarms too often, however few the draws. Chosen by simulation over 3,000 seeds: with four endpoints as
 * strong as chi-squared alone, with fifty it needs three fifths of the requests.
 *
 * @param spread draws that go together (requests on one connection), on average: chi-squared is divided by it
 */
export function fitOf(counts: number[], expected: number[], spread = 1): number | null {
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (counts.length < 2 || total <= 0) return null;
  const draws = total / spread;
  let worst = 1;
  let chi = 0;
  let cells = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [i, count] of counts.entries()) {
    const share = expected[i] ?? 0;
    // What should get nothing at all, and does, is no cell; if it gets something, its share was not known.
    if (share <= 0) continue;
    cells++;
    fewest = Math.min(fewest, share * draws);
    chi += (count - share * total) ** 2 / (share * total);
    worst = Math.min(worst, binomialTwoSided(Math.round(count / spread), Math.round(draws), share));
  }
  if (cells < 2) return null;
  const exact = Math.min(1, worst * cells);
  return fewest < MIN_EXPECTED ? exact : together(chiSquaredTail(chi / spread, cells - 1), exact);
}

function together(a: number, b: number): number {
  if (a >= NOTHING && b >= NOTHING) return Math.min(a, b);
  // tan() of very small p loses nothing: 1 / (p π) is its limit.
  const term = (p: number): number =>
    p < 1e-15 ? 1 / (p * Math.PI || Number.MIN_VALUE) : Math.tan((0.5 - Math.min(p, NOTHING)) * Math.PI);
  const mean = (term(a) + term(b)) / 2;
  return mean > 1e15 ? 1 / (mean * Math.PI) : Math.max(0, 0.5 - Math.atan(mean) / Math.PI);
}

/**
 * Draws that are needed to see, nine times in ten, that one of `endpoints` is off by `off` (0.2: a fifth more than its
 * share) at ALPHA. For four endpoints and 0.2 about 1,450, as a multinomial simulation of chi-squared says (1,520 too
 * hot, 1,390 too cold).
 */
export function drawsNeeded(endpoints: number, off: number): number {
  if (endpoints < 2) return 1;
  const fair = 1 / endpoints;
  const hot = Math.min(0.99, fair * (1 + off));
  const wider = Math.sqrt((hot * (1 - hot)) / (fair * (1 - fair)));
  // Among many, chi-squared sees one alone late, and the combination costs up to a factor of two in p.
  const alone = endpoints > 4 ? 2 - 4 / endpoints : 1;
  const z = normalAbove(ALPHA / 2 / endpoints / alone) + normalAbove(0.1) * wider;
  return Math.ceil((endpoints - 1) * (z / off) ** 2);
}

/**
 * The share of all draws that each endpoint should have got: by weight, and only while it was there.
 * @param since for each: the part of the window, 0 to 1, that was over when it joined
 * @param until for each: the part that was over when it left; 1: it was there to the end
 */
export function expectedShares(weights: number[], since: number[], until: number[] = []): number[] {
  const shares = weights.map(() => 0);
  const inner = [...since, ...until].filter((at) => at > 0 && at < 1);
  const bounds = [...new Set([0, ...inner, 1])].sort((a, b) => a - b);
  let served = 0;
  for (let i = 1; i < bounds.length; i++) {
    const [from, to] = [bounds[i - 1] as number, bounds[i] as number];
    const there = weights.map((weight, e) => ((since[e] ?? 0) <= from && (until[e] ?? 1) >= to ? weight : 0));
    const sum = there.reduce((a, b) => a + b, 0);
    if (sum <= 0) continue;
    served += to - from;
    for (const [e, weight] of there.entries()) shares[e] = (shares[e] as number) + ((to - from) * weight) / sum;
  }
  return served > 0 ? shares.map((share) => share / served) : shares;
}

/** Flatter than this seldom by chance: then endpoints take turns. */
const TOO_FLAT = 0.01;

/** Are counts as flat as they can be, and too flat for draws? Then they were dealt in turns, and few are enough to say so. */
export function inTurns(counts: number[]): boolean {
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (counts.length < 2 || Math.max(...counts) - Math.min(...counts) > 1) return false;
  const ways = lnGamma(total + 1) - counts.reduce((sum, n) => sum + lnGamma(n + 1), 0);
  return Math.exp(ways - total * Math.log(counts.length)) < TOO_FLAT;
}
