import type { Calibration } from './calibration.ts';

/** Learnt on three of five incidents (seed 1) by `./dev eval --calibrate --from DIR --write`; never edited. */
export const CALIBRATION: Calibration = {
  knots: [
    [0.72, 0.667],
    [0.763, 0.939],
    [0.818, 0.946],
    [0.865, 0.973],
    [0.913, 0.973],
    [0.968, 0.99],
  ],
  doubts: { 'another-culprit': 0.64, 'nothing-found': 0.37 },
};
