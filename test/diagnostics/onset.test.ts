import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dice } from '../../bench/dice.ts';
import { type Exposure, onsetOf, stepUpOf } from '../../diagnostics/onset.ts';

const T0 = Date.parse('2026-11-21T09:00:00Z');
const STEP = 15_000;
const draws = (roll: () => number, n: number, p: number): number => {
  let k = 0;
  for (let i = 0; i < n; i++) if (roll() < p) k++;
  return k;
};
const series = (steps: number, of: (i: number) => { n: number; k: number }): Exposure[] =>
  Array.from({ length: steps }, (_, i) => ({ at: T0 + i * STEP, ms: STEP, ...of(i) }));

test('a fault that begins in the middle is found, and its begin lies in the stated interval', () => {
  let within = 0;
  let found = 0;
  for (let seed = 0; seed < 200; seed++) {
    const roll = dice(seed);
    const begin = 40 + (seed % 60);
    const onset = onsetOf(series(120, (i) => ({ n: 20, k: draws(roll, 20, i >= begin ? 0.08 : 0.002) })));
    if (!onset) continue;
    found++;
    const truth = T0 + begin * STEP;
    if (onset.earliest <= truth + STEP && onset.latest >= truth) within++;
    assert.equal(onset.until === null || onset.until > truth, true);
  }
  assert.ok(found >= 196, `${found} of 200 found`);
  assert.ok(within >= 0.9 * found, `${within} of ${found} within the interval`);
});

test('steady runs have no beginning: fair ones, bursty ones, quiet ones', () => {
  let alarms = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const roll = dice(seed * 7 + 1);
    // A third is bursty: the rate itself jumps from step to step. A third sees one request in most steps.
    const mode = seed % 3;
    const run = series(120, () => {
      const n = mode === 2 ? Math.floor(roll() * 2.2) : 5 + Math.floor(roll() * 40);
      const p = mode === 1 ? (roll() < 0.2 ? 0.1 : 0.01) : 0.02;
      return { n, k: draws(roll, n, p) };
    });
    if (onsetOf(run)) alarms++;
  }
  assert.ok(alarms <= 10, `${alarms} of 1000 steady runs`);
});

test('traffic that doubles is no fault, though failures double with it', () => {
  const roll = dice(5);
  const run = series(100, (i) => {
    const n = i < 50 ? 20 : 200;
    return { n, k: draws(roll, n, 0.02) };
  });
  assert.equal(onsetOf(run), null);
});

test('two failures say nothing; an outage that ended has an end', () => {
  assert.equal(onsetOf(series(60, (i) => ({ n: 1, k: i >= 58 ? 1 : 0 }))), null);
  const outage = onsetOf(series(100, (i) => ({ n: 30, k: i >= 20 && i < 30 ? 30 : 0 })));
  assert.equal(outage?.at, T0 + 20 * STEP);
  assert.equal(outage?.until, T0 + 30 * STEP);
  assert.deepEqual(outage?.during, { k: 300, n: 300 });
  assert.deepEqual(outage?.otherwise, { k: 0, n: 2700 });
});

test('what was there from the first step on has no begin, and steps without requests are no evidence', () => {
  const early = onsetOf(series(100, (i) => ({ n: 30, k: i < 40 ? 10 : 0 })));
  assert.equal(early?.at, null);
  assert.equal(early?.until, T0 + 40 * STEP);
  const gap = onsetOf(series(100, (i) => ({ n: i >= 30 && i < 60 ? 0 : 30, k: i >= 60 ? 30 : 0 })));
  assert.equal(gap?.at, T0 + 60 * STEP);
});

test('a long series costs no more than a short one', () => {
  const roll = dice(9);
  const long = onsetOf(series(20_000, (i) => ({ n: 3, k: draws(roll, 3, i >= 15_000 ? 0.3 : 0.001) })));
  assert.ok(long?.at && Math.abs(long.at - (T0 + 15_000 * STEP)) < 200 * STEP);
});

test('a mean time that doubles and stays is seen; noise and one slow minute are not', () => {
  const roll = dice(3);
  const noisy = (base: number): number => base * Math.exp((roll() - 0.5) * 0.6);
  const levels = (of: (i: number) => number) =>
    Array.from({ length: 80 }, (_, i) => ({ at: T0 + i * STEP, ms: STEP, n: 10, mean: of(i) }));
  const step = stepUpOf(levels((i) => noisy(i < 50 ? 0.05 : 0.4)));
  assert.ok(step && Math.abs(step.at - (T0 + 50 * STEP)) <= 2 * STEP);
  assert.ok(step.after / step.before > 5);
  let alarms = 0;
  for (let run = 0; run < 300; run++) if (stepUpOf(levels(() => noisy(0.05)))) alarms++;
  assert.ok(alarms <= 3, `${alarms} of 300`);
  assert.equal(stepUpOf(levels((i) => (i === 40 ? 5 : noisy(0.05)))), null);
  assert.equal(stepUpOf(levels(() => 0.05).slice(0, 5)), null);
});
