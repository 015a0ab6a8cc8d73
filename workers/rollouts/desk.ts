import { JOBS, jobId, type ThreadPayload } from '../queues.ts';
import type { RedisClient } from '../redis.ts';
import { openQueue } from '../tick.ts';
import type { Decided } from './decide.ts';
import { type Created, type RolloutStore, rolloutStore } from './store.ts';
import type { Decision, Rollout } from './types.ts';

/** Where rollouts are handed in and decided: the store, and the job that brings their messages up to date. */
export type RolloutDesk = ReturnType<typeof rolloutDesk>;

/**
 * The desk on a producer's connection. What it returns from is stored; should the process die before the messages' job is
 * queued, the workers' tick finds that out and queues it.
 */
export function rolloutDesk(redis: RedisClient) {
  const store: RolloutStore = rolloutStore(redis);
  const thread = openQueue<ThreadPayload>('thread', redis);

  /** Queues the job that brings a rollout's messages to what the store says. Once for each revision. */
  async function tell(id: string, at: string): Promise<void> {
    const record = await store.load(id);
    const revision = record?.revision ?? 0;
    if (record)
      await thread.add(
        'rollout',
        { v: 1, kind: 'rollout', rollout: id, at },
        { ...JOBS.thread, jobId: jobId.rollout(id, revision) },
      );
    await store.told(id, revision);
  }

  return {
    store,
    tell,

    /** A case was tied to rollouts: its own message names them from now on. Once for each run of it. */
    async tellCase(id: string, run: number, at: string): Promise<void> {
      const options = { ...JOBS.thread, jobId: `tied-${id}-${run}` };
      await thread.add('refresh', { v: 1, kind: 'refresh', case: id, at }, options);
    },

    /** See the store. */
    async create(rollout: Rollout, sources: string[], sourceTtlS?: number): Promise<Created> {
      const created = await store.create(rollout, sources, sourceTtlS);
      if (created.is === 'created') await tell(created.id, rollout.createdAt);
      return created;
    },

    /** See the store. */
    async decide(id: string, decision: Decision): Promise<Decided | null> {
      const result = await store.decide(id, decision);
      if (result?.is === 'decided') await tell(id, decision.at);
      return result;
    },

    /** Queues what somebody who died has not. Returns the rollouts. */
    async sweep(at: string): Promise<string[]> {
      const ids = await store.untold();
      for (const id of ids) await tell(id, at);
      return ids;
    },

    async close(): Promise<void> {
      await thread.close().catch(() => {});
    },
  };
}
