import { z } from 'zod';
import { reasonOf } from '../../../diagnostics/errors.ts';
import { PREFIX } from '../../../workers/queues.ts';
import type { RedisClient } from '../../../workers/redis.ts';

/** A form may lie open this long, s. */
const DRAFT_TTL_S = 24 * 60 * 60;

const sideSchema = z.object({ hop: z.string(), instances: z.array(z.string()).nullable(), title: z.string() });
const detailsSchema = z.object({
  why: z.string(),
  notice: z.string(),
  oldClients: z.string(),
  undo: z.string(),
  hosts: z.array(z.string()),
  channels: z.array(z.string()),
  stages: z.array(z.object({ share: z.number(), at: z.string().nullable() })),
  window: z.object({ from: z.string(), to: z.string() }).nullable(),
});
/** The second page of the form, read. */
export type Details = z.infer<typeof detailsSchema>;

const draftSchema = z.object({
  user: z.string(),
  /** Where the form was opened: rules about channels hold to its end. Null in forms of older bots, or where it was no channel. */
  channel: z.string().nullable().default(null),
  /** The rollout that was noticed and is announced by this form; null: a new one. */
  noticed: z.string().nullable(),
  title: z.string(),
  old: sideSchema.nullable(),
  fresh: sideSchema.nullable(),
  details: detailsSchema.nullable(),
});
/** A form that is being filled in. Kept here: a view's own memory has 3,000 characters. */
export type Draft = z.infer<typeof draftSchema>;

/** What is no text was not written by us: as good as not there. Whatever else went wrong passes through. */
function nullIfNoText(error: unknown): null {
  if (reasonOf(error).startsWith('WRONGTYPE')) return null;
  throw error;
}

/** Forms by the id of their view, which stays the same through all pages. */
export function draftStore(redis: RedisClient) {
  const keyOf = (view: string) => `${PREFIX}:rollout-draft:${view}`;
  return {
    async load(view: string): Promise<Draft | null> {
      const text = await redis.get(keyOf(view)).catch(nullIfNoText);
      if (text === null) return null;
      try {
        const read = draftSchema.safeParse(JSON.parse(text));
        return read.success ? read.data : null;
      } catch {
        return null;
      }
    },

    async save(view: string, draft: Draft): Promise<void> {
      await redis.set(keyOf(view), JSON.stringify(draft), 'EX', DRAFT_TTL_S);
    },
  };
}

/** People's names as they were when they acted, so that every process writes the same message. */
export function nameStore(redis: RedisClient) {
  const keyOf = (user: string) => `${PREFIX}:name:${user}`;
  /** As long as a rollout is kept. */
  const ttlS = 400 * 24 * 60 * 60;
  return {
    async save(user: string, name: string): Promise<void> {
      await redis.set(keyOf(user), name.slice(0, 80), 'EX', ttlS);
    },

    /** The names that are known. */
    async of(users: readonly (string | null)[]): Promise<{ [user: string]: string }> {
      const ids = [...new Set(users.filter((user) => user !== null))];
      const names = await Promise.all(ids.map((id) => redis.get(keyOf(id)).catch(nullIfNoText)));
      return Object.fromEntries(ids.flatMap((id, i) => (names[i] ? [[id, names[i]]] : [])));
    },
  };
}
