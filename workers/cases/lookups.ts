import type { Case } from '../../diagnostics/types.ts';
import type { RedisClient } from '../redis.ts';
import { CASE_TTL_S, key } from './keys.ts';
import type { CaseRecord } from './record.ts';

const MAX_CASES = 2000;
/** How long a convicted hop explains reports about other hosts that go through it. */
const GUILTY_MS = 15 * 60 * 1000;

/** How cases are found: by host, by convicted hop, by thread, by time. */
export function lookups(
  redis: RedisClient,
  questionOf: (one: Case) => string,
  load: (id: string) => Promise<CaseRecord | null>,
) {
  return {
    /** The newest finished case about a host (see LAST_TTL_MS in finish.ts), or null. */
    async lastOf(one: Case): Promise<CaseRecord | null> {
      const id = await redis.get(key.last(questionOf(one)));
      return id === null ? null : load(id);
    },

    /** Finished cases that convicted one of these hops a moment ago. */
    async guiltyHops(hops: string[]): Promise<{ hop: string; record: CaseRecord }[]> {
      if (hops.length === 0) return [];
      const ids = await redis.mget(hops.map(key.guilty));
      const found = await Promise.all(
        ids.map(async (id, i) => ({ hop: hops[i] ?? '', record: id === null ? null : await load(id) })),
      );
      return found.flatMap(({ hop, record }) => (record === null ? [] : [{ hop, record }]));
    },

    /** Remembers that a case convicted hops that others share. */
    async convict(id: string, hops: string[]): Promise<void> {
      for (const hop of hops) await redis.set(key.guilty(hop), id, 'PX', GUILTY_MS);
    },

    /** Remembers in which thread a case is talked about; the newest case of a thread is the one that is meant. */
    async ownThread(channel: string, ts: string, id: string): Promise<void> {
      await redis.set(key.thread(channel, ts), id, 'EX', CASE_TTL_S);
    },

    /** The case that a thread belongs to, or null. */
    async ofThread(channel: string, ts: string): Promise<CaseRecord | null> {
      const id = await redis.get(key.thread(channel, ts));
      return id === null ? null : load(id);
    },

    /** The newest cases, newest first. */
    async recent(count: number): Promise<CaseRecord[]> {
      const ids = await redis.zrevrange(key.index, 0, count - 1);
      const records = await Promise.all(ids.map((id) => load(id)));
      return records.filter((record) => record !== null);
    },

    /** Cases that were opened from `from` on and before `to` (ms), newest first, at most `most`; `total`: how many there were. */
    async openedBetween(from: number, to: number, most: number): Promise<{ records: CaseRecord[]; total: number }> {
      const ids = await redis.zrevrangebyscore(key.index, `(${to}`, from);
      const records = (await Promise.all(ids.slice(0, most).map((id) => load(id)))).filter((one) => one !== null);
      // Those that are forgotten are none of the others: they are told to be more.
      return { records, total: ids.length };
    },

    /** Forgets the oldest cases beyond what is listed. */
    async trim(): Promise<void> {
      await redis.zremrangebyrank(key.index, 0, -MAX_CASES - 1);
    },
  };
}
