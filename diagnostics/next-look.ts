import { LOOK_TELLS, type Told } from './look-tells.ts';
import type { Scene } from './scene.ts';
import type { Blind, BlindReason } from './types.ts';

/** What our own requests met: the first thing that says which look is missing. */
export type State = 'not-asked' | 'fails' | 'slow' | 'answers';

/** Pure: what users' requests meet now, as far as it was looked at. */
export function stateOf({ failing, slowMs }: Pick<Scene, 'failing' | 'slowMs'>): State {
  if (failing === null) return 'not-asked';
  if (failing > 0) return 'fails';
  return slowMs === null ? 'answers' : 'slow';
}

/** What it takes people to make a blind look see: another run and a line in a file are cheap, somebody else's network is not. */
const EFFORT: { [reason in BlindReason]: number } = {
  deadline: 1,
  'not-allowed': 1,
  'not-configured': 1,
  denied: 1.5,
  resolver: 2,
  'no-connection': 2,
  unreadable: 2,
  'too-large': 2,
  'our-bug': 3,
};

/** Trials' worth of trust in the wider count, where the narrower one is small. */
const TRUST = 4;
/** What a look is worth of which no trial is known. */
const UNKNOWN = 0.01;

const share = (told: Told | undefined, otherwise: number): number =>
  ((told?.[0] ?? 0) + TRUST * otherwise) / ((told?.[1] ?? 0) + TRUST);

/**
 * Pure: how often this look alone led to an answer where there was none, 0 to 1 (`LOOK_TELLS`): in this state of things, and
 * for reports of these symptoms.
 */
export function tellsOf(check: string, state: State, symptoms: readonly string[]): number {
  const { all, states, kinds } = LOOK_TELLS;
  const anywhere = share(all[check], UNKNOWN);
  const here = share(states[state]?.[check], anywhere);
  const asked = symptoms.map((kind) => share(kinds[kind]?.[check], anywhere));
  return asked.length ? (here * asked.reduce((a, b) => a + b, 0)) / asked.length : here * anywhere;
}

/** Pure: the blind look that is most likely to bring an answer for the least effort; null where none is blind. */
export function nextLook(scene: Scene): Blind | null {
  const state = stateOf(scene);
  const worth = ({ check, reason }: Blind): number => tellsOf(check, state, scene.case.symptoms.kinds) / EFFORT[reason];
  return scene.blind.reduce<Blind | null>((best, one) => (best && worth(best) >= worth(one) ? best : one), null);
}
