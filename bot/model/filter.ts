import type { Finding } from '../../diagnostics/types.ts';
import { CLAUSES, contradiction } from './contradicts.ts';
import { type Ground, numbersOf } from './ground.ts';
import { isOrdinary } from './vocabulary.ts';

/** A sentence as the model wrote it, with the codes that it says it rests on. */
export interface Written {
  says: string;
  cites: string[];
}

/** What is left of a paragraph, with the codes of its sentences. */
export interface Paragraph {
  text: string;
  codes: string[];
}

const MAX_SENTENCES = 6;
/** More than a paragraph is not looked at. */
const MAX_READ = 60;
const MAX_CHARS = 360;
/** Who cites everything cites nothing. */
const MAX_CITES = 3;
const MIN_WORDS = 4;
/** So many words in a row of our own instructions are no coincidence. */
const OVERLAP = 6;

/** Letters, digits and the punctuation of a sentence: no link, mention, mark-up, command or second alphabet. */
const PLAIN = /^[A-Za-z0-9 .,;:'"()%/_[\]-]+$/;
const LINK = /:\/\/|\bwww\.|\bmailto:|\]\(/i;
/** Another sentence begins, which has no finding of its own. */
const SECOND = /[.!?]["')]?\s+\S/;
const ADVICE =
  /\b(?:should|must|need to|needs to|have to|has to|ought|recommend\w*|advis\w+|consider|ensure|make sure|let|lets|ask|send|share|visit|go|open|click|call|contact|restart|reload|delete|remove|disable|enable|switch|turn|revert|roll|scale|drain|change|increase|raise|lower|set|add|install|execute|run|stop|start|upgrade|use|give|grant|allow|close|ignore|trust|leave|wait|keep|forget|tell|say|write|reply|report|blame|try|look|check|read|remember|note|do|don't|repeat|print)\b/g;
/** Verbs that tell what happened are no advice: "the stop of edge-1", "an upgrade began". */
const TELLS =
  /\b(?:should|must|need to|needs to|have to|has to|ought|recommend\w*|advis\w+|consider|ensure|make sure|let|lets)\b/;
const BEGINS = new RegExp(
  `^(?:to \\w+|then|next|now|first|also|just|simply|and|so|everyone|people|users?|customers?|engineers?)?,? ?(?:${ADVICE.source})`,
);

/**
 * Pure: the sentences that may be shown. Dropped is whatever has no valid citation, holds a word, number or name that the
 * case does not know, contradicts the verdict, tells people to do something that the findings don't, or repeats our own
 * instructions. Null when nothing is left.
 */
export function filtered(written: readonly Written[], ground: Ground, instructions: string): Paragraph | null {
  const kept: { text: string; codes: string[] }[] = [];
  for (const one of written.slice(0, MAX_READ)) {
    if (kept.length >= MAX_SENTENCES) break;
    const sentence = sentenceOf(one, ground);
    if (!sentence || why(sentence.text, sentence.codes, ground, instructions) !== null) continue;
    if (!kept.some(({ text }) => text === sentence.text)) kept.push(sentence);
  }
  if (kept.length === 0) return null;
  return { text: kept.map(({ text }) => text).join(' '), codes: [...new Set(kept.flatMap(({ codes }) => codes))] };
}

/** One sentence with its valid codes, taken out of its text where they stand there; null: there is none. */
function sentenceOf({ says, cites }: Written, ground: Ground): { text: string; codes: string[] } | null {
  if (says.length > MAX_CHARS * 2) return null;
  const codes = new Set(cites);
  const bare = says
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2010-\u2015]/g, '-')
    .replace(/\s?\[([A-Z0-9_]+(?:,\s?[A-Z0-9_]+)*)\]/g, (_, inside: string) => {
      for (const code of inside.split(/,\s?/)) codes.add(code);
      return '';
    })
    .trim();
  const valid = [...codes].filter((code) => ground.findings.has(code));
  if (valid.length === 0 || valid.length > MAX_CITES || bare === '' || bare.length > MAX_CHARS) return null;
  const text = /[.]$/.test(bare) ? bare : `${bare}.`;
  return { text: text.charAt(0).toUpperCase() + text.slice(1), codes: valid };
}

/** Pure: why a sentence is not shown; null: it is. */
export function why(text: string, codes: readonly string[], ground: Ground, instructions: string): string | null {
  if (!PLAIN.test(text) || LINK.test(text)) return 'is no plain sentence';
  if (SECOND.test(text)) return 'is more than one sentence';
  if ((text.match(/[A-Za-z]{2,}/g)?.length ?? 0) < MIN_WORDS || !isBalanced(text)) return 'is a piece of a sentence';
  const lower = text.toLowerCase();
  const cited = codes.flatMap((code) => ground.findings.get(code) ?? []);
  const numbers = new Set([...ground.numbers, ...cited.flatMap((one) => [...numbersOf(one)])]);
  for (const token of lower.split(/[\s"()[\]]+/)) {
    const word = token.replace(/^[.,;:']+|[.,;:']+$/g, '').replace(/'s$/, '');
    if (word !== '' && !isKnown(word, ground, numbers)) return `says ${word}`;
  }
  if (isAdvice(lower, cited, ground)) return 'gives advice of its own';
  if (repeats(lower, instructions)) return 'repeats the instructions';
  return contradiction(lower, cited, ground);
}

const isBalanced = (text: string): boolean =>
  text.split('(').length === text.split(')').length && text.split('"').length % 2 === 1;

const NUMBER = /^(\d+(?:[.,:]\d+)*|\d{4}-\d\d-\d\d)(%|ms|s|m|h|min|mib|kib|kb|mb|gb|k|x|am|pm|utc)?$/;
const TERM = /^(?:(?:tls|ssl)v?|http\/|v|p)(\d+(?:\.\d+)*)$/;
const SPELT: Record<string, string> = Object.fromEntries(
  'two three four five six seven eight nine ten eleven twelve'.split(' ').map((word, i) => [word, String(i + 2)]),
);
/** Amounts that no digit stands for: they are said by a finding, or not at all. */
const AMOUNT =
  /^(?:half|third|quarter|dozens?|hundreds?|thousands?|millions?|majority|twice|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty)$/;

function isKnown(word: string, ground: Ground, numbers: ReadonlySet<string>): boolean {
  if (ground.names.has(word)) return true;
  const number = NUMBER.exec(word)?.[1] ?? TERM.exec(word)?.[1];
  if (number !== undefined) return numbers.has(number.replaceAll(',', ''));
  if (Object.hasOwn(SPELT, word)) return numbers.has(SPELT[word] as string);
  if (AMOUNT.test(word)) return false;
  if (/^(?:h2c?|[45]xx|l[47]|ipv[46])$/.test(word)) return true;
  const parts = word.split(/[-/']/).filter((part) => part !== '');
  if (parts.length > 1) return parts.every((part) => isKnown(part, ground, numbers));
  return /^[a-z]+$/.test(word) && isOrdinary(word);
}

/** The one next step is the verdict's; a sentence may repeat it, and add nothing. */
function isAdvice(lower: string, cited: readonly Finding[], ground: Ground): boolean {
  if (!TELLS.test(lower) && !lower.split(CLAUSES).some((clause) => BEGINS.test(clause.trim()))) return false;
  const said = `${ground.nextStep} ${cited.map((one) => one.next).join(' ')}`.toLowerCase();
  const words = lower.match(/[a-z]{4,}/g) ?? [];
  const verbs = lower.match(ADVICE) ?? [];
  return !(
    [...verbs, ...words].every((word) => said.includes(word.replace(/(?:ing|ed|es|s)$/, ''))) && words.length >= 3
  );
}

function repeats(lower: string, instructions: string): boolean {
  const words = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const ours = ` ${words(instructions).join(' ')} `;
  const said = words(lower);
  return said.some(
    (_, at) => at + OVERLAP <= said.length && ours.includes(` ${said.slice(at, at + OVERLAP).join(' ')} `),
  );
}
