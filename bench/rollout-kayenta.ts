import type { Interval } from '../diagnostics/rollout/types.ts';

/**
 * The peer: how Kayenta's NetflixACAJudge judges series of values, written anew from spinnaker/kayenta at a69573be
 * (2025-04-08): judge/NetflixACAJudge.scala (tolerance 0.25, confidence 0.98, effect size "mean ratio" with an allowed
 * increase of 1.0, no outliers removed, NaN removed: its defaults), judge/classifiers/metric/MannWhitneyClassifier.scala,
 * mannwhitney/MannWhitney.scala and BrentSolver.java (tolerance 1e-4). Each metric here has the direction `increase`.
 */

const CONFIDENCE_Z = 2.3263478740408408;
const TOLERANCE = 0.25;
const ALLOWED_INCREASE = 1;
const SOLVER = 1e-4;

/** Ranks, ties shared. */
function ranked(values: number[]): { ranks: number[]; ties: number } {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Array<number>(values.length);
  let ties = 0;
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j + 1 < order.length && values[order[j + 1] as number] === values[order[i] as number]) j++;
    for (let k = i; k <= j; k++) ranks[order[k] as number] = (i + j) / 2 + 1;
    ties += (j - i + 1) ** 3 - (j - i + 1);
    i = j + 1;
  }
  return { ranks, ties };
}

/** The U statistic of x - shift against y as a normal deviate with its correction for continuity, less a quantile. */
function deviate(shift: number, quantile: number, x: number[], y: number[]): number {
  const { ranks, ties } = ranked([...x.map((v) => v - shift), ...y]);
  const [m, n] = [x.length, y.length];
  let u = (-m * (m + 1)) / 2 - (m * n) / 2;
  for (let i = 0; i < m; i++) u += ranks[i] as number;
  const sigma = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))));
  if (sigma === 0) throw new RangeError('all observations are tied');
  return (u - Math.sign(u) * 0.5) / sigma - quantile;
}

/** A zero between two bounds by Brent's method (1973). */
function zero(lower: number, upper: number, f: (x: number) => number): number {
  let [a, b] = [lower, upper];
  let [fa, fb] = [f(a), f(b)];
  if (fa === 0) return a;
  if (fb === 0) return b;
  let [c, fc] = [a, fa];
  for (let turn = 0; turn <= 1000; turn++) {
    const before = b - a;
    if (Math.abs(fc) < Math.abs(fb)) {
      [a, b, c] = [b, c, b];
      [fa, fb, fc] = [fb, fc, fb];
    }
    const least = 2 * Number.EPSILON * Math.abs(b) + SOLVER / 2;
    let step = (c - b) / 2;
    if (Math.abs(step) <= least || fb === 0) return b;
    if (Math.abs(before) >= least && Math.abs(fa) > Math.abs(fb)) {
      const s = fb / fa;
      let [p, q] = [0, 0];
      if (a === c) [p, q] = [(c - b) * s, 1 - s];
      else {
        const [t, r] = [fa / fc, fb / fc];
        p = s * ((c - b) * t * (t - r) - (b - a) * (r - 1));
        q = (t - 1) * (r - 1) * (s - 1);
      }
      if (p > 0) q = -q;
      else p = -p;
      if (p < 0.75 * (c - b) * q - Math.abs(least * q) / 2 && p < Math.abs((before * q) / 2)) step = p / q;
    }
    if (Math.abs(step) < least) step = step > 0 ? least : -least;
    [a, fa] = [b, fb];
    b += step;
    fb = f(b);
    if (fb > 0 === fc > 0 && fb !== 0 && fc !== 0) [c, fc] = [a, fa];
  }
  return b;
}

