/** Where on the path do requests begin to fail, by Bayes' rule over every hop and every set of its members. Pure. */

/** A place where requests were made, and how they fared. */
export interface Site {
  id: string;
  ok: number;
  failed: number;
}

/** Places side by side: the replicas of a proxy, the addresses of a name. What goes through the path meets one of them. */
export interface Stage {
  name: string;
  sites: Site[];
}

/** What the counts say so far; probabilities. */
export interface Belief {
  /** Nothing on the path fails. */
  none: number;
  /** For each stage, outermost first: the fault is there, in all its members or some. */
  at: number[];
  /** For each stage: how often a request made there is expected to fail, were the fault at stage s: `failing[t][s]`. */
  failing: number[][];
}

/** A request in five hundred fails on any path: alone it convicts nobody. */
const STRAY = 0.002;
/** Shares of requests that the faulty part fails, alike likely before anything is seen. */
const RATES = [0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 0.9, 0.995];
/** Which part of its failures reaches the stages outside: the rest is retried by a proxy on the way, and how often that is so. */
const THROUGH = [
  { part: 1, prior: 0.8 },
  { part: 0.5, prior: 0.15 },
  { part: 0.15, prior: 0.05 },
];
const NONE_PRIOR = 0.3;

const logAdd = (a: number, b: number): number => {
  const [high, low] = a > b ? [a, b] : [b, a];
  return low === Number.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(low - high));
};
const logSum = (values: number[]): number => values.reduce(logAdd, Number.NEGATIVE_INFINITY);
const fails = (rate: number): number => 1 - (1 - STRAY) * (1 - Math.min(rate, 0.999));
const logLikely = (ok: number, failed: number, rate: number): number => {
  const p = fails(rate);
  return failed * Math.log(p) + ok * Math.log(1 - p);
};

/** ln C(n, k). */
function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i);
  return sum;
}

/** How likely it is beforehand that `bad` of `members` have the fault: all alike half the time, else one more often than some. */
function sharePrior(bad: number, members: number): number {
  if (members === 1) return 1;
  if (bad === members) return 0.5;
  if (members === 2) return 0.5;
  return bad === 1 ? 0.35 : 0.15 / (members - 2);
}

/** ln of the sum over all sets of `b` members of the product of their weights, for b from 0 on. */
function logSets(weights: number[]): number[] {
  const sets = [0, ...weights.map(() => Number.NEGATIVE_INFINITY)];
  for (const [i, weight] of weights.entries())
    for (let b = i + 1; b >= 1; b--) sets[b] = logAdd(sets[b] as number, (sets[b - 1] as number) + weight);
  return sets;
}

/** One way in which a stage could be at fault, with ln of its weight. */
interface Way {
  rate: number;
  bad: number;
  /** Share of requests that fail outside. */
  outside: number;
  log: number;
}

/** Sums of the counts of stages `from` up to, not including, `to`. */
function sumOf(stages: Stage[], from: number, to: number): { ok: number; failed: number } {
  const sites = stages.slice(from, to).flatMap((stage) => stage.sites);
  return { ok: sites.reduce((sum, s) => sum + s.ok, 0), failed: sites.reduce((sum, s) => sum + s.failed, 0) };
}

/** Member weights at a rate: ln of how much better "it has the fault" explains a site than "it has not". */
const weightsAt = (sites: Site[], rate: number): number[] =>
  sites.map(({ ok, failed }) => logLikely(ok, failed, rate) - logLikely(ok, failed, 0));

/** All ways in which stage `s` could be at fault. */
function waysAt(stages: Stage[], s: number, without?: number): Way[] {
  const { sites } = stages[s] as Stage;
  const outer = sumOf(stages, 0, s);
  const inner = sumOf(stages, s, stages.length);
  const rest = logLikely(inner.ok, inner.failed, 0);
  const members = sites.length;
  const prior = Math.log((1 - NONE_PRIOR) / stages.length / RATES.length);
  return RATES.flatMap((rate) => {
    const weights = weightsAt(sites, rate);
    const kept = without === undefined ? weights : weights.toSpliced(without, 1);
    const sets = logSets(kept);
    return Array.from({ length: members }, (_, i) => i + 1)
      .filter((bad) => bad < sets.length)
      .flatMap((bad) =>
        (s === 0 ? [{ part: 1, prior: 1 }] : THROUGH).map((through): Way => {
          const outside = ((rate * bad) / members) * through.part;
          const log =
            prior +
            Math.log(sharePrior(bad, members) * through.prior) -
            logChoose(members, bad) +
            (sets[bad] as number) +
            logLikely(outer.ok, outer.failed, outside) +
            rest;
          return { rate, bad, outside, log };
        }),
      );
  });
}

/** Pure: what the counts at each place say of where requests begin to fail. */
export function believe(stages: Stage[]): Belief {
  const all = sumOf(stages, 0, stages.length);
  const none = Math.log(NONE_PRIOR) + logLikely(all.ok, all.failed, 0);
  const ways = stages.map((_, s) => waysAt(stages, s));
  const logs = ways.map((of) => logSum(of.map((way) => way.log)));
  const total = logSum([none, ...logs]);
  const failing = stages.map((_, t) =>
    ways.map((of, s) => {
      if (t > s) return STRAY;
      const members = (stages[s] as Stage).sites.length;
      return of.reduce(
        (sum, way) =>
          sum + Math.exp(way.log - (logs[s] as number)) * fails(t < s ? way.outside : (way.rate * way.bad) / members),
        0,
      );
    }),
  );
  return { none: Math.exp(none - total), at: logs.map((log) => Math.exp(log - total)), failing };
}

/** Pure: for each member of stage `s`, how likely it is one of those with the fault, if the fault is there. */
export function membersAtFault(stages: Stage[], s: number): number[] {
  const { sites } = stages[s] as Stage;
  if (sites.length === 1) return [1];
  const whole = logSum(waysAt(stages, s).map((way) => way.log));
  return sites.map((_, m) => 1 - Math.exp(Math.min(0, logSum(waysAt(stages, s, m).map((way) => way.log)) - whole)));
}
