import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judge, weigh } from '../../diagnostics/judge.ts';
import { MOST_SHIFT, moved, type Priors, priorsOf, type Told } from '../../diagnostics/priors.ts';
import { toldBy } from '../../workers/told.ts';
import type { Vote } from '../../workers/votes.ts';
import { keptCase } from '../bot/eval/kept.ts';

const told = (cause: string, people: Told['people'], named: string | null = null): Told => ({
  ours: { answer: 'ingress', cause },
  people,
  cause: named,
});

test('votes move a cause within bounds: one next to nothing, many never further than the bound', () => {
  assert.deepEqual(priorsOf([told('reload-storm', 'right')]), { 'reload-storm': { shift: 0.012, right: 1, wrong: 0 } });
  assert.deepEqual(priorsOf([told('reload-storm', 'wrong', 'app-slow')]), {
    'app-slow': { shift: 0.012, right: 1, wrong: 0 },
    'reload-storm': { shift: -0.012, right: 0, wrong: 1 },
  });
  assert.deepEqual(
    priorsOf([told('reload-storm', null), { ...told('x', 'right'), ours: { answer: 'inconclusive', cause: null } }]),
    {},
  );
  const crowd = priorsOf(Array.from({ length: 5_000 }, () => told('reload-storm', 'wrong')));
  assert.ok((crowd['reload-storm']?.shift ?? -1) >= -MOST_SHIFT);
});

test('the order of votes is of no matter, and what is taken back leaves no trace', () => {
  const cases = [told('a', 'right'), told('b', 'wrong', 'a'), told('a', 'wrong'), told('b', 'right')];
  assert.deepEqual(priorsOf(cases), priorsOf([...cases].reverse()));
  const vote = (said: Vote['said'], undoneAt: string | null, cause: string | null = null, run = 1): Vote => ({
    ...{ user: 'U1', name: null, said, hop: null, cause, reason: '', at: '2026-11-21T10:00:00Z', run },
    ...{ answer: 'ingress', undoneAt },
  });
  const { verdict } = keptCase('reload-storm').saved;
  const verdicts = { '1': verdict };
  const at = '2026-11-21T11:00:00Z';
  assert.equal(toldBy({ verdicts, votes: [vote('not-ingress', at)] }), null);
  assert.equal(toldBy({ verdicts, votes: [vote('right', null)] })?.people, 'right');
  assert.equal(toldBy({ verdicts, votes: [vote('right', null, 'app-slow')] })?.people, 'wrong');
  assert.equal(toldBy({ verdicts, votes: [vote('ingress', null), vote('not-ingress', null)] })?.people, null);
  const named = toldBy({ verdicts, votes: [vote('not-ingress', null, 'app-slow'), vote('right', at)] });
  assert.deepEqual([named?.people, named?.cause], ['wrong', 'app-slow']);
  assert.equal(toldBy({ verdicts, votes: [vote('right', null, null, 2)] }), null, 'that run has no verdict');
});

const CAUSES = ['app-errors', 'reload-storm', 'app-keepalive-shorter', 'lb-idle-timeout', 'no-fault-found'] as const;

test('a prior never changes answer, hop or cause, and no strength by more than the bound', () => {
  for (const cause of CAUSES) {
    const { saved } = keptCase(cause);
    const input = { ...saved, durationMs: 1 };
    const plain = judge(input);
    for (const shift of [-9, -0.05, -0.02, 0.02, 0.05, 9]) {
      const verdict = judge({ ...input, priors: { [cause]: { shift, right: 3, wrong: 4 } } });
      assert.deepEqual(
        [verdict.answer, verdict.hop, verdict.cause, verdict.because],
        [plain.answer, plain.hop, plain.cause, plain.because],
      );
      assert.ok(Math.abs((verdict.strength ?? 0) - (plain.strength ?? 0)) <= MOST_SHIFT + 1e-9, `${cause} ${shift}`);
    }
  }
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      (raw, shift) => {
        const strength = Math.round(raw * 100) / 100;
        const after = moved(strength, 'x', { x: { shift, right: 1, wrong: 1 } }, 0.7).strength;
        assert.equal(after >= 0.7, strength >= 0.7, `${strength} to ${after}`);
      },
    ),
  );
});

test('what a prior did stands in the reckoning; of another cause it says nothing', () => {
  const { saved } = keptCase('lb-idle-timeout');
  const lines = (priors: Priors): string[] => weigh({ ...saved, durationMs: 1, priors }).reckoning;
  const prior = { shift: -0.03, right: 1, wrong: 6 };
  assert.ok(lines({ 'lb-idle-timeout': prior }).some((line) => /people here found 1 right and 6 wrong/.test(line)));
  assert.deepEqual(lines({ 'app-errors': prior }), weigh({ ...saved, durationMs: 1 }).reckoning);
  assert.deepEqual(lines(JSON.parse('{"__proto__":{"shift":1}}') as Priors), lines({}));
});
