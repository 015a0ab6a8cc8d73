import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { incidentsIn } from '../../../bot/eval/incident.ts';
import { NOT_MADE } from '../../../bot/eval/not-made.ts';
import { judgeAgain, readRun } from '../../../bot/eval/saved.ts';
import { scoreMasked, scoreOne } from '../../../bot/eval/score.ts';
import { causesWithoutTeeth, type Kept, teethOf } from '../../../bot/eval/teeth.ts';
import { VARIANTS } from '../../../bot/eval/variants.ts';
import { weightOfCodes } from '../../../bot/eval/weight.ts';

/**
 * What was seen of every incident's world (`./dev eval --save test/seen`), judged by the code of today: the whole suite in
 * seconds. It guards the judge; whether the looks still see all this, only the worlds themselves tell (`./dev eval`).
 */
const SEEN = fileURLToPath(new URL('../../seen', import.meta.url));
const incidents = await incidentsIn(fileURLToPath(new URL('../../incidents', import.meta.url)));
const all: Kept[] = [];
for (const incident of incidents) {
  const run = await readRun(SEEN, incident);
  if (run !== null) all.push({ incident, saved: run.saved });
}

test('of every incident it is kept what was seen', () => {
  const kept = new Set(all.map(({ incident }) => incident.id));
  assert.deepEqual(
    incidents.map(({ id }) => id).filter((id) => !kept.has(id)),
    [],
    'run ./dev eval --incidents test/incidents/NAME --save test/seen',
  );
});

test('every incident is judged right: answer, hop, cause, and as surely as it asks for', () => {
  const wrong = all.flatMap(({ incident, saved }) => {
    const { right, got, confidence } = scoreOne(incident, saved.verdict, 0);
    return right.answer && right.hop && right.cause
      ? []
      : [`${incident.id}: ${got?.answer}, ${got?.hop}, ${got?.cause} (${confidence})`];
  });
  assert.deepEqual(wrong, []);
});

test('with less to see, a report that is wrong in a detail or something harmless beside it, no answer turns wrong', () => {
  const wrong = all.flatMap(({ incident, saved }) =>
    VARIANTS.flatMap((variant) => {
      const changed = variant.of(saved);
      if (changed === null) return [];
      const scored = scoreMasked(scoreOne(incident, judgeAgain(changed), 0), variant.name);
      return scored.outcome === 'wrong' ? [`${variant.name}: ${incident.id}`] : [];
    }),
  );
  assert.deepEqual(wrong, []);
});

test('the suite has teeth: without any one finding that a rule names, something is judged otherwise', async () => {
  const { rules } = await weightOfCodes();
  const { unnoticed, unseen } = teethOf(all, rules);
  assert.deepEqual(
    [...unnoticed, ...unseen].map(({ damage }) => damage),
    [],
  );
});

test('no two causes could be swapped unnoticed, and each that can be made has an incident', () => {
  const { pairs, never } = causesWithoutTeeth(all);
  assert.deepEqual(pairs, []);
  assert.deepEqual(
    never.filter((cause) => !(cause in NOT_MADE)),
    [],
  );
});
