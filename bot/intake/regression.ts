import { type Weights, weigh } from './weights.ts';

/** One labelled message: what it is, and its features (features.ts). */
export interface Row {
  corpus: string;
  report: boolean;
  features: ReadonlySet<string>;
}

/** How often a feature must be seen: once, since most of what speaks in a message is rare, and L2 keeps it small. */
const MIN_COUNT = 1;
const L2 = 0.1;
const ROUNDS = 200;
/** Weights smaller than this are left out: half of them, and no message is read in another way without them. */
const LEAST = 0.1;

/** Pure: logistic regression by full gradients with Adagrad's steps: no chance, no order, the same result each time. */
export function learn(rows: readonly Row[], threshold: number): Weights {
  const count = new Map<string, number>();
  for (const { features } of rows) for (const name of features) count.set(name, (count.get(name) ?? 0) + 1);
  const names = [...count].filter(([, times]) => times >= MIN_COUNT).map(([name]) => name);
  const index = new Map(names.map((name, i) => [name, i]));
  const inputs = rows.map(({ features }) => [...features].flatMap((name) => index.get(name) ?? []));
  const bias = names.length;
  const weights = new Float64Array(bias + 1);
  const squares = new Float64Array(bias + 1).fill(1e-8);
  for (let round = 0; round < ROUNDS; round++) {
    const gradient = new Float64Array(bias + 1);
    for (const [r, input] of inputs.entries()) {
      let sum = weights[bias] as number;
      for (const i of input) sum += weights[i] as number;
      const error = 1 / (1 + Math.exp(-sum)) - (rows[r]?.report ? 1 : 0);
      for (const i of input) gradient[i] = (gradient[i] as number) + error;
      gradient[bias] = (gradient[bias] as number) + error;
    }
    for (let i = 0; i <= bias; i++) {
      const slope = (gradient[i] as number) + (i < bias ? L2 * (weights[i] as number) : 0);
      squares[i] = (squares[i] as number) + slope * slope;
      weights[i] = (weights[i] as number) - (0.3 * slope) / Math.sqrt(squares[i] as number);
    }
  }
  const learnt = names.map((name, i): [string, number] => [name, weights[i] as number]);
  return { threshold, bias: weights[bias] as number, of: new Map(learnt.filter(([, w]) => Math.abs(w) >= LEAST)) };
}

/** A message's log odds, and whether it is a report. */
export type Scored = readonly [odds: number, report: boolean];

/** Pure: every message of the corpora named, weighed by what all other corpora teach. */
export function crossValidated(rows: readonly Row[], corpora: readonly string[]): Map<string, Scored[]> {
  return new Map(
    corpora.map((corpus) => {
      const weights = learn(
        rows.filter((row) => row.corpus !== corpus),
        0,
      );
      const held = rows.filter((row) => row.corpus === corpus);
      return [corpus, held.map(({ features, report }): Scored => [weigh(features, weights), report])];
    }),
  );
}

/** Pure: precision and recall, 0 to 1, of messages above a threshold. */
export function sharesAt(scored: readonly Scored[], threshold: number): { precision: number; recall: number } {
  const claimed = scored.filter(([odds]) => odds > threshold);
  const right = claimed.filter(([, report]) => report).length;
  const reports = scored.filter(([, report]) => report).length;
  return { precision: right / Math.max(1, claimed.length), recall: right / Math.max(1, reports) };
}

/** Pure: the lowest threshold, in steps of a twentieth, from which on the precision stays at `wanted` or above up to 4. */
export function thresholdFor(scored: readonly Scored[], wanted: number): number {
  let lowest = 4;
  for (let step = 80; step >= 0; step--) {
    if (sharesAt(scored, step / 20).precision < wanted) break;
    lowest = step / 20;
  }
  return lowest;
}
