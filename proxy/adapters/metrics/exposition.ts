/**
 * Prometheus text pages (exposition format 0.0.4, and OpenMetrics where pages differ: exemplars, `# EOF`) read as a stream
 * of lines. Memory is bounded by one line whatever the page; what cannot be read is skipped, since one odd series must
 * not hide the others.
 * Source: prometheus.io/docs/instrumenting/exposition_formats, OpenMetrics 1.0 "ABNF".
 */

/** Longest line that is read, bytes; a longer one is skipped whole (real ones are below 2 KiB). */
const LINE_BYTES = 128 * 1024;

/** Most labels of one series that are kept: an ingress-nginx series has 15. */
const LABELS = 64;

/** A line that passed the filter. It is one reused object: what is to be kept must be read before the next line. */
export interface Line {
  readonly name: string;
  readonly value: number;
  /** Value of a label, unescaped, or null; the first one where a label comes twice (no valid page has that). */
  label(name: string): string | null;
  /** All of them. */
  labels(): { [name: string]: string };
}

const [TAB, CR, SPACE, QUOTE, HASH, COMMA, EQUALS, BACKSLASH, OPEN, CLOSE] = [9, 13, 32, 34, 35, 44, 61, 92, 123, 125];

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

/**
 * A parser that is fed chunks of bytes, cut anywhere. `wanted` filters by name; lines of other names cost a search for
 * their end. `take` gets each wanted line. Returns `feed` and `end` (the last line may lack its newline).
 */
export function expositionParser(
  wanted: (name: string) => boolean,
  take: (line: Line) => void,
): { feed(chunk: Uint8Array): void; end(): void } {
  /** What is left of the last chunk, one character per byte: UTF-8 that a chunk border cuts is whole again later. */
  let rest = '';
  let skipping = false;
  /** Series of one name stand together: the verdict on the last name is mostly that on the next one. */
  let lastName = '';
  let lastWanted = false;

  let text = '';
  let count = 0;
  let value = 0;
  const spans = new Int32Array(LABELS * 4);
  const names = recent();
  const values = recent();
  const valueAt = (i: number): string => values(text, spans[i * 4 + 2] as number, spans[i * 4 + 3] as number);
  const line: Line = {
    get name() {
      return lastName;
    },
    get value() {
      return value;
    },
    label(name) {
      for (let i = 0; i < count; i++) {
        const begin = spans[i * 4] as number;
        if ((spans[i * 4 + 1] as number) - begin === name.length && text.startsWith(name, begin)) return valueAt(i);
      }
      return null;
    },
    labels() {
      const all: [string, string][] = [];
      for (let i = count - 1; i >= 0; i--)
        all.push([names(text, spans[i * 4] as number, spans[i * 4 + 1] as number), valueAt(i)]);
      // Not by assignment: a label may be called __proto__.
      return Object.fromEntries(all);
    },
  };

  function oneLine(from: number, end: number): void {
    let at = from;
    while (at < end && isBlank(text.charCodeAt(at))) at++;
    if (at >= end || text.charCodeAt(at) === HASH) return;
    let after = at + lastName.length;
    if (lastName === '' || !text.startsWith(lastName, at) || isNamePart(text.charCodeAt(after))) {
      after = at;
      while (after < end && isNamePart(text.charCodeAt(after))) after++;
      if (after === at) return;
      lastName = names(text, at, after);
      lastWanted = wanted(lastName);
    }
    if (!lastWanted) return;
    count = 0;
    const afterLabels = readLabels(after, end);
    if (afterLabels === -1) return;
    const read = readValue(afterLabels, end);
    if (Number.isNaN(read)) return;
    value = read;
    take(line);
  }

  /** Position behind the labels, -1 where they do not end. */
  function readLabels(from: number, end: number): number {
    let at = from;
    while (at < end && isBlank(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) !== OPEN) return at;
    at++;
    while (at < end) {
      let code = text.charCodeAt(at);
      if (code === CLOSE) return at + 1;
      if (code === COMMA || isBlank(code)) {
        at++;
        continue;
      }
      const key = at;
      while (at < end && isNamePart(text.charCodeAt(at))) at++;
      const keyEnd = at;
      while (at < end && isBlank(text.charCodeAt(at))) at++;
      if (keyEnd === key || text.charCodeAt(at) !== EQUALS) return -1;
      at++;
      while (at < end && isBlank(text.charCodeAt(at))) at++;
      if (text.charCodeAt(at) !== QUOTE) return -1;
      const begin = ++at;
      for (; at < end; at++) {
        code = text.charCodeAt(at);
        if (code === QUOTE) break;
        if (code === BACKSLASH) at++;
      }
      if (at >= end) return -1;
      if (count < LABELS) {
        spans[count * 4] = key;
        spans[count * 4 + 1] = keyEnd;
        spans[count * 4 + 2] = begin;
        spans[count * 4 + 3] = at;
        count++;
      }
      at++;
    }
    return -1;
  }

  /** The value; what stands behind it (a timestamp, an exemplar) is not needed. NaN where there is none. */
  function readValue(from: number, end: number): number {
    let at = from;
    while (at < end && isBlank(text.charCodeAt(at))) at++;
    const begin = at;
    let whole = 0;
    for (; at < end; at++) {
      const code = text.charCodeAt(at);
      if (isBlank(code) || code === CR) break;
      whole = code >= 48 && code <= 57 ? whole * 10 + code - 48 : Number.NaN;
    }
    if (at === begin) return Number.NaN;
    // Most values are small whole numbers; from 16 digits on the sum above would round twice.
    return at - begin < 16 && !Number.isNaN(whole) ? whole : numberIn(text.slice(begin, at));
  }

  return {
    feed(chunk) {
      const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
      text = rest === '' ? fresh : rest + fresh;
      let at = 0;
      if (skipping) {
        const end = text.indexOf('\n');
        if (end === -1) return;
        skipping = false;
        at = end + 1;
      }
      for (let end = text.indexOf('\n', at); end !== -1; end = text.indexOf('\n', at)) {
        if (end - at <= LINE_BYTES) oneLine(at, end);
        at = end + 1;
      }
      skipping = text.length - at > LINE_BYTES;
      rest = skipping ? '' : copyOf(text, at, text.length);
    },
    end() {
      text = rest;
      rest = '';
      if (!skipping) oneLine(0, text.length);
      text = '';
    },
  };
}

