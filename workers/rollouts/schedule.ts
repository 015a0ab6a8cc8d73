import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import { judgeStage } from '../../diagnostics/rollout/judge.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import { createCases } from '../cases.ts';
import { type Consumer, consume } from '../consume.ts';
import type { Metrics } from '../metrics.ts';
import { JOBS, jobId, type RolloutPayload, rolloutPayload } from '../queues.ts';
import { isUp, type RedisClient } from '../redis.ts';
import { keepTicking, openQueue } from '../tick.ts';
import { isDue } from './begun.ts';
import { rolloutDesk } from './desk.ts';
import { type NoticeParts, noticeRollouts } from './known.ts';
import { tieToRollouts } from './tie-job.ts';
import { type WatchParts, watch } from './watch.ts';

export interface RolloutParts extends Pick<WatchParts, 'sample' | 'io' | 'everyMs' | 'probes' | 'judge'> {
  /** A connection of role `worker`. */
  redis: RedisClient;
  /** A connection of role `producer`. */
  producer: RedisClient;
  inventory: () => Promise<Inventory>;
  /** null: rollouts that nobody announced are not looked for. */
  notice: Pick<NoticeParts, 'changes' | 'software'> | null;
  cleanUpAfterMs: number;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
}

export interface Rollouts extends Consumer {
  /** A case has its verdict: is it tied to a rollout? Safe to repeat. */
  caseEnded: (of: { case: string; run: number }) => Promise<void>;
}

/** The one tick of all workers' processes together. */
const SCHEDULER = 'rollouts';
/** What nobody announced is looked for this often, ms. */
const NOTICE_MS = 60_000;
/** Rollouts that one process watches at the same time. */
const AT_ONCE = 8;

/**
 * Looks after rollouts: at each tick every running one gets a job of its own, named by its time slot, so that several
 * processes read it once. The tick also finds what was not told, who is to be reminded, and what nobody announced.
 */
export function startRollouts(parts: RolloutParts): Rollouts {
  const { redis, producer, everyMs, metrics, log } = parts;
  const now = parts.now ?? Date.now;
  const desk = rolloutDesk(producer);
  const cases = createCases(producer);
  const queue = openQueue<RolloutPayload>('rollout', producer);
  metrics.watchRollouts(async () => (isUp(producer) ? desk.store.counts() : null));

  const tick = async (at: number) => {
    const iso = new Date(now()).toISOString();
    await desk.sweep(iso);
    for (const id of await desk.store.toRemind(now() - parts.cleanUpAfterMs)) {
      await desk.store.remind(id, iso);
      await desk.tell(id, iso);
    }
    const slot = Math.floor(at / everyMs) * everyMs;
    if (parts.notice && slot % NOTICE_MS < everyMs) await notice(parts.notice);
    const watched = [
      ...(await desk.store.running()),
      ...(await desk.store.planned()).filter((record) => isDue(record, now())),
    ].map(({ rollout }) => rollout.id);
    await queue.addBulk(
      watched.map((id) => ({
        name: 'watch',
        data: { v: 1, kind: 'watch', rollout: id, slot },
        opts: { jobId: jobId.watch(id, slot) },
      })),
    );
    return { rollouts: watched.length };
  };

  const notice = async (sources: Pick<NoticeParts, 'changes' | 'software'>) => {
    try {
      const made = await noticeRollouts({ ...sources, redis: producer, desk, inventory: parts.inventory, now });
      if (made.length > 0) log.info({ rollouts: made }, 'rollouts noticed that nobody announced');
    } catch (error) {
      // A cluster or a recorder that cannot be read must not stop the watch of what runs.
      if (!isUp(producer)) throw error;
      log.warn({ reason: reasonOf(error) }, 'could not look for rollouts that nobody announced');
    }
  };

  const judge: NonNullable<WatchParts['judge']> = (intervals, plan, at) => {
    const judgement = (parts.judge ?? judgeStage)(intervals, plan, at);
    metrics.rolloutJudged(judgement.result);
    return judgement;
  };

  const work = async (payload: RolloutPayload, prevMs: number, stop: AbortSignal): Promise<unknown> => {
    if (payload.kind === 'tick') return tick(prevMs);
    if (payload.kind === 'case') {
      const record = await cases.load(payload.case);
      if (record === null || record.run !== payload.run) return { gone: true };
      return { tied: await tieToRollouts(record, await parts.inventory(), desk, now()) };
    }
    const outcome = await watch(payload.rollout, payload.slot, { ...parts, desk, now, judge }, stop);
    metrics.rolloutWatched(outcome);
    return { outcome };
  };
  const consumer = consume({
    queue: 'rollout',
    schema: rolloutPayload,
    redis,
    concurrency: AT_ONCE,
    log,
    metrics,
    // The time that a tick was meant for, not when it came: slots stand exactly one period apart.
    work: (payload, job, stop) => work(payload, job.opts.prevMillis ?? now(), stop),
  });

  const ticking = keepTicking(queue, { scheduler: SCHEDULER, producer, everyMs, now: Date.now, log });

  return {
    running: consumer.running,
    async caseEnded(of) {
      await queue.add('case', { v: 1, kind: 'case', ...of }, { ...JOBS.rollout, jobId: jobId.tie(of.case, of.run) });
    },
    async close(graceMs) {
      const stopped = ticking.stop();
      await consumer.close(graceMs);
      await stopped;
      await Promise.allSettled([queue.close(), desk.close()]);
    },
  };
}
