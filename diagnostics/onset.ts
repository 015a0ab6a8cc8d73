import { chiSquaredTail, median } from './stats.ts';

/** What happened in one stretch of time: `k` of `n` went wrong. */
export interface Exposure {
  /** Begin, ms since the epoch. */
  at: number;
  ms: number;
  n: number;
  k: number;
}

/** When a stretch of trouble began and ended, as counts show it. */
interface Onset {
  /** Begin of the first step of it, ms; null: it was there before the first step. */
  at: number | null;
  /** The begin lies between these with 95 % confidence, ms. */
  earliest: number;
  latest: number;
  /** End of its last step, ms; null: it lasts until the end of what was seen. */
  until: number | null;
  during: { k: number; n: number };
  /** What was counted outside of it. */
  otherwise: { k: number; n: number };
  /** How often chance alone would show a stretch like it, at most. */
  pValue: number;
}

/** By chance less often than this. Simulated: one false alarm in some hundred steady runs, bursty ones too. */
const ALPHA = 0.001;
/** Fewer failures than this are an anecdote. */
const FEW = 3;
/** A rate that is not at least this many times the other is no begin of anything. */
const TIMES = 2;
/** Half of the 95 % point of chi-squared with one degree of freedom: the width of a profile likelihood interval. */
const PROFILE = 1.92;
/** More steps than this are merged beforehand: every pair of begin and end is tried. */
const MOST_STEPS = 300;

/** k ln p + (n - k) ln(1 - p) at its own best p. */
function likelihood(k: number, n: number): number {
  if (n <= 0 || k <= 0 || k >= n) return 0;
  const p = k / n;
  return k * Math.log(p) + (n - k) * Math.log(1 - p);
}

/** Neighbouring steps joined, so that there are at most MOST_STEPS. */
function merged(steps: Exposure[]): Exposure[] {
  const size = Math.ceil(steps.length / MOST_STEPS);
  if (size <= 1) return steps;
  return Array.from({ length: Math.ceil(steps.length / size) }, (_, i) => {
    const part = steps.slice(i * size, (i + 1) * size);
    const first = part[0] as Exposure;
    const last = part.at(-1) as Exposure;
    return {
      at: first.at,
      ms: last.at + last.ms - first.at,
      n: part.reduce((sum, s) => sum + s.n, 0),
      k: part.reduce((sum, s) => sum + s.k, 0),
    };
  });
}

/**
 * How much burstier than coin flips the counts are within their segments, 1 or more: failures come in bursts, and a
 * test that takes each for an independent draw finds a beginning in every one of them. Pearson's statistic over blocks
 * that expect at least two failures, by its degrees of freedom.
 */
function dispersion(steps: Exposure[], begin: number, end: number, inside: number, outside: number): number {
  let chi = 0;
  let blocks = 0;
  let open = { n: 0, k: 0, expected: 0, variance: 0, within: false };
  for (const [i, step] of steps.entries()) {
    const within = i >= begin && i <= end;
    const p = within ? inside : outside;
    if (within !== open.within) open = { n: 0, k: 0, expected: 0, variance: 0, within };
    open.k += step.k;
    open.expected += step.n * p;
    open.variance += step.n * p * (1 - p);
    if (open.expected < 2 || open.variance <= 0) continue;
    chi += (open.k - open.expected) ** 2 / open.variance;
    blocks++;
    open = { n: 0, k: 0, expected: 0, variance: 0, within };
  }
  return blocks > 2 ? Math.max(1, chi / (blocks - 2)) : 1;
}

/**
 * Pure: the one stretch of time in which failures were most unlike the rest, by the likelihood of two rates against one
 * (an epidemic change point: Levin and Kline 1985), with exposure, so that a quiet hour weighs what it holds. Every
 * begin and end is tried; the p-value pays for that and for burstiness. null: one rate explains everything, or there are
 * too few failures to say.
 */
