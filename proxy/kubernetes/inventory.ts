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
  for (const [key, theirs] of Object.entries(found.attributes)) {
    const ours = file.attributes[key];
    if (ours !== undefined && ours !== theirs) differs.push({ key: `attributes.${key}`, file: ours, cluster: theirs });
  }
  // Instances of the cluster are not taken over: what a hop of the file names is allowed to be probed.
  return {
    ...out,
    attributes: { ...found.attributes, ...file.attributes },
    settings: { ...found.settings, ...file.settings },
    from: [...file.from, ...found.from],
    ...(differs.length && { differs }),
  };
}

/** Where a name leads; a name such as `constructor` is no key that somebody wrote. */
const answersFor = (file: Inventory, name: string): string[] | null =>
  Object.hasOwn(file.dns, name) ? (file.dns[name] ?? null) : null;

const hostOf = (address: string): string => splitAddress(address)?.host ?? '';

/** The key of the hop of the file that stands at one of these addresses, directly or through an answer of its `dns`. */
function sameInFile(file: Inventory, found: PathHop): string | null {
  const hosts = new Set(
    found.listeners.flatMap((listener) => {
      const host = hostOf(listener.address);
      return [host, ...(answersFor(file, host.toLowerCase()) ?? [])];
    }),
  );
  return keyWhere(file, (hop) => hop.listeners.some((listener) => hosts.has(hostOf(listener.address))));
}

const keyWhere = (file: Inventory, is: (hop: PathHop) => boolean): string | null =>
  Object.keys(file.hops).find((key) => is(file.hops[key] as PathHop)) ?? null;

/**
 * A balancer of the file before nodes that nobody in the cluster put one before: it stands at an external IP of theirs
 * (keepalived), or its targets are nodes' ports.
 */
function balancerBefore(file: Inventory, nodes: PathHop): string | null {
  const ports = new Set(nodes.instances.flatMap((one) => [one.https, one.http]).filter((one) => one !== null));
  const isBalancer = (key: string | null): string | null =>
    key !== null && file.hops[key]?.hop === 'load-balancer' ? key : null;
  return (
    isBalancer(sameInFile(file, nodes)) ??
    keyWhere(file, (hop) => hop.hop === 'load-balancer' && (hop.targets ?? []).some((one) => ports.has(one.address)))
  );
}

/**
 * Pure: the inventory for one host with what a cluster adds to a file. Routes of the file win; without one for this host
 * the path is what the objects say. Names of hops are theirs; keys are made unique, since a Service and its Deployment
 * often share a name.
 */
export function withCluster(file: Inventory, view: ClusterView, host: string, path: string): Inventory {
  const wanted = host.toLowerCase();
  const found = discoverPath(view, wanted, path, { host: answersFor(file, wanted), of: file.dns });
  const cluster = { name: view.cluster, asOf: view.asOf, unserved: found.unserved };
  const hops: Inventory['hops'] = { ...file.hops };
  const add = (hop: PathHop): string => {
    const key = hops[hop.name] === undefined ? hop.name : `${hop.hop}:${hop.name}`;
    hops[key] = { ...hop, discovered: true };
    return key;
  };
  const put = (hop: PathHop, index: number): string[] => {
    const before = hop.hop === 'node' && index === 0 ? balancerBefore(file, hop) : null;
    if (before !== null) return [before, add(hop)];
    const same = hop.hop === 'load-balancer' || hop.hop === 'node' ? sameInFile(file, hop) : null;
    if (same === null || file.hops[same]?.hop !== hop.hop) return [add(hop)];
    hops[same] = merged(file.hops[same] as PathHop, hop);
    return [same];
  };
  const routed = file.routes.some((route) => hostMatches(route.host, wanted));
  const via = routed ? [] : found.hops.flatMap(put);
  for (const other of routed ? [...found.hops.filter((hop) => hop.hop === 'proxy'), ...found.others] : found.others)
    add(other);
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
