import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForTraining } from '../../../bot/eval/calibrate.ts';
import { type Labelled, learntBaseline, naiveBayes } from '../../../bot/eval/naive-bayes.ts';
import { keptCase } from './kept.ts';

const row = (label: string, ...codes: string[]): Labelled => ({ label, codes: new Set(codes) });

test('what is found more often with a label speaks for it, and so does what is not found', () => {
  const guess = naiveBayes([
    row('app', 'A', 'BOTH'),
    row('app', 'A', 'BOTH'),
    row('proxy', 'P', 'BOTH'),
    row('proxy', 'BOTH'),
  ]);
  assert.equal(guess(new Set(['A', 'BOTH'])), 'app');
  assert.equal(guess(new Set(['P'])), 'proxy');
  assert.equal(guess(new Set(['BOTH', 'NEVER_SEEN'])), 'proxy', 'A was always there with the application');
  assert.equal(
    naiveBayes([row('app', 'A'), row('app', 'A'), row('proxy', 'A')])(new Set(['A'])),
    'app',
    'the commoner one',
  );
  assert.equal(naiveBayes([])(new Set(['A'])), null);
});

test('the baseline is scored on what it has not learnt from', () => {
  const ids = Array.from({ length: 40 }, (_, i) => `incident-${i}`);
  const [errors, storm] = [keptCase('app-errors'), keptCase('reload-storm')];
  const of = (ours: typeof errors, some: string[]): (typeof errors)[] =>
    some.map((id) => ({ ...ours, incident: { ...ours.incident, id } }));
  const half = ids.filter((_, i) => i % 2 === 0);
  const both = [
    ...of(errors, half),
    ...of(
      storm,
      ids.filter((id) => !half.includes(id)),
    ),
  ];
  const easy = learntBaseline(both, [1, 2]);
  assert.deepEqual([easy.answer, easy.hop, easy.cause], [1, 1, 1]);
  // All that are learnt from are storms, all others are errors: nothing of that can be known.
  const apart = ids.flatMap((id) => of(isForTraining(id, 1) ? storm : errors, [id]));
  const none = learntBaseline(apart, [1]);
  assert.deepEqual([none.answer, none.hop, none.cause], [0, 0, 0]);
});
