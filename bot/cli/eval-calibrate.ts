import { readFile, writeFile } from 'node:fs/promises';
import { type Calibration, confidenceOf } from '../../diagnostics/calibration.ts';
import { CALIBRATION } from '../../diagnostics/calibration-table.ts';
import { TriageError } from '../../diagnostics/errors.ts';
import { isForTraining, learn, type Reliability, reliability, SEED } from '../eval/calibrate.ts';
import { drawsOf, drawsText, KINDS, readDraws } from '../eval/draws.ts';
import { drawOfSight, type FirstSight, firstSights, readSights, sightsText } from '../eval/first-sight.ts';
import { heldOut } from '../eval/held-out.ts';
import type { Incident } from '../eval/incident.ts';
import { readRun } from '../eval/saved.ts';
import type { Kept } from '../eval/teeth.ts';
import { printJson } from './options.ts';

const TABLE = new URL('../../diagnostics/calibration-table.ts', import.meta.url);
const DRAWS = new URL('../eval/draws.tsv', import.meta.url);
const SIGHTS = new URL('../eval/first-sight.tsv', import.meta.url);

/** Splits that are printed one by one. */
const SPLITS = [1, 2, 3];
/** Incidents that may be gone since, as a share: more, and it is a part of a run. */
const MOST_MISSING = 0.1;

/** First sights that were written down; none where there is no such file. */
export const keptSights = async (): Promise<FirstSight[]> => readSights(await readFile(SIGHTS, 'utf8').catch(() => ''));

/**
 * `./dev eval --calibrate --from DIR`: learns how often verdicts are right on three of five incidents, and holds that against the
 * rest, for three splits. With `--write` it learns diagnostics/calibration-table.ts anew, with what it rests on beside it.
 */
export async function evaluateCalibration(
  incidents: Incident[],
  dir: string,
  json: boolean,
  write: boolean,
): Promise<number> {
  const kept: Kept[] = [];
  for (const incident of incidents) {
    const run = await readRun(dir, incident);
    if (run !== null) kept.push({ incident, saved: run.saved });
  }
  const known = await keptSights();
  const there = new Set(kept.map(({ incident }) => incident.id));
  const missing = known.filter((one) => !there.has(one.incident)).length;
  if (write && missing > known.length * MOST_MISSING)
    throw new TriageError(
      'wrong-usage',
      `--write learns from a whole run: ${dir} lacks ${missing} of ${known.length} incidents`,
    );
  const sights = write ? [...known, ...(await firstSights(kept, new Set(known.map((one) => one.incident))))] : known;
  const text = drawsText([
    ...kept.flatMap(({ incident, saved }) => drawsOf(incident, saved)),
    ...sights.flatMap(drawOfSight),
  ]);
  // What is learnt from is what stands in the file, to its last digit.
  const draws = readDraws(text);
  const learnt = learn(draws.filter((one) => isForTraining(one.incident, SEED)));
  if (write) {
    await writeFile(SIGHTS, sightsText(sights));
    await writeFile(DRAWS, text);
    await writeFile(TABLE, tableText(learnt));
  }
  const splits = heldOut(draws, SPLITS);
  const inUse = KINDS.map((kind) => ({
    kind,
    is: reliability(
      draws.filter((one) => one.kind === kind && !isForTraining(one.incident, SEED)),
      (one) => confidenceOf(one.raw, one.doubt, write ? learnt : CALIBRATION),
    ),
  }));
  if (json) printJson({ seed: SEED, learnt, splits, inUse });
  else {
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    const figures = ({ verdicts, wrong, brier, logLoss, ece }: Reliability): string =>
      `${verdicts} verdicts, ${wrong} wrong: Brier ${brier.toFixed(3)}, log loss ${logLoss.toFixed(3)}, ECE ${ece.toFixed(3)}`;
    say(`learnt (seed ${SEED}): ${JSON.stringify(learnt)}`);
    for (const { seed, way, kind, is } of splits) say(`seed ${seed}, held out, ${kind}, ${way}: ${figures(is)}`);
    for (const { kind, is } of inUse) {
      say(`in use, held out, ${kind}: ${figures(is)}`);
      for (const row of is.table)
        say(
          `  from ${row.from.toFixed(1)}: ${row.verdicts} verdicts, said ${row.said.toFixed(3)}, right ${row.right.toFixed(3)}`,
        );
    }
  }
  return 0;
}

const tableText = ({ knots, doubts }: Calibration): string => `import type { Calibration } from './calibration.ts';

/** Learnt on three of five incidents (seed ${SEED}) by \`./dev eval --calibrate --from DIR --write\`; never edited. */
export const CALIBRATION: Calibration = {
  knots: [
${knots.map(([strength, confidence]) => `    [${strength}, ${confidence}],`).join('\n')}
  ],
  doubts: { ${Object.entries(doubts)
    .map(([doubt, odds]) => `'${doubt}': ${odds}`)
    .join(', ')} },
};
`;
