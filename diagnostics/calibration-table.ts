import type { Calibration } from './calibration.ts';

/** Learnt on three of five incidents (seed 1) by `./dev eval --calibrate --from DIR --write`; never edited. */
export const CALIBRATION: Calibration = {
  knots: [
    [0.717, 0.66],
    [0.763, 0.936],
    [0.82, 0.978],
    [0.866, 0.978],
    [0.913, 0.978],
    [0.968, 0.992],
  ],
  doubts: { 'another-culprit': 0.72, 'nothing-found': 0.35 },
};
