import { splitAddress } from '../../diagnostics/io/address.ts';
import type { Path, PathHop } from '../../diagnostics/types.ts';
import { balancerName } from '../cloud/aws/name.ts';
import type { Inventory } from './model.ts';

/** Does a route's host (exact, or `*.example.test` for one or more labels) cover this host? */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === host || pattern === '*') return true;
  return pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}

/** Does a route's path prefix cover this path? `/api` covers `/api` and `/api/x`, not `/apix`. */
function pathMatches(prefix: string, path: string): boolean {
  const bare = path.split(/[?#]/)[0] ?? '/';
  return prefix === '/' || bare === prefix || bare.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** Exact hosts before patterns, then longer patterns, then longer paths: the order in which proxies choose. */
function bySpecificity(a: { host: string; path: string }, b: { host: string; path: string }): number {
  const wild = Number(a.host.includes('*')) - Number(b.host.includes('*'));
  return wild || b.host.length - a.host.length || b.path.length - a.path.length;
}

/** A balancer of AWS that is known by its DNS name alone is asked only where the file allows it. */
const namedByAws = (hop: PathHop): boolean =>
  hop.hop === 'load-balancer' && hop.arn === undefined && balancerName(hop) !== null;

const isManagedProxy = (hop: PathHop): boolean => hop.hop === 'proxy';

/** Pure: the hops to a host, outermost first, and the managed proxies beside them. */
export function findPath(
  inventory: Inventory,
  target: { host: string; port: number | null; path: string; scheme?: 'https' | 'http' },
): Path {
  const host = target.host.toLowerCase();
  const matching = inventory.routes
    .map((route, index) => ({ ...route, index }))
    .filter((route) => hostMatches(route.host, host) && pathMatches(route.path, target.path))
    .sort(bySpecificity);
  const route = matching[0];
  const same = route ? matching.filter((other) => other.host === route.host && other.path === route.path) : [];
  const file = inventory.name;
  const hops = (route?.via ?? []).map((name) => {
    const known = inventory.hops[name] as PathHop;
    const hop = inventory.aws && namedByAws(known) ? { ...known, cloud: 'aws' as const } : known;
    // A discovered hop already says which object leads to it.
    return hop.discovered ? hop : { ...hop, from: [`${file}: routes.${route?.index}`, ...hop.from] };
  });
  const front = hops.find((hop) => hop.address);
  const outermost =
    front?.listeners.find((listener) => listener.scheme === target.scheme)?.address ?? front?.address ?? null;
  const port = target.port ?? splitAddress(outermost ?? '')?.port ?? 443;
  const unknown: string[] = [];
  if (!route) unknown.push(`no route for ${host}: which proxies it goes through is not known`);
  for (const hop of hops) {
    if (hop.hop === 'proxy' && hop.instances.length === 0 && !hop.address)
      unknown.push(`${hop.name}: neither an address nor instances`);
    if (hop.hop === 'service' && hop.endpoints === null) unknown.push(`${hop.name}: its endpoints`);
    if (!inventory.aws && !hop.discovered && namedByAws(hop))
      unknown.push(`${hop.name}: what AWS says of it; a line "aws: {}" in the inventory lets me ask`);
  }
  return {
    host,
    path: target.path,
    port,
    routed: route !== undefined,
    hops,
    others: Object.values(inventory.hops).filter(
      (hop) => isManagedProxy(hop) && !hops.some((on) => on.hop === 'proxy' && on.name === hop.name),
    ),
    nodes: inventory.nodes,
    dns: Object.hasOwn(inventory.dns, host) ? (inventory.dns[host] ?? null) : null,
    trust: inventory.trust,
    changes: inventory.changes,
    prometheus: inventory.prometheus,
    ...(inventory.cluster && {
      cluster: { name: inventory.cluster.name, asOf: inventory.cluster.asOf },
      unserved: inventory.cluster.unserved,
    }),
    ambiguous: [
      ...inventory.ambiguous,
      ...(same.length > 1
        ? [
            {
              objects: same.map((r) => `${file}: routes.${r.index}`),
              why: `${same.length} routes for ${host}${route?.path}: the first one is used`,
            },
          ]
        : []),
    ],
    unknown: [...unknown, ...inventory.unknown],
  };
}
