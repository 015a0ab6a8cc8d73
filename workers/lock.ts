import type { RedisClient } from './redis.ts';

/** KEYS: lock. ARGV: holder, life (ms). Replies 1 if the holder has it now, as it may have had before a crash. */
const LOCK = `
local was = redis.call('GET', KEYS[1])
if was and was ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/** KEYS: lock. ARGV: holder. */
const UNLOCK = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;

/** Takes a lock for `ms`; false: somebody else has it. The same holder may take it again, as after a crash. */
export async function take(redis: RedisClient, lock: string, holder: string, ms: number): Promise<boolean> {
  return (await redis.eval(LOCK, 1, lock, holder, String(ms))) === 1;
}

/** Gives a lock back, if this holder still has it. */
export async function release(redis: RedisClient, lock: string, holder: string): Promise<void> {
  await redis.eval(UNLOCK, 1, lock, holder);
}
