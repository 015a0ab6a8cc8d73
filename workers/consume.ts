import { setMaxListeners } from 'node:events';
import { DelayedError, type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { reasonOf } from '../diagnostics/errors.ts';
import type { Metrics } from './metrics.ts';
import { KEPT, LOCKS, PREFIX, QUEUES, type QueueName, risingBackoff } from './queues.ts';
import { isUp, type RedisClient } from './redis.ts';

export type { Job } from 'bullmq';

/** Thrown by a job that wants to go on later, without that counting as a failure. */
export class Later extends Error {
  readonly ms: number;
  constructor(ms: number, why: string) {
    super(why);
    this.name = 'Later';
    this.ms = ms;
  }
}

/** Thrown by a job whose failure no repetition can mend. */
export class Hopeless extends Error {
  constructor(why: string, options?: { cause?: unknown }) {
    super(why, options);
    this.name = 'Hopeless';
  }
}

export interface Consumer {
  /** Whether it fetches jobs now. */
  running: () => boolean;
  /** Lets current jobs end for a while, then gives the rest back to the queue. */
  close: (graceMs: number) => Promise<void>;
}

/**
 * Consumes one queue: checks payloads, counts, gives jobs back when told to stop. `work` gets a signal that fires when the
 * process can wait no longer.
 */
export function consume<S extends z.ZodType>(options: {
  queue: QueueName;
  schema: S;
  redis: RedisClient;
  concurrency: number;
  log: Logger;
  metrics: Metrics;
  work: (payload: z.infer<S>, job: Job, signal: AbortSignal) => Promise<unknown>;
}): Consumer {
  const { queue, log, metrics } = options;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const waited = metrics.waitOf(queue);
  const worker = new Worker(
    QUEUES[queue],
    async (job: Job, token?: string) => {
      waited((job.processedOn ?? 0) - job.timestamp - (job.delay ?? 0));
      const payload = options.schema.safeParse(job.data);
      // A payload that nobody understands today will not be understood tomorrow either: it fails once, for all to see.
      if (!payload.success) throw new UnrecoverableError(`payload: ${reasonOf(payload.error.issues[0]?.message)}`);
      try {
        return await options.work(payload.data, job, stop.signal);
      } catch (error) {
        if (stop.signal.aborted) {
          await job.moveToWait(token);
          throw new WaitingError();
        }
        if (error instanceof Later) {
          await job.moveToDelayed(Date.now() + error.ms, token);
          throw new DelayedError();
        }
        if (error instanceof Hopeless) throw new UnrecoverableError(error.message);
        throw error;
      }
    },
    {
      connection: options.redis,
      prefix: PREFIX,
      concurrency: options.concurrency,
      ...LOCKS,
      ...KEPT[queue],
      settings: { backoffStrategy: risingBackoff },
    },
  );
  worker.on('failed', (job, error) => {
    const final = job?.finishedOn !== undefined;
    metrics.failed(queue, final);
    log[final ? 'error' : 'warn'](
      { queue, job: job?.id, attempt: job?.attemptsMade, final, reason: reasonOf(error) },
      'job failed',
    );
  });
  worker.on('stalled', (id) => {
    metrics.stalled.inc({ queue });
    log.warn({ queue, job: id }, 'job taken over from a worker that went away');
  });
  // Redis being away shows in readiness; one line per outage would otherwise become thousands.
  worker.on('error', (error) => log.debug({ queue, reason: reasonOf(error) }, 'queue connection'));

  return {
    running: () => worker.isRunning() && !worker.isPaused(),
    async close(graceMs) {
      const timer = setTimeout(() => stop.abort(), graceMs);
      // With Redis away nothing can be given back; jobs come back by themselves once their locks are over.
      let end: NodeJS.Timeout | undefined;
      const enough = new Promise<void>((resolve) => {
        end = setTimeout(resolve, isUp(options.redis) ? graceMs + 3000 : 500);
      });
      await Promise.race([worker.close(), enough]);
      clearTimeout(timer);
      clearTimeout(end);
      // A close that hangs on a missing Redis leaves a timer and a connection behind that would look for it for ever.
      const { lockManager } = worker as unknown as { lockManager?: { close: () => Promise<void> } };
      await lockManager?.close();
      await Promise.race([worker.getBackend().close(true), new Promise((resolve) => setTimeout(resolve, 500))]);
    },
  };
}
