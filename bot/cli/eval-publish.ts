import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { confidenceOf } from '../../diagnostics/calibration.ts';
import { baselinesOf } from '../eval/baselines.ts';
import { isForTraining, reliability, SEED } from '../eval/calibrate.ts';
import { drawsOf } from '../eval/draws.ts';
import { drawOfSight } from '../eval/first-sight.ts';
import { heldOut, SEEDS } from '../eval/held-out.ts';
import { type Incident, incidentsIn } from '../eval/incident.ts';
import { studyLooks } from '../eval/looks.ts';
import { learntBaseline } from '../eval/naive-bayes.ts';
import { type Published, scorePage } from '../eval/publish.ts';
import { judgeAgain, readRun } from '../eval/saved.ts';
import { scoreAll, scoreMasked, scoreOne } from '../eval/score.ts';
import { strangersSets } from '../eval/strangers.ts';
import { causesWithoutTeeth, type Kept, teethOf } from '../eval/teeth.ts';
import { unseen } from '../eval/unseen.ts';
import { VARIANTS } from '../eval/variants.ts';
import { weightOfCodes } from '../eval/weight.ts';
import { keptSights } from './eval-calibrate.ts';
import { printJson } from './options.ts';

/** Incidents that nothing is mended for. */
const HELD_OUT = fileURLToPath(new URL('../../test/held-out', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/score.md', import.meta.url));

/** What a whole run of these incidents came to, with the seed that it was made with. */
async function runIn(dir: string, incidents: Incident[]): Promise<Published['runs'][number]> {
  const runs = await Promise.all(incidents.map(async (incident) => ({ incident, run: await readRun(dir, incident) })));
  const scored = runs.flatMap(({ incident, run }) =>
    run ? [scoreOne(incident, run.saved.verdict, run.durationMs)] : [],
  );
  return { seed: runs.find(({ run }) => run)?.run?.seed ?? null, scored };
}

/**
 * `./dev eval --publish --from DIR [--beside DIR]…`: writes docs/score.md, red or green; 1 when something there is wrong. `beside`:
 * other whole runs of the same worlds.
 */
export async function evaluatePublish(
  incidents: Incident[],
  dir: string,
  json: boolean,
  _write: boolean,
  beside: string[],
): Promise<number> {
  const kept: (Kept & { durationMs: number })[] = [];
  const skipped: string[] = [];
  for (const incident of incidents) {
    const run = await readRun(dir, incident);
    if (run === null) skipped.push(`\`${incident.id}\` (no evidence was kept)`);
    else kept.push({ incident, saved: run.saved, durationMs: run.durationMs });
  }
  const scored = kept.map(({ incident, saved, durationMs }) => scoreOne(incident, saved.verdict, durationMs));
  const sights = await keptSights();
  const draws = [...kept.flatMap(({ incident, saved }) => drawsOf(incident, saved)), ...sights.flatMap(drawOfSight)];
  const rest = draws.filter((one) => !isForTraining(one.incident, SEED));
  const part = (of: string, some: typeof draws): Published['reliability'][number] => ({
    of,
    is: reliability(some, ({ raw, doubt }) => confidenceOf(raw, doubt)),
  });
  const days = kept.map(({ saved }) => saved.case.at.slice(0, 10)).sort();
  const ran = kept.map(({ incident }) => incident);
  const weights = await weightOfCodes();
  const data: Published = {
    from: days[0] ?? '-',
    to: days.at(-1) ?? '-',
    incidents: ran,
    scored,
    skipped,
    baselines: [...baselinesOf(ran), learntBaseline(kept, SEEDS)],
    seed: SEED,
    learnt: new Set(ran.map(({ id }) => id).filter((id) => isForTraining(id, SEED))),
    reliability: [
      part(
        'the suite as it is, conclusive verdicts',
        draws.filter((one) => one.kind === 'plain'),
      ),
      part('held out: as they are, as variants, without the rule of their cause, at first sight', rest),
      part(
        'held out, only those without the rule of their cause',
        rest.filter((one) => one.kind === 'unseen'),
      ),
      part(
        'held out, only first sights',
        rest.filter((one) => one.kind === 'first-sight'),
      ),
    ],
    heldOut: heldOut(draws, SEEDS),
    sights,
    strangers: await strangersSets(),
    heldOutSet: (await runIn(dir, await incidentsIn(HELD_OUT))).scored,
    runs: await Promise.all([dir, ...beside].map((one) => runIn(one, ran))),
    looks: studyLooks(kept),
    variants: kept.flatMap(({ incident, saved }) =>
      VARIANTS.flatMap(({ name, of }) => {
        const changed = of(saved);
        return changed === null ? [] : [scoreMasked(scoreOne(incident, judgeAgain(changed), 0), name)];
      }),
    ),
    unseen: kept.flatMap(({ incident, saved }) => unseen(incident, saved)?.scored ?? []),
    teeth: teethOf(kept, weights.rules),
    causes: causesWithoutTeeth(kept),
    weights,
  };
  await writeFile(PAGE, scorePage(data));
  if (json) printJson({ ...data, learnt: [...data.learnt], incidents: ran.length, score: scoreAll(scored) });
  else process.stdout.write(`${PAGE}: ${scored.length} incidents, ${data.variants.length} variants\n`);
  const wrong = scored.some(({ right }) => !(right.answer && right.hop && right.cause));
  return wrong || data.variants.some((one) => one.outcome === 'wrong') ? 1 : 0;
}
