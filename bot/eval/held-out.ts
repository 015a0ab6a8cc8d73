import { type Calibration, confidenceOf } from '../../diagnostics/calibration.ts';
import { isForTraining, learn, type Reliability, reliability } from './calibrate.ts';
import { type Drawn, KINDS } from './draws.ts';

/** Different splits: what is learnt on one alone may be luck. */
export const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

const undoubting = ({ knots }: Calibration): Calibration => ({
  knots,
  doubts: { 'another-culprit': 1, 'nothing-found': 1 },
});
/** What each part of what is learnt is worth: without it, and with it. */
const WAYS: { way: string; learn: (draws: Drawn[]) => Calibration }[] = [
  {
    way: 'strength alone',
    learn: (draws) => undoubting(learn(draws.flatMap((one) => (one.kind === 'first-sight' ? [] : [plainly(one)])))),
  },
  { way: 'and first sights', learn: (draws) => undoubting(learn(draws.map(plainly))) },
  { way: 'and doubts', learn },
];
const plainly = (one: Drawn): Drawn => ({ ...one, doubt: null });

export interface HeldOut {
  seed: number;
  way: string;
  kind: Drawn['kind'];
  is: Reliability;
}

/** Pure: reliability on two of five incidents of what is learnt on the others, by kind and way, for the split of each seed. */
export function heldOut(draws: readonly Drawn[], seeds: readonly number[]): HeldOut[] {
  return seeds.flatMap((seed) =>
    WAYS.flatMap(({ way, learn: by }) => {
      const learnt = by(draws.filter((one) => isForTraining(one.incident, seed)));
      const rest = draws.filter((one) => !isForTraining(one.incident, seed));
      return KINDS.map((kind) => ({
        ...{ seed, way, kind },
        is: reliability(
          rest.filter((one) => one.kind === kind),
          (one) => confidenceOf(one.raw, one.doubt, learnt),
        ),
      }));
    }),
  );
}
