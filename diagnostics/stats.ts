/** Statistics of counts, for judging whether a difference is one. */

/** ln Γ(x) for x > 0, by Lanczos' approximation (g = 7, n = 9); relative error below 1e-13. */
export function lnGamma(x: number): number {
  const c = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const z = x - 1;
  const t = z + 7.5;
  const sum = c.slice(1).reduce((s, value, i) => s + value / (z + i + 1), c[0] as number);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Upper tail of the chi-squared distribution: P(X >= x) with `df` degrees of freedom (Numerical Recipes, 6.2). */
export function chiSquaredTail(x: number, df: number): number {
  if (x <= 0) return 1;
  const a = df / 2;
  const z = x / 2;
  const front = Math.exp(a * Math.log(z) - z - lnGamma(a));
  if (z < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 1000 && term > sum * 1e-15; n++) {
      term *= z / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  let b = z + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 1000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < 1e-15) break;
  }
  return Math.min(1, front * h);
}

/** Regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1 (Numerical Recipes, 6.4). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges quickly below the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x) - Math.log(a));
  const tiny = 1e-300;
  const whole = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / whole(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 2000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / whole(1 + even * d);
    c = whole(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / whole(1 + odd * d);
    c = whole(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return Math.min(1, front * h);
}

/** Beyond this variance the normal law is as good as the exact sum, and much quicker. */
const LARGE_VARIANCE = 20_000;

/** Probability of a count at least as far out as `count` of `total` draws that hit with probability `p`; both sides. */
export function binomialTwoSided(count: number, total: number, p: number): number {
  if (p <= 0) return count > 0 ? 0 : 1;
  if (p >= 1) return count < total ? 0 : 1;
  const variance = total * p * (1 - p);
  if (variance > LARGE_VARIANCE)
    return chiSquaredTail(Math.max(0, Math.abs(count - total * p) - 0.5) ** 2 / variance, 1);
  const atMost = count >= total ? 1 : incompleteBeta(1 - p, total - count, count + 1);
  const atLeast = count <= 0 ? 1 : incompleteBeta(p, count, total - count + 1);
  return Math.min(1, 2 * Math.min(atMost, atLeast));
}

/** The z for which a standard normal is above it with probability `p`, 0 < p < 1; error below 5e-4 (Abramowitz and Stegun, 26.2.23). */
export function normalAbove(p: number): number {
  if (p > 0.5) return -normalAbove(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
}

/** The middle of values, or the mean of the two middle ones; NaN without any. */
export const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
};

/** Wilson's interval for a share, 95 %: where the true one lies when `count` of `total` were seen (E. B. Wilson, 1927). */
export function wilson(count: number, total: number): { low: number; high: number } {
  if (total === 0) return { low: 0, high: 1 };
  const z = 1.96;
  const p = count / total;
  const middle = (p + z ** 2 / (2 * total)) / (1 + z ** 2 / total);
  const half = (z / (1 + z ** 2 / total)) * Math.sqrt((p * (1 - p)) / total + z ** 2 / (4 * total ** 2));
  return { low: count === 0 ? 0 : middle - half, high: count === total ? 1 : middle + half };
}
