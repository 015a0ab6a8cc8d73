import type { Incident } from '../eval/incident.ts';
import { readRun } from '../eval/saved.ts';
import { biteOfCodes, causesWithoutTeeth } from '../eval/teeth.ts';
import { printJson } from './options.ts';

/** `./dev eval --teeth --from DIR`: damages the judge in one place after another; 1 when some damage goes unnoticed. */
export async function evaluateTeeth(incidents: Incident[], dir: string, json: boolean): Promise<number> {
  const kept = [];
  for (const incident of incidents) {
    const run = await readRun(dir, incident);
    if (run !== null) kept.push({ incident, saved: run.saved });
  }
  const codes = biteOfCodes(kept);
  const causes = causesWithoutTeeth(kept);
  const unnoticed = codes.filter((bite) => bite.fails.length === 0);
  if (json) printJson({ incidents: kept.length, codes, causes });
  else {
    for (const bite of codes.filter((one) => one.fails.length > 0))
      process.stdout.write(`${bite.damage.padEnd(34)} fails ${bite.fails.length} of ${bite.seen}\n`);
    const list = unnoticed.map((bite) => `${bite.damage} (in ${bite.seen})`).join(', ');
    process.stdout.write(
      [
        '',
        `${codes.length - unnoticed.length} of ${codes.length} codes: without it at least one of ${kept.length} incidents fails`,
        `unnoticed: ${list || 'none'}`,
        `causes that no incident has: ${causes.never.join(', ') || 'none'}`,
        `causes that could be swapped unnoticed: ${causes.pairs.join('; ') || 'none'}`,
        '',
      ].join('\n'),
    );
  }
  return unnoticed.length + causes.never.length + causes.pairs.length > 0 ? 1 : 0;
}
