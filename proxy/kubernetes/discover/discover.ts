import type { PathHop } from '../../../diagnostics/types.ts';
import type { ClusterView, Missing } from '../view.ts';
import { inwards, opensOf } from './chain.ts';
import { type Candidate, candidateOf, chosen, closeness, type Names, outermost } from './choose.ts';
import { isTie } from './claim.ts';
import { proxyHop } from './instances.ts';
import { type FoundProxy, findProxies } from './proxies.ts';
import { claimsFor, type Unserved, unservedFor } from './routes.ts';

export type { Names } from './choose.ts';

/** The chain to a host as a cluster's objects tell it, with what was not clear. */
interface DiscoveredPath {
  /** Outermost first; empty: no object serves this host. */
  hops: PathHop[];
  /** Managed proxies that are not on the path. */
  others: PathHop[];
  /** The object that takes the request; null: none. */
  route: string | null;
  ambiguous: { objects: string[]; why: string }[];
  /** Objects that name the host and that no proxy serves. */
  unserved: Unserved[];
  unknown: string[];
}

/** What was found of proxies is kept as long as the objects it was found in do not change. */
const known = new WeakMap<ClusterView, { stamp: string; proxies: FoundProxy[] }>();

export function proxiesIn(view: ClusterView): FoundProxy[] {
  const stamp = (['deployments', 'daemonsets', 'statefulsets', 'configmaps', 'pods'] as const)
    .map((plural) => view.version(plural))
    .join(' ');
  const kept = known.get(view);
  if (kept?.stamp === stamp) return kept.proxies;
  const proxies = findProxies(view);
  known.set(view, { stamp, proxies });
  return proxies;
}

/** The hops of a proxy and of what stands before it. */
function hopsOf(view: ClusterView, { proxy, fronts }: Candidate): { front: PathHop[]; proxy: PathHop } {
  const [front] = fronts;
  const hops = front?.hops ?? [];
  const before = { sends: hops.at(-1)?.sends ?? null, endsTls: front?.endsTls ?? false };
  return { front: hops, proxy: proxyHop(view, proxy, front?.service ?? null, before) };
}

function rivals(candidates: Candidate[], one: Candidate): DiscoveredPath['ambiguous'] {
  // A catch-all elsewhere would take the host too, but nobody meant it.
  const meant = candidates.filter(
    (other) => other === one || (closeness(other) > 0 && closeness(other) >= closeness(one)),
  );
  if (meant.length < 2) return [];
  const others = meant.filter((other) => other !== one).map((other) => other.proxy.name);
  const leads = one.led && !meant.some((other) => other !== one && other.led);
  const end = leads
    ? `the name leads to ${one.proxy.name} now`
    : `${one.proxy.name} is taken, since the name does not tell`;
  return [
    {
      objects: [...new Set(meant.flatMap((other) => (other.claims[0] ? [other.claims[0].object] : [])))],
      why: `${[one.proxy.name, ...others].join(' and ')} ${meant.length > 2 ? 'all' : 'both'} serve it; ${end}`,
    },
  ];
}

function ties(one: Candidate): DiscoveredPath['ambiguous'] {
  const [first, ...others] = one.claims;
  const second = others.find((other) => first && other.object !== first.object && isTie(first, other));
  if (!first || !second) return [];
  const rule = one.proxy.brand === 'traefik' ? 'does not say which one it uses' : 'uses the older one';
  return [{ objects: [first.object, second.object], why: `both name this host and path; ${one.proxy.name} ${rule}` }];
}

/** Two balancers before the chosen proxy, and nobody knows by which one users come. */
function ways(one: Candidate): DiscoveredPath['ambiguous'] {
  const balancers = one.fronts.filter((front) => front.hops[0]?.hop === 'load-balancer');
  if (one.led || balancers.length < 2) return [];
  return [
    {
      objects: balancers.map((front) => `Service ${front.hops[0]?.name}`),
      why: `${balancers.length} balancers lead to ${one.proxy.name}; ${balancers[0]?.hops[0]?.name} is taken, since the name does not tell`,
    },
  ];
}

/** One line for what is missing for one reason: a server that is away takes all kinds alike. */
function missingLines(view: ClusterView): string[] {
  const missing = view.missing.filter((one) => one.reason !== 'not-installed');
  const of = (reason: Missing['reason']): Missing[] => missing.filter((one) => one.reason === reason);
  const away = of('no-connection');
  const late = of('not-yet');
  const cluster = view.cluster;
  const age = view.asOf ? `what is known of it is from ${view.asOf}` : 'nothing is known of it';
  return [
    ...(away[0] ? [`the API server of ${cluster} cannot be watched: ${age} (${away[0].detail})`] : []),
    ...(late.length ? [`${late.map((one) => one.plural).join(', ')} of ${cluster} were not listed yet`] : []),
    ...of('denied').map((one) => one.detail),
  ];
}

/**
 * Pure: the chain to a host and path as the objects of a cluster tell it. Where the name leads decides
 * between two controllers that both serve it.
 */
export function discoverPath(view: ClusterView, host: string, path: string, names: Names): DiscoveredPath {
  const proxies = proxiesIn(view);
  const claims = Map.groupBy(claimsFor(view, proxies, host, path), (claim) => claim.proxy);
  const all = proxies.map((proxy) => candidateOf(view, proxy, claims.get(proxy) ?? [], names));
  const outer = outermost(
    view,
    all.filter((one) => one.claims.length > 0),
  );
  const led = all.filter((one) => one.led);
  // Nobody serves it, yet the name leads to a proxy: users get that one's own 404.
  const one = chosen(view, outer) ?? (led.length === 1 ? (led[0] ?? null) : null);
  const unserved = unservedFor(view, proxies, host);
  const unknown = missingLines(view);
  if (proxies.length === 0 && view.asOf !== null)
    unknown.push(`no proxy that is known here was found in ${view.cluster}`);
  const others = (hops: PathHop[]): PathHop[] =>
    all
      .map((other) => hopsOf(view, other).proxy)
      .filter((hop) => !hops.some((on) => on.hop === 'proxy' && on.name === hop.name));
  if (!one) return { hops: [], others: others([]), route: null, ambiguous: [], unserved, unknown };
  const [first] = one.claims;
  const inner = first ? inwards(view, proxies, first, host, path, [one.proxy.name]) : null;
  const { front, proxy } = hopsOf(view, one);
  const because = first ? [`${first.object} (${first.why})`] : [];
  const hops = [
    ...front,
    { ...proxy, to: inner?.to ?? null, from: [...because, ...proxy.from] },
    ...(inner?.hops ?? []),
  ];
  const ambiguous = [...rivals(outer, one), ...ties(one), ...ways(one)];
  if (!first) unknown.push(`the name leads to ${one.proxy.name}, which has no route for ${host}${path}`);
  // The name leads to a proxy of ours, but to another one than the one that serves the host.
  const astray = led.find((other) => other !== one && !one.led && other.claims.length === 0);
  if (first && astray)
    ambiguous.push({
      objects: [first.object],
      why: `${one.proxy.name} serves it, but the name leads to ${astray.proxy.name}, which has no route for it`,
    });
  return {
    hops,
    others: others(hops),
    route: first?.object ?? null,
    ambiguous,
    unserved,
    unknown: [...unknown, ...(first ? opensOf(first) : []), ...(inner?.unknown ?? [])],
  };
}
