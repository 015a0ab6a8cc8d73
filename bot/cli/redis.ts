import { once } from 'node:events';
import { TriageError } from '../../diagnostics/errors.ts';
import { readSharedConfig } from '../../workers/config.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../workers/redis.ts';

const CONNECT_MS = 3000;

/** Does something with the Redis of `REDIS_URL` and closes it. Throws TriageError `unavailable` where there is none. */
export async function withRedis<T>(work: (redis: RedisClient) => Promise<T>): Promise<T> {
  const { redisUrl } = readSharedConfig({ REDIS_URL: process.env.REDIS_URL });
  const redis = connectRedis(redisUrl, 'producer', 'iti-cli');
  redis.on('error', () => {});
  try {
    if (!isUp(redis)) await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) }).catch(() => {});
    if (!isUp(redis)) throw new TriageError('unavailable', 'REDIS_URL: there is no Redis that answers');
    return await work(redis);
  } finally {
    closeRedis(redis);
  }
}
