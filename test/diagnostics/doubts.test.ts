import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readDraws, strengthOf } from '../../bot/eval/draws.ts';
import { calibrated } from '../../diagnostics/calibration.ts';
import { doubtOf } from '../../diagnostics/doubts.ts';
import { type Judged, judge, weigh } from '../../diagnostics/judge.ts';
import type { EvidenceRow, Finding } from '../../diagnostics/types.ts';

const FOLDER = join(import.meta.dirname, 'golden');
const KEPT = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json.gz'))
  .map((name) => JSON.parse(gunzipSync(readFileSync(join(FOLDER, name))).toString()) as Judged & { incident: string });

type Told = Pick<Finding, 'code' | 'hop' | 'direction'>;
const found = (hop: Finding['hop'], direction: Finding['direction'] = 'implicates'): Told => ({
  code: 'X',
  hop,
  direction,
});
const said = { answer: 'ingress', cause: 'reload-storm', because: ['RELOAD_STORM'] } as const;

test('a fault beyond the ingress that is no part of the reasons is a doubt about an accusation of the ingress', () => {
  assert.equal(doubtOf({ ...said, findings: [found('app')] }), 'another-culprit');
  assert.equal(doubtOf({ ...said, findings: [found('service')] }), 'another-culprit');
  assert.equal(doubtOf({ ...said, findings: [found('app', 'clears'), found('node'), found('app', 'context')] }), null);
  assert.equal(doubtOf({ ...said, because: ['X'], findings: [found('app')] }), null, 'it is a reason');
  const acquitted = { ...said, answer: 'not-ingress' } as const;
  assert.equal(doubtOf({ ...acquitted, cause: 'app-slow', findings: [found('app')] }), null);
  assert.equal(doubtOf({ ...acquitted, cause: 'no-fault-found', findings: [] }), 'nothing-found');
});

test('the reckoning of a real case says what speaks against it, and ends at its confidence', () => {
  const doubtful = KEPT.filter((one) => {
    const verdict = judge(one);
    return verdict.answer !== 'inconclusive' && verdict.confidence < calibrated(strengthOf(verdict));
  });
  assert.ok(doubtful.length > 0, 'no doubtful case');
  for (const one of doubtful) {
    const { reckoning, confidence } = weigh(one);
    assert.notEqual(doubtOf(judge(one)), null);
    const [often = '', less = ''] = reckoning.slice(-2);
    assert.match(often, /in strength: \d+ of 100 such verdicts are right$/);
    assert.match(less, new RegExp(`^odds x [0-9.]+, since .*: ${Math.round(confidence * 100)} of 100 are right$`));
  }
});

test('a look more that is blind never makes surer, and adds no doubt', () => {
  for (const one of KEPT) {
    const row = one.evidence[0] as EvidenceRow;
    const look = { ...row.look, check: 'upstream-attribution', vantage: 'inside' as const };
    const blind: EvidenceRow = {
      v: 1,
      look,
      startedAt: row.startedAt,
      ms: 0,
      blind: { reason: 'deadline', detail: 'late' },
    };
    const [whole, more] = [judge(one), judge({ ...one, evidence: [...one.evidence, blind] })];
    if (more.answer !== 'inconclusive') assert.deepEqual([more.answer, more.cause], [whole.answer, whole.cause]);
    assert.ok(more.answer === 'inconclusive' || more.confidence <= whole.confidence, one.incident);
    if (more.answer !== 'inconclusive') assert.equal(doubtOf(more), doubtOf(whole));
  }
});

test('what the calibration learnt from is what the judge says today, on nine of ten real cases: else learn it anew', () => {
  const draws = readDraws(readFileSync(new URL('../../bot/eval/draws.tsv', import.meta.url), 'utf8'));
  const plain = new Map(draws.filter((one) => one.kind === 'plain').map((one) => [one.incident, one]));
  const both = KEPT.flatMap((one) => {
    const [verdict, drawn] = [judge(one), plain.get(one.incident)];
    return drawn && verdict.answer !== 'inconclusive' ? [{ id: one.incident, verdict, drawn }] : [];
  });
  const stale = both.filter(
    ({ verdict, drawn }) => Math.abs(strengthOf(verdict) - drawn.raw) > 0.03 || doubtOf(verdict) !== drawn.doubt,
  );
  assert.ok(both.length > 50, `${both.length} cases`);
  assert.ok(
    stale.length <= both.length / 10,
    `./dev eval --calibrate --from DIR --write: ${stale.map(({ id }) => id)}`,
  );
});
