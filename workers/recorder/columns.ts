import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';

/**
 * A sample taken apart into series: what seldom changes (names, labels, states) and what always does (numbers). It knows
 * nothing of the sample's fields but these: times, and numbers that have a fraction. A field that is added later is kept.
 */
export interface Series {
  /** Numbers of each series, by a text that says everything else about it. */
  numbers: Map<string, number[]>;
  /** The series without its numbers, as JSON; made only for those that are not known yet. */
  template: (key: string) => string;
}

/** Times that move from sample to sample: kept as numbers, ms. */
const TIMES = new Set(['at', 'clock']);
/** Numbers with a fraction: kept in millionths. Others with one stay in the template, as they are. */
const FRACTION = /seconds$|^weight$/i;
const MICRO = 1e6;
/** What stands in a series' text where a number was. */
const NUMBER = '\u0001';

type Node = unknown;
type Plain = { [name: string]: Node };

const isTime = (name: string, value: Node): value is string =>
  typeof value === 'string' && TIMES.has(name) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);

/** Appends the numbers of a value and returns the rest of it as text. */
function walk(value: Node, name: string, numbers: number[]): string {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && !FRACTION.test(name)) numbers.push(value);
    else if (FRACTION.test(name) && Number.isSafeInteger(Math.round(value * MICRO)))
      numbers.push(Math.round(value * MICRO));
    else return `${value};`;
    return NUMBER;
  }
  if (isTime(name, value)) {
    numbers.push(Date.parse(value));
    return NUMBER;
  }
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (value === null || typeof value !== 'object') return `${value};`;
  if (name === 'buckets') return buckets(value as [number | null, number][], numbers);
  if (Array.isArray(value)) return `[${value.map((one) => walk(one, '', numbers)).join('')}]`;
  let text = '{';
  for (const key in value) text += `${key}=${walk((value as Plain)[key], key, numbers)}`;
  return `${text}}`;
}

/** A request moves one bucket and all above it: what is kept is each bucket by itself, which moves alone. */
function buckets(all: [number | null, number][], numbers: number[]): string {
  let below = 0;
  let bounds = '';
  for (const [bound, count] of all) {
    bounds += `${bound},`;
    numbers.push(Math.round(count) - below);
    below = Math.round(count);
  }
  return `(${bounds})`;
}

/** What stands in a template where a number was. */
function blank(value: Node, name: string): Node {
  if (typeof value === 'number') {
    const kept = FRACTION.test(name) ? Number.isSafeInteger(Math.round(value * MICRO)) : Number.isSafeInteger(value);
    return kept ? { n: 1 } : value;
  }
  if (isTime(name, value)) return { t: 1 };
  if (value === null || typeof value !== 'object') return value;
  if (name === 'buckets') return { b: (value as [number | null, number][]).map(([bound]) => bound) };
  if (Array.isArray(value)) return { a: value.map((one) => blank(one, '')) };
  return { o: Object.fromEntries(Object.entries(value).map(([key, one]) => [key, blank(one, key)])) };
}

function fill(value: Node, name: string, next: () => number): Node {
  if (value === null || typeof value !== 'object') return value;
  const node = value as { n?: 1; t?: 1; b?: (number | null)[]; a?: Node[]; o?: Plain };
  if (node.n) return FRACTION.test(name) ? next() / MICRO : next();
  if (node.t) return new Date(next()).toISOString();
  if (node.b) {
    let total = 0;
    return node.b.map((bound) => {
      total += next();
      return [bound, total];
    });
  }
  if (node.a) return node.a.map((one) => fill(one, '', next));
  return Object.fromEntries(Object.entries(node.o ?? {}).map(([key, one]) => [key, fill(one, key, next)]));
}

const isRows = (value: Node): value is Plain[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one));

/**
 * What a row is called, and its numbers into `numbers`. Rows that differ in nothing but numbers are told apart by their
 * order: `taken` says which names are.
 */
export function keyOf(field: string, row: unknown, numbers: number[], taken: (key: string) => boolean): string {
  const text = `${field}|${walk(row, '', numbers)}`;
  let key = text;
  for (let n = 2; taken(key); n++) key = `${text}~${n}`;
  return key;
}

/** A row from its template and numbers, the first of which only says that it is there. */
export function rowOf(template: unknown, numbers: readonly number[]): unknown {
  let at = 1;
  return fill(template, '', () => numbers[at++] ?? 0);
}

/** Takes a sample apart: one series for each row of its lists, and one for all the rest. */
export function takeApart(sample: ProxySample): Series {
  const numbers = new Map<string, number[]>();
  const origin = new Map<string, [field: string, row: Node]>();
  const put = (field: string, row: Node): void => {
    const found: number[] = [1];
    const key = keyOf(field, row, found, (one) => numbers.has(one));
    numbers.set(key, found);
    origin.set(key, [field, row]);
  };
  const rest: Plain = {};
  for (const [field, value] of Object.entries(sample)) {
    if (!isRows(value)) rest[field] = value;
    else if (value.length === 0) rest[field] = [];
    else for (const row of value) put(field, row);
  }
  put('', rest);
  return {
    numbers,
    template: (key) => {
      const [field, row] = origin.get(key) as [string, Node];
      return JSON.stringify([field, blank(row, '')]);
    },
  };
}

/** The sample again, from parsed templates and their numbers. */
export function putTogether(
  series: Iterable<[template: [field: string, row: unknown], numbers: number[]]>,
): ProxySample {
  const sample: Plain = {};
  for (const [[field, row], numbers] of series) {
    const whole = rowOf(row, numbers);
    if (field === '') Object.assign(sample, { ...(whole as Plain), ...withRows(sample, whole as Plain) });
    else if (Array.isArray(sample[field])) (sample[field] as Node[]).push(whole);
    else sample[field] = [whole];
  }
  return sample as unknown as ProxySample;
}

/** Lists that came before the rest stay; the rest only says which lists are empty. */
const withRows = (sample: Plain, rest: Plain): Plain =>
  Object.fromEntries(Object.keys(rest).flatMap((key) => (key in sample ? [[key, sample[key]]] : [])));
