import type { ListenerDeps } from '../../listeners/deps.ts';

/** What the listeners of rollouts are given. */
export type RolloutDeps = Pick<
  ListenerDeps,
  'desk' | 'freshInventory' | 'log' | 'now' | 'zoneOf' | 'nameOf' | 'redis' | 'rolloutParts' | 'audit'
>;
