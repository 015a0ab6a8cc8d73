import { fold } from './words.ts';

/** A part of a text with where it stands in the whole, so that names found there can be matched to it. */
export interface Part {
  /** As written. */
  raw: string;
  /** As the tables read it (words.ts). */
  text: string;
  from: number;
  to: number;
}

export interface Sentence extends Part {
  clauses: (Part & { /** Where it begins in the sentence's folded text. */ at: number })[];
  question: boolean;
}

/** Nobody reads further than this; a pasted log is not prose. */
const MAX_SENTENCES = 200;
/** Ends of sentences, and the words after which somebody says the opposite. A dot inside a name ends nothing. */
const SENTENCE_END =
  /[.!?…]{1,10}(?=\s|$|["')*_])["')*_]{0,3}|\n+|\s[-–—]{1,3}\s|;\s|\s(?=(?:but|however|though|although|aber|ale|mais|pero|maar|jednak|leider)\s)/g;
const CLAUSE_END = /,\s|\s\(|\)\s|:\s(?=\S{1,20}\s)/g;

function split(text: string, ends: RegExp, from: number, most: number): Part[] {
  const parts: Part[] = [];
  let start = 0;
  const push = (to: number): void => {
    const raw = text.slice(start, to);
    if (raw.trim() !== '') parts.push({ raw, text: fold(raw).trim(), from: from + start, to: from + to });
    start = to;
  };
  for (const end of text.matchAll(ends)) {
    if (parts.length >= most) break;
    push(end.index + end[0].length);
  }
  push(text.length);
  return parts;
}

/** Pure: the sentences of a text, each with its clauses. */
export function sentencesIn(text: string): Sentence[] {
  return split(text, SENTENCE_END, 0, MAX_SENTENCES).map((part) => ({
    ...part,
    clauses: placed(split(part.raw, CLAUSE_END, part.from, 50), part.text),
    question: /\?\W{0,5}$/.test(part.raw),
  }));
}

function placed(clauses: Part[], text: string): Sentence['clauses'] {
  let cursor = 0;
  return clauses.map((clause) => {
    const at = text.indexOf(clause.text, cursor);
    if (at !== -1) cursor = at + clause.text.length;
    return { ...clause, at: at === -1 ? cursor : at };
  });
}
