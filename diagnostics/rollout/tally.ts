import {
  type Allowed,
  addWithin,
  addWorse,
  logSum,
  noWithin,
  noWorse,
  ODDS,
  type Table,
  withinSoFar,
  worseIn,
  worseSoFar,
} from './evidence.ts';
import { plus } from './tables.ts';

/** Everything that a stage showed of one yes-or-no thing, interval by interval. */
export interface Tally {
  of: string | null;
  /** For times: slower than this, s. */
  edge: number | null;
  sum: Table;
  /** Weights of Mantel and Haenszel (each interval as much as both sides saw in it), and what went wrong by them. */
  weight: number;
  oldRate: number;
  freshRate: number;
  /** `at`: begin, ms. */
  steps: { at: number; seconds: number; table: Table }[];
}

const NONE: Table = { oldBad: 0, oldTotal: 0, freshBad: 0, freshTotal: 0 };
/** Before the first interval. */
export const noTally = (of: string | null, edge: number | null): Tally => ({
  of,
  edge,
  sum: NONE,
  weight: 0,
  oldRate: 0,
  freshRate: 0,
  steps: [],
});

/** One more interval, in place: a stage has some hundred of them. */
export function addTo(tally: Tally, table: Table, at: number, seconds: number): void {
  const { oldBad, oldTotal, freshBad, freshTotal } = table;
  if (oldTotal + freshTotal === 0) return;
  tally.sum = plus(tally.sum, table);
  tally.steps.push({ at, seconds, table });
  if (oldTotal === 0 || freshTotal === 0) return;
  const weight = (oldTotal * freshTotal) / (oldTotal + freshTotal);
  tally.weight += weight;
  tally.oldRate += weight * (oldBad / oldTotal);
  tally.freshRate += weight * (freshBad / freshTotal);
}

/** The same without some of those who are in it, interval by interval. */
export function without(tally: Tally, others: readonly Tally[]): Tally {
  const left = new Map(tally.steps.map((step) => [step.at, step]));
  for (const { at, table } of others.flatMap((other) => other.steps)) {
    const step = left.get(at);
    const less = step && minus(step.table, table);
    if (step && less) left.set(at, { ...step, table: less });
  }
  const made = noTally(tally.of, tally.edge);
  for (const { at, seconds, table } of left.values()) addTo(made, table, at, seconds);
  return made;
}

/** null: there were not so many. */
function minus(a: Table, b: Table): Table | null {
  const table = {
    oldBad: a.oldBad - b.oldBad,
    oldTotal: a.oldTotal - b.oldTotal,
    freshBad: a.freshBad - b.freshBad,
    freshTotal: a.freshTotal - b.freshTotal,
  };
  const whole = table.oldBad >= 0 && table.freshBad >= 0;
  return whole && table.oldTotal >= table.oldBad && table.freshTotal >= table.freshBad ? table : null;
}

/** What went wrong on each side, as parts of one, in the same intervals; null: never both in one. */
export function ratesOf(tally: Tally): { old: number; fresh: number } | null {
  if (tally.weight === 0) return null;
  return { old: tally.oldRate / tally.weight, fresh: tally.freshRate / tally.weight };
}

/** How far the new side is beyond what is allowed; below zero: within. */
export const beyond = (rates: { old: number; fresh: number }, { times, more }: Allowed): number =>
  rates.fresh - times * rates.old - more;

/** Evidence (logarithm) that the new side is within what is allowed. */
export function withinOf({ steps }: Tally, allowed: Allowed): number {
  return withinSoFar(steps.reduce((within, { table }) => addWithin(within, table, allowed), noWithin()));
}

/** What lasts no longer than this is a burst: one client's loop, one pod's restart. It convicts nobody alone. */
const BURST_SECONDS = 20;
/** Longer than this is no burst; up to it, one interval alone may be one. */
const LONG_SECONDS = 60;
/** Evidence gathers no quicker than this, nats a second: a hundred failures of one loop are one event. A total failure takes 40 s. */
const A_SECOND = 0.25;

/**
 * Evidence (logarithm) that the new side is worse, less what bursts make of it: no interval says more than its length allows,
 * failures that come in clumps are fewer draws than they look (divided by their dispersion, one or more), and what one burst
 * shows must show beside it too, half as clearly. All three only take away, so that the bound on false stops holds.
 */
export function worseOf(tally: Tally): number {
  const steps = blocksOf(tally.steps);
  const logs = steps.map(({ table, seconds }) => worseIn(table).map((log) => Math.min(log, A_SECOND * seconds)));
  const log = worseSoFar(logs.reduce(addWorse, noWorse()));
  if (log <= 0) return log;
  return Math.min(log / dispersion(steps, beginOf(logs)), 2 * besideBurst(steps, logs));
}

