import { splitAddress } from '../../diagnostics/io/address.ts';
import type { Json, PathHop } from '../../diagnostics/types.ts';
import type { Inventory } from '../inventory/model.ts';
import { hostMatches } from '../inventory/path.ts';
import { discoverPath } from './discover/discover.ts';
import type { ClusterView } from './view.ts';

/** Keys of a hop that both a file and a cluster may speak of. */
const SHARED = ['kind', 'sends', 'expects', 'scheme', 'to', 'address', 'targets', 'endpoints', 'health'] as const;

const isSaid = (value: unknown): boolean => value !== null && value !== undefined && value !== 'other';

/** A hop of the file with what the cluster adds: per key the file wins, and what they say differently is kept. */
function merged(file: PathHop, found: PathHop): PathHop {
  const out: PathHop = { ...file };
  const differs: NonNullable<PathHop['differs']> = [];
  for (const key of SHARED) {
    const [ours, theirs] = [file[key], found[key]];
    if (!isSaid(ours)) Object.assign(out, { [key]: theirs });
    else if (isSaid(theirs) && (key === 'sends' || key === 'expects' || key === 'kind') && ours !== theirs)
      differs.push({ key, file: ours as Json, cluster: theirs as Json });
  }
  const known = new Set(file.instances.map((one) => one.name));
  return {
    ...out,
    attributes: { ...found.attributes, ...file.attributes },
    settings: { ...found.settings, ...file.settings },
    instances: file.instances.length
      ? file.instances
      : [...file.instances, ...found.instances.filter((one) => !known.has(one.name))],
    from: [...file.from, ...found.from],
    ...(differs.length && { differs }),
  };
}

/** The hop of the file that stands at one of these addresses, directly or through an answer of its `dns`. */
function sameInFile(file: Inventory, found: PathHop): PathHop | null {
  const hosts = new Set(
    found.listeners.flatMap((listener) => {
      const host = splitAddress(listener.address)?.host ?? '';
      return [host, ...(file.dns[host.toLowerCase()] ?? [])];
    }),
  );
  return (
    Object.values(file.hops).find((hop) =>
      hop.listeners.some((listener) => hosts.has(splitAddress(listener.address)?.host ?? '')),
    ) ?? null
  );
}

/**
 * Pure: the inventory for one host with what a cluster adds to a file. Routes of the file win; without one for this host
 * the path is what the objects say. Names of hops are theirs; keys are made unique, since a Service and its Deployment
 * often share a name.
 */
export function withCluster(file: Inventory, view: ClusterView, host: string, path: string): Inventory {
  const wanted = host.toLowerCase();
  const found = discoverPath(view, wanted, path, { host: file.dns[wanted] ?? null, of: file.dns });
  const cluster = { name: view.cluster, asOf: view.asOf, unserved: found.unserved };
  const hops: Inventory['hops'] = { ...file.hops };
  const put = (hop: PathHop): string => {
    const same = hop.hop === 'load-balancer' || hop.hop === 'node' ? sameInFile(file, hop) : null;
    if (same) {
      const key = Object.keys(file.hops).find((one) => file.hops[one] === same) as string;
      hops[key] = merged(same, hop);
      return key;
    }
    const key = hops[hop.name] === undefined ? hop.name : `${hop.hop}:${hop.name}`;
    hops[key] = { ...hop, discovered: true };
    return key;
  };
  const routed = file.routes.some((route) => hostMatches(route.host, wanted));
  const via = routed ? [] : found.hops.map(put);
  for (const other of routed ? [...found.hops.filter((hop) => hop.hop === 'proxy'), ...found.others] : found.others)
    put(other);
  return {
    ...file,
    hops,
    routes: via.length ? [...file.routes, { host: wanted, path: '/', via }] : file.routes,
    nodes: [...file.nodes],
    cluster,
    ambiguous: routed ? file.ambiguous : [...file.ambiguous, ...found.ambiguous],
    unknown: routed ? file.unknown : [...file.unknown, ...found.unknown],
  };
}
