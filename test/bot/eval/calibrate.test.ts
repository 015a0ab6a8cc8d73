import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { isForTraining, knotsOf, learn, reliability, SEED } from '../../../bot/eval/calibrate.ts';
import { type Drawn, drawsOf, drawsText, readDraws } from '../../../bot/eval/draws.ts';
import { type Calibration, calibrated, confidenceOf } from '../../../diagnostics/calibration.ts';
import { CALIBRATION } from '../../../diagnostics/calibration-table.ts';
import { DOUBTS } from '../../../diagnostics/doubts.ts';
import { keptCase } from './kept.ts';

const drawn = (raw: number, right: boolean, weight = 1, doubt: Drawn['doubt'] = null): Drawn => ({
  incident: 'i',
  kind: 'plain',
  raw,
  doubt,
  right,
  weight,
});
const many = (raw: number, right: number, wrong: number, doubt: Drawn['doubt'] = null): Drawn[] => [
  ...Array.from({ length: right }, () => drawn(raw, true, 1, doubt)),
  ...Array.from({ length: wrong }, () => drawn(raw, false, 1, doubt)),
];
const draws = readDraws(readFileSync(new URL('../../../bot/eval/draws.tsv', import.meta.url), 'utf8'));

test('each level is the share that was right, half a right and half a wrong one beforehand', () => {
  assert.deepEqual(knotsOf(many(0.92, 9, 0)), [[0.92, 0.95]]);
  assert.deepEqual(knotsOf([...many(0.72, 2, 2), ...many(0.92, 9, 0)]), [
    [0.72, 0.5],
    [0.92, 0.95],
  ]);
});

test('levels that fall are pooled, so that stronger evidence never makes less sure', () => {
  assert.deepEqual(knotsOf([...many(0.72, 8, 0), ...many(0.92, 3, 5)]), [
    [0.72, 0.667],
    [0.92, 0.667],
  ]);
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
      (some) => {
        const knots = knotsOf(some.map(([raw, right, weight]) => drawn(raw, right, weight)));
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
  assert.ok(Math.abs(calibrated(1) - (CALIBRATION.knots.at(-1)?.[1] ?? 0)) < 0.006);
});

test('what lies between said and true is measured by weight', () => {
  const sure = reliability([...many(0.95, 9, 1)], () => 0.9);
  assert.ok(Math.abs(sure.ece) < 1e-9);
  assert.deepEqual(
    sure.table.map(({ from, verdicts, right }) => ({ from, verdicts, right })),
    [{ from: 0.9, verdicts: 10, right: 0.9 }],
  );
  const bold = reliability([drawn(0.9, true, 1), drawn(0.5, false, 3)], ({ raw }) => raw);
  assert.ok(Math.abs(bold.ece - (0.25 * 0.1 + 0.75 * 0.5)) < 1e-9, `${bold.ece}`);
});

test('an incident goes to one side with all that is drawn from it, by a seed that is written down', () => {
  const ids = Array.from({ length: 500 }, (_, i) => `incident-${i}`);
  const share = (seed: number): number => ids.filter((id) => isForTraining(id, seed)).length / ids.length;
  assert.ok(share(1) > 0.5 && share(1) < 0.7, `${share(1)}`);
  assert.ok(ids.some((id) => isForTraining(id, 1) !== isForTraining(id, 2)));
  const { incident, saved } = keptCase('tls-certificate-expired');
  const mine = drawsOf(incident, saved);
  assert.ok(mine.every((one) => one.incident === incident.id));
  const weight = (kind: Drawn['kind']): number =>
    mine.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.weight, 0);
  assert.equal(weight('plain'), 1);
  assert.ok(weight('variant') <= 1 + 1e-9, `all variants together count ${weight('variant')}`);
});

test('what the calibration in use leaves without an answer is drawn too, or it could never be found right or wrong', () => {
  const { incident, saved } = keptCase('app-errors');
  const open = drawsOf(incident, saved).filter((one) => confidenceOf(one.raw, one.doubt) < 0.7);
  assert.ok(open.length > 0 && open.every((one) => one.raw >= 0.7), JSON.stringify(open));
});

test('a doubt makes the odds smaller as often as it was right to doubt, never larger, and never by more than is believed', () => {
  const sure = many(0.92, 38, 0);
  const oddsOf = (doubtful: Drawn[]): number => learn([...sure, ...doubtful]).doubts['another-culprit'];
  assert.equal(oddsOf([]), 1);
  assert.equal(oddsOf(many(0.92, 30, 0, 'another-culprit')), 1);
  const [few, half, most] = [
    [9, 1],
    [5, 5],
    [1, 9],
  ].map(([right = 0, wrong = 0]) => oddsOf(many(0.92, right, wrong, 'another-culprit'))) as [number, number, number];
  assert.ok(1 > few && few > half && half > most && most >= 0.2, `${few}, ${half}, ${most}`);
  const { knots } = learn([...sure, ...many(0.92, 0, 30, 'another-culprit')]);
  assert.deepEqual(knots, knotsOf(sure), 'what is doubtful makes nothing else less sure');
});

test('the doubts in use: less sure, never more; what is strong stays an answer, since looks stop on that', () => {
  const odds = (of: Calibration['doubts']): number[] => Object.values(of);
  assert.ok(odds(CALIBRATION.doubts).every((one) => one > 0 && one <= 1));
  for (const doubt of DOUBTS)
    for (let strength = 0; strength <= 1; strength += 0.01) {
      const [with_, without] = [confidenceOf(strength, doubt), confidenceOf(strength, null)];
      assert.ok(with_ <= without && with_ >= 0, `${strength}: ${with_} of ${without}`);
      // suffices.ts: from a strength of 0.9 on, times 0.9 for a rival, an answer stays one.
      if (strength >= 0.8) assert.ok(with_ >= 0.7, `${doubt} at ${strength}: ${with_}`);
    }
  assert.equal(
    confidenceOf(0.95, 'another-culprit', { ...CALIBRATION, doubts: { ...CALIBRATION.doubts, 'another-culprit': 7 } }),
    calibrated(0.95),
  );
});

test('the table in use is what the draws beside it teach: after a change of either, `--calibrate --from DIR --write`', () => {
  assert.deepEqual(learn(draws.filter((one) => isForTraining(one.incident, SEED))), CALIBRATION);
  assert.equal(drawsText(draws), readFileSync(new URL('../../../bot/eval/draws.tsv', import.meta.url), 'utf8'));
});
