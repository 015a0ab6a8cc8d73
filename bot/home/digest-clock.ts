import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import type { Desk } from '../../workers/open-case.ts';
import { PREFIX } from '../../workers/queues.ts';
import { isUp, type RedisClient } from '../../workers/redis.ts';
import { type DigestTime, dueNow } from './digest-when.ts';

const TICK_MS = 20_000;
const LAST = `${PREFIX}:digest:last`;

/**
 * Looks whether the weekly digest is due. Every process looks; the job's name is the moment, so that one digest is sent, and what was
 * taken up is written down after its job is there, so that a process may die in between.
 */
export function startDigestClock(parts: {
  when: DigestTime;
  redis: RedisClient;
  desk: Pick<Desk, 'digest'>;
  log: Logger;
  now: () => number;
  everyMs?: number;
}) {
  const { when, redis, desk, log, now } = parts;
  let warned = 0;
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    const text = await redis.get(LAST);
    const found = dueNow(when, text === null ? null : Number(text), now());
    if (found.is === 'nothing') return;
    if (found.is === 'too-late') {
      if (warned !== found.due)
        log.warn({ due: new Date(found.due).toISOString() }, 'a digest is skipped: no bot ran when it was due');
      warned = found.due;
      return;
    }
    if (found.is === 'due') {
      await desk.digest(found.due, found.missed);
    }
    await redis.set(LAST, String(found.due));
  }

  const tick = (): Promise<void> => {
    if (!isUp(redis)) return Promise.resolve();
    looking ??= look()
      .catch((error: unknown) => log.debug({ reason: reasonOf(error) }, 'digest'))
      .finally(() => {
        looking = null;
      });
    return looking;
  };
  const timer = setInterval(tick, parts.everyMs ?? TICK_MS);
  timer.unref();
  void tick();
  return {
    tick,
    async close(): Promise<void> {
      clearInterval(timer);
      await looking;
    },
  };
}
