import type { Planned } from '../diagnostics/define-check.ts';
import type { Io } from '../diagnostics/io/io.ts';
import type { Case, Change } from '../diagnostics/types.ts';
import type { Inventory } from './inventory/inventory.ts';

/**
 * What a process needs to look at the world in the name of an inventory: an Io that only ever reaches what the
 * inventory names or allows, with the adapters of the managed proxies behind it. One per process; cheap to share.
 */
export function ioFor(_inventory: Inventory, _forHost: string): Io {
  return { now: () => new Date() };
}

/** The changes of the case's window, from the change feed of the inventory, oldest first. Bounded; never throws. */
export async function readChanges(
  _inventory: Inventory,
  _case: Case,
): Promise<{ changes: Change[]; blind: Planned[] }> {
  return { changes: [], blind: [] };
}