const mean = (values: number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** One metric: `high` counts against the new side; `none`: no data; `error`: the test could not be made. */
export function classify(control: number[], experiment: number[]): 'pass' | 'high' | 'none' | 'error' {
  const [x, y] = [experiment.filter((v) => !Number.isNaN(v)), control.filter((v) => !Number.isNaN(v))];
  if (x.length === 0 || y.length === 0) return 'none';
  if (new Set([...x, ...y]).size === 1) return 'pass';
  const sorted = (values: number[]): string => values.toSorted((a, b) => a - b).join();
  if (sorted(x) === sorted(y)) return 'pass';
  // Two constants: they add noise of 1e-5 of the value, which leaves the order as it is.
  const constant = new Set(x).size === 1 && new Set(y).size === 1;
  const [xs, ys] = constant ? [x, y].map((v) => v.map((one, i) => one + 1e-9 * i)) : [x, y];
  try {
    const [from, to] = [
      Math.min(...(xs as number[])) - Math.max(...(ys as number[])),
      Math.max(...(xs as number[])) - Math.min(...(ys as number[])),
    ];
    const at = (quantile: number) => (shift: number) => deviate(shift, quantile, xs as number[], ys as number[]);
    const root = (quantile: number): number => {
      if (at(quantile)(from) <= 0) return from;
      if (at(quantile)(to) >= 0) return to;
      return zero(from, to, at(quantile));
    };
    const estimate = zero(from, to, at(0));
    const lower = root(CONFIDENCE_Z);
    const [of, over] = [mean(x), mean(y)];
    const effect = of === 0 || over === 0 ? Number.NaN : of / over;
    return lower > TOLERANCE * Math.abs(estimate) && (Number.isNaN(effect) || effect >= ALLOWED_INCREASE)
      ? 'high'
      : 'pass';
  } catch {
    return 'error';
  }
}

/** Seconds of one value in a series: Kayenta's usual step. */
export const STEP_SECONDS = 60;

/** Metrics as people configure them: shares in percent and the P99 in ms, a value a minute for each side. */
export function seriesOf(intervals: readonly Interval[]): {
  [metric: string]: { control: number[]; experiment: number[] };
} {
  const minutes = Map.groupBy(intervals, (i) => Math.floor(Date.parse(i.from) / 1000 / STEP_SECONDS));
  const of = (side: 'old' | 'fresh', value: (of: Interval['old'][]) => number): number[] =>
    [...minutes.values()].map((list) => value(list.map((i) => i[side])));
  const part = (bad: number, total: number): number => (total > 0 ? (100 * bad) / total : Number.NaN);
  const sum = (list: Interval['old'][], key: 'requests' | 'errors' | 'resets' | 'connections'): number =>
    list.reduce((all, one) => all + one[key], 0);
  const shakes = (list: Interval['old'][]): number => {
    const all = list.flatMap((one) => Object.values(one.handshakes));
    return part(
      all.reduce((n, h) => n + h.failed, 0),
      all.reduce((n, h) => n + h.tried, 0),
    );
  };
  const metrics: { [name: string]: (list: Interval['old'][]) => number } = {
    errors: (list) => part(sum(list, 'errors'), sum(list, 'requests')),
    resets: (list) => part(sum(list, 'resets'), sum(list, 'connections')),
    handshakes: shakes,
    p99: p99Of,
  };
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name,
      { control: of('old', value), experiment: of('fresh', value) },
    ]),
  );
}

/** As Prometheus' histogram_quantile gives it, ms. */
function p99Of(list: Interval['old'][]): number {
  const le = list[0]?.latency?.le ?? [];
  const counts = new Array<number>(le.length + 1).fill(0);
  for (const one of list)
    for (const [i, n] of (one.latency?.counts ?? []).entries()) counts[i] = (counts[i] as number) + n;
  const total = counts.reduce((a, b) => a + b, 0);
  if (total === 0) return Number.NaN;
  let below = 0;
  for (const [i, n] of counts.entries()) {
    if (below + n >= 0.99 * total) {
      const from = i === 0 ? 0 : (le[i - 1] as number);
      return i >= le.length ? 1000 * from : 1000 * (from + (((le[i] as number) - from) * (0.99 * total - below)) / n);
    }
    below += n;
  }
  return Number.NaN;
}

/** Does Kayenta fail this canary? The score is the part of metrics that pass; 95 of 100 are wanted, so that each metric counts. */
export function kayentaFails(intervals: readonly Interval[]): boolean {
  const results = Object.values(seriesOf(intervals)).map(({ control, experiment }) => classify(control, experiment));
  const counted = results.filter((r) => r === 'pass' || r === 'high');
  if (results.filter((r) => r === 'none').length * 2 >= results.length) return true;
  return counted.length > 0 && counted.filter((r) => r === 'pass').length / counted.length < 0.95;
}
