import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { emptyInventory, type Inventory, loadInventory } from '../../proxy/inventory/inventory.ts';
import { incidentsIn } from '../eval/incident.ts';
import { alertState } from './alerts.ts';
import { featuresOf } from './features.ts';
import { placesIn } from './hosts.ts';
import { plainText } from './plain-text.ts';
import { crossValidated, learn, type Row, sharesAt, thresholdFor } from './regression.ts';
import { symptomsIn } from './symptoms.ts';
import type { Weights } from './weights.ts';

/**
 * Learns weights.tsv from labelled messages: `node bot/intake/learn.ts` prints how well each corpus is read by what the
 * others teach; `--write` learns from all of them. The same result each time.
 */

/**
 * Corpora that teach. `elsewhere-7` and `elsewhere-8` never do: they tell how strangers' messages are read. Some pairs of
 * `practice-2` were written after the first score of `elsewhere-7`; nothing was written after that of `elsewhere-8`.
 */
const TEACH = [
  ['messages', 'inventory'],
  ['elsewhere', 'elsewhere'],
  ['elsewhere-2', 'elsewhere-2'],
  ['elsewhere-3', 'elsewhere-3'],
  ['elsewhere-4', 'elsewhere-4'],
  ['elsewhere-5', 'elsewhere-5'],
  ['elsewhere-6', 'elsewhere-6'],
  ['practice', 'practice'],
  ['practice-2', 'practice'],
] as const;
/** The threshold is chosen on these, each read by what the others teach: they look like what people write. */
const JUDGED = TEACH.map(([name]) => name).filter((name) => name.startsWith('elsewhere') || name === 'messages');
/** What the threshold is for: a point more than is wanted, since the next corpus is stranger than these are to each other. */
const PRECISION = 0.99;

const at = (name: string): string => fileURLToPath(new URL(`../../test/${name}`, import.meta.url));

/** What machines write follows rules, so it teaches nothing. */
function rowOf(corpus: string, text: string, report: boolean, inventory: Inventory): Row[] {
  const plain = plainText(text);
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

/** Every labelled message of the corpora that teach, but for the incidents. */
export async function teachingRows(): Promise<Row[]> {
  return (await Promise.all(TEACH.map(([corpus, inventory]) => rowsOf(corpus, inventory)))).flat();
}

/**
 * Pure: what the weights were learnt from, as a digest of labels and features: any change to the word tables or the corpora
 * that changes a feature changes it. The incidents' few reports are left out: a new incident makes no weights stale.
 */
export function digestOf(rows: readonly Row[]): string {
  const hash = createHash('sha256');
  for (const { report, features } of rows) hash.update(`${report}\n${[...features].sort().join('\n')}\n\n`);
  return hash.digest('hex').slice(0, 16);
}

function fileOf({ threshold, bias, of }: Weights, digest: string): string {
  const line = (weight: number, name: string): string => `${Number(weight.toFixed(2))}\t${name}`;
  return [
    `# Learnt by \`node bot/intake/learn.ts --write\` on ${new Date().toISOString().slice(0, 10)} from ${TEACH.map(([name]) => name).join(', ')} and the incidents; elsewhere-7 and elsewhere-8 are held out.`,
    `# Inputs: ${digest}`,
    '# Log odds that a message is a report, then the feature (features.ts). Never edited by hand.',
    line(threshold, 'threshold'),
    line(bias, 'bias'),
    ...[...of].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, weight]) => line(weight, name)),
    '',
  ].join('\n');
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (import.meta.main) {
  const teaching = await teachingRows();
  const incidents = await incidentRows();
  // Each counts twice: they are long, few, and never other talk.
  const rows = [...teaching, ...incidents, ...incidents];
  const held = crossValidated(rows, JUDGED);
  const all = [...held.values()].flat();
  const threshold = thresholdFor(all, PRECISION);
  for (const [name, scored] of [...held, ['all of them', all] as const]) {
    const { precision, recall } = sharesAt(scored, threshold);
    say(`${name} by the others: ${scored.length} messages, precision ${percent(precision)}, recall ${percent(recall)}`);
  }
  if (process.argv.includes('--write')) {
    const weights = learn(rows, threshold);
    await writeFile(new URL('weights.tsv', import.meta.url), fileOf(weights, digestOf(teaching)));
    say(`${weights.of.size} features learnt from ${rows.length} messages, threshold ${threshold}`);
  }
}
