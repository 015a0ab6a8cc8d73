import type { Symptoms } from '../../diagnostics/types.ts';
import {
  CLOCK,
  COUNTED,
  ENDED,
  ENDED_TIME,
  HAPPENED,
  LASTS,
  NOW,
  PAST,
  PAST_DAY,
  REPEATS,
  SOME,
  STILL,
  TOLD_CHANGE,
} from './course-words.ts';
import { sentencesIn } from './sentences.ts';

/**
 * How the trouble of a report runs: it lasts, it comes and goes, or it is over. What tells is the grammar: words of
 * repetition, events counted in a period or out of a whole, states that alternate; a past with an end; "still" and "now".
 * Where nothing tells, it lasts, as most trouble does that somebody reports; what is only told in the past is not claimed to.
 */

const NUMBERS: { [word: string]: number } = Object.fromEntries(
  [
    'one ein eine einer un une uno una jeden jedna',
    'two zwei deux dos dva dwa',
    'three drei trois tres tri trzy',
    'four vier quatre cuatro',
    'five funf cinq cinco',
    'six sechs six seis',
    'seven sieben sept siete',
    'eight acht huit ocho',
    'nine neun neuf nueve',
    'ten zehn dix diez',
    'eleven elf onze once',
    'twelve zwolf douze doce',
  ].flatMap((row, n) => row.split(' ').map((word) => [word, n + 1])),
);
const NUMBER = `\\d{1,7}|${Object.keys(NUMBERS).join('|')}|twenty|zwanzig|vingt|veinte|hundred|thousand`;
/** "14 of 3000", "1 node out of 3", "une requête sur cinq", "1 von 10", "1 de cada 5"; the numbers decide. */
const OUT_OF = new RegExp(
  `(?<![\\w:.,])(${NUMBER}) (?:[a-z]{2,12} )?(?:out of|of|in|von|sur|de cada|su|z)(?: (?:our|the|their|all|every))? (${NUMBER})(?![\\w:])`,
  'gi',
);
const numberOf = (word: string): number => NUMBERS[word.toLowerCase()] ?? (/^\d/.test(word) ? Number(word) : 20);
const partOfWhole = (folded: string): boolean =>
  [...folded.matchAll(OUT_OF)].some(
    ([, part = '', whole = '']) => numberOf(part) < numberOf(whole) && !/^[45]\d\d$/.test(whole),
  );

/** Times in a row, each of them trouble: "at 9:14 and again at 9:31". A window ("between … and …") is one time. */
const TIMES = new RegExp(
  `(?<!(?:between|from|zwischen|von|entre|de) )(?:at|um|a las|vers|a) ${CLOCK}(?: uhr)?(?:,| and| und| y| et|;)+ (?:then |and |und |again |dann |wieder )*(?:at |um |a las |vers )?${CLOCK}`,
  'i',
);

const FAILS =
  "(?:(?:not|n't|never) (?:\\w{1,8} )?(?:ok|okay|fine|work\\w{0,3}|up|good)|down|dead|broken|breaks?|broke|fail(?:s|ed|ing)|dies|died|errors?|unreachable|offline|kaputt|[45]\\d\\d)";
const WORKS =
  '(?:up(?= again|[.,;!]|$| \\d)|ok|okay|fine|work(?:s|ed|ing)|recovered|good)(?! (?:before|until|till|yesterday|last|all))';
const STATES = new RegExp(`(?<![\\w.-])(?:(${FAILS})|${WORKS})(?![\\w-])`, 'gi');
const AGAIN = new RegExp(
  `(?:again|wieder),? (?:\\w{1,10} ){0,2}${FAILS}(?!\\w)|${FAILS} (?:\\w{1,10} ){0,2}(?:again|wieder)(?!\\w)`,
  'i',
);
/** Fails, works, fails again; or more changes than that. Different hosts in a row ("shop 503, wiki ok") have no "again". */
function alternates(folded: string): boolean {
  const states = [...folded.matchAll(STATES)].slice(0, 50).map((match) => match[1] !== undefined);
  const runs = states.filter((fails, i) => i === 0 || fails !== states[i - 1]);
  return runs.length > 3 || (runs.length === 3 && runs[0] === true && AGAIN.test(folded));
}

const dated = ({ text }: { text: string }): boolean =>
  (PAST_DAY.test(text) && !TOLD_CHANGE.test(text)) || (ENDED_TIME.test(text) && HAPPENED.test(text));

/** Pure: how the trouble runs, from folded text without what programs say (they have tenses of their own: "timed out"). */
export function courseIn(folded: string): Symptoms['course'] {
  const some = [REPEATS, COUNTED, SOME, TIMES].some((pattern) => pattern.test(folded));
  if (some || partOfWhole(folded) || alternates(folded)) return 'intermittent';
  if (LASTS.test(folded) || STILL.test(folded)) return 'steady';
  if (ENDED.test(folded)) return 'past';
  return !NOW.test(folded) && (PAST.test(folded) || sentencesIn(folded).some(dated)) ? 'past' : 'steady';
}
