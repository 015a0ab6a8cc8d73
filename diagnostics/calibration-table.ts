import type { Calibration } from './calibration.ts';

/** Learnt on three of five incidents (seed 1) by `./dev eval --calibrate --from DIR --write`; never edited. */
export const CALIBRATION: Calibration = {
  knots: [
    [0.72, 0.667],
    [0.763, 0.947],
    [0.821, 0.957],
    [0.863, 0.975],
    [0.913, 0.975],
    [0.968, 0.989],
  ],
  doubts: { 'another-culprit': 0.53, 'nothing-found': 0.47 },
};