export function onsetOf(all: Exposure[]): Onset | null {
  const steps = merged(all.filter((s) => s.n > 0));
  const total = { n: steps.reduce((sum, s) => sum + s.n, 0), k: steps.reduce((sum, s) => sum + s.k, 0) };
  if (steps.length < 3 || total.k < FEW) return null;
  const ks = [0];
  const ns = [0];
  for (const step of steps) {
    ks.push((ks.at(-1) as number) + step.k);
    ns.push((ns.at(-1) as number) + step.n);
  }
  const none = likelihood(total.k, total.n);
  const gain = (begin: number, end: number): number => {
    const k = (ks[end + 1] as number) - (ks[begin] as number);
    const n = (ns[end + 1] as number) - (ns[begin] as number);
    const [ok, on] = [total.k - k, total.n - n];
    // Only stretches that are worse than the rest, and a rest that exists.
    if (on <= 0 || k * on <= ok * n) return 0;
    return likelihood(k, n) + likelihood(ok, on) - none;
  };
  let best = { begin: 0, end: 0, gain: 0 };
  for (let begin = 0; begin < steps.length; begin++) {
    if ((steps[begin] as Exposure).k === 0) continue;
    for (let end = begin; end < steps.length; end++) {
      const found = gain(begin, end);
      if (found > best.gain) best = { begin, end, gain: found };
    }
  }
  if (best.gain <= 0) return null;
  const { begin, end } = best;
  const during = {
    k: (ks[end + 1] as number) - (ks[begin] as number),
    n: (ns[end + 1] as number) - (ns[begin] as number),
  };
  const otherwise = { k: total.k - during.k, n: total.n - during.n };
  const [inside, outside] = [during.k / during.n, otherwise.k / otherwise.n];
  const phi = dispersion(steps, begin, end, inside, outside);
  const pValue = Math.min(1, steps.length * Math.log2(steps.length + 1) * chiSquaredTail((2 * best.gain) / phi, 2));
  if (during.k < FEW || inside < TIMES * outside || pValue >= ALPHA) return null;
  const likely = steps.map((_, i) => i).filter((i) => i <= end && gain(i, end) >= best.gain - PROFILE * phi);
  const first = steps[Math.min(begin, ...likely)] as Exposure;
  const last = steps[Math.max(begin, ...likely)] as Exposure;
  const of = steps[begin] as Exposure;
  const final = steps[end] as Exposure;
  return {
    at: begin === 0 ? null : of.at,
    earliest: first.at,
    latest: last.at + last.ms,
    until: end === steps.length - 1 ? null : final.at + final.ms,
    during,
    otherwise,
    pValue,
  };
}

/** A mean over some requests in a stretch of time. */
interface Level {
  at: number;
  ms: number;
  n: number;
  /** Mean of what was measured (s); only ratios matter. */
  mean: number;
}

interface Step {
  at: number;
  before: number;
  after: number;
  pValue: number;
}

/** A mean that doubled is worth a word; less is noise of the day. */
const DOUBLED = 2;

/**
 * Pure: did a level (a mean time) step up to at least its double at some point and stay there? Medians of logarithms on both sides, so
 * that single outliers count little; noise by the median of neighbouring differences. null: no, or too few steps.
 */
export function stepUpOf(all: Level[]): Step | null {
  const levels = all.filter((l) => l.n > 0 && l.mean > 0);
  if (levels.length < 6) return null;
  const logs = levels.map((l) => Math.log(l.mean));
  const changes = logs.slice(1).map((value, i) => Math.abs(value - (logs[i] as number)));
  const noise = Math.max(0.02, (1.4826 * median(changes)) / Math.SQRT2);
  let best: { at: number; z: number; before: number; after: number } | null = null;
  for (let i = 3; i <= logs.length - 3; i++) {
    const [before, after] = [median(logs.slice(0, i)), median(logs.slice(i))];
    const z = (after - before) / (1.25 * noise * Math.sqrt(1 / i + 1 / (logs.length - i)));
    if (best === null || z > best.z) best = { at: i, z, before, after };
  }
  if (!best || best.z <= 0 || best.after - best.before < Math.log(DOUBLED)) return null;
  const pValue = Math.min(1, logs.length * chiSquaredTail(best.z ** 2, 1));
  if (pValue >= ALPHA) return null;
  return { at: (levels[best.at] as Level).at, before: Math.exp(best.before), after: Math.exp(best.after), pValue };
}
