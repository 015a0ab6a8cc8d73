import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { dice } from '../../bench/dice.ts';
import { CHECKS } from '../../diagnostics/checks/index.ts';
import { judge } from '../../diagnostics/judge.ts';
import { LOOK_ORDER, startOrder } from '../../diagnostics/look-order.ts';
import { courseOf, GRACE_MS, HUNG_MS, suffices } from '../../diagnostics/suffices.ts';
import type { EvidenceRow, SavedCase } from '../../diagnostics/types.ts';

const FOLDER = new URL('../fixtures/cases/', import.meta.url);
const NOT_FROM_US = new Set(['foreign.json', 'future.json']);
const cases = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json') && !NOT_FROM_US.has(name))
  .map((name) => ({ name, saved: JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as SavedCase }));

const judged = ({ case: triage, path, changes }: SavedCase, evidence: EvidenceRow[]) => ({
  case: triage,
  path,
  evidence,
  changes,
  durationMs: 0,
});
const planned = (rows: EvidenceRow[]) => rows.map(({ look }) => ({ look }));

const DRAWS = 60;

/** Moments of a case: some of its looks are over, in whatever order they ended, and the others are still to come. */
function* moments(saved: SavedCase, seed: number): Generator<{ there: EvidenceRow[]; toCome: EvidenceRow[] }> {
  const roll = dice(seed);
  for (let i = 0; i < DRAWS; i++) {
    const open = roll() * 0.4;
    const late = saved.evidence.map(() => roll() < open);
    const toCome = saved.evidence.filter((_, n) => late[n]);
    if (toCome.length > 0) yield { there: saved.evidence.filter((_, n) => !late[n]), toCome };
  }
}
const enough = cases.flatMap(({ name, saved }, n) =>
  [...moments(saved, n)]
    .filter(({ there, toCome }) => suffices(judged(saved, there), planned(toCome)) !== null)
    .map((moment) => ({ name, saved, ...moment })),
);

test('wherever evidence suffices, the answer is that of all the evidence', () => {
  for (const { name, saved, there } of enough) {
    const [now, final] = [judge(judged(saved, there)), judge(judged(saved, saved.evidence))];
    assert.deepEqual([now.answer, now.hop, now.cause], [final.answer, final.hop, final.cause], name);
  }
  assert.ok(enough.length > 20, `only ${enough.length} moments`);
});

test('it suffices as well when every look to come turns out blind', () => {
  for (const { name, saved, there, toCome } of enough) {
    const blind = toCome.map(({ v, look, startedAt, ms }): EvidenceRow => {
      return { v, look, startedAt, ms, blind: { reason: 'deadline', detail: 'no time was left' } };
    });
    const [now, then] = [judge(judged(saved, there)), judge(judged(saved, [...there, ...blind]))];
    assert.deepEqual([then.answer, then.hop, then.cause], [now.answer, now.hop, now.cause], name);
  }
});

test('a look that could name a more specific cause is waited for', () => {
  const { saved } = cases.find(({ name }) => name === 'app-errors.json') as (typeof cases)[number];
  const [tls, rest] = [(row: EvidenceRow) => row.look.check === 'tls', (row: EvidenceRow) => row.look.check !== 'tls'];
  assert.equal(suffices(judged(saved, saved.evidence.filter(rest)), planned(saved.evidence.filter(tls))), null);
});

test('no answer, nobody that fails now, or no front: never enough', () => {
  const { saved } = cases.find(({ name }) => name === 'none.json') as (typeof cases)[number];
  const [first, ...others] = saved.evidence as [EvidenceRow, ...EvidenceRow[]];
  assert.equal(suffices(judged(saved, others), planned([first])), null);
  assert.equal(suffices(judged(saved, []), planned(saved.evidence)), null);
});

test('looks get a grace, then stop; requests that nobody answers hurry, but not where a 504 is in play', () => {
  const { saved, there, toCome } = enough[0] as (typeof enough)[number];
  const [seen, pending] = [judged(saved, there), planned(toCome)];
  assert.equal(courseOf(seen, pending, 0), 'go-on');
  assert.equal(courseOf(seen, pending, GRACE_MS), 'stop');
  const nothing = judged(saved, []);
  const all = planned(saved.evidence);
  assert.equal(courseOf(nothing, all, HUNG_MS - 1), 'go-on');
  assert.equal(courseOf(nothing, all, HUNG_MS), 'hurry');
  const symptoms = { ...saved.case.symptoms, statuses: [504] };
  assert.equal(courseOf({ ...nothing, case: { ...saved.case, symptoms } }, all, HUNG_MS), 'go-on');
});

test('what tells most begins first, and every look once', () => {
  const rows = planned((cases[0] as (typeof cases)[number]).saved.evidence);
  const order = startOrder(rows);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    [...rows.keys()],
  );
  assert.equal(rows[order[0] as number]?.look.check, 'path-bisect');
  const ids = new Set(CHECKS.map((check) => check.id));
  assert.deepEqual(
    LOOK_ORDER.filter(({ check }) => !ids.has(check)),
    [],
  );
});
