import type { Incident } from '../eval/incident.ts';
import { judgeAgain, readRun } from '../eval/saved.ts';
import { type Scored, scoreAll, scoreMasked, scoreOne } from '../eval/score.ts';
import { unseen } from '../eval/unseen.ts';
import { VARIANTS } from '../eval/variants.ts';
import { printJson } from './options.ts';

/** `./dev eval --variants --from DIR`: each saved incident with less to see, or told wrong; 1 when an answer turned wrong. */
export async function evaluateVariants(incidents: Incident[], dir: string, json: boolean): Promise<number> {
  const scored: Scored[] = [];
  const untaught: Scored[] = [];
  let missing = 0;
  for (const incident of incidents) {
    const run = await readRun(dir, incident);
    if (run === null) {
      missing++;
      continue;
    }
    const novel = unseen(incident, run.saved);
    if (novel) untaught.push(novel.scored);
    for (const variant of VARIANTS) {
      const saved = variant.of(run.saved);
      if (saved === null) continue;
      scored.push(scoreMasked(scoreOne(incident, judgeAgain(saved), run.durationMs), variant.name));
    }
  }
  const score = scoreAll(scored);
  const wrong = scored.filter((one) => one.outcome === 'wrong');
  if (json) printJson({ ...score, missing, unseen: scoreAll(untaught) });
  else {
    process.stdout.write(asText(score.masks ?? [], wrong, incidents.length - missing, missing));
    process.stdout.write(unseenText(untaught));
  }
  return wrong.length > 0 ? 1 : 0;
}

function asText(
  variants: NonNullable<ReturnType<typeof scoreAll>['masks']>,
  wrong: Scored[],
  read: number,
  missing: number,
): string {
  const rows = variants.map(
    (v) =>
      `${v.mask.padEnd(36)} stayed ${String(v.stayed).padStart(4)}, inconclusive ${String(v.inconclusive).padStart(3)}, another cause ${String(v.otherCause.length).padStart(3)}, wrong ${v.wrong.length}`,
  );
  const names = wrong.map(
    (s) =>
      `WRONG  ${s.mask}: ${s.id}: ${s.got?.answer}, ${s.got?.hop ?? '-'}, ${s.got?.cause ?? '-'} (${s.confidence})`,
  );
  const total = variants.reduce((sum, v) => sum + v.stayed + v.inconclusive + v.wrong.length, 0);
  const gone = missing > 0 ? `, ${missing} without saved evidence` : '';
  return [...names, '', ...rows, `${total} variants of ${read} incidents${gone}: ${wrong.length} wrong`, ''].join('\n');
}

function unseenText(untaught: Scored[]): string {
  const of = (outcome: Scored['outcome']): Scored[] => untaught.filter((one) => one.outcome === outcome);
  const wrong = of('wrong').map((s) => `${s.id} (${s.got?.answer}, ${s.got?.cause ?? s.got?.hop}, ${s.confidence})`);
  return `with no rule for its cause, ${untaught.length} incidents: right answer ${of('stayed').length}, inconclusive ${of('inconclusive').length}, wrong ${wrong.length}${wrong.length ? `: ${wrong.join('; ')}` : ''}\n`;
}