/** Fewer on the old side in one stretch are no comparison. */
const LEAST_OLD = 10;

/**
 * Stretches with enough on the old side: where a class of clients comes twice a minute, an interval of ten seconds compares next to
 * nothing. What was counted decides, not what went wrong, and the last one counts when it is full: that keeps the bound.
 */
function blocksOf(steps: Tally['steps']): Tally['steps'] {
  const blocks: Tally['steps'] = [];
  let [from, seconds, table] = [0, 0, NONE];
  for (const step of steps) {
    if (seconds === 0) from = step.at;
    seconds += step.seconds;
    table = plus(table, step.table);
    if (table.oldTotal < LEAST_OLD) continue;
    blocks.push({ at: from, seconds, table });
    [seconds, table] = [0, NONE];
  }
  return blocks;
}

/** The most that the best odds say, from the best begin on, where some intervals are taken away. */
function bestRun(logs: (readonly number[])[], odds: number, gone: Set<number>): { log: number; begin: number } {
  let best = { log: 0, begin: 0 };
  let run = { log: 0, begin: 0 };
  for (const [at, step] of logs.entries()) {
    if (gone.has(at)) continue;
    if (run.log <= 0) run = { log: 0, begin: at };
    run = { ...run, log: run.log + (step[odds] as number) };
    if (run.log > best.log) best = run;
  }
  return best;
}

/** The interval in which the fault began, as far as one can tell. */
const beginOf = (logs: (readonly number[])[]): number =>
  [...ODDS.keys()].map((odds) => bestRun(logs, odds, new Set())).reduce((a, b) => (b.log > a.log ? b : a)).begin;

/** What is left without the strongest intervals. */
function besideBurst(steps: Tally['steps'], logs: (readonly number[])[]): number {
  let best = 0;
  for (const odds of ODDS.keys()) {
    const told = (at: number): number => logs[at]?.[odds] as number;
    const gone = new Set<number>();
    let seconds = 0;
    for (const at of [...logs.keys()].sort((a, b) => told(b) - told(a))) {
      const long = steps[at]?.seconds as number;
      if (long > LONG_SECONDS || (gone.size > 0 && seconds + long > BURST_SECONDS)) break;
      gone.add(at);
      seconds += long;
    }
    best = Math.max(best, bestRun(logs, odds, gone).log);
  }
  return best;
}

/** Blocks of at least this many expected failures on the new side. */
const BLOCK = 2;

/**
 * How much more unevenly failures fall on the two sides than draws would, before the fault and since, 1 or more: squares of
 * what was not expected, by the variance of draws without replacement. Large clumps weigh as large as they are.
 */
function dispersion(steps: Tally['steps'], begin: number): number {
  let [squares, variances, blocks, fitted] = [0, 0, 0, 0];
  for (const part of [steps.slice(0, begin), steps.slice(begin)]) {
    const odds = oddsOf(part);
    let open = { bad: 0, expected: 0, variance: 0 };
    let own = 0;
    for (const { table } of part) {
      const all = table.oldTotal + table.freshTotal;
      const bad = table.oldBad + table.freshBad;
      const p = tilted(table.freshTotal / all, odds);
      const variance = bad * p * (1 - p) * (1 - bad / all);
      open = { bad: open.bad + table.freshBad, expected: open.expected + bad * p, variance: open.variance + variance };
      if (open.expected < BLOCK) continue;
      squares += (open.bad - open.expected) ** 2;
      variances += open.variance;
      own++;
      open = { bad: 0, expected: 0, variance: 0 };
    }
    blocks += own;
    fitted += own > 0 ? 1 : 0;
  }
  if (blocks < fitted + 3 || variances <= 0) return 1;
  return Math.max(1, (squares / variances) * (blocks / (blocks - fitted)));
}

const tilted = (share: number, odds: number): number => (share * odds) / (1 - share + share * odds);

/** The odds that share out all failures as they were, over intervals with unlike shares. */
function oddsOf(steps: Tally['steps']): number {
  const fresh = steps.reduce((sum, { table }) => sum + table.freshBad, 0);
  let odds = 1;
  for (let turn = 0; turn < 8; turn++) {
    let expected = 0;
    for (const { table } of steps)
      expected +=
        (table.oldBad + table.freshBad) * tilted(table.freshTotal / (table.oldTotal + table.freshTotal), odds);
    odds = Math.min(1e6, Math.max(1e-6, (odds * (fresh + 0.5)) / (expected + 0.5)));
  }
  return odds;
}

/** Evidence of several things at once: the mean of the e-values of all `count` things, of which only these spoke. */
export const together = (logs: readonly number[], count: number): number =>
  logs.length === 0 ? Number.NEGATIVE_INFINITY : logSum(logs) - Math.log(Math.max(count, logs.length));
