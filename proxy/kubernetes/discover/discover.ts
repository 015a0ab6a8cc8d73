import { splitAddress } from '../../../diagnostics/io/address.ts';
import type { PathHop } from '../../../diagnostics/types.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { frontHops } from './front.ts';
import { proxyHop } from './instances.ts';
import { type FoundProxy, findProxies, frontsOf } from './proxies.ts';
import { type Claim, claimsFor, type Unserved, unservedFor } from './routes.ts';
import { serviceHop } from './services.ts';

/** The chain to a host as a cluster's objects tell it, with what was not clear. */
export interface DiscoveredPath {
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

/** A chain of proxies longer than this goes round in a circle. */
const MOST_PROXIES = 4;

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

/** Addresses at which a proxy is reached from outside: its balancers' status, external IPs. */
const addressesOf = (hops: PathHop[]): string[] =>
  hops.flatMap((hop) => hop.listeners.map((listener) => splitAddress(listener.address)?.host ?? ''));

interface Candidate {
  proxy: FoundProxy;
  claims: Claim[];
  fronts: PathHop[];
}

/** Addresses that names lead to now, as far as anybody knows: the host's own, and those of balancers' host names. */
export interface Names {
  host: string[] | null;
  of: { [name: string]: string[] };
}

/** Does the host's name lead to one of these addresses, or to what one of these names leads to? */
function leadsTo(fronts: PathHop[], names: Names): boolean {
  const { host } = names;
  if (host === null) return false;
  return addressesOf(fronts).some((at) => host.includes(at) || (names.of[at] ?? []).some((ip) => host.includes(ip)));
}

/**
 * Where the name leads now decides; then who names the host itself rather than any host; then the status of the object
 * that claims it; then what the world can reach.
 */
function chosen(candidates: Candidate[], names: Names): Candidate | null {
  const published = (one: Candidate): boolean =>
    one.claims[0]?.addresses.some((a) => addressesOf(one.fronts).includes(a)) ?? false;
  const hostRank = (one: Candidate): number => one.claims[0]?.rank[0] ?? 0;
  const best = Math.max(0, ...candidates.map(hostRank));
  const nearest = candidates.filter((one) => hostRank(one) === best);
  return (
    candidates.find((one) => leadsTo(one.fronts, names)) ??
    nearest.find(published) ??
    nearest.find((one) => one.fronts.length) ??
    nearest[0] ??
    null
  );
}

const named = (one: { namespace: string; name: string }): string => keyOf(one.namespace, one.name);

/** A proxy among the pods behind a Service: then a second ingress follows the first. */
function proxyBehind(
  view: ClusterView,
  proxies: FoundProxy[],
  service: { namespace: string; name: string },
): FoundProxy | null {
  const pods = new Set(
    view.slicesOf(service.namespace, service.name).flatMap((slice) => slice.endpoints.map((one) => one.pod)),
  );
  return (
    proxies.find(
      (proxy) =>
        proxy.workload.meta.namespace === service.namespace && proxy.pods.some((pod) => pods.has(pod.meta.name)),
    ) ?? null
  );
}

/** From a claim inwards: the service, or the next proxy and what it does with the same host. */
function inwards(
  view: ClusterView,
  proxies: FoundProxy[],
  claim: Claim,
  host: string,
  path: string,
  seen: string[],
): PathHop[] {
  if (!claim.service) return [];
  const next = proxyBehind(view, proxies, claim.service);
  if (!next || seen.includes(next.name) || seen.length >= MOST_PROXIES) {
    const hop = serviceHop(view, claim.service);
    return [{ ...hop, from: [claim.object, ...hop.from] }];
  }
  const service = view.objects.services.get(named(claim.service)) ?? null;
  const hop = proxyHop(view, next, service, 'none');
  const claims = claimsFor(view, [next], host, path);
  const onwards = claims[0] ? inwards(view, proxies, claims[0], host, path, [...seen, next.name]) : [];
  return [{ ...hop, from: [claim.object, ...hop.from] }, ...onwards];
}

function ambiguities(candidates: Candidate[], one: Candidate, decided: boolean): DiscoveredPath['ambiguous'] {
  const found: DiscoveredPath['ambiguous'] = [];
  // A catch-all elsewhere would take the host too, but nobody meant it.
  const meant = candidates.filter((other) => other === one || (other.claims[0]?.rank[0] ?? 0) > 0);
  if (meant.length > 1) {
    const others = meant.filter((other) => other !== one).map((other) => other.proxy.name);
    found.push({
      objects: meant.flatMap((other) => (other.claims[0] ? [other.claims[0].object] : [])),
      why: `${[one.proxy.name, ...others].join(' and ')} both serve it; ${
        decided ? `the name leads to ${one.proxy.name} now` : `${one.proxy.name} is taken, since the name does not tell`
      }`,
    });
  }
  const [first, second] = one.claims;
  if (first && second && first.object !== second.object && first.rank.every((value, i) => value === second.rank[i]))
    found.push({
      objects: [first.object, second.object],
      why: `both name this host and path; ${one.proxy.name} uses the older one`,
    });
  return found;
}

/**
 * Pure: the chain to a host and path as the objects of a cluster tell it. Where the name leads decides
 * between two controllers that both serve it.
 */
export function discoverPath(view: ClusterView, host: string, path: string, names: Names): DiscoveredPath {
  const proxies = proxiesIn(view);
  const claims = claimsFor(view, proxies, host, path);
  const fronts = new Map(
    proxies.map((proxy) => {
      const service = frontsOf(view, proxy)[0] ?? null;
      return [proxy, { service, hops: service ? frontHops(view, service) : [] }];
    }),
  );
  const candidates: Candidate[] = [...Map.groupBy(claims, (claim) => claim.proxy)].map(([proxy, own]) => ({
    proxy,
    claims: own,
    fronts: fronts.get(proxy)?.hops ?? [],
  }));
  // A second ingress behind a first one claims the host too; who stands outermost is not a rival.
  const one = chosen(outermost(view, candidates), names);
  const hopOf = (proxy: FoundProxy): PathHop => {
    const front = fronts.get(proxy);
    return proxyHop(view, proxy, front?.service ?? null, front?.hops.at(-1)?.sends ?? null);
  };
  const unserved = unservedFor(view, proxies, host);
  const unknown = view.missing.filter((missing) => missing.reason !== 'not-installed').map((missing) => missing.detail);
  const first = one?.claims[0];
  if (!one || !first) {
    return { hops: [], others: proxies.map(hopOf), route: null, ambiguous: [], unserved, unknown };
  }
  const inner = inwards(view, proxies, first, host, path, [one.proxy.name]);
  const front = one.fronts.map((hop) => ({ ...hop, from: [...hop.from] }));
  const proxy = hopOf(one.proxy);
  const hops = [...front, { ...proxy, from: [`${first.object} (${first.why})`, ...proxy.from] }, ...inner];
  const rivals = outermost(view, candidates);
  const decided = leadsTo(one.fronts, names);
  for (const problem of first.problems) unknown.push(`${first.object}: ${problem}`);
  if (first.others.length)
    unknown.push(
      `${first.object} also sends by weight to ${first.others.map(named).join(', ')}; ${first.service ? named(first.service) : 'the first'} is followed`,
    );
  return {
    hops,
    others: proxies.filter((other) => !hops.some((hop) => hop.hop === 'proxy' && hop.name === other.name)).map(hopOf),
    route: first.object,
    ambiguous: ambiguities(rivals, one, decided),
    unserved,
    unknown,
  };
}

/** Candidates that no other candidate leads to. */
function outermost(view: ClusterView, candidates: Candidate[]): Candidate[] {
  const proxies = candidates.map((one) => one.proxy);
  const behind = new Set(
    candidates.flatMap((one) => {
      const service = one.claims[0]?.service;
      const next = service ? proxyBehind(view, proxies, service) : null;
      return next && next !== one.proxy ? [next.name] : [];
    }),
  );
  const outer = candidates.filter((one) => !behind.has(one.proxy.name));
  return outer.length ? outer : candidates;
}
