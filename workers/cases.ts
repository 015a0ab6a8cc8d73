import type { Case } from '../diagnostics/types.ts';
import { type Asked, readAsked } from './cases/asked.ts';
import { claims, hostOf } from './cases/claim.ts';
import { endings } from './cases/finish.ts';
import { key } from './cases/keys.ts';
import { lookups } from './cases/lookups.ts';
import { type CaseRecord, readRecord } from './cases/record.ts';
import { release, take } from './lock.ts';
import { type MessageState, setMessageState } from './messages.ts';
import type { RedisClient } from './redis.ts';
import { loadScore, type Score } from './score.ts';
import { createVotes } from './votes.ts';

export type { Claim, Limits, NewCase } from './cases/claim.ts';
export type { CaseRecord } from './cases/record.ts';

/** The cases in Redis: the only place where the processes share anything but jobs. */
export type Cases = ReturnType<typeof createCases>;

/**
 * The case store on one connection. Every write is atomic by itself and may be repeated. `questionOf` says what makes two
 * questions the same.
 */
export function createCases(redis: RedisClient, questionOf: (one: Case) => string = hostOf) {
  async function load(id: string): Promise<CaseRecord | null> {
    const hash = await redis.hgetall(key.case(id));
    return hash.case === undefined ? null : readRecord(hash);
  }

  return {
    load,
    ...claims(redis, questionOf),
    ...endings(redis, questionOf),
    ...lookups(redis, questionOf, load),

    /** What people say of verdicts. */
    votes: createVotes(redis),

    /** How many cases go before this one; 0: none, or it is over. */
    async before(id: string): Promise<number> {
      return (await redis.zrank(key.running, id)) ?? 0;
    },

    /** Who reported this case so far. Null: nobody was counted. */
    async asked(id: string): Promise<Asked | null> {
      return readAsked(await redis.hgetall(key.asked(id)));
    },

    /** When the alert about a case ended, ms; null: it is firing again. */
    async alertEnded(id: string, at: number | null): Promise<void> {
      if (at === null) await redis.hdel(key.case(id), 'alertEndedAt');
      else if ((await redis.exists(key.case(id))) === 1) await redis.hset(key.case(id), 'alertEndedAt', String(at));
    },

    /** The case's jobs are queued: from here on the queue looks after it. */
    async queued(id: string): Promise<void> {
      await redis.zrem(key.opening, id);
    },

    /** Cases that were claimed and whose jobs may never have been added, since the process died in between. */
    async halfOpened(before: number): Promise<string[]> {
      return redis.zrangebyscore(key.opening, 0, before, 'LIMIT', 0, 100);
    },

    /** Only what says where the message is: cheap, for those who wait for its permalink. */
    async setMessage(id: string, change: Partial<MessageState>): Promise<void> {
      await setMessageState(redis, key.case(id), change);
    },

    /** How often the ingress was blamed and guilty, in all and by month until `now` (ms). */
    score: (now: number = Date.now()): Promise<Score> => loadScore(redis, now),

    /** Lets one holder at a time touch a case's message. The same holder may take it again, as after a crash. */
    lock: (id: string, holder: string, ms: number): Promise<boolean> => take(redis, lockOf(id), holder, ms),

    unlock: (id: string, holder: string): Promise<void> => release(redis, lockOf(id), holder),
  };
}

const lockOf = (id: string): string => `${key.case(id)}:lock`;
