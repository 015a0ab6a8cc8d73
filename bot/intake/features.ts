import { type Marked, withMarks } from './marks.ts';
import { ASKS_WHY, DENIED, OTHER_TALK, OTHER_THINGS, OVER, WELL } from './other-talk.ts';
import { type Sentence, sentencesIn } from './sentences.ts';
import { tokensOf } from './tokens.ts';
import { COMPLAINT, IS_IT_UP, OURS, STILL, SUSPICION, TROUBLE } from './trouble.ts';
import { fold } from './words.ts';

/** What is weighed when a message is read: every feature has a name that says what it is. See learn.ts. */

const MAX_SENTENCES = 40;

/** What a sentence says, by the tables that people wrote: trouble, its end, a plan, a question, who is meant. */
function cuesOf(sentence: Sentence, suspicion: boolean): string[] {
  const { text, question } = sentence;
  const has = (mark: string): boolean => text.includes(`‹${mark}›`);
  const cues: [string, boolean][] = [
    ['place', has('place')],
    ['error', has('error')],
    ['status', has('status')],
    ['trouble', TROUBLE.test(text.replace(/‹\w+›/g, ' '))],
    ['still', STILL.test(text)],
    ['over', OVER.test(text)],
    ['denied', DENIED.test(text)],
    ['well', WELL.test(text)],
    ['complaint', COMPLAINT.test(text)],
    ['ours', OURS.test(text)],
    ['other thing', OTHER_THINGS.test(text)],
    ['suspicion', suspicion && has('proxy')],
    ['asks about the proxy', question && has('proxy')],
    ['is it up', IS_IT_UP.test(text)],
    ['why', question && ASKS_WHY.test(text)],
    ['question', question],
    ...OTHER_TALK.map(({ kind, pattern }): [string, boolean] => [kind, pattern.test(text)]),
  ];
  return cues.filter(([, yes]) => yes).map(([name]) => name);
}

const TALK = new Set(['over', 'denied', ...OTHER_TALK.map(({ kind }) => kind)]);

/**
 * The tables say one thing each, and no pairs: they were written with some of the teaching messages in view, so that what is
 * learnt from their pairs is trusted too much elsewhere (measured: two points of recall at the same precision).
 */
function addCues(text: string, plain: string, out: Set<string>): void {
  const suspicion = SUSPICION.test(fold(text.slice(0, 4000)));
  let anyTrouble = false;
  for (const sentence of sentencesIn(plain).slice(0, MAX_SENTENCES)) {
    const cues = cuesOf(sentence, suspicion);
    const trouble = cues.some((cue) => cue === 'trouble' || cue === 'error' || cue === 'status');
    anyTrouble ||= trouble;
    for (const cue of cues) out.add(`says ${cue}`);
    if (trouble && !cues.some((cue) => TALK.has(cue)))
      out.add(cues.includes('place') ? 'plain trouble of a place' : 'plain trouble');
  }
  if (!anyTrouble) out.add('no trouble');
}

/** "‹place› not works", in whatever language: meanings alone and in their order. */
function addMeanings(meanings: readonly string[], out: Set<string>): void {
  for (const [i, one] of meanings.entries()) {
    const [before, first] = [meanings[i - 1], meanings[i - 2]];
    out.add(`<${one}>`);
    if (before !== undefined) out.add(`<${before} ${one}>`);
    if (first !== undefined) out.add(`<${first} ${before} ${one}>`).add(`<${first} … ${one}>`);
  }
  const all = new Set(meanings);
  const has = (...names: string[]): boolean => names.some((name) => all.has(name));
  if (!has('‹place›', '‹time›', 'now', 'again', 'self', 'people', 'anyone')) out.add('nobody here and now');
  if (!has('‹place›', '‹proxy›', '‹error›', 'now', 'again', 'site')) out.add('about nothing of ours');
}

/** "‹place› is back": the words themselves, shortened where a language bends them. */
function addWords(words: readonly string[], out: Set<string>): void {
  const short = [
    '^',
    ...words.map((word) => (word.length > 6 && !word.startsWith('‹') ? word.slice(0, 6) : word)),
    '$',
  ];
  for (const word of words) {
    out.add(`"${word}"`);
    if (word.length > 5) out.add(`"${word.slice(0, 5)}…"`);
  }
  for (const [i, word] of short.entries()) if (i > 0) out.add(`"${short[i - 1]} ${word}"`);
}

const lengthOf = (words: number): string => `at most ${[1, 3, 6, 12, 30].find((most) => words <= most) ?? 'any'} words`;

/** Pure: the features of a message, by their names. `places`: where it names hosts. `suspects`: how many proxies it accuses. */
export function featuresOf(text: string, places: readonly Marked[], suspects: number): Set<string> {
  const out = new Set<string>();
  const plain = withMarks(text, places);
  const { words, meanings } = tokensOf(plain);
  out.add(lengthOf(words.length)).add(`${Math.min(places.filter(({ known }) => known).length, 3)} places`);
  if (places.some(({ known }) => !known)) out.add('a stranger');
  if (suspects > 0) out.add('suspects');
  addCues(text, plain, out);
  addMeanings(meanings, out);
  addWords(words, out);
  return out;
}
