import { writeFile } from 'node:fs/promises';
import { isForTraining, SEED } from '../eval/calibrate.ts';
import type { Incident } from '../eval/incident.ts';
import { studyLooks, tellsFrom } from '../eval/looks.ts';
import { readRun } from '../eval/saved.ts';
import type { Kept } from '../eval/teeth.ts';
import { printJson } from './options.ts';

const FILE = new URL('../../diagnostics/look-tells.ts', import.meta.url);

/**
 * `./dev eval --looks --from DIR`: where a case ends without an answer, how often the look that is named next would have brought
 * one, and how many looks were spared because what was seen sufficed. With `--write` it learns diagnostics/look-tells.ts anew.
 */
export async function evaluateLooks(
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
  const { trials, ...study } = studyLooks(kept);
  const { looks, parts } = study;
  const learnt = tellsFrom(trials.filter((one) => isForTraining(one.incident, SEED)));
  if (write) await writeFile(FILE, fileOf(learnt));
  if (json) printJson({ seed: SEED, looks, parts, learnt });
  else {
    for (const { of, trials: all, one, named } of parts)
      process.stdout.write(
        `${of}: ${all} cases without an answer; in ${one} a single look would have brought it, and the named one was such in ${named}\n`,
      );
    process.stdout.write(
      `${looks.planned - looks.made} of ${looks.planned} looks were spared, in ${looks.stoppedEarly} of ${looks.cases} cases\n`,
    );
  }
  return 0;
}

function fileOf(learnt: ReturnType<typeof tellsFrom>): string {
  const row = (counts: { [check: string]: [number, number] }, indent: string): string =>
    Object.entries(counts)
      .map(([check, [told, tried]]) => `${indent}${quoted(check)}: [${told}, ${tried}],`)
      .join('\n');
  const group = (tables: { [name: string]: { [check: string]: [number, number] } }): string =>
    Object.entries(tables)
      .filter(([, counts]) => Object.keys(counts).length > 0)
      .map(([name, counts]) => `    ${quoted(name)}: {\n${row(counts, '      ')}\n    },`)
      .join('\n');
  return `/**
 * How often each look alone led to an answer where there was none: [times it did, times it was tried]. Learnt, never edited:
 * \`./dev eval --looks --from DIR --write\`, on three of five incidents (seed ${SEED}) in their variants with less to see.
 */
export const LOOK_TELLS: {
  readonly all: Table;
  /** By what our own requests met (\`stateOf\`). */
  readonly states: { readonly [state: string]: Table };
  /** By what the report spoke of. */
  readonly kinds: { readonly [symptom: string]: Table };
} = {
  all: {
${row(learnt.all, '    ')}
  },
  states: {
${group(learnt.states)}
  },
  kinds: {
${group(learnt.kinds)}
  },
};

/** [times it alone led to an answer, times it was tried]. */
export type Told = readonly [told: number, tried: number];
type Table = { readonly [check: string]: Told };
`;
}

const quoted = (name: string): string => (/^[a-z]+$/.test(name) ? name : `'${name}'`);
