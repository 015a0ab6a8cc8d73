import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decided, isHeld } from '../../../workers/rollouts/decide.ts';
import type { Decision, RolloutRecord } from '../../../workers/rollouts/types.ts';
import { aDecision, aRecord, iso, T0 } from './stand-ins.ts';

/** Applies decisions, each of which must be taken. */
function after(...all: [Decision['what'], number][]): RolloutRecord {
  return all.reduce((record, [what, stage]) => {
    const result = decided(record, aDecision(what, stage));
    assert.equal(result.is, 'decided', `${what} at ${stage}: ${'why' in result ? result.why : result.is}`);
    return result.record;
  }, aRecord());
}

test('three stages, each beginning where the one before it ends', () => {
  const record = after(['begin', -1], ['next-stage', 0], ['next-stage', 1], ['finish', 2], ['cleaned-up', 2]);
  assert.equal(record.state, 'done');
  assert.deepEqual(
    record.stages.map((one) => [one?.startedAt, one?.endedAt]),
    [1, 2, 3].map((minute) => [iso(T0 + 60_000 * minute), iso(T0 + 60_000 * (minute + 1))]),
  );
  assert.equal(record.decisions.length, 5);
});

const REFUSED: [what: Decision['what'], stage: number, before: [Decision['what'], number][], why: RegExp][] = [
  ['next-stage', -1, [], /not begun/],
  ['hold', -1, [], /not begun/],
  ['stop', -1, [], /cancel it instead/],
  ['finish', -1, [], /not begun/],
  ['cleaned-up', -1, [], /not done/],
  ['cancel', 0, [['begin', -1]], /stop it instead/],
  ['finish', 0, [['begin', -1]], /^Stage 2 of 3 \(50 %\) has not begun/],
  [
    'stop',
    0,
    [
      ['begin', -1],
      ['next-stage', 0],
    ],
    /^Stage 2 of 3 \(50 %\) is under way/,
  ],
  [
    'next-stage',
    2,
    [
      ['begin', -1],
      ['next-stage', 0],
      ['next-stage', 1],
    ],
    /last stage/,
  ],
  [
    'next-stage',
    0,
    [
      ['begin', -1],
      ['stop', 0],
    ],
    /stopped already/,
  ],
  [
    'cleaned-up',
    0,
    [
      ['begin', -1],
      ['stop', 0],
    ],
    /not done/,
  ],
  ['begin', -1, [['cancel', -1]], /cancelled already/],
];

for (const [what, stage, before, why] of REFUSED)
  test(`${what} after ${before.map(([name]) => name).join(', ') || 'nothing'} is refused with a word why`, () => {
    const record = after(...before);
    const result = decided(record, aDecision(what, stage));
    assert.equal(result.is, 'refused');
    assert.match('why' in result ? result.why : '', why);
    assert.equal(result.record, record);
  });

test('a second click changes nothing and names who was first', () => {
  const record = after(['begin', -1]);
  const again = decided(record, aDecision('begin', -1, { by: 'U0000002', at: iso(T0 + 999_999) }));
  assert.deepEqual(again, { is: 'already', record, by: 'U0000001' });
  const next = after(['begin', -1], ['next-stage', 0]);
  assert.equal(decided(next, aDecision('next-stage', 0)).is, 'already');
});

test('a hold lasts until somebody goes on, and can be said again in the next stage', () => {
  const held = after(['begin', -1], ['hold', 0]);
  assert.ok(isHeld(held));
  assert.equal(decided(held, aDecision('hold', 0)).is, 'already');
  const on = after(['begin', -1], ['hold', 0], ['next-stage', 0]);
  assert.ok(!isHeld(on));
  assert.ok(isHeld(after(['begin', -1], ['hold', 0], ['next-stage', 0], ['hold', 1])));
});

test('whatever is clicked in whatever order: stages only go up, what ended stays ended, nothing is decided twice', () => {
  const whats = ['begin', 'next-stage', 'hold', 'stop', 'finish', 'cancel', 'cleaned-up'] as const;
  const clicks = fc.array(fc.record({ what: fc.constantFrom(...whats), stage: fc.integer({ min: -1, max: 3 }) }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(clicks, (all) => {
      let record = aRecord();
      for (const { what, stage } of all) {
        const result = decided(record, aDecision(what, stage));
        if (result.is !== 'decided') assert.equal(result.record, record);
        else assert.equal(decided(result.record, aDecision(what, stage)).is, 'already');
        assert.ok(result.record.stage >= record.stage);
        if (!['planned', 'running'].includes(record.state)) assert.equal(result.record.state, record.state);
        record = result.record;
      }
      assert.equal(
        record.stages.filter((one) => one && one.endedAt === null).length,
        record.state === 'running' ? 1 : 0,
      );
    }),
    { numRuns: 300, seed: 7 },
  );
});
