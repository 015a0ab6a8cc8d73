import type { SavedCase } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';
import { judgeAgain } from './saved.ts';
import { type Scored, scoreMasked, scoreOne } from './score.ts';
import { unseen } from './unseen.ts';
import { VARIANTS } from './variants.ts';

/** One conclusive verdict: how strong it was before calibration, whether its answer was right, how much it counts. */
export interface Drawn {
  incident: string;
  kind: 'plain' | 'variant' | 'unseen';
  raw: number;
  right: boolean;
  weight: number;
}

/** A knot of the map from strength to confidence, both 0 to 1. */
type Knot = readonly [strength: number, confidence: number];

/** Levels within this are one bin. */
const BIN = 0.05;
/** A bin begins with one right and one wrong verdict (Laplace's rule of succession): nothing is ever certain. */
const PRIOR = 1;

/**
 * Every conclusive verdict of an incident: as it is, in its variants (which count as one together), and without the rule of
 * its cause. The last stands for faults nobody has thought of: about one in four of the incidents that were written
 * without knowing the rules was of that kind, and of all verdicts here too.
 */
export function drawsOf(incident: Incident, saved: SavedCase): Drawn[] {
  const draw = (kind: Drawn['kind'], scored: Scored | null, strength: number): Drawn[] => {
    if (scored === null || scored.got?.answer === 'inconclusive') return [];
    const right = scored.outcome === undefined ? scored.right.answer : scored.outcome !== 'wrong';
    return [{ incident: incident.id, kind, raw: strength, right, weight: 1 }];
  };
  const novel = unseen(incident, saved);
  const variants = VARIANTS.flatMap((variant) => {
    const changed = variant.of(saved);
    if (changed === null) return [];
    const verdict = judgeAgain(changed);
    return draw('variant', scoreMasked(scoreOne(incident, verdict, 0), variant.name), strengthOf(verdict));
  });
  return [
    ...draw('plain', scoreOne(incident, saved.verdict, 0), strengthOf(saved.verdict)),
    ...draw('unseen', novel?.scored ?? null, novel === null ? 0 : strengthOf(novel.verdict)),
    ...variants.map((one) => ({ ...one, weight: 1 / variants.length })),
  ];
}

const strengthOf = (verdict: SavedCase['verdict']): number => verdict.strength ?? verdict.confidence;

/** Is this incident one to learn from? Three of five are, by the seed; all that is drawn from it goes with it. */
export function isForTraining(id: string, seed: number): boolean {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) % 5 < 3;
}

/** Pure: the share that is right at each strength, never falling (pool adjacent violators, Ayer et al. 1955). */
export function calibrate(draws: Drawn[]): Knot[] {
  const bins = [...Map.groupBy(draws, (one) => Math.floor(one.raw / BIN + 1e-9)).entries()].sort(([a], [b]) => a - b);
  const blocks: { weight: number; right: number; raw: number }[] = [];
  for (const [, bin] of bins) {
    const weight = sum(bin.map((one) => one.weight));
    let block = {
      weight: weight + 2 * PRIOR,
      right: sum(bin.map((one) => (one.right ? one.weight : 0))) + PRIOR,
      raw: sum(bin.map((one) => one.raw * one.weight)) / weight,
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
        raw: (last.raw * last.weight + block.raw * block.weight) / (last.weight + block.weight),
      };
    }
    blocks.push(block);
  }
  return blocks.map(({ weight, right, raw }) => [round(raw), round(right / weight)] as const);
}

/** How far confidence and truth lie apart, weighted, over bins of a tenth; and the table behind it. */
export function reliability(draws: Drawn[], confidenceOf: (raw: number) => number) {
  const bins = [...Map.groupBy(draws, (one) => Math.min(9, Math.floor(confidenceOf(one.raw) * 10))).entries()];
  const total = sum(draws.map((one) => one.weight));
  const table = bins
    .sort(([a], [b]) => a - b)
    .map(([bin, all]) => {
      const weight = sum(all.map((one) => one.weight));
      const said = sum(all.map((one) => one.weight * confidenceOf(one.raw))) / weight;
      const right = sum(all.map((one) => (one.right ? one.weight : 0))) / weight;
      return { from: bin / 10, verdicts: all.length, weight, said, right };
    });
  const ece = sum(table.map((row) => (row.weight / total) * Math.abs(row.said - row.right)));
  return { ece, table };
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const round = (value: number): number => Math.round(value * 1000) / 1000;
