import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import { keyOf, type Maker, putTogether, readTemplate, takeApart } from './columns.ts';
import { isSample } from './shape.ts';
import { Reader, readDifference, Writer, writeDifference } from './varint.ts';

/** Version of what follows: entries of another version are skipped, never guessed at. */
const VERSION = 1;
/** Flags of an entry. */
const KEY = 1;
const BROKEN_OFF = 2;
const GAP = 4;
/** An entry of ours is a few KiB; more than this is none of ours. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Most numbers of one series: a histogram has some dozens. */
const MOST_NUMBERS = 100_000;
/** Most numbers of all series: those of a proxy's largest sample are some 100,000; a few bytes could say that there are billions. */
const MOST_IN_ALL = 2_000_000;
/** Longest reason that is kept with a missed sample. */
const WHY_CHARS = 200;

/** All that the next difference needs: every series that was seen since the last key frame, and its numbers. */
export interface State {
  /** By the text of takeApart; empty in a state that was read back, until `resumed`. */
  places: Map<string, number>;
  templates: string[];
  /** First place and count of each series in `numbers`. */
  spans: [at: number, length: number][];
  numbers: number[];
}

interface Frame {
  bytes: Buffer;
  state: State;
}

/** What an entry says. `sample` is made when it is asked for; null: it is none after all. */
export type Entry =
  | { is: 'sample'; state: State; brokenOff: boolean; sample: () => ProxySample | null }
  | { is: 'gap'; why: string }
  | { is: 'unknown' };

/**
 * Writes a sample as its difference from `before`; whole, as a key frame, where that is null. `brokenOff`: its series
 * cannot be compared with the sample before it.
 */
export function writeFrame(before: State | null, sample: ProxySample, brokenOff = false): Frame {
  const { numbers: rows, template } = takeApart(sample);
  const numbers = before ? before.numbers.slice() : [];
  let places = before?.places ?? new Map<string, number>();
  let templates = before?.templates ?? [];
  let spans = before?.spans ?? [];
  // A series that is gone keeps its numbers, so that its return costs little; the first one says that it is away.
  for (const [at] of spans) numbers[at] = 0;
  const fresh: string[] = [];
  for (const [key, now] of rows) {
    const place = places.get(key);
    if (place !== undefined) {
      const [at] = spans[place] as [number, number];
      for (let i = 0; i < now.length; i++) numbers[at + i] = now[i] as number;
      continue;
    }
    if (fresh.length === 0) [places, templates, spans] = [new Map(places), [...templates], [...spans]];
    const made = template(key);
    places.set(key, spans.length);
    templates.push(made);
    spans.push([numbers.length, now.length]);
    numbers.push(...now);
    fresh.push(made, String(now.length));
  }
  const state: State = { places, templates, spans, numbers };
  const writer = new Writer();
  const text = Buffer.from(fresh.length ? JSON.stringify(fresh) : '');
  writer.varint(text.length);
  const head = writer.done();
  const body = new Writer();
  const order = orderOf(state);
  const sorted = (all: number[]): number[] => order.map((at) => all[at] ?? 0);
  writeDifference(body, sorted(before?.numbers ?? []), sorted(numbers));
  const packed = deflateRawSync(Buffer.concat([head, text, body.done()]), { level: 9, memLevel: 9 });
  const flags = (before ? 0 : KEY) | (brokenOff ? BROKEN_OFF : 0);
  return { bytes: Buffer.concat([Buffer.from([VERSION, flags]), packed]), state };
}

/** Notes down that a sample could not be taken, and why. */
export function writeGap(why: string): Buffer {
  return Buffer.concat([Buffer.from([VERSION, GAP]), Buffer.from(why.slice(0, WHY_CHARS))]);
}

export const isKey = (bytes: Uint8Array): boolean => bytes[0] === VERSION && ((bytes[1] ?? 0) & KEY) !== 0;

/** Reads an entry. Anything that is not ours, or needs a state that is not there, is `unknown`; never throws. */
export function readFrame(before: State | null, bytes: Uint8Array): Entry {
  const [version, flags = 0] = bytes;
  if (version !== VERSION || bytes.length > MOST_BYTES) return { is: 'unknown' };
  if (flags & GAP) return { is: 'gap', why: Buffer.from(bytes.subarray(2, 2 + 4 * WHY_CHARS)).toString() };
  if (!(flags & KEY) && before === null) return { is: 'unknown' };
  try {
    const state = unpack(flags & KEY ? null : before, bytes.subarray(2));
    return { is: 'sample', state, brokenOff: (flags & BROKEN_OFF) !== 0, sample: () => sampleOf(state) };
  } catch {
    return { is: 'unknown' };
  }
}

