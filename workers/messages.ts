import { release, take } from './lock.ts';
import { PREFIX } from './queues.ts';
import type { RedisClient } from './redis.ts';

/** What we know of a message of ours: where it is, what it shows, and whether a post is in doubt. */
export interface MessageState {
  channel: string | null;
  ts: string | null;
  permalink: string | null;
  /** Digest of what it shows. */
  shown: string | null;
  /** Since when a post may be under way whose answer we never saw, ms. */
  posting: number | null;
  /** Why the channel will not have it; then the person is told another way. */
  refused: string | null;
  /** What has been told that other way, so that it is told once: the last digest. */
  told: string | null;
}

const FIELDS = {
  channel: 'm.channel',
  ts: 'm.ts',
  permalink: 'm.permalink',
  shown: 'm.shown',
  posting: 'm.posting',
  refused: 'm.refused',
  told: 'm.told',
} as const satisfies Record<keyof MessageState, string>;

/** The state of a message out of the hash that it is kept in. */
export function readMessageState(hash: Record<string, string>): MessageState {
  const text = (field: keyof MessageState) => hash[FIELDS[field]] ?? null;
  const posting = text('posting');
  return {
    channel: text('channel'),
    ts: text('ts'),
    permalink: text('permalink'),
    shown: text('shown'),
    posting: posting === null ? null : Number(posting),
    refused: text('refused'),
    told: text('told'),
  };
}

/** Changes some of what is known of a message, in the hash under `key`. */
export async function setMessageState(redis: RedisClient, key: string, change: Partial<MessageState>): Promise<void> {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const [name, field] of Object.entries(FIELDS)) {
    const value = change[name as keyof MessageState];
    if (value === null) unset.push(field);
    else if (value !== undefined) set[field] = String(value);
  }
  if (Object.keys(set).length > 0) await redis.hset(key, set);
  if (unset.length > 0) await redis.hdel(key, ...unset);
}

/** Messages that are not a case's own: those of rollouts, digests and the like, by a name of the caller's. */
export function messageStore(redis: RedisClient) {
  const keyOf = (name: string) => `${PREFIX}:message:${name}`;
  const lockOf = (name: string) => `${keyOf(name)}:lock`;
  return {
    async load(name: string): Promise<MessageState> {
      return readMessageState(await redis.hgetall(keyOf(name)));
    },

    /** Keeps a change for `ttlS` seconds after it, s. */
    async set(name: string, change: Partial<MessageState>, ttlS: number): Promise<void> {
      await setMessageState(redis, keyOf(name), change);
      await redis.expire(keyOf(name), ttlS);
    },

    /** Lets one holder at a time touch a message. The same holder may take it again, as after a crash. */
    lock: (name: string, holder: string, ms: number): Promise<boolean> => take(redis, lockOf(name), holder, ms),

    unlock: (name: string, holder: string): Promise<void> => release(redis, lockOf(name), holder),
  };
}
