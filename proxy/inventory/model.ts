import type { NodeInfo, PathHop } from '../../diagnostics/types.ts';

/** The inventory (DESIGN 4.7), read, checked and with every path made absolute. Plain JSON. */
export interface Inventory {
  /** The file it was read from; null when there is none. */
  file: string | null;
  /** The file as the person named it: how facts say where they stand. */
  name: string;
  /** The cluster to find the rest in; null: the file is all there is. */
  kubernetes: { kubeconfig: string | null; context: string | null; namespaces: string[] } | null;
  /** How balancers of AWS are asked; null: by their ARNs alone, where hops have one. Secrets are in no inventory: they come from the environment, or from the file that `credentials` names. */
  aws: { region: string | null; endpoint: string | null; profile: string | null; credentials: string | null } | null;
  prometheus: string | null;
  changes: string | null;
  aliases: { [alias: string]: string };
  /** What may be probed besides what the inventory names; null when nothing was said. */
  allow: string[] | null;
  trust: string[];
  dns: { [host: string]: string[] };
  routes: { host: string; path: string; via: string[] }[];
  /** By name; two hops of one name (a Service and its Deployment often share theirs) stand under different keys. */
  hops: { [key: string]: PathHop };
  nodes: NodeInfo[];
  /** Unknown keys and the like: said once, never fatal. */
  warnings: string[];
  /** What a cluster added: its name, how old that is, what was not clear. null: a file alone. */
  cluster: { name: string; asOf: string | null; unserved: { object: string; why: string }[] } | null;
  /** Hosts that objects of the cluster name. */
  hosts: string[];
  /** Said of every path that is found in it. */
  ambiguous: { objects: string[]; why: string }[];
  unknown: string[];
}

/** The inventory of somebody who has none: everything unknown. */
export function emptyInventory(): Inventory {
  return {
    file: null,
    name: 'inventory',
    kubernetes: null,
    aws: null,
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
    cluster: null,
    hosts: [],
    ambiguous: [],
    unknown: [],
  };
}

/** Every host that the inventory knows by name: routes, overridden answers and what aliases lead to. */
export function knownHosts(inventory: Inventory): string[] {
  return [
    ...new Set([
      ...inventory.routes.map((route) => route.host).filter((host) => !host.includes('*')),
      ...Object.keys(inventory.dns),
      ...Object.values(inventory.aliases),
      ...inventory.hosts,
    ]),
  ];
}

/** The hop and the instance that a look names: a hop of that name that has such a part, where several share a name. */
export function partNamed(
  inventory: Inventory,
  of: { hop: string; part: string | null },
): { hop: PathHop; instance: PathHop['instances'][number] } | null {
  for (const hop of Object.values(inventory.hops)) {
    if (hop.name !== of.hop) continue;
    const instance = hop.instances.find((one) => one.name === of.part);
    if (instance) return { hop, instance };
  }
  return null;
}
