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
/**
 * Numbers with a fraction: kept in hundred-thousandths (sums of seconds to 10 µs, of which a mean of ten requests loses
 * 1 µs). Others with one stay in the template, as they are.
 */
const FRACTION = /seconds$|^weight$/i;
const PARTS = 1e5;
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
    else if (FRACTION.test(name) && Number.isSafeInteger(Math.round(value * PARTS)))
      numbers.push(Math.round(value * PARTS));
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
    const kept = FRACTION.test(name) ? Number.isSafeInteger(Math.round(value * PARTS)) : Number.isSafeInteger(value);
    return kept ? { n: 1 } : value;
  }
  if (isTime(name, value)) return { t: 1 };
  if (value === null || typeof value !== 'object') return value;
  if (name === 'buckets') return { b: (value as [number | null, number][]).map(([bound]) => bound) };
  if (Array.isArray(value)) return { a: value.map((one) => blank(one, '')) };
  return { o: Object.fromEntries(Object.entries(value).map(([key, one]) => [key, blank(one, key)])) };
}

/** Makes a row of numbers, from `at` on. Compiled once for each template, since a window has thousands of its rows. */
export type Maker = (numbers: readonly number[], at: { place: number }) => Node;

function compiled(value: Node, name: string): Maker {
  if (value === null || typeof value !== 'object') return () => value;
  const node = value as { n?: 1; t?: 1; b?: (number | null)[]; a?: Node[]; o?: Plain };
  if (node.n && FRACTION.test(name)) return (numbers, at) => (numbers[at.place++] ?? 0) / PARTS;
  if (node.n) return (numbers, at) => numbers[at.place++] ?? 0;
  if (node.t) return (numbers, at) => timeOf(numbers[at.place++] ?? 0);
  if (node.b) {
    const bounds = node.b;
    return (numbers, at) => {
      let total = 0;
      return bounds.map((bound) => {
        total += numbers[at.place++] ?? 0;
        return [bound, total];
      });
    };
  }
  if (node.a) {
    const parts = node.a.map((one) => compiled(one, ''));
    return (numbers, at) => parts.map((make) => make(numbers, at));
  }
  const fields = Object.entries(node.o ?? {}).map(([key, one]): [string, Maker] => [key, compiled(one, key)]);
  return (numbers, at) => {
    const whole: Plain = {};
    for (const [key, make] of fields) whole[key] = make(numbers, at);
    return whole;
  };
}

/** Times beyond what a Date can hold come only from bytes that are not ours. */
const timeOf = (ms: number): string => new Date(Math.min(Math.max(ms, 0), 8.64e15)).toISOString();

/** A template as text, ready to make rows. */
export function readTemplate(text: string): { field: string; make: Maker } {
  const [field, row] = JSON.parse(text) as [string, Node];
  return { field: String(field), make: compiled(row, '') };
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

/** The sample again, from its rows: those of its lists by field, and all the rest under ''. */
export function putTogether(rows: Iterable<[field: string, row: unknown]>): ProxySample {
  const sample: Plain = {};
  for (const [field, row] of rows) {
    if (field === '') Object.assign(sample, { ...(row as Plain), ...withRows(sample, row as Plain) });
    else if (Array.isArray(sample[field])) (sample[field] as Node[]).push(row);
    else sample[field] = [row];
  }
  return sample as unknown as ProxySample;
}

/** Lists that came before the rest stay; the rest only says which lists are empty. */
const withRows = (sample: Plain, rest: Plain): Plain =>
  Object.fromEntries(Object.keys(rest).flatMap((key) => (key in sample ? [[key, sample[key]]] : [])));
