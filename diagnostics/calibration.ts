import { CALIBRATION } from './calibration-table.ts';
import { DOUBT_SAYS, type Doubt } from './doubts.ts';

/**
 * What is learnt of how often verdicts are right: by `./dev eval --calibrate --from DIR --write`, on three of five incidents
 * (seed 1). `knots`: from how strongly the evidence speaks to the share that was right. `doubts`: how many times smaller each
 * doubt makes the odds that a verdict is right; never above 1.
 */
export interface Calibration {
  knots: readonly (readonly [strength: number, confidence: number])[];
  doubts: { readonly [doubt in Doubt]: number };
}

/** Pure: the confidence that belongs to a strength, both 0 to 1; linear between the knots, level beyond them. */
export function calibrated(strength: number, { knots }: Pick<Calibration, 'knots'> = CALIBRATION): number {
  const [first] = knots;
  const last = knots.at(-1);
  if (!first || !last) return strength;
  if (strength <= first[0]) return round(Math.min(first[1], strength));
  if (strength >= last[0]) return round(last[1]);
  const above = knots.findIndex(([knot]) => knot >= strength);
  const [x1, y1] = knots[above] as Calibration['knots'][number];
  const [x0, y0] = knots[above - 1] as Calibration['knots'][number];
  return round(y0 + ((y1 - y0) * (strength - x0)) / (x1 - x0));
}

/** Pure: how often a verdict of this strength is right, 0 to 1, where this speaks against it; never more than without. */
export function confidenceOf(strength: number, doubt: Doubt | null, of: Calibration = CALIBRATION): number {
  const confidence = calibrated(strength, of);
  if (doubt === null) return confidence;
  const odds = (confidence / (1 - confidence)) * Math.min(1, of.doubts[doubt]);
  return Math.min(confidence, round(odds / (1 + odds)));
}

/** Pure: `confidenceOf` as a person follows it by hand, a line for each step. */
export function howOften(strength: number, doubt: Doubt | null): string[] {
  const of100 = (share: number): string => `${Math.round(share * 100)} of 100`;
  const [without, confidence] = [calibrated(strength), confidenceOf(strength, doubt)];
  const often = `${strength} in strength: ${of100(without)} such verdicts are right`;
  if (doubt === null || confidence === without) return [often];
  return [often, `odds x ${CALIBRATION.doubts[doubt]}, since ${DOUBT_SAYS[doubt]}: ${of100(confidence)} are right`];
}

/** All to the same digits, or a stronger case could come out the less sure one; nothing is ever certain. */
const round = (confidence: number): number => Math.min(0.99, Math.round(confidence * 100) / 100);
