import { confidenceOf } from './calibration.ts';
import type { Doubt } from './doubts.ts';
import type { Verdict } from './types.ts';

/**
 * What an organisation's own cases say beforehand: for each cause how far it moves the strength of a verdict that names it.
 * Learnt from "who was right" (`priorsOf`), and nothing else.
 */
export interface Priors {
  [cause: string]: { shift: number; right: number; wrong: number };
}

/** No number of votes moves a strength further than this. */
export const MOST_SHIFT = 0.05;
/** As many cases for each side are believed beforehand: one vote alone moves next to nothing. */
const DOUBT = 3;

/** One case that people spoke about: our verdict, and where people say that the fault was. */
export interface Told {
  ours: Pick<Verdict, 'answer' | 'cause'>;
  /** `right`: people agree; `wrong`: another answer or cause; null: as many say one as the other. */
  people: 'right' | 'wrong' | null;
  /** The cause that people name, where they do. */
  cause: string | null;
}

/** Pure: priors from cases. The order is of no matter, and a vote that is taken back leaves no trace. */
export function priorsOf(cases: Told[]): Priors {
  const counts = new Map<string, { right: number; wrong: number }>();
  const count = (cause: string | null, how: 'right' | 'wrong'): void => {
    if (cause === null) return;
    const one = counts.get(cause) ?? { right: 0, wrong: 0 };
    one[how]++;
    counts.set(cause, one);
  };
  for (const { ours, people, cause } of cases) {
    if (people !== null && ours.answer !== 'inconclusive') count(ours.cause, people);
    // Whom people name counts for that cause, once: where they say that we were right it has been counted.
    if (cause !== null && cause !== ours.cause) count(cause, 'right');
  }
  return Object.fromEntries(
    [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([cause, { right, wrong }]) => {
        // Cut, not rounded: the same for both sides, and never beyond the bound.
        const shift = Math.trunc(((MOST_SHIFT * (right - wrong)) / (right + wrong + DOUBT)) * 1000) / 1000;
        return [cause, { shift, right, wrong }];
      }),
  );
}

/**
 * Pure: a strength, moved by what is known of its cause. A prior says nothing about a request: it neither makes an answer of
 * none nor takes one away, so where it would, nothing moves. `enough`: from where on an answer is given; `doubt`: what speaks
 * against the verdict.
 */
export function moved(
  strength: number,
  cause: string | null,
  priors: Priors | undefined,
  enough: number,
  doubt: Doubt | null = null,
): { strength: number; why: string | null } {
  const prior = cause !== null && priors && Object.hasOwn(priors, cause) ? priors[cause] : undefined;
  if (!prior || prior.shift === 0) return { strength, why: null };
  const shift = Math.max(-MOST_SHIFT, Math.min(MOST_SHIFT, prior.shift));
  const next = Math.round(Math.max(0, Math.min(0.99, strength + shift)) * 100) / 100;
  const answers = (one: number): boolean => Math.min(one, confidenceOf(one, doubt)) >= enough;
  const votes = `of earlier verdicts on ${cause} people here found ${prior.right} right and ${prior.wrong} wrong`;
  if (answers(next) !== answers(strength))
    return { strength, why: `+ 0: ${votes}; that alone neither gives nor takes an answer` };
  return { strength: next, why: `${shift < 0 ? '-' : '+'} ${Math.abs(shift)}: ${votes}` };
}
