import type { ClaimFacts } from '../../../diagnostics/io/cluster-reader.ts';
import { proxiesIn } from '../discover/discover.ts';
import { claimsFor, unservedFor } from '../discover/routes.ts';
import type { GatewayRoute } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { gapIn, needs } from './rights.ts';

/** Kinds of routes: with one of them unread, another object may claim the host. */
const ROUTES = ['ingresses', 'ingressroutes', 'httproutes', 'grpcroutes', 'tlsroutes'] as const;
/** Claims of one host that facts keep. */
const MOST = 40;

/** What the status of a Gateway's route and of its Gateways says is wrong. */
function problemsOf(view: ClusterView, route: GatewayRoute): string[] {
  const gateways = route.parents.flatMap((parent) => {
    const found = view.objects.gateways.get(keyOf(parent.namespace ?? route.meta.namespace, parent.name));
    return found ? [found] : [];
  });
  return [
    ...route.problems.map((p) => `${p.reason}: ${p.message}`),
    ...gateways.flatMap((one) =>
      one.problems.map((p) => `Gateway ${keyOf(one.meta.namespace, one.meta.name)}: ${p.reason}: ${p.message}`),
    ),
  ];
}

const gatewayRoute = (view: ClusterView, object: string): GatewayRoute | undefined =>
  [...view.gatewayRoutes()].find((one) => `${one.kind} ${keyOf(one.meta.namespace, one.meta.name)}` === object);

/**
 * Who serves a host and path, by which object, the one that wins first within each proxy, and what nobody serves. Throws
 * BlindLook naming the right to grant when routes, classes or the proxies' own workloads may not be read.
 */
export function claimFacts(view: ClusterView, host: string, path: string): ClaimFacts {
  needs(
    view,
    '',
    ...ROUTES,
    'ingressclasses',
    'gatewayclasses',
    'gateways',
    'deployments',
    'daemonsets',
    'statefulsets',
  );
  const proxies = proxiesIn(view);
  const known = (one: { namespace: string; name: string }): boolean =>
    view.objects.services.has(keyOf(one.namespace, one.name)) || gapIn(view, 'services', one.namespace) !== null;
  const claims = claimsFor(view, proxies, host, path)
    .slice(0, MOST)
    .map((claim) => {
      const route = gatewayRoute(view, claim.object);
      return {
        proxy: claim.proxy.name,
        object: claim.object,
        why: claim.why,
        host: claim.host,
        path: claim.path,
        service: claim.service && keyOf(claim.service.namespace, claim.service.name),
        problems: route ? problemsOf(view, route) : claim.problems,
        addresses: claim.addresses,
        missing: claim.service !== null && !known(claim.service),
        rank: claim.rank,
        others: claim.others.map((one) => ({ service: keyOf(one.namespace, one.name), weight: one.weight })),
      };
    });
  const unserved = unservedFor(view, proxies, host).map((one) => {
    const route = gatewayRoute(view, one.object);
    return { ...one, problems: route ? problemsOf(view, route) : [] };
  });
  return { host, claims, unserved, proxies: proxies.map((one) => one.name) };
}
