import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { emptyInventory, type Inventory, loadInventory } from '../../proxy/inventory/inventory.ts';
import { incidentsIn } from '../eval/incident.ts';
import { alertState } from './alerts.ts';
import { featuresOf } from './features.ts';
import { placesIn } from './hosts.ts';
import { plainText } from './plain-text.ts';
import { symptomsIn } from './symptoms.ts';
import { type Weights, weigh } from './weights.ts';

/**
 * Learns weights.tsv from labelled messages: `node bot/intake/learn.ts` prints how well each corpus is read by what the
 * others teach; `--write` learns from all of them. Logistic regression with L2, the same result each time.
 */

/** Corpora that teach. `elsewhere-5` never does: it tells how strangers' messages are read. */
const TEACH = [
  ['messages', 'inventory'],
  ['elsewhere', 'elsewhere'],
  ['elsewhere-2', 'elsewhere-2'],
  ['elsewhere-3', 'elsewhere-3'],
  ['elsewhere-4', 'elsewhere-4'],
  ['practice', 'practice'],
] as const;
const SPLIT = `learnt from ${TEACH.map(([name]) => name).join(', ')} and the incidents; elsewhere-5 is held out`;
/** Chosen where the others read `messages` and `elsewhere-2` at 98 % precision. */
const THRESHOLD = 1.5;
const L2 = 0.2;
/** A feature seen once teaches only that message. */
const MIN_COUNT = 2;
const ROUNDS = 200;
/** Weights smaller than this are left out of the file. */
const LEAST = 0.02;

interface Row {
  corpus: string;
  report: boolean;
  features: ReadonlySet<string>;
}

const at = (name: string): string => fileURLToPath(new URL(`../../test/${name}`, import.meta.url));

function rowOf(corpus: string, text: string, report: boolean, inventory: Inventory): Row[] {
  const plain = plainText(text);
  // What machines write follows rules.
  if (alertState(plain.text) !== null) return [];
  const suspects = symptomsIn(plain.text).suspects.length;
  return [{ corpus, report, features: featuresOf(plain.text, placesIn(plain, inventory).mentions, suspects) }];
}

async function rowsOf(corpus: string, inventoryName: string): Promise<Row[]> {
  const inventory = await loadInventory(at(`intake/${inventoryName}.yaml`));
  const lines = (await readFile(at(`intake/${corpus}.ndjson`), 'utf8')).trim().split('\n');
  return lines.flatMap((line) => {
    const { text, expect } = JSON.parse(line) as { text: string; expect: { report: boolean } };
    return rowOf(corpus, text, expect.report, inventory);
  });
}

/** The reports of the incidents: longer than most, and all of them reports. */
async function incidentRows(): Promise<Row[]> {
  const inventory: Inventory = { ...emptyInventory(), allow: ['*.example.test'] };
  return (await incidentsIn(at('incidents'))).flatMap(({ report }) => rowOf('incidents', report, true, inventory));
}

/** Full gradients with Adagrad's steps: no chance, no order. */
function learn(rows: readonly Row[]): Weights {
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
      for (const i of [...input, bias]) gradient[i] = (gradient[i] as number) + error;
    }
    for (let i = 0; i <= bias; i++) {
      const slope = (gradient[i] as number) + (i < bias ? L2 * (weights[i] as number) : 0);
      squares[i] = (squares[i] as number) + slope * slope;
      weights[i] = (weights[i] as number) - (0.3 * slope) / Math.sqrt(squares[i] as number);
    }
  }
  const of = new Map(names.map((name, i) => [name, weights[i] as number]));
  return { threshold: THRESHOLD, bias: weights[bias] as number, of };
}

function shares(rows: readonly Row[], weights: Weights): string {
  const claimed = rows.filter(({ features }) => weigh(features, weights) > weights.threshold);
  const right = claimed.filter(({ report }) => report).length;
  const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
  const reports = rows.filter(({ report }) => report).length;
  return `precision ${percent(right, claimed.length)}, recall ${percent(right, reports)}`;
}

function fileOf({ threshold, bias, of }: Weights): string {
  const line = (weight: number, name: string): string => `${Number(weight.toFixed(2))}\t${name}`;
  const kept = [...of].filter(([, weight]) => Math.abs(weight) >= LEAST).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `# Learnt by \`node bot/intake/learn.ts --write\` on ${new Date().toISOString().slice(0, 10)}, ${SPLIT}.`,
    '# Log odds that a message is a report, then the feature (features.ts). Never edited by hand.',
    line(threshold, 'threshold'),
    line(bias, 'bias'),
    ...kept.map(([name, weight]) => line(weight, name)),
    '',
  ].join('\n');
}

if (import.meta.main) {
  const rows = (await Promise.all(TEACH.map(([corpus, inventory]) => rowsOf(corpus, inventory)))).flat();
  rows.push(...(await incidentRows()));
  for (const corpus of new Set(rows.map((row) => row.corpus))) {
    const weights = learn(rows.filter((row) => row.corpus !== corpus));
    const held = rows.filter((row) => row.corpus === corpus);
    process.stdout.write(`${corpus} by the others: ${held.length} messages, ${shares(held, weights)}\n`);
  }
  if (process.argv.includes('--write')) {
    const weights = learn(rows);
    await writeFile(new URL('weights.tsv', import.meta.url), fileOf(weights));
    process.stdout.write(`${weights.of.size} features learnt from ${rows.length} messages, ${shares(rows, weights)}\n`);
  }
}
