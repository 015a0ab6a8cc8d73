import type { Instance, PathHop } from '../../diagnostics/types.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { Rollout, Side } from './types.ts';

/** One instance of a side, with the hop that it belongs to. */
export interface SidePart {
  hop: PathHop;
  instance: Instance;
}
export interface Sides {
  old: SidePart[];
  fresh: SidePart[];
}

/** Names by which paths, findings and people may know a hop of the inventory: its key, and the name it goes by. */
export function namesOf(inventory: Pick<Inventory, 'hops'>, side: Side): Set<string> {
  const hop = Object.hasOwn(inventory.hops, side.hop) ? inventory.hops[side.hop] : undefined;
  return new Set([side.hop, ...(hop ? [hop.name] : [])]);
}

/**
 * Pure: the instances of both sides as the inventory has them now. Where both share one hop and one side names no
 * instances, it has those that the other does not name: new pods have names that nobody knew before.
 */
export function sidesOf(inventory: Pick<Inventory, 'hops'>, { old, fresh }: Pick<Rollout, 'old' | 'fresh'>): Sides {
  const parts = (side: Side, other: Side): SidePart[] => {
    const hop = Object.hasOwn(inventory.hops, side.hop) ? inventory.hops[side.hop] : undefined;
    if (!hop) return [];
    const others = side.hop === other.hop && side.instances === null ? new Set(other.instances ?? []) : null;
    // Both are all of one hop: which is which is not told, and a guess would be worse than nothing.
    if (others && other.instances === null) return [];
    return hop.instances
      .filter((one) => (side.instances === null ? !others?.has(one.name) : side.instances.includes(one.name)))
      .map((instance) => ({ hop, instance }));
  };
  return { old: parts(old, fresh), fresh: parts(fresh, old) };
}
