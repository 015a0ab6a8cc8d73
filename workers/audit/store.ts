import { z } from 'zod';
import { release, take } from '../lock.ts';
import { PREFIX } from '../queues.ts';
import type { RedisClient } from '../redis.ts';
import { chained, type Draft, digestOf, entrySchema, NO_PREV } from './entry.ts';
import { AUDIT_APPEND, AUDIT_TRIM } from './script.ts';

const key = {
  stream: `${PREFIX}:audit`,
  head: `${PREFIX}:audit:head`,
  lock: `${PREFIX}:audit:trimming`,
  once: (name: string) => `${PREFIX}:audit:once:${digestOf(name).slice(0, 32)}`,
};
const PAGE = 500;
/** Entries that one trim removes at most: Redis does nothing else meanwhile. */
const MOST_TRIMMED = 5000;
/** After a trim for space this share is used, so that not every entry trims. */
const TARGET = 0.95;
/** Writers that change the head at the same time before one of them gives up for the moment. */
const TRIES = 50;
const LOCK_MS = 30_000;

const replySchema = z.union([
  z.tuple([z.literal('kept'), z.number(), z.number()]),
  z.tuple([z.literal('moved'), z.number(), z.string()]),
  z.tuple([z.literal('seen')], z.number()),
]);

/** The log on one connection. */
export type AuditStore = ReturnType<typeof auditStore>;

/** See `AuditStore`. */
export function auditStore(redis: RedisClient) {
  // What the head is likely to be still: a wrong guess costs one round.
  let guess: { n: number; hash: string } | null = null;

  const head = async (): Promise<{ n: number; hash: string; bytes: number }> => {
    const [n, hash, bytes] = await redis.hmget(key.head, 'n', 'hash', 'bytes');
    return { n: Number(n ?? 0), hash: hash ?? NO_PREV, bytes: Number(bytes ?? 0) };
  };

  /** Pages of entries as they are written, oldest first, from a time (ms) on. */
  async function* pages(from: number | null): AsyncGenerator<{ id: string; body: string }[]> {
    let start = from === null ? '-' : `${Math.max(0, Math.floor(from))}`;
    for (;;) {
      const found = await redis.xrange(key.stream, start, '+', 'COUNT', PAGE);
      if (found.length > 0) yield found.map(([id, fields]) => ({ id, body: fields[1] ?? '' }));
      if (found.length < PAGE) return;
      start = `(${found.at(-1)?.[0]}`;
    }
  }

  const store = {
    head,
    pages,

    /**
     * Appends drafts in their order, in one step; those that were written before are left out. Replies the lines that were written, and
     * how many bytes all entries take. Safe to repeat. Rejects while Redis is away.
     */
    async append(drafts: readonly Draft[]): Promise<{ bodies: string[]; bytes: number }> {
      const names = new Set<string>();
      let left = drafts.filter(({ once }) => !names.has(once) && names.add(once));
      for (let tries = 0; tries < TRIES && left.length > 0; tries++) {
        guess ??= await head();
        const { bodies, hash } = chained(left, guess);
        const lives = left.map(({ onceS }) => String(onceS));
        const keys = [key.stream, key.head, ...left.map(({ once }) => key.once(once))];
        const perEntry = bodies.flatMap((body, i) => [body, lives[i] ?? '600']);
        const given = [String(guess.n), guess.hash, hash, ...perEntry];
        const reply = replySchema.parse(await redis.eval(AUDIT_APPEND, keys.length, ...keys, ...given));
        if (reply[0] === 'kept') {
          guess = { n: reply[1], hash };
          return { bodies, bytes: reply[2] };
        }
        if (reply[0] === 'moved') guess = { n: reply[1], hash: reply[2] };
        else {
          const [, ...seen] = reply;
          left = left.filter((_, i) => !seen.includes(i));
        }
      }
      if (left.length > 0) throw new Error('too many write at the same time');
      return { bodies: [], bytes: 0 };
    },

    /**
     * Removes what is older than `keepMs` or more than `maxBytes` holds, and says so in the log before it does. One process at a time;
     * the newest entry always stays. Replies how many went.
     */
    async trim(now: number, limits: { keepMs: number; maxBytes: number }, process: string): Promise<number> {
      if (!(await take(redis, key.lock, process, LOCK_MS))) return 0;
      try {
        const cut = await findCut(now, limits);
        if (cut === null) return 0;
        const facts = {
          from: cut.from,
          upTo: cut.upTo,
          hash: cut.hash,
          entries: cut.upTo - cut.from + 1,
          why: cut.why,
        };
        const at = new Date(now).toISOString();
        const name = `trimmed:${cut.upTo}:${cut.hash}`;
        const draft: Draft = { at, kind: 'trimmed', process, by: null, in: null, facts, once: name, onceS: 600 };
        await store.append([draft]);
        return z.number().parse(await redis.eval(AUDIT_TRIM, 2, key.stream, key.head, cut.firstKept));
      } finally {
        await release(redis, key.lock, process);
      }
    },
  };

  /** The last entry that goes; null: none does. */
  async function findCut(now: number, { keepMs, maxBytes }: { keepMs: number; maxBytes: number }) {
    const { n: newest, bytes } = await head();
    let left = bytes;
    const target = bytes > maxBytes ? maxBytes * TARGET : Number.POSITIVE_INFINITY;
    let cut = null as { from: number; upTo: number; hash: string; why: 'age' | 'space' } | null;
    for await (const page of pages(null)) {
      for (const { id, body } of page) {
        const old = Number(id.split('-')[0]) < now - keepMs;
        // What is no entry any more stays, to be found by who verifies.
        const n = numberOf(body);
        const goes = (old || left > target) && n > 0 && n < newest && n - (cut?.from ?? n) < MOST_TRIMMED;
        if (!goes) return cut && { ...cut, firstKept: id };
        cut = { from: cut?.from ?? n, upTo: n, hash: digestOf(body), why: old ? 'age' : 'space' };
        left -= Buffer.byteLength(body);
      }
    }
    return null;
  }

  return store;
}

function numberOf(body: string): number {
  try {
    return entrySchema.safeParse(JSON.parse(body)).data?.n ?? 0;
  } catch {
    return 0;
  }
}
