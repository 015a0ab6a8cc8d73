import type { Incident } from '../eval/incident.ts';
import { readRun } from '../eval/saved.ts';
import { type Bite, causesWithoutTeeth, teethOf } from '../eval/teeth.ts';
import { weightOfCodes } from '../eval/weight.ts';
import { printJson } from './options.ts';

const names = (bites: Bite[]): string => bites.map((bite) => bite.damage).join(', ') || 'none';

/** `./dev eval --teeth --from DIR`: damages the judge in one place after another; 1 when some damage goes unnoticed. */
export async function evaluateTeeth(incidents: Incident[], dir: string, json: boolean): Promise<number> {
  const kept = [];
  for (const incident of incidents) {
    const run = await readRun(dir, incident);
    if (run !== null) kept.push({ incident, saved: run.saved });
  }
  const weights = await weightOfCodes();
  const teeth = teethOf(kept, weights.rules);
  const causes = causesWithoutTeeth(kept);
  if (json) printJson({ incidents: kept.length, ...teeth, causes, weights });
  else {
    for (const bite of [...teeth.bites, ...teeth.inVariants])
      process.stdout.write(`${bite.damage.padEnd(34)} fails ${bite.fails.length} of ${bite.seen}: ${bite.fails[0]}\n`);
    process.stdout.write(
      [
        '',
        `${weights.rules.length} codes are named by a rule; without it at least one of ${kept.length} incidents fails: ${teeth.bites.length}; one of their variants: ${teeth.inVariants.length}`,
        `a rule names it only to choose its words (${teeth.words.length}): ${names(teeth.words)}`,
        `another finding says the same wherever they are found (${teeth.unnoticed.length}): ${names(teeth.unnoticed)}`,
        `no incident that is judged right shows them (${teeth.unseen.length}): ${names(teeth.unseen)}`,
        `${weights.keepsFromFine.length} more only keep us from calling all fine, ${weights.notes.length} are notes`,
        `causes that no incident has: ${causes.never.join(', ') || 'none'}`,
        `causes that could be swapped unnoticed: ${causes.pairs.join('; ') || 'none'}`,
        '',
      ].join('\n'),
    );
  }
  const gaps = teeth.unnoticed.length + teeth.unseen.length + causes.never.length + causes.pairs.length;
  return gaps > 0 ? 1 : 0;
}
