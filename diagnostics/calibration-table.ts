import type { Calibration } from './calibration.ts';

/** Learnt on three of five incidents (seed 1) by `./dev eval --calibrate --from DIR --write`; never edited. */
export const CALIBRATION: Calibration = {
  knots: [
    [0.718, 0.66],
    [0.764, 0.933],
    [0.821, 0.981],
    [0.867, 0.981],
    [0.914, 0.981],
    [0.967, 0.987],
  ],
  doubts: { 'another-culprit': 0.72, 'nothing-found': 0.22 },
};
