import { PREFIX } from '../../workers/queues.ts';
import type { RedisClient } from '../../workers/redis.ts';
import type { ModelLimits } from './config.ts';

/** What was taken from a day's budget for one call. */
export interface Reserved {
  key: string;
  tokens: number;
}

/** The budget of all processes together. */
export interface Budget {
  /** Takes one call and so many tokens, or nothing: null when the day has no more of either. Rejects while Redis is away. */
  reserve: (tokens: number) => Promise<Reserved | null>;
  /** Corrects the tokens to what the call really took. */
  settle: (reserved: Reserved, tokens: number) => Promise<void>;
}

/** Longer than the day it counts. */
const KEPT_S = 49 * 60 * 60;

/**
 * Takes one call and some tokens from a day's budget, or nothing. KEYS: the day. ARGV: calls a day, tokens a day, tokens
 * wanted, life (s). Replies 1 if taken.
 */
const RESERVE = `
local calls = tonumber(redis.call('HGET', KEYS[1], 'calls') or '0')
local tokens = tonumber(redis.call('HGET', KEYS[1], 'tokens') or '0')
if calls + 1 > tonumber(ARGV[1]) or tokens + tonumber(ARGV[3]) > tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'calls', 1)
redis.call('HINCRBY', KEYS[1], 'tokens', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** Corrects a day's tokens. KEYS: the day. ARGV: by how many. A day that is forgotten stays so. */
const SETTLE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('HINCRBY', KEYS[1], 'tokens', ARGV[1]) end
return 0
`;

/** A budget per UTC day in Redis, counted in one step, so that two processes never take the last call twice. */
export function createBudget(redis: RedisClient, limits: ModelLimits, now: () => number): Budget {
  return {
    async reserve(tokens) {
      const key = `${PREFIX}:model:${new Date(now()).toISOString().slice(0, 10)}`;
      const reply = await redis.eval(
        RESERVE,
        1,
        key,
        String(limits.calls),
        String(limits.tokens),
        String(tokens),
        String(KEPT_S),
      );
      return reply === 1 ? { key, tokens } : null;
    },
    async settle({ key, tokens: reserved }, tokens) {
      if (tokens !== reserved) await redis.eval(SETTLE, 1, key, String(tokens - reserved));
    },
  };
}