function unpack(before: State | null, packed: Uint8Array): State {
  const bytes = inflateRawSync(packed, { maxOutputLength: MOST_BYTES });
  const reader = new Reader(bytes);
  const length = reader.varint();
  const from = bytes.length - reader.left;
  const fresh = length ? (JSON.parse(bytes.subarray(from, from + length).toString()) as string[]) : [];
  // The same lists as long as nothing is added: what is known of their order stays known.
  const templates = before && !fresh.length ? before.templates : [...(before?.templates ?? [])];
  const spans = before && !fresh.length ? before.spans : [...(before?.spans ?? [])];
  let count = before?.numbers.length ?? 0;
  for (let i = 0; i + 1 < fresh.length; i += 2) {
    const size = Number(fresh[i + 1]);
    if (!Number.isInteger(size) || size < 1 || size > MOST_NUMBERS) throw new RangeError('no size of a series');
    templates.push(fresh[i] as string);
    spans.push([count, size]);
    count += size;
    if (count > MOST_IN_ALL) throw new RangeError('more numbers than any sample has');
  }
  const order = orderOf({ templates, spans });
  const was = before?.numbers ?? [];
  const sorted = readDifference(
    new Reader(bytes, from + length),
    order.map((at) => was[at] ?? 0),
    count,
  );
  const numbers = new Array<number>(count).fill(0);
  for (const [i, at] of order.entries()) numbers[at] = sorted[i] as number;
  return { places: before?.places ?? new Map(), templates, spans, numbers };
}

/** What a template is but for its names: series of one kind stand beside each other. */
const NAMES = /"(host|service|endpoint|address|status|maker|zone)":("(?:[^"\\]|\\.)*"|null)/g;
const orders = new WeakMap<State['spans'], number[]>();

/**
 * The order in which numbers are written: column by column of each kind of series, since the same column of neighbours
 * is alike (equal counts of one request in several histograms, nothing at all in most buckets).
 */
function orderOf({ templates, spans }: Pick<State, 'templates' | 'spans'>): number[] {
  const known = orders.get(spans);
  if (known) return known;
  const kinds = new Map<string, [at: number, length: number][]>();
  for (const [i, span] of spans.entries()) {
    const kind = `${span[1]} ${(templates[i] as string).replace(NAMES, '')}`;
    const others = kinds.get(kind);
    if (others) others.push(span);
    else kinds.set(kind, [span]);
  }
  const order: number[] = [];
  for (const of of kinds.values()) {
    const length = of[0]?.[1] ?? 0;
    for (let column = 0; column < length; column++) for (const [at] of of) order.push(at + column);
  }
  orders.set(spans, order);
  return order;
}

/** A state that was read back, ready to be written from. */
export function resumed(state: State): State {
  const places = new Map<string, number>();
  const makers = makersOf(state.templates);
  for (const [place, [at]] of state.spans.entries()) {
    const { field, make } = makers[place] as Template;
    const row = make(state.numbers, { place: at + 1 });
    places.set(
      keyOf(field, row, [], (key) => places.has(key)),
      place,
    );
  }
  return { ...state, places };
}

/** The sample of a state; null where bytes that are not ours looked like one. Never throws. */
function sampleOf(state: State): ProxySample | null {
  try {
    const sample = madeOf(state);
    return isSample(sample) ? sample : null;
  } catch {
    return null;
  }
}

function madeOf({ templates, spans, numbers }: State): unknown {
  const makers = makersOf(templates);
  const rows: [string, unknown][] = [];
  for (const [i, [at]] of spans.entries()) {
    // The first number says whether the series is there.
    if (numbers[at] !== 1) continue;
    const { field, make } = makers[i] as Template;
    rows.push([field, make(numbers, { place: at + 1 })]);
  }
  return putTogether(rows);
}

type Template = { field: string; make: Maker };
const compiled = new WeakMap<string[], Template[]>();

/** Templates stay the same for many samples: each list of them is read once. */
function makersOf(templates: string[]): Template[] {
  const known = compiled.get(templates);
  if (known) return known;
  const made = templates.map(readTemplate);
  compiled.set(templates, made);
  return made;
}
