import { readFileSync } from 'node:fs';

/** What was learnt (learn.ts): one weight a feature, in log odds. */
export interface Weights {
  /** A message counts as a report above this sum. */
  threshold: number;
  bias: number;
  of: ReadonlyMap<string, number>;
}

/** Pure: reads `weights.tsv`: comment lines, then `threshold`, `bias` and features, each with its weight after a tab. */
export function parseWeights(text: string): Weights {
  const of = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const tab = line.indexOf('\t');
    of.set(line.slice(tab + 1), Number(line.slice(0, tab)));
  }
  const take = (name: string): number => {
    const value = of.get(name) ?? 0;
    of.delete(name);
    return value;
  };
  return { threshold: take('threshold'), bias: take('bias'), of };
}

/** Pure: the log odds that a message with these features is a report. */
export function weigh(features: ReadonlySet<string>, weights: Weights): number {
  let sum = weights.bias;
  for (const feature of features) sum += weights.of.get(feature) ?? 0;
  return sum;
}

let learnt: Weights | null = null;

/** The weights that stand beside this file, read once. */
export function learntWeights(): Weights {
  learnt ??= parseWeights(readFileSync(new URL('weights.tsv', import.meta.url), 'utf8'));
  return learnt;
}
