import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Window } from '../../diagnostics/window.ts';
import type { Recorded, Recorder } from '../../proxy/history/history.ts';
import { PREFIX } from '../queues.ts';
import { isUp, type RedisClient } from '../redis.ts';
import { bounded } from './bound.ts';
import { isKey, readFrame, resumed, type State, writeFrame, writeGap } from './frame.ts';

/**
 * One stream for each instance, its entries named by the time slot they were taken for, so that two workers cannot put
 * the same one twice. A whole sample now and then (a key frame), only differences in between. All of it goes away by
 * itself: entries beyond the count and the bytes that are kept, streams that nobody writes to any more.
 */
export interface StoreOptions {
  everyMs: number;
  keepMs: number;
  maxBytesPerProxy: number;
}

/** What became of a sample: kept with so many bytes, or there already (another worker's, or a later one). */
export type Kept = { is: 'kept'; bytes: number } | { is: 'there' };

export interface RecorderStore extends Recorder {
  put(hop: string, instance: string, slot: number, sample: ProxySample): Promise<Kept>;
  /** Notes down that the slot's sample could not be taken. */
  miss(hop: string, instance: string, slot: number, why: string): Promise<Kept>;
}

/** A key frame after this many entries: what a reader has to go back at most. */
const GROUP = 40;
/** Or after this share of the bytes that are kept: some whole group is always among them. */
const GROUP_SHARE = 0.2;
/** A first difference that begins longer before the window than this says little of it, periods. */
const LEAD_PERIODS = 8;
/** Streams whose last state this process remembers; a state that is not remembered is read again. */
const STATES = 1_000;
/** What Redis needs for an entry besides its bytes (measured on 7.0: 14 to 30). */
const ENTRY_BYTES = 24;

/**
 * Adds an entry. KEYS: stream. ARGV: id of the entry that it builds on ('' : none), its slot, its bytes, most entries,
 * most bytes, life (ms). Replies { kept }, { there } when the slot is taken or over, { moved } when another entry came in
 * between. Each entry carries the sum of all bytes so far: last minus first is what is held. Redis 5 and newer: XADD's
 * MINID came with 6.2, so that trimming is by count, and by bytes from the oldest on.
 */
const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local total = 0
if last then
  if tonumber(string.match(last[1], '^%d+')) >= tonumber(ARGV[2]) then return 'there' end
  total = tonumber(last[2][4]) or 0
