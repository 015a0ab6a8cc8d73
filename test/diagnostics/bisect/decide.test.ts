import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fared } from '../../../bench/bisect-draws.ts';
import { CLEAN, decide, MOST_AT_ONE, nextAsks } from '../../../diagnostics/bisect/decide.ts';
import { believe, membersAtFault, type Stage } from '../../../diagnostics/bisect/model.ts';

/** Stages from counts: for each stage its members' `[failed, total]`. */
const stages = (...counts: [number, number][][]): Stage[] =>
  counts.map((members, t) => ({
    name: String(t),
    sites: members.map(([failed, total], m) => ({ id: `${t}.${m}`, failed, ok: total - failed })),
  }));

test('a steady fault is placed by the first four requests at each place', () => {
  const decision = decide(stages([[4, 4]], [[4, 4]], [[0, 4]]));
  assert.ok(decision.is === 'placed');
  assert.equal(decision.placed.stage, 1);
});

test('one failure in sixteen in front places nothing, though all others were well', () => {
  assert.equal(decide(stages([[1, 16]], [[0, 16]], [[0, 9]])).is, 'open');
});

test('one of two replicas that fails a tenth is named, and the other cleared', () => {
  const decision = decide(
    stages(
      [[2, 40]],
      [
        [0, 76],
        [5, 48],
      ],
      [
        [0, 19],
        [0, 19],
        [0, 19],
      ],
    ),
  );
  assert.ok(decision.is === 'placed');
  assert.deepEqual([decision.placed.stage, decision.placed.bad, decision.placed.good], [1, [1], [0]]);
});

test('nothing fails once the front was asked often enough, and only the front is asked until then', () => {
  const few = stages([[0, 16]], [[0, 4]], [[0, 4]]);
  assert.deepEqual([...new Set(nextAsks(few, decide(few)).map((ask) => ask.stage))], [0]);
  const many = stages([[0, CLEAN]], [[0, 4]], [[0, 4]]);
  assert.equal(decide(many).is, 'nothing');
  assert.deepEqual(nextAsks(many, decide(many)), []);
});

test('where failures are seen, both sides of a boundary are asked at the same moment', () => {
  const some = stages([[2, 30]], [[0, 10]], [[0, 10]]);
  const asked = [...new Set(nextAsks(some, decide(some)).map((ask) => ask.stage))];
  assert.equal(asked.length, 2);
  assert.equal(Math.abs((asked[0] as number) - (asked[1] as number)), 1);
});

test('a closed place is not asked, and no place beyond its limit', () => {
  const some = stages([[9, MOST_AT_ONE]], [[0, 10]], [[0, 10]]);
  const asks = nextAsks(some, decide(some), new Set(['1.0']));
  assert.ok(asks.every((ask) => ask.stage === 2));
});

const counts = fc.array(fc.array(fc.tuple(fc.nat(200), fc.nat(200)), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 6,
});

test('whatever was counted, beliefs are probabilities and sum to one', () => {
  fc.assert(
    fc.property(counts, (drawn) => {
      const any = stages(...drawn.map((members) => members.map(([a, b]): [number, number] => [Math.min(a, b), b])));
      const belief = believe(any);
      const sum = belief.none + belief.at.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - 1) < 1e-6, String(sum));
      for (const [s] of any.entries())
        for (const p of membersAtFault(any, s)) assert.ok(p >= 0 && p <= 1 + 1e-9, String(p));
    }),
    { numRuns: 200 },
  );
});

test('a fault of one in twenty is placed at the right hop in 95 of 100 seeds, with its members', () => {
  const path = [1, 1, 2, 3];
  const faults = path.flatMap((members, stage) =>
    [...new Set([members, 1])].map((bad) => ({ path, stage, bad, rate: 0.05 })),
  );
  const all = faults.map((fault) => fared(fault, 'ours', 60));
  const mean = (of: (one: (typeof all)[number]) => number): number =>
    all.reduce((sum, one) => sum + of(one), 0) / all.length;
  assert.ok(mean((one) => one.placed) >= 0.95, String(mean((one) => one.placed)));
  assert.ok(mean((one) => one.wrong) <= 0.03, String(mean((one) => one.wrong)));
  assert.ok(mean((one) => one.requests) < 400);
});
