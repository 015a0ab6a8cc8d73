import { z } from 'zod';
import { PREFIX } from './queues.ts';
import type { RedisClient } from './redis.ts';

/** A bucket of permits that all processes share: at most `burst` at once, `perSecond` from then on. */
export interface Bucket {
  name: string;
  burst: number;
  perSecond: number;
  /** What only those who go first may take. */
  kept: number;
}

/** `first`: somebody waits for it. `later`: it may wait until nobody does. `maybe`: like later, and else it is left out. */
export type Urgency = 'first' | 'later' | 'maybe';

/** Nobody is told to come back later than this; what is refused again then is refused again, ms. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Takes one permit from every bucket, or none. KEYS: buckets. ARGV: now, urgency, longest wait, then for each burst,
 * permits a second and what is kept. Replies 0, or the ms until it is worth asking again. Those who may wait get places one
 * after the other, so that a thousand of them do not all come back at the same moment.
 */
const TAKE = `
local now, first, wait, slow = tonumber(ARGV[1]), ARGV[2] == 'first', 0, 1e9
local left = {}
for i = 1, #KEYS do
  local burst, rate, kept = tonumber(ARGV[1 + 3 * i]), tonumber(ARGV[2 + 3 * i]), tonumber(ARGV[3 + 3 * i])
  local was = redis.call('HMGET', KEYS[i], 'n', 'at')
  local n, at = tonumber(was[1] or burst), tonumber(was[2] or now)
  left[i] = math.min(burst, n + math.max(0, now - at) / 1000 * rate)
  local need = first and 1 or 1 + kept
  if left[i] < need then
    wait = math.max(wait, (need - left[i]) / rate * 1000)
    slow = math.min(slow, rate)
  end
end
if wait == 0 then
  for i = 1, #KEYS do
    redis.call('HSET', KEYS[i], 'n', tostring(left[i] - 1), 'at', now)
    redis.call('PEXPIRE', KEYS[i], 120000)
  end
  return 0
end
if ARGV[2] ~= 'later' then return math.ceil(wait) end
local place = math.max(now + wait, tonumber(redis.call('HGET', KEYS[1], 'place') or '0') + 1000 / slow)
place = math.min(place, now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'place', tostring(place))
redis.call('PEXPIRE', KEYS[1], 120000)
return math.ceil(place - now)
`;

/** Permits over all processes. `take` resolves with 0, or with the ms until it is worth asking again. */
export type Pace = ReturnType<typeof createPace>;

/** The pace on one connection. */
export function createPace(redis: RedisClient, now: () => number = Date.now) {
  return {
    async take(buckets: readonly Bucket[], urgency: Urgency): Promise<number> {
      const keys = buckets.map(({ name }) => `${PREFIX}:pace:${name}`);
      const sizes = buckets.flatMap(({ burst, perSecond, kept }) => [burst, perSecond, kept].map(String));
      const head = [String(now()), urgency, String(LONGEST_WAIT_MS)];
      return z.number().parse(await redis.eval(TAKE, keys.length, ...keys, ...head, ...sizes));
    },
  };
}
