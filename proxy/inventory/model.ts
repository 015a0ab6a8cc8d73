import type { NodeInfo, PathHop } from '../../diagnostics/types.ts';

/** The inventory (DESIGN 4.7), read, checked and with every path made absolute. Plain JSON. */
export interface Inventory {
  /** The file it was read from; null when there is none. */
  file: string | null;
  /** The file as the person named it: how facts say where they stand. */
  name: string;
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
    name: 'inventory',
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

/** Every host that the inventory knows by name: routes, overridden answers and what aliases lead to. */
export function knownHosts(inventory: Inventory): string[] {
  return [
    ...new Set([
      ...inventory.routes.map((route) => route.host).filter((host) => !host.includes('*')),
      ...Object.keys(inventory.dns),
      ...Object.values(inventory.aliases),
    ]),
  ];
}