end
if ARGV[1] ~= '' and (not last or last[1] ~= ARGV[1]) then return 'moved' end
total = total + string.len(ARGV[3]) + ${ENTRY_BYTES}
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], ARGV[2] .. '-0', 'f', ARGV[3], 'c', total)
local count = redis.call('XLEN', KEYS[1])
for i = 1, 64 do
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  if count <= 1 or total - (tonumber(first[2][4]) or 0) <= tonumber(ARGV[5]) then break end
  redis.call('XDEL', KEYS[1], first[1])
  count = count - 1
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 'kept'
`;

type Entries = [id: Buffer, fields: Buffer[]][];
interface Remembered {
  /** Id of the stream's last entry when this was written. */
  last: string;
  state: State;
  /** Entries since the key frame, and bytes with it. */
  since: number;
  bytes: number;
  sample: ProxySample;
}

const slotOf = (id: Buffer): number => Number(id.toString().split('-')[0]);
const bytesOf = (fields: Buffer[]): Buffer => fields[1] ?? Buffer.alloc(0);

/** Name of an instance's stream. */
export const streamOf = (hop: string, instance: string): string =>
  `${PREFIX}:recorder:${encodeURIComponent(hop)}/${encodeURIComponent(instance)}`;

/** The recorder's samples in Redis. `redis` should fail at once while Redis is away (role `producer`). */
export function recorderStore(redis: RedisClient, options: StoreOptions): RecorderStore {
  const entries = Math.ceil(options.keepMs / options.everyMs) + GROUP;
  const states = new Map<string, Remembered>();
  const remember = (stream: string, one: Remembered): void => {
    states.delete(stream);
    states.set(stream, one);
    if (states.size > STATES) states.delete(states.keys().next().value as string);
  };

  async function append(stream: string, on: string, slot: number, bytes: Buffer): Promise<'kept' | 'there' | 'moved'> {
    const life = String(options.keepMs + 2 * GROUP * options.everyMs);
    const args = [on, String(slot), bytes, String(entries), String(options.maxBytesPerProxy), life];
    return (await redis.eval(APPEND, 1, stream, ...args)) as 'kept' | 'there' | 'moved';
  }

  /** The state at the end of a stream that somebody else wrote to; null: there is none to build on. */
  async function resume(stream: string): Promise<Remembered | null> {
    const newest = (await redis.xrevrangeBuffer(stream, '+', '-', 'COUNT', GROUP + 1)) as Entries;
    const key = newest.findIndex(([, fields]) => isKey(bytesOf(fields)));
    if (key < 0) return null;
    let [state, sample]: [State | null, ProxySample | null] = [null, null];
    for (const [, fields] of newest.slice(0, key + 1).reverse()) {
      const entry = readFrame(state, bytesOf(fields));
      if (entry.is === 'unknown') return null;
      if (entry.is === 'sample') ({ state } = entry);
      sample = entry.is === 'sample' ? entry.sample() : sample;
    }
    const last = newest[0]?.[0].toString() ?? '';
    const bytes = newest.slice(0, key + 1).reduce((sum, [, fields]) => sum + bytesOf(fields).length, 0);
    return state && sample && { last, state: resumed(state), since: key, bytes, sample };
  }

  async function put(stream: string, slot: number, whole: ProxySample): Promise<Kept> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const before = (attempt === 0 ? states.get(stream) : null) ?? (await resume(stream));
      const { sample, brokenOff } = bounded(whole, before?.sample ?? null);
      const builds =
        before !== null && before.since + 1 < GROUP && before.bytes < GROUP_SHARE * options.maxBytesPerProxy;
      const frame = writeFrame(builds ? before.state : null, sample, brokenOff);
      const is = await append(stream, builds ? before.last : '', slot, frame.bytes);
      if (is === 'moved') continue;
      if (is === 'there') return { is };
      const { length } = frame.bytes;
      const group = builds ? { since: before.since + 1, bytes: before.bytes + length } : { since: 0, bytes: length };
      remember(stream, { last: `${slot}-0`, state: frame.state, ...group, sample });
      return { is, bytes: length };
    }
    return { is: 'there' };
  }

  return {
    put: (hop, instance, slot, sample) => put(streamOf(hop, instance), slot, sample),

    async miss(hop, instance, slot, why) {
      const bytes = writeGap(why);
      const is = await append(streamOf(hop, instance), '', slot, bytes);
      return is === 'kept' ? { is, bytes: bytes.length } : { is: 'there' };
    },

    async samples(hop, instance, window) {
      const stream = streamOf(hop, instance);
      const away = () => new BlindLook('no-connection', 'the recorder could not be read: Redis is away');
      if (!isUp(redis)) throw away();
      const from = Date.parse(window.from);
      // Both go out together. What is before the window ends with the sample that its first difference begins with.
      const [before, within] = await Promise.all([
        redis.xrevrangeBuffer(stream, from, '-', 'COUNT', GROUP + 1) as Promise<Entries>,
        redis.xrangeBuffer(stream, from + 1, Date.parse(window.to), 'COUNT', entries + GROUP) as Promise<Entries>,
      ]).catch((cause: unknown) => {
        throw new BlindLook('no-connection', away().message, { cause });
      });
      return replay(before.reverse(), within, window, options.everyMs);
    },
  };
}

/** Pure: what entries, oldest first, say of a window. Null where they hold nothing of it. */
export function replay(before: Entries, within: Entries, window: Window, everyMs: number): Recorded | null {
  const found: Recorded = { samples: [], missed: [], breaks: [], everyMs };
  let state: State | null = null;
  let earlier: (() => ProxySample | null) | null = null;
  for (const [i, [id, fields]] of [...before, ...within].entries()) {
    const entry = readFrame(state, bytesOf(fields));
    if (entry.is === 'unknown') {
      // Of a newer version, or cut off from its key frame: what builds on it cannot be read either.
      state = null;
      continue;
    }
    if (entry.is === 'gap') {
      if (i >= before.length) found.missed.push({ at: new Date(slotOf(id)).toISOString(), why: entry.why });
      continue;
    }
    ({ state } = entry);
    if (i < before.length) {
      earlier = entry.sample;
      continue;
    }
    const sample = entry.sample();
    if (!sample) {
      state = null;
      continue;
    }
    if (sample.at > window.to) break;
    if (entry.brokenOff) found.breaks.push(sample.at);
    found.samples.push(sample);
  }
  const start = earlier?.();
  if (start && Date.parse(window.from) - Date.parse(start.at) <= LEAD_PERIODS * everyMs) found.samples.unshift(start);
  return found.samples.length || found.missed.length ? found : null;
}
