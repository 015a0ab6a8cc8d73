import type { NodeInfo, Path, PathHop } from '../../diagnostics/types.ts';

/** The inventory (DESIGN 4.7), read, checked and with every path made absolute. Plain JSON. */
export interface Inventory {
  /** The file it was read from; null when there is none. */
  file: string | null;
  prometheus: string | null;
  changes: string | null;
  aliases: { [alias: string]: string };
  /** What may be probed besides what the inventory names; null when nothing was said. */
  allow: string[] | null;
  trust: string[];
  dns: { [host: string]: string[] };
  routes: { host: string; path: string; via: string[] }[];
  hops: { [name: string]: PathHop };
  nodes: NodeInfo[];
  /** Unknown keys and the like: said once, never fatal. */
  warnings: string[];
}

/** The inventory of somebody who has none: everything unknown. */
export function emptyInventory(): Inventory {
  return {
    file: null,
    prometheus: null,
    changes: null,
    aliases: {},
    allow: null,
    trust: [],
    dns: {},
    routes: [],
    hops: {},
    nodes: [],
    warnings: [],
  };
}

/** Pure: the hops to a host, outermost first, and the managed proxies beside them. */
export function findPath(_inventory: Inventory, _target: { host: string; port: number | null; path: string }): Path {
  throw new Error('not yet');
}

/** Reads an inventory file. Throws TriageError `unreadable` naming file, line, key and reason. */
export async function loadInventory(_file: string): Promise<Inventory> {
  return emptyInventory();
}
