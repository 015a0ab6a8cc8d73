import { type Calibration, calibrated } from '../../diagnostics/calibration.ts';
import { DOUBTS, type Doubt } from '../../diagnostics/doubts.ts';
import type { Drawn } from './draws.ts';

/** Which incidents are learnt from; written down, so that anyone gets the same split. */
export const SEED = 1;

/** Is this incident one to learn from? Three of five are, by the seed; all that is drawn from it goes with it. */
export function isForTraining(id: string, seed: number): boolean {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) % 5 < 3;
}

/** Levels within this are one bin. */
const BIN = 0.05;
/** A bin begins with half a right and half a wrong verdict (Krichevsky and Trofimov 1981): nothing is ever certain. */
const PRIOR = 0.5;

/**
 * Pure: the share that is right at each strength, never falling (pool adjacent violators, Ayer et al. 1955). Bins that are pooled
 * keep a knot each, at the level that they share.
 */
export function knotsOf(draws: readonly Drawn[]): Calibration['knots'] {
  const bins = [...Map.groupBy(draws, (one) => Math.floor(one.raw / BIN + 1e-9)).entries()].sort(([a], [b]) => a - b);
  const blocks: { weight: number; right: number; raws: number[] }[] = [];
  for (const [, bin] of bins) {
    const weight = sum(bin.map((one) => one.weight));
    let block = {
      weight: weight + 2 * PRIOR,
      right: sum(bin.map((one) => (one.right ? one.weight : 0))) + PRIOR,
      raws: [sum(bin.map((one) => one.raw * one.weight)) / weight],
    };
    for (
      let last = blocks.at(-1);
      last && last.right / last.weight > block.right / block.weight;
      last = blocks.at(-1)
    ) {
      blocks.pop();
      block = {
        weight: last.weight + block.weight,
        right: last.right + block.right,
        raws: [...last.raws, ...block.raws],
      };
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ weight, right, raws }) => raws.map((raw) => [round(raw), round(right / weight)] as const));
}

/** As much evidence is wanted for the odds of a doubt as so many verdicts bring; pulls them towards 1. */
const RIDGE = 2;
/** No doubt makes the odds smaller than this many times: it was learnt from few verdicts. */
const LEAST_ODDS = 0.22;
const STEPS = 100;

/**
 * Pure: how many times smaller a doubt makes the odds that a verdict of its strength is right: a logistic regression with that
 * one weight (Newton's steps), which may only lower.
 */
function oddsOf(doubt: Doubt, draws: readonly Drawn[], knots: Calibration['knots']): number {
  const concerned = draws
    .filter((one) => one.doubt === doubt)
    .map((one) => ({ ...one, logit: logit(calibrated(one.raw, { knots })) }));
  let weight = 0;
  for (let step = 0; step < STEPS; step++) {
    let [slope, bend] = [-RIDGE * weight, RIDGE];
    for (const one of concerned) {
      const p = 1 / (1 + Math.exp(-one.logit - weight));
      slope += one.weight * (Number(one.right) - p);
      bend += one.weight * p * (1 - p);
    }
    weight = Math.min(0, weight + slope / bend);
  }
  return Math.max(LEAST_ODDS, Math.round(Math.exp(weight) * 100) / 100);
}

const logit = (share: number): number => Math.log(share / (1 - share));

/**
 * Pure: what is learnt of how often verdicts are right. The knots come from verdicts that nothing speaks against, or what is
 * doubtful would make the others less sure and be counted twice.
 */
export function learn(draws: readonly Drawn[]): Calibration {
  const knots = knotsOf(draws.filter((one) => one.doubt === null));
  return {
    knots,
    doubts: Object.fromEntries(DOUBTS.map((doubt) => [doubt, oddsOf(doubt, draws, knots)])) as Calibration['doubts'],
  };
}

/** How well confidence tells right from wrong, weighted: lower is better in all three. */
export interface Reliability {
  verdicts: number;
  wrong: number;
  brier: number;
  /** Mean of -ln of what was given to what came true. */
  logLoss: number;
  /** How far confidence and truth lie apart, over bins of a tenth. */
  ece: number;
  table: { from: number; verdicts: number; weight: number; said: number; right: number }[];
}

/** Pure: confidence held against truth, and the table behind it; of no verdict, all are 0. */
export function reliability(draws: readonly Drawn[], confidenceOf: (one: Drawn) => number): Reliability {
  const all = draws.map((one) => ({ ...one, said: confidenceOf(one) }));
  const bins = [...Map.groupBy(all, (one) => Math.min(9, Math.floor(one.said * 10))).entries()];
  const total = sum(draws.map((one) => one.weight));
  const mean = (of: (one: (typeof all)[number]) => number, over = all): number =>
    sum(over.map((one) => one.weight * of(one))) / (sum(over.map((one) => one.weight)) || 1);
  const table = bins
    .sort(([a], [b]) => a - b)
    .map(([bin, part]) => ({
      from: bin / 10,
      verdicts: part.length,
      weight: sum(part.map((one) => one.weight)),
      said: mean((one) => one.said, part),
      right: mean((one) => Number(one.right), part),
    }));
  return {
    verdicts: draws.length,
    wrong: draws.filter((one) => !one.right).length,
    brier: mean((one) => (one.said - Number(one.right)) ** 2),
    logLoss: mean((one) => -Math.log(one.right ? one.said : 1 - one.said)),
    ece: sum(table.map((row) => (row.weight / total) * Math.abs(row.said - row.right))),
    table,
  };
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const round = (value: number): number => Math.round(value * 1000) / 1000;
