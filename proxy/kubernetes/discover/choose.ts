import { splitAddress } from '../../../diagnostics/io/address.ts';
import type { ClusterView } from '../view.ts';
import { proxyBehind } from './chain.ts';
import type { Claim } from './claim.ts';
import { type Front, frontOf } from './front.ts';
import { frontsOf } from './fronts.ts';
import type { FoundProxy } from './proxies.ts';

/** Addresses that names lead to now, as far as anybody knows: the host's own, and those of balancers' host names. */
export interface Names {
  host: string[] | null;
  of: { [name: string]: string[] };
}

/** A proxy that would take the request, and the ways into it. */
export interface Candidate {
  proxy: FoundProxy;
  claims: Claim[];
  /** The one in use first. */
  fronts: Front[];
  /** The host's name leads to it. */
  led: boolean;
}

/** Addresses at which a front is reached from outside: its balancer's status, external IPs; of nodes, where they are the front. */
function addressesOf(view: ClusterView, front: Front): string[] {
  const listeners = front.hops.flatMap((hop) => hop.listeners.map((one) => splitAddress(one.address)?.host ?? ''));
  return front.hops[0]?.hop === 'node' ? [...listeners, ...nodeAddresses(view)] : listeners;
}

const nodeAddresses = (view: ClusterView, names?: Set<string>): string[] =>
  [...view.objects.nodes.values()]
    .filter((node) => !names || names.has(node.meta.name))
    .flatMap((node) => [node.internalIP, node.externalIP])
    .filter((one) => one !== null);

/** A proxy that listens on its nodes itself is reached at their addresses. */
function ownAddresses(view: ClusterView, proxy: FoundProxy): string[] {
  const onNode = proxy.workload.template.hostNetwork || proxy.container.ports.some((port) => port.hostPort !== null);
  return onNode ? nodeAddresses(view, new Set(proxy.pods.flatMap((pod) => pod.node ?? []))) : [];
}

const isAmong = (addresses: string[], names: Names): boolean =>
  names.host !== null &&
  addresses.some(
    (at) =>
      names.host?.includes(at) ||
      (Object.hasOwn(names.of, at) ? (names.of[at] ?? []) : []).some((ip) => names.host?.includes(ip)),
  );

/** A proxy with what leads into it; the front that the name leads to goes first. */
export function candidateOf(view: ClusterView, proxy: FoundProxy, claims: Claim[], names: Names): Candidate {
  const fronts = frontsOf(view, proxy).map((service) => frontOf(view, service));
  const led = fronts.find((front) => isAmong(addressesOf(view, front), names));
  const published = fronts.find((front) => claims[0]?.addresses.some((one) => addressesOf(view, front).includes(one)));
  const first = led ?? published;
  return {
    proxy,
    claims,
    fronts: first ? [first, ...fronts.filter((one) => one !== first)] : fronts,
    led: led !== undefined || isAmong(ownAddresses(view, proxy), names),
  };
}

/** Candidates that no other candidate leads to: a second ingress behind a first one is not its rival. */
export function outermost(view: ClusterView, candidates: Candidate[]): Candidate[] {
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

export const closeness = (one: Candidate): number => one.claims[0]?.rank[0] ?? 0;

/**
 * Where the name leads now decides; then who names the host itself rather than any host; then the status of the object
 * that claims it; then what the world can reach.
 */
export function chosen(view: ClusterView, candidates: Candidate[]): Candidate | null {
  const published = (one: Candidate): boolean =>
    one.claims[0]?.addresses.some((at) => one.fronts.some((front) => addressesOf(view, front).includes(at))) ?? false;
  const best = Math.max(0, ...candidates.map(closeness));
  const nearest = candidates.filter((one) => closeness(one) === best);
  const led = candidates.filter((one) => one.led);
  return (
    led.find((one) => nearest.includes(one)) ??
    led[0] ??
    nearest.find(published) ??
    nearest.find((one) => one.fronts.some((front) => front.hops.length)) ??
    nearest[0] ??
    null
  );
}
