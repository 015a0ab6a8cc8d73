import type { Interval } from '../../diagnostics/rollout/types.ts';
import { PREFIX } from '../queues.ts';
import type { RedisClient } from '../redis.ts';
import { merged } from './merge.ts';
import { APPEND, COMPACT } from './scripts.ts';

/** Intervals are for the judge and for charts: two weeks are enough. */
const KEPT_S = 14 * 24 * 60 * 60;
/** Of one stage. When there are more, the older half is merged by pairs: recent time stays as fine as it was read. */
const MOST = 480;
/** Of one stage, bytes of JSON. */
const MOST_BYTES = 8 * 1024 * 1024;
/** What one slot may say, bytes of JSON: it is cut by whoever collects, and refused here. */
const MOST_SLOT_BYTES = 64 * 1024;

/** What one time slot showed: an interval for each source that could be read, at most one of each. */
type SlotIntervals = Interval[];

const listOf = (id: string, stage: number) => `${PREFIX}:rollout:${id}:stage:${stage}`;
const stateOf = (id: string, stage: number) => `${PREFIX}:rollout:${id}:stage:${stage}:state`;

/** What the watch saw of each stage, in order, each time slot once; and the counters that its next slot begins with. */
export function intervalStore(redis: RedisClient) {
  async function entries(id: string, stage: number): Promise<SlotIntervals[]> {
    const texts = await redis.lrange(listOf(id, stage), 0, -1);
    return texts.map((text) => JSON.parse(text) as SlotIntervals);
  }

  const store = {
    /** Everything of a stage, oldest first. Stage -1: what was seen before the first began. */
    async read(id: string, stage: number): Promise<Interval[]> {
      return (await entries(id, stage)).flat();
    },

    /** The newest slot (ms) that is there, and the counters at its end as the collector wrote them; null: none. */
    async base(id: string, stage: number): Promise<{ slot: number; base: string } | null> {
      const [slot, base] = await redis.hmget(stateOf(id, stage), 'slot', 'base');
      return typeof slot === 'string' && typeof base === 'string' ? { slot: Number(slot), base } : null;
    },

    /**
     * Adds a slot and the counters that the next one begins with, both or neither. `there`: this slot, or a later one, was
     * added before. `full`: only the counters were taken.
     */
    async append(
      id: string,
      stage: number,
      slot: number,
      found: SlotIntervals,
      base: string,
    ): Promise<'kept' | 'there' | 'full'> {
      const text = found.length === 0 ? '' : JSON.stringify(found);
      const fits = Buffer.byteLength(text) <= MOST_SLOT_BYTES;
      const keys = [listOf(id, stage), stateOf(id, stage)];
      const args = [String(slot), fits ? text : '', base, String(KEPT_S), String(MOST_BYTES)];
      const reply = await redis.eval(APPEND, 2, ...keys, ...args);
      if (reply === 1 && fits) await store.compact(id, stage);
      return reply === 0 ? 'there' : reply === 1 && fits ? 'kept' : 'full';
    },

    /** Merges the older half by pairs where there are too many. By position alone: what was counted decides nothing. */
    async compact(id: string, stage: number): Promise<void> {
      if ((await redis.llen(listOf(id, stage))) <= MOST) return;
      const generation = (await redis.hget(stateOf(id, stage), 'generation')) ?? '0';
      const oldest = await redis.lrange(listOf(id, stage), 0, MOST / 2 - 1);
      const slots = oldest.map((text) => JSON.parse(text) as SlotIntervals);
      const fewer: string[] = [];
      for (let i = 0; i < slots.length; i += 2)
        fewer.push(JSON.stringify(merged(slots[i] as SlotIntervals, slots[i + 1] ?? [])));
      const size = (texts: string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      const keys = [listOf(id, stage), stateOf(id, stage)];
      await redis.eval(
        COMPACT,
        2,
        ...keys,
        generation,
        String(oldest.length),
        String(size(oldest) - size(fewer)),
        ...fewer,
      );
    },
  };
  return store;
}
