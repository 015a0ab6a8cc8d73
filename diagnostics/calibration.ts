/**
 * From how strongly the evidence speaks to how often such verdicts are right. Learnt, not chosen: by
 * `./dev eval --calibrate --from DIR` on three of five incidents (seed 1), each as it is, in its variants, and with the rule of
 * its own cause taken out; the other two of five are for checking.
 */
export const KNOTS: readonly (readonly [strength: number, confidence: number])[] = [
  [0.717, 0.494],
  [0.769, 0.951],
  [0.863, 0.954],
  [0.918, 0.98],
  [0.967, 0.988],
];

/** Pure: the confidence that belongs to a strength, both 0 to 1; linear between the knots, level beyond them. */
export function calibrated(strength: number): number {
  const [first] = KNOTS;
  const last = KNOTS.at(-1);
  if (!first || !last) return strength;
  if (strength <= first[0]) return round(Math.min(first[1], strength));
  if (strength >= last[0]) return round(last[1]);
  const above = KNOTS.findIndex(([knot]) => knot >= strength);
  const [x1, y1] = KNOTS[above] as (typeof KNOTS)[number];
  const [x0, y0] = KNOTS[above - 1] as (typeof KNOTS)[number];
  return round(y0 + ((y1 - y0) * (strength - x0)) / (x1 - x0));
}

/** All to the same digits, or a stronger case could come out the less sure one. */
const round = (confidence: number): number => Math.round(confidence * 100) / 100;
