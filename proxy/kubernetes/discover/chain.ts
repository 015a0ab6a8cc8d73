import type { PathHop } from '../../../diagnostics/types.ts';
import { type ClusterView, keyOf } from '../view.ts';
import type { Claim } from './claim.ts';
import { proxyHop } from './instances.ts';
import type { FoundProxy } from './proxies.ts';
import { claimsFor } from './routes.ts';
import { insideName, serviceHop } from './services.ts';

/** A chain of proxies longer than this goes round in a circle. */
const MOST_PROXIES = 4;

type Ref = { namespace: string; name: string };

export const named = (one: Ref): string => keyOf(one.namespace, one.name);

/** The Service whose pods a route ends at: an ExternalName may be another one's name inside the cluster. */
function endOf(view: ClusterView, ref: Ref): Ref {
  const service = view.objects.services.get(named(ref));
  const inside = service?.type === 'ExternalName' ? insideName(service.externalName) : null;
  return inside && view.objects.services.has(named(inside)) ? inside : ref;
}

/** A proxy among the pods behind a Service: then a second ingress follows the first. */
export function proxyBehind(view: ClusterView, proxies: FoundProxy[], ref: Ref): FoundProxy | null {
  const service = endOf(view, ref);
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

/** What follows a proxy, and which of its next hop's listeners it uses (null: nothing to choose). */
interface Inwards {
  hops: PathHop[];
  to: 'https' | 'http' | null;
  unknown: string[];
}

const NOTHING: Inwards = { hops: [], to: null, unknown: [] };

/** What a claim leaves open: problems of its object, and who shares the requests by weight. */
export function opensOf(claim: Claim): string[] {
  const shared = claim.others.map((one) => named(one) + (one.weight ? ` (weight ${one.weight})` : ''));
  const followed = claim.service ? named(claim.service) : 'the first';
  return [
    ...new Set(claim.problems.map((problem) => `${claim.object}: ${problem}`)),
    ...(shared.length ? [`${claim.object} also sends to ${shared.join(', ')}; ${followed} is followed`] : []),
  ];
}

/** From a claim inwards: the service, or the next proxy and what it does with the same host. */
export function inwards(
  view: ClusterView,
  proxies: FoundProxy[],
  claim: Claim,
  host: string,
  path: string,
  seen: string[],
): Inwards {
  if (!claim.service) return NOTHING;
  const next = proxyBehind(view, proxies, claim.service);
  if (!next || seen.includes(next.name) || seen.length >= MOST_PROXIES) {
    const hop = serviceHop(view, claim.service, claim.scheme);
    return { hops: [{ ...hop, from: [claim.object, ...hop.from] }], to: null, unknown: [] };
  }
  const end = endOf(view, claim.service);
  const service = view.objects.services.get(named(end)) ?? null;
  const hop = proxyHop(view, next, service, { sends: 'none', endsTls: false });
  const { number, name } = claim.service.port;
  const to = claim.scheme ?? (number === 443 || /^(https|websecure)/.test(name ?? '') ? 'https' : 'http');
  const asked = claim.hostSent ?? host;
  const [first] = claimsFor(view, [next], asked, path);
  const from = [claim.object, ...hop.from];
  if (!first) return { hops: [{ ...hop, from }], to, unknown: [`${next.name} has no route for ${asked}${path}`] };
  const onwards = inwards(view, proxies, first, asked, path, [...seen, next.name]);
  return {
    hops: [{ ...hop, to: onwards.to, from: [...from, first.object] }, ...onwards.hops],
    to,
    unknown: [...opensOf(first), ...onwards.unknown],
  };
}
