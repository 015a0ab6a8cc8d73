import { CAUSES } from '../../diagnostics/causes.ts';
import { type Answer, INGRESS_HOPS } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';

/** How often somebody would be right who does not look: shares of all incidents, 0 to 1. */
export interface Baseline {
  name: string;
  answer: number;
  hop: number;
  cause: number;
}

type Guess = { answer: Answer; hop: string; cause: string };

const ALL: Guess[] = Object.entries(CAUSES).map(([cause, { hop }]) => ({
  answer: INGRESS_HOPS.some((one) => one === hop) ? 'ingress' : 'not-ingress',
  hop,
  cause,
}));

/** Pure: the expected share that a guesser gets right who draws evenly from these guesses. */
function shareRight(incidents: Incident[], guesses: Guess[]): Omit<Baseline, 'name'> {
  const right = (part: keyof Guess): number => {
    const each = incidents.map(({ expect }) => {
      const accepted: readonly (string | null)[] = expect[part];
      return guesses.filter((guess) => accepted.includes(guess[part])).length / guesses.length;
    });
    return each.reduce((sum, one) => sum + one, 0) / Math.max(1, incidents.length);
  };
  return { answer: right('answer'), hop: right('hop'), cause: right('cause') };
}

/** Pure: people who answer without looking. `random`: a coin for the answer, then any cause that fits it. */
export function baselinesOf(incidents: Incident[]): Baseline[] {
  const of = (answer: Answer): Guess[] => ALL.filter((guess) => guess.answer === answer);
  const heads = shareRight(incidents, of('ingress'));
  const tails = shareRight(incidents, of('not-ingress'));
  const mean = (part: keyof typeof heads): number => (heads[part] + tails[part]) / 2;
  const always = (name: string, cause: string): Baseline => ({
    name,
    ...shareRight(
      incidents,
      ALL.filter((guess) => guess.cause === cause),
    ),
  });
  return [
    { name: 'random: a coin, then any cause', answer: mean('answer'), hop: mean('hop'), cause: mean('cause') },
    always('always the ingress (its most common cause here)', commonest(incidents, of('ingress'))),
    always(
      'always the application',
      commonest(
        incidents,
        ALL.filter((guess) => guess.hop === 'app'),
      ),
    ),
    always('never the ingress: nothing is wrong', 'no-fault-found'),
  ];
}

/** The cause among these that most incidents have: the kindest choice for a guesser. */
function commonest(incidents: Incident[], guesses: Guess[]): string {
  const count = (cause: string): number => incidents.filter(({ expect }) => expect.cause[0] === cause).length;
  return guesses.map(({ cause }) => cause).sort((a, b) => count(b) - count(a))[0] ?? '';
}
