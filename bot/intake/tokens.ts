import { MEANINGS, SIGN_MEANINGS } from './meanings.ts';
import { fold } from './words.ts';

/** Words, signs and marks of a text, and what they mean (meanings.ts). */

const SCRIPT = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}ー';
const SIGN = new RegExp(`^[${SCRIPT}]`, 'u');
const TOKEN = new RegExp(
  `‹\\w+›|[${SCRIPT}]+|n't|\\p{L}[\\p{L}\\p{M}_-]*|:[a-z_+-]{2,30}:|\\p{Extended_Pictographic}|[?!.,;:\\n]+|[%"\`→]`,
  'gu',
);
/** Scripts side by side: "storeが". */
const SEAM = new RegExp(`(?<=[a-z0-9])(?=[${SCRIPT}])|(?<=[${SCRIPT}])(?=[a-z0-9])`, 'gu');
/** What is read of a long text: it says at its beginning and at its end what it is about. */
const HEAD = 90;
const TAIL = 20;

const even = (text: string): string => fold(text).normalize('NFC').toLowerCase().replaceAll('ı', 'i');

const whole = new Map<string, string>();
/** Beginnings, by their first two letters. */
const begun = new Map<string, [beginning: string, meaning: string][]>();
for (const [meaning, row] of Object.entries(MEANINGS)) {
  for (const word of even(row).trim().split(/\s+/)) {
    if (!word.endsWith('*')) {
      if (!whole.has(word)) whole.set(word, meaning);
      continue;
    }
    const key = word.slice(0, 2);
    begun.set(key, [...(begun.get(key) ?? []), [word.slice(0, -1), meaning]]);
  }
}
const signs = Object.entries(SIGN_MEANINGS)
  .flatMap(([meaning, row]) => row.split(' ').map((sign): [string, string] => [even(sign), meaning]))
  .sort((a, b) => b[0].length - a[0].length);

function meaningOf(word: string): string | null {
  const known = whole.get(word);
  if (known !== undefined) return known;
  let best: [string, string] | null = null;
  for (const entry of begun.get(word.slice(0, 2)) ?? [])
    if (word.startsWith(entry[0]) && (!best || entry[0].length > best[0].length)) best = entry;
  return best === null ? null : best[1];
}

/** What a run of signs means, in its order; a longer sign takes its place from shorter ones. */
function meaningsOf(run: string): string[] {
  const found: { at: number; meaning: string }[] = [];
  const taken = new Set<number>();
  for (const [sign, meaning] of signs) {
    for (let at = run.indexOf(sign); at !== -1 && found.length < 40; at = run.indexOf(sign, at + sign.length)) {
      if (taken.has(at)) continue;
      for (let i = 0; i < sign.length; i++) taken.add(at + i);
      found.push({ at, meaning });
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ meaning }) => meaning);
}

/** Pure: a text (with marks such as `‹place›`) as words, and as meanings without the words that have none. */
export function tokensOf(text: string): { words: string[]; meanings: string[] } {
  const words: string[] = [];
  const meanings: string[] = ['^'];
  const found = [...even(text).replace(SEAM, ' ').replace(/n't\b/g, " n't").slice(0, 12_000).matchAll(TOKEN)];
  const read = found.length <= HEAD + TAIL ? found : [...found.slice(0, HEAD), ...found.slice(-TAIL)];
  for (const [token] of read) {
    if (/^[?!.,;:\n]+$/.test(token)) {
      const sign = token.includes('?') ? '?' : /[.!;\n]/.test(token) ? '|' : ',';
      if (/[?!]/.test(token)) words.push(token.includes('?') ? '?' : '!');
      if (meanings.at(-1) !== sign) meanings.push(sign);
    } else if (SIGN.test(token)) {
      const run = token.slice(0, 40);
      words.push(...run);
      meanings.push(...meaningsOf(run));
    } else {
      words.push(token.slice(0, 24));
      const meaning = token.startsWith('‹') ? token : meaningOf(token);
      if (meaning !== null) meanings.push(meaning);
    }
  }
  meanings.push('$');
  return { words, meanings };
}
