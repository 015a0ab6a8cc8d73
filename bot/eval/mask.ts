import type { Instance, Path, PathHop } from '../../diagnostics/types.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';

/**
 * What can be taken away from an incident's telemetry: an answer may then stay or become inconclusive, never wrong.
 * `replica`: the machine of each proxy's first replica is out of our reach, with everything that it would tell. It is not
 * made to refuse: a closed port would be a fault that the incident does not have.
 */
export const MASKS = ['metrics', 'logs', 'admin', 'config', 'replica', 'changes', 'cluster'] as const;
export type Mask = (typeof MASKS)[number];

/** How a masked answer fares against the incident's own truth. */
export type Outcome = 'stayed' | 'inconclusive' | 'wrong';

const isMask = (word: string): word is Mask => (MASKS as readonly string[]).includes(word);

/** Pure: `metrics,logs` as masks that apply together; null when one of the words is none. */
export function readMasks(text: string): Mask[] | null {
  const words = text.split(',').map((word) => word.trim());
  const masks = words.filter(isMask);
  return masks.length === words.length ? masks : null;
}

/** Keys of an instance that a mask empties. */
const TAKEN: { [mask in Mask]: Partial<Instance> } = {
  metrics: { metrics: null },
  logs: { accessLog: null, errorLog: null, logFormat: null },
  admin: { admin: null },
  config: { config: null, pidFile: null, more: {} },
  replica: {},
  changes: {},
  cluster: {},
};

const UNREACHABLE: Partial<Instance> = Object.assign(
  { https: null, http: null },
  TAKEN.metrics,
  TAKEN.logs,
  TAKEN.admin,
  TAKEN.config,
);

function maskedHop(hop: PathHop, masks: readonly Mask[]): PathHop {
  const taken: Partial<Instance> = Object.assign({}, ...masks.map((mask) => TAKEN[mask]));
  const away = hop.hop === 'proxy' && masks.includes('replica');
  return {
    ...hop,
    instances: hop.instances.map((instance, i) => ({ ...instance, ...taken, ...(away && i === 0 && UNREACHABLE) })),
    endpoints: masks.includes('metrics')
      ? (hop.endpoints?.map((endpoint) => ({ ...endpoint, metrics: null })) ?? null)
      : hop.endpoints,
  };
}

/** Pure: the inventory without what the masks take away. Addresses, routes and what is declared of a hop stay. */
export function masked(inventory: Inventory, masks: readonly Mask[]): Inventory {
  const hops = Object.entries(inventory.hops).map(([key, hop]) => [key, maskedHop(hop, masks)]);
  const noMetrics = masks.includes('metrics');
  return {
    ...inventory,
    hops: Object.fromEntries(hops),
    ...(noMetrics && { prometheus: null, nodes: inventory.nodes.map((node) => ({ ...node, metrics: null })) }),
    ...(masks.includes('changes') && { changes: null }),
    ...(masks.includes('cluster') && { kubernetes: null }),
  };
}

/** Pure: a path that was found in an inventory without what the masks take away. */
export function maskedPath(path: Path, masks: readonly Mask[]): Path {
  const noMetrics = masks.includes('metrics');
  return {
    ...path,
    hops: path.hops.map((hop) => maskedHop(hop, masks)),
    others: path.others.map((hop) => maskedHop(hop, masks)),
    ...(noMetrics && { prometheus: null, nodes: path.nodes.map((node) => ({ ...node, metrics: null })) }),
    ...(masks.includes('changes') && { changes: null }),
  };
}

/** Pure: does a mask take anything away? A watched cluster also has logs of its pods and what happened in it. */
export function takesAway(inventory: Inventory, masks: readonly Mask[]): boolean {
  const inCluster = inventory.kubernetes !== null && masks.some((mask) => mask !== 'admin');
  return inCluster || JSON.stringify(masked(inventory, masks)) !== JSON.stringify(inventory);
}
