import { alertState } from './alerts.ts';
import { ERROR_STRINGS } from './error-strings.ts';
import { ASKS_WHY, DENIED, OTHER_TALK, OTHER_THINGS, OVER } from './other-talk.ts';
import { type Part, type Sentence, sentencesIn } from './sentences.ts';
import { STATUS_CLASS, statusesIn } from './statuses.ts';
import { COMPLAINT, IS_IT_UP, OURS, SUSPICION, TOPICS, TROUBLE } from './trouble.ts';

/** Is a message a report of trouble, or one of the many others that use the same words? */

/** "Still", "but now": what follows lasts, whatever was done or said before. */
const STILL =
  /\b(?:still|since then|ever since|(?:and|but) now|but|anyway|no luck|did(?:n't| not) help|without success|immer noch|porad|stale|nadal|wciaz|toujours|encore|sigue|todavia|ainda|ancora|nog steeds)\b/i;
/** "After the maintenance": a change is named as the cause, not announced. */
const BECAUSE =
  /\b(?:after|since|during (?:the |our |this )?(?:last|previous|latest|recent|yesterday's?|morning's?)|because of|due to|following|caused by|nach|seit|po|od|apres|depuis|despues|desde|dopo|depois|na|sinds)\b/i;

/** "… but we have the same on every upgrade": over for now only. */
const RECURS = /^but\b[^.?!]*\b(?:the same|happens|every|each|always|comes back|keeps)\b/i;
/**
 * Words of a good end that end nothing: "reload and it's fine again" (until the next time), "you said it was fixed",
 * "before login all good", "short ones go through".
 */
const NOT_OVER = new RegExp(
  [
    '\\b(?:reload|refresh|retry|f5|(?:second|next|another) (?:try|attempt)|try(?:ing)? again)\\b[^.?!]{0,25}\\b(?:fine|ok|okay|works|good|loads)\\b',
    '\\b(?:you|they|he|she|someone|support|ops|platform)\\b(?: \\w+){0,2} (?:said|told|claimed|wrote|thought)\\b',
    "\\b(?:before|until|without|outside|otherwise|sonst|vorher) ?(?:\\w+ ){0,3}(?:all |everything )?(?:is |was |it's )?(?:good|fine|ok|okay|works)\\b",
    '\\b(?:short|small|smaller|little|other|normal|plain|simple) (?:\\w+ ){0,2}(?:go(?:es)? through|works?|(?:is|are) (?:fine|ok|okay|good))\\b',
  ].join('|'),
  'i',
);

const saysError = (text: string): boolean => ERROR_STRINGS.some(({ pattern }) => pattern.test(text));
const saysStatus = (text: string): boolean => STATUS_CLASS.test(text) || statusesIn(text).length > 0;

/** "Meeting about the timeouts" has a topic, "timeouts again" a complaint; so has whoever says it in five words, or asks. */
function complains(sentence: Sentence, clause: Part): boolean {
  if (sentence.question || sentence.text.split(' ', 6).length <= 5) return true;
  if (saysStatus(clause.text) && clause.text.split(' ', 5).length <= 4) return true;
  return TROUBLE.test(clause.text.replace(TOPICS, ' ')) || COMPLAINT.test(sentence.text);
}

/** Where in a sentence other talk begins, by kind; infinity where there is none. */
function otherTalkFrom(sentence: Sentence, error: boolean): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { kind, pattern } of OTHER_TALK) {
    // A pasted error is a fact, wherever it was seen.
    if (error && (kind === 'code' || kind === 'content' || kind === 'general')) continue;
    if ((kind === 'announcement' || kind === 'work') && STILL.test(sentence.text)) continue;
    if (kind === 'announcement' && BECAUSE.test(sentence.text) && TROUBLE.test(sentence.text)) continue;
    const at = pattern.exec(sentence.text)?.index;
    if (at !== undefined)
      first = Math.min(
        first,
        Math.max(
          0,
          sentence.clauses.findLastIndex((clause) => clause.at <= at),
        ),
      );
  }
  return first;
}

/** A host's own words are no words of the message: "shop.example.test is down" says nothing of a test. Keeps every place. */
function withoutNames(text: string, named: readonly number[]): string {
  let out = text;
  for (const at of named) {
    const host = /^[\w-]+(?:\.[\w-]+)+/.exec(out.slice(at, at + 300))?.[0];
    if (host) out = `${out.slice(0, at)}${'h'.repeat(host.length)}${out.slice(at + host.length)}`;
  }
  return out;
}

/** Pure: whether a message reports trouble. Rather silent than wrong: a reply to a joke costs trust. `named`: where hosts stand. */
export function isReport(text: string, seen: { named: readonly number[]; suspects: number }): boolean {
  if (text.trim().split(/\s+/, 2).length < 2) return false;
  const alert = alertState(text);
  if (alert !== null) return alert;
  const sentences = sentencesIn(withoutNames(text, seen.named));
  const asksWhy = sentences.some((one) => one.question && ASKS_WHY.test(one.text));
  const namesHost = (part: Part): boolean => seen.named.some((at) => at >= part.from && at < part.to);
  let trouble = false;
  let over = false;
  let before = false;
  let announced = false;
  let certain = false;
  for (const [index, sentence] of sentences.entries()) {
    const error = saysError(sentence.text);
    const from = otherTalkFrom(sentence, error);
    if (index === 0 && from === 0) announced = isAnnouncement(sentence);
    if (!sentence.question && OVER.test(sentence.text) && !STILL.test(sentence.text) && !NOT_OVER.test(sentence.text)) {
      over = true;
      before ||= trouble;
      if (!asksWhy) trouble = false;
      if (!asksWhy) continue;
    }
    if (before && RECURS.test(sentence.text)) trouble = certain = true;
    if (from > 0 && (SUSPICION.test(sentence.text) || IS_IT_UP.test(sentence.text))) {
      if (!OTHER_THINGS.test(text) || seen.named.length > 0) trouble = true;
    }
    // A pasted error may be cut anywhere by its own commas and colons.
    if (error && from > 0 && !DENIED.test(sentence.text)) trouble = certain = true;
    for (const clause of sentence.clauses.slice(0, from)) {
      const said = saysError(clause.text) || saysStatus(clause.text);
      if (!said && !TROUBLE.test(clause.text)) continue;
      if (!error && !complains(sentence, clause)) continue;
      if (DENIED.test(clause.text)) continue;
      if (over && !asksWhy && /\b(?:was|were|had|been)\b/.test(clause.text)) continue;
      if (OTHER_THINGS.test(clause.text) && !namesHost(clause) && !error) continue;
      if (announced && index > 0 && !said && !sentence.question && !STILL.test(sentence.text)) continue;
      trouble = true;
      certain ||= said;
    }
  }
  if (!trouble) return false;
  return (
    certain ||
    seen.named.length > 0 ||
    seen.suspects > 0 ||
    sentences.some(({ text }) => OURS.test(text) || SUSPICION.test(text))
  );
}

const ANNOUNCEMENT = OTHER_TALK.find(({ kind }) => kind === 'announcement')?.pattern as RegExp;
const isAnnouncement = (sentence: Sentence): boolean => ANNOUNCEMENT.test(sentence.text);