function isNamePart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    code === 95 ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 58
  );
}

/** As Go's ParseFloat takes it where JavaScript's does not: `+Inf`, `Inf`, `NaN`. NaN for anything unreadable. */
function numberIn(token: string): number {
  if (/^[+-]?inf(inity)?$/i.test(token))
    return token.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?(\d|\.\d)/.test(token) ? Number(token) : Number.NaN;
}

/** A copy: a slice of a string would keep the whole chunk alive for as long as a label lives. */
function copyOf(text: string, from: number, to: number): string {
  return from === to ? '' : Buffer.from(text.slice(from, to), 'latin1').toString('latin1');
}

/** Slots of the table of recent values, and the longest value (bytes) that it keeps. */
const SLOTS = 4096;
const KEPT_BYTES = 256;

/** A longer label value is cut here, bytes: a certificate with a hundred names fits. */
const VALUE_BYTES = 4096;

/**
 * Label values repeat from line to line: each is decoded (UTF-8, escapes) and copied once, as long as it is in use. A
 * fixed table, so that a million different values take no more than its slots.
 */
function recent(): (text: string, from: number, to: number) => string {
  const raw: string[] = new Array(SLOTS).fill('');
  const known: string[] = new Array(SLOTS).fill('');
  return (text, from, to) => {
    const length = to - from;
    if (length === 0) return '';
    if (length > KEPT_BYTES) return decode(copyOf(text, from, Math.min(to, from + VALUE_BYTES)));
    const middle = from + (length >> 1);
    const hash =
      (Math.imul(length, 0x9e3779b1) ^
        Math.imul(text.charCodeAt(from), 0x85ebca6b) ^
        Math.imul(text.charCodeAt(middle), 0xc2b2ae35) ^
        Math.imul(text.charCodeAt(to - 1) | (text.charCodeAt(to - (length >> 2) - 1) << 8), 0x27d4eb2f)) >>>
      20;
    const slot = raw[hash] as string;
    if (slot.length === length && text.startsWith(slot, from)) return known[hash] as string;
    const copy = copyOf(text, from, to);
    raw[hash] = copy;
    const decoded = decode(copy);
    known[hash] = decoded;
    return decoded;
  };
}

const HIGH = /[\x80-\xff]/;

/** Bytes to text (what is no UTF-8 becomes U+FFFD), then the escapes `\\`, `\"` and `\n`. */
function decode(bytes: string): string {
  const text = HIGH.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
  return text.includes('\\') ? text.replace(/\\(.)/g, (_, code: string) => (code === 'n' ? '\n' : code)) : text;
}

export { LINE_BYTES };
