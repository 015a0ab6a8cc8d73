import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calibrate, type Drawn, drawsOf, isForTraining, reliability } from '../../../bot/eval/calibrate.ts';
import { calibrated, KNOTS } from '../../../diagnostics/calibration.ts';
import { keptCase } from './kept.ts';

const drawn = (raw: number, right: boolean, weight = 1): Drawn => ({
  incident: 'i',
  kind: 'plain',
  raw,
  right,
  weight,
});
const many = (raw: number, right: number, wrong: number): Drawn[] => [
  ...Array.from({ length: right }, () => drawn(raw, true)),
  ...Array.from({ length: wrong }, () => drawn(raw, false)),
];

test('each level is the share that was right, one right and one wrong beforehand', () => {
  assert.deepEqual(calibrate(many(0.92, 8, 0)), [[0.92, 0.9]]);
  assert.deepEqual(calibrate([...many(0.72, 2, 2), ...many(0.92, 18, 0)]), [
    [0.72, 0.5],
    [0.92, 0.95],
  ]);
});

test('levels that fall are pooled, so that stronger evidence never makes less sure', () => {
  const [only, ...more] = calibrate([...many(0.72, 8, 0), ...many(0.92, 3, 5)]);
  assert.deepEqual([only, more], [[0.82, 13 / 20], []]);
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.boolean(),
          fc.double({ min: 0.01, max: 3, noNaN: true }),
        ),
        { minLength: 1, maxLength: 80 },
      ),
      (draws) => {
        const knots = calibrate(draws.map(([raw, right, weight]) => drawn(raw, right, weight)));
        for (const [i, [strength, confidence]] of knots.entries()) {
          assert.ok(confidence > 0 && confidence < 1, 'nothing is ever certain');
          const before = knots[i - 1];
          if (before) assert.ok(before[0] <= strength && before[1] <= confidence);
        }
      },
    ),
  );
});

test('the knots in use: never falling, within bounds, and no confidence out of weak evidence', () => {
  let last = 0;
  for (let strength = 0; strength <= 1; strength += 0.001) {
    const confidence = calibrated(strength);
    assert.ok(confidence >= last - 1e-9 && confidence <= 0.99, `${strength}: ${confidence} after ${last}`);
    last = confidence;
  }
  assert.ok(calibrated(0.3) <= 0.3);
  assert.ok(Math.abs(calibrated(1) - (KNOTS.at(-1)?.[1] ?? 0)) < 0.006);
});

test('what lies between said and true is measured by weight', () => {
  const sure = reliability([...many(0.95, 9, 1)], () => 0.9);
  assert.ok(Math.abs(sure.ece) < 1e-9);
  assert.deepEqual(
    sure.table.map(({ from, verdicts, right }) => ({ from, verdicts, right })),
    [{ from: 0.9, verdicts: 10, right: 0.9 }],
  );
  const bold = reliability([drawn(0.9, true, 1), drawn(0.5, false, 3)], (raw) => raw);
  assert.ok(Math.abs(bold.ece - (0.25 * 0.1 + 0.75 * 0.5)) < 1e-9, `${bold.ece}`);
});

test('an incident goes to one side with all that is drawn from it, by a seed that is written down', () => {
  const ids = Array.from({ length: 500 }, (_, i) => `incident-${i}`);
  const share = (seed: number): number => ids.filter((id) => isForTraining(id, seed)).length / ids.length;
  assert.ok(share(1) > 0.5 && share(1) < 0.7, `${share(1)}`);
  assert.ok(ids.some((id) => isForTraining(id, 1) !== isForTraining(id, 2)));
  const { incident, saved } = keptCase('tls-certificate-expired');
  const draws = drawsOf(incident, saved);
  assert.ok(draws.every((one) => one.incident === incident.id));
  const weight = (kind: Drawn['kind']): number =>
    draws.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.weight, 0);
  assert.equal(weight('plain'), 1);
  assert.ok(weight('variant') <= 1 + 1e-9, `all variants together count ${weight('variant')}`);
});
