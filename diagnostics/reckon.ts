import { isCompared } from './bisect/worth.ts';
import type { Scene } from './scene.ts';
import type { Suspicion } from './suspicions/index.ts';
import { loggedBy } from './suspicions/suspicion.ts';
import { type Hop, INGRESS_HOPS } from './types.ts';

/** Which of several suspicions comes first, and how sure it is beside the others. */

/** Two suspicions that explain the trouble within this of each other explain as much. */
const ALIKE = 0.25;
/** A suspicion of this strength would be an answer were it alone. */
const AN_ANSWER = 0.75;

export const isIngress = (hop: Hop): boolean => INGRESS_HOPS.includes(hop);
const round = (n: number): number => Math.round(n * 100) / 100;

/** Of two that only logs speak for, one that counts this many times more requests comes first. */
const FAR_MORE = 3;

const outnumbers = (a: Suspicion, b: Suspicion): boolean => {
  const theirs = loggedBy(b.because);
  return theirs > 0 && loggedBy(a.because) >= FAR_MORE * theirs;
};

/**
 * What explains most of what fails now comes first; at equal share the more specific, which is the outermost. Where
 * nothing of it shows now, what the logs count far more of goes before.
 */
export function rank(suspicions: Suspicion[]): Suspicion[] {
  const step = (s: Suspicion): number => Math.round(s.explains / ALIKE);
  const sorted = suspicions
    .map((suspicion, order) => ({ suspicion, order }))
    .filter(({ suspicion }) => suspicion.explains > 0 || suspicion.fits)
    .sort((a, b) => step(b.suspicion) - step(a.suspicion) || a.order - b.order)
    .map(({ suspicion }) => suspicion);
  const [first] = sorted;
  const heavier = first && sorted.find((s) => step(s) === step(first) && step(s) === 0 && outnumbers(s, first));
  return heavier ? [heavier, ...sorted.filter((s) => s !== heavier)] : sorted;
}

/** Of two that show only in logs, counters and settings, both would be an answer: neither was seen to be what users met. */
const areTied = (chosen: Suspicion, other: Suspicion): boolean =>
  chosen.explains === 0 &&
  other.explains === 0 &&
  other.fits &&
  other.strength >= AN_ANSWER &&
  !outnumbers(chosen, other);

/** Pure: how sure the chosen suspicion is, 0 to 1, beside what else there is; and a line for each step. */
export function reckon(
  scene: Scene,
  chosen: Suspicion,
  others: Suspicion[],
): { confidence: number; reckoning: string[] } {
  let confidence = chosen.strength;
  const reckoning = [
    `${chosen.cause ?? `fault at ${chosen.hop}`}: ${chosen.strength} for its mechanism (${[...new Set(chosen.because.map((f) => f.code))].join(', ')})`,
  ];
  const times = (factor: number, why: string): void => {
    confidence *= factor;
    reckoning.push(`x ${factor}: ${why}`);
  };
  if (chosen.explains === 0 && (scene.failing ?? 0) > 0.5)
    times(0.7, 'most requests fail now, in a way that it does not explain');
  else if (chosen.explains === 0)
    times(
      scene.failing === 0 && scene.case.symptoms.course === 'steady' ? 0.97 : 0.96,
      'it does not show in healthy requests now, only in what was reported',
    );
  else if (chosen.explains < 0.5 && (scene.failing ?? 0) > chosen.explains + ALIKE)
    times(0.92, 'more fails than it explains');
  const across = others.filter((o) => isIngress(o.hop) !== isIngress(chosen.hop));
  const rival = across.find(
    (o) => o.strength >= 0.85 && Math.abs(o.explains - chosen.explains) <= ALIKE && o.explains > 0,
  );
  if (rival) times(0.9, `${rival.cause ?? rival.hop} would explain as much`);
  const tied = across.find((o) => areTied(chosen, o));
  if (tied) times(0.8, `${tied.cause ?? tied.hop} fits what was reported as well, and neither shows now`);
  if (scene.begins === 'unsure' && isCompared(chosen))
    times(0.75, 'part of the requests fails, and too few were made to say at which hop that begins');
  if (scene.front.length === 0) times(0.95, 'the public address could not be looked at');
  // What users meet may come from somewhere before the place that is accused; only a name that leads nowhere explains itself.
  if (scene.failing === null && chosen.hop !== 'dns') times(0.8, 'no request could be made');
  return { confidence: Math.min(0.99, round(confidence)), reckoning };
}
