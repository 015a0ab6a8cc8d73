import type { Logger } from 'pino';
import { type Consumer, consume } from '../consume.ts';
import type { InventorySource } from '../inventory-watch.ts';
import type { Metrics } from '../metrics.ts';
import { jobId, type RecordPayload, recordPayload } from '../queues.ts';
import type { RedisClient } from '../redis.ts';
import { keepTicking, openQueue } from '../tick.ts';
import { isRecordable, jitterOf, recordable } from './instances.ts';
import type { RecorderStore } from './store.ts';
import { failureLog, type Sampler, takeSample } from './take-sample.ts';

export interface RecorderParts {
  /** A connection of role `worker`. */
  redis: RedisClient;
  /** A connection of role `producer`. */
  producer: RedisClient;
  store: RecorderStore;
  sample: Sampler;
  /** Every managed proxy as it is known now. */
  inventory: Pick<InventorySource, 'proxies'>;
  everyMs: number;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
}

/** The one tick of all workers' processes together. */
const SCHEDULER = 'recorder';
/** Shares of a period: proxies are asked spread over this much of it, and each has this much time to answer. */
const SPREAD = 0.5;
const PATIENCE = 0.4;
const MOST_PATIENCE_MS = 8_000;
/** Samples at the same time in one process. */
const AT_ONCE = 16;

/**
 * The flight recorder: at each tick every managed proxy of the inventory gets a job of its own, named by its time slot,
 * so that several processes take one sample and not several; whichever is free takes it.
 */
export function startRecorder(parts: RecorderParts): Consumer {
  const { redis, producer, everyMs, store, metrics, log } = parts;
  const now = parts.now ?? Date.now;
  const patienceMs = Math.min(PATIENCE * everyMs, MOST_PATIENCE_MS);
  const queue = openQueue<RecordPayload>('record', producer);
  const failures = failureLog(log, now);

  const tick = async (at: number): Promise<{ proxies: number }> => {
    const slot = Math.floor(at / everyMs) * everyMs;
    const proxies = recordable(await parts.inventory.proxies());
    await queue.addBulk(
      proxies.map(({ hop, part }) => ({
        name: 'sample',
        data: { v: 1, kind: 'sample', hop, part, slot },
        opts: { jobId: jobId.sample(slot, hop, part), delay: Math.round(jitterOf(hop, part) * SPREAD * everyMs) },
      })),
    );
    return { proxies: proxies.length };
  };

  const sample = async (of: { hop: string; part: string }, slot: number, stop: AbortSignal) => {
    // A backlog is not worked off: old slots stay empty, and the newest is asked in time again.
    if (now() >= slot + 2 * everyMs) return metrics.sampled('late');
    // Removed a moment ago: what was recorded of it vanishes by itself.
    if (!isRecordable(await parts.inventory.proxies(), of)) return metrics.sampled('removed');
    const name = `${of.hop}/${of.part}`;
    const outcome = await takeSample(of, slot, { sample: parts.sample, store, patienceMs, stop });
    metrics.sampled(outcome.is, outcome.is === 'kept' ? outcome : undefined);
    if (outcome.is === 'missed') failures.failed(name, outcome.why);
    if (outcome.is === 'kept') failures.worked(name);
  };

  const consumer = consume({
    queue: 'record',
    schema: recordPayload,
    redis,
    concurrency: AT_ONCE,
    log,
    metrics,
    work: (payload, job, stop) =>
      payload.kind === 'tick'
        ? // The time that it was meant for, not when it came: ticks stand exactly one period apart.
          tick(job.opts.prevMillis ?? now())
        : sample(payload, payload.slot, stop),
  });

  const ticking = keepTicking(queue, { scheduler: SCHEDULER, producer, everyMs, now, log });

  return {
    running: consumer.running,
    async close(graceMs) {
      const stopped = ticking.stop();
      await consumer.close(graceMs);
      await stopped;
      await queue.close().catch(() => {});
    },
  };
}
