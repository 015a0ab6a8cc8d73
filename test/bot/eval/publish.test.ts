import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselinesOf } from '../../../bot/eval/baselines.ts';
import type { FirstSight } from '../../../bot/eval/first-sight.ts';
import { heldOut } from '../../../bot/eval/held-out.ts';
import { studyLooks } from '../../../bot/eval/looks.ts';
import { type Published, scorePage } from '../../../bot/eval/publish.ts';
import { scoreMasked, scoreOne } from '../../../bot/eval/score.ts';
import { setsIn } from '../../../bot/eval/strangers.ts';
import { keptCase } from './kept.ts';

const [errors, storm, fine] = [keptCase('app-errors'), keptCase('reload-storm'), keptCase('no-fault-found')];

const SIGHT: FirstSight = {
  ...{ incident: 'a-storm', answer: 'ingress', hop: 'proxy', cause: null, strength: 0.8 },
  ...{ doubt: null, outcome: 'wrong' },
};

test('baselines: exact shares of those who do not look', () => {
  const baselines = baselinesOf([errors.incident, storm.incident, storm.incident, fine.incident]);
  const of = (name: string) => baselines.find((one) => one.name.startsWith(name));
  assert.deepEqual([of('random')?.answer, of('never')?.answer, of('never')?.cause], [0.5, 0.5, 0.25]);
  assert.deepEqual([of('always the ingress')?.answer, of('always the ingress')?.cause], [0.5, 0.5]);
  assert.deepEqual([of('always the app')?.hop, of('always the app')?.cause], [0.25, 0.25]);
  const chance = of('random')?.cause ?? 1;
  assert.ok(chance > 0 && chance < 0.1, `${chance}`);
});

test('what is wrong stands on the page by name and in red; what is right in green', () => {
  const wrong = { ...storm.incident, id: 'storm-that-is-none', expect: fine.incident.expect };
  const page = (incident: typeof wrong): string => {
    const scored = scoreOne(incident, storm.saved.verdict, 12);
    const bite = { damage: 'RELOAD_STORM', fails: [], seen: 1 };
    const data: Published = {
      from: '2026-11-21',
      to: '2026-11-22',
      incidents: [incident],
      scored: [scored],
      skipped: ['`gone` (no evidence was kept)'],
      baselines: baselinesOf([incident]),
      seed: 1,
      learnt: new Set(),
      reliability: [],
      heldOut: heldOut([], [1, 2]),
      sights: [SIGHT],
      strangers: setsIn('# a comment\n2026-11-22\t12\t7\t1\t2\t2\t1\tthe edge\n'),
      heldOutSet: [{ ...scored, id: 'a-stranger' }],
      runs: [{ seed: 3, scored: [scored] }],
      looks: studyLooks([{ incident, saved: storm.saved }]),
      variants: [scoreMasked(scored, 'without logs')],
      unseen: [],
      teeth: { bites: [], inVariants: [], words: [], unnoticed: [bite], unseen: [] },
      causes: { pairs: [], never: ['lb-hairpin'] },
      weights: { rules: ['RELOAD_STORM'], keepsFromFine: [], notes: [] },
    };
    return scorePage(data);
  };
  const bad = page(wrong);
  assert.match(bad, /\| answer right \| 100 % \| 0\.0 % \| \*\*red\*\* \|/);
  assert.match(bad, /\| `storm-that-is-none` \| not-ingress, no-fault-found \| ingress, reload-storm/);
  assert.match(bad, /\| without logs \| 1 \| 0 \| 0 \| 0 \| \*\*1\*\*: `storm-that-is-none` \|/);
  assert.match(bad, /Skipped: `gone`/);
  assert.match(bad, /\| 2026-11-22 \| 12 \| 7 \| 1 \| 2 \| 2 \| 1 \| the edge \|/);
  assert.match(bad, /- wrong: 1: `a-stranger` \(reload-storm, /);
  assert.match(bad, /\| 3 \| 1 \| 0\.0 % \|.* `storm-that-is-none` \|/);
  assert.match(bad, /held out: \d+ variants with less to see end without an answer/);
  assert.match(
    bad,
    /1 incidents\. Right in 0, only the\nanswer right in 0, open in 0, wrong in 1: `a-storm` \(ingress, proxy, strength 0\.8\)/,
  );
  assert.match(bad, /- `lb-hairpin`: \S/);
  assert.match(bad, /damage to the judge that nobody notices \| 0 \| 2 places \| \*\*red\*\*/);
  const good = page(storm.incident);
  assert.match(good, /\| answer right \| 100 % \| 100\.0 % \| green \|/);
  assert.match(good, /## Every wrong case\n\nNone\./);
  assert.doesNotMatch(good, /undefined|NaN|\[object/);
});
