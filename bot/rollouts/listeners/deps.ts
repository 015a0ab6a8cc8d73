import type { RedisClient } from '../../../workers/redis.ts';
import type { ListenerDeps } from '../../listeners/deps.ts';
import type { RolloutParts } from '../parts.ts';

/** What the listeners of rollouts are given. */
export type RolloutDeps = Pick<ListenerDeps, 'desk' | 'freshInventory' | 'log' | 'now' | 'zoneOf'> & {
  /** A producer's connection. */
  redis: RedisClient;
  rollouts: RolloutParts;
};
