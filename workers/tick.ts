import { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { reasonOf } from '../diagnostics/errors.ts';
import { PREFIX, QUEUES, type QueueName } from './queues.ts';
import { isUp, type RedisClient } from './redis.ts';

/** A queue to add jobs to. A connection that breaks is reported by what was asked of it, and readiness says it too. */
export function openQueue<P>(name: QueueName, connection: RedisClient): Queue<P> {
  const queue = new Queue<P>(QUEUES[name], { connection, prefix: PREFIX, skipVersionCheck: true });
  queue.on('error', () => {});
  return queue;
}

/**
 * Keeps the one tick of all workers' processes together: a `tick` job in `queue` every `everyMs`, also after Redis came back
 * empty. `stop` keeps it no longer and resolves when nothing of it is under way; the schedule itself stays for the others.
 */
export function keepTicking(
  queue: Pick<Queue, 'getJobScheduler' | 'upsertJobScheduler'>,
  options: { scheduler: string; producer: RedisClient; everyMs: number; now: () => number; log: Logger },
): { stop: () => Promise<void> } {
  const { scheduler, producer, everyMs, now, log } = options;
  let ensuring: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    const known = await queue.getJobScheduler(scheduler);
    if (known?.every === everyMs && known.next !== undefined && known.next > now() - 2 * everyMs) return;
    await queue.upsertJobScheduler(scheduler, { every: everyMs }, { name: 'tick', data: { v: 1, kind: 'tick' } });
  };
  const ensure = (): void => {
    if (ensuring || !isUp(producer)) return;
    ensuring = look()
      .catch((error: unknown) => log.debug({ reason: reasonOf(error) }, scheduler))
      .finally(() => {
        ensuring = null;
      });
  };
  const timer = setInterval(ensure, everyMs);
  timer.unref();
  producer.on('ready', ensure);
  ensure();
  return {
    async stop() {
      clearInterval(timer);
      producer.off('ready', ensure);
      await ensuring;
    },
  };
}
