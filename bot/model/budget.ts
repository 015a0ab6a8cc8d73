import { PREFIX } from '../../workers/queues.ts';
import type { RedisClient } from '../../workers/redis.ts';
import { MODEL_RESERVE, MODEL_SETTLE } from '../../workers/scripts.ts';
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

/** A budget per UTC day in Redis, counted in one step, so that two processes never take the last call twice. */
export function createBudget(redis: RedisClient, limits: ModelLimits, now: () => number): Budget {
  return {
    async reserve(tokens) {
      const key = `${PREFIX}:model:${new Date(now()).toISOString().slice(0, 10)}`;
      const reply = await redis.eval(
        MODEL_RESERVE,
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
      if (tokens !== reserved) await redis.eval(MODEL_SETTLE, 1, key, String(tokens - reserved));
    },
  };
}
