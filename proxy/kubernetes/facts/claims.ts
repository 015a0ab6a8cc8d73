import type { ClaimFacts } from '../../../diagnostics/io/cluster-reader.ts';
import { hostMatches } from '../../inventory/path.ts';
import { proxiesIn } from '../discover/discover.ts';
import { frontsOf } from '../discover/fronts.ts';
import type { FoundProxy } from '../discover/proxies.ts';
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

/** Ingresses and Gateway routes that name the host, or a pattern of it, whoever serves them. */
function namedBy(view: ClusterView, host: string): string[] {
  const ingresses = view
    .ingressesFor(host)
    .filter((one) => one.rules.some((rule) => rule.host !== null && hostMatches(rule.host, host)))
    .map((one) => `Ingress ${keyOf(one.meta.namespace, one.meta.name)}`);
  const routes = [...view.gatewayRoutes()]
    .filter((one) => one.hostnames.some((name) => hostMatches(name, host)))
    .map((one) => `${one.kind} ${keyOf(one.meta.namespace, one.meta.name)}`);
  return [...ingresses, ...routes].slice(0, MOST);
}

/** Names by which a proxy that was found goes in IngressClasses; empty: it reads none. */
function controllersOf(proxy: FoundProxy): string[] {
  switch (proxy.brand) {
    case 'ingress-nginx':
      return [proxy.args['controller-class'] ?? 'k8s.io/ingress-nginx'];
    case 'traefik':
      return ['traefik.io/ingress-controller'];
    case 'haproxy-ingress':
      return ['haproxy-ingress.github.io/controller', 'haproxy.org/ingress-controller'];
    default:
      return [];
  }
}

/**
 * What speaks for a controller that we did not find (in a namespace that is not watched, or of a kind that we do not
 * know): a class that names one, or an address in the status that none of ours has. null: nothing does.
 */
function foreignTo(
  view: ClusterView,
  proxies: FoundProxy[],
  object: string,
  route: GatewayRoute | undefined,
): string | null {
  if (proxies.length === 0) return 'no proxy was found at all';
  const name = object.split(' ')[1] ?? '';
  if (route) {
    const parent = route.parents.find((one) => one.kind === 'Gateway');
    const gateway = parent && view.objects.gateways.get(keyOf(parent.namespace ?? route.meta.namespace, parent.name));
    const of = gateway && view.objects.gatewayclasses.get(gateway.className);
    return of ? `GatewayClass ${gateway.className} names ${of.controller}` : null;
  }
  const ingress = view.objects.ingresses.get(name);
  if (!ingress) return null;
  const of = ingress.className === null ? undefined : view.objects.ingressclasses.get(ingress.className);
  if (
    of &&
    !of.controller.startsWith('projectcontour.io/') &&
    !proxies.some((one) => controllersOf(one).includes(of.controller))
  )
    return `IngressClass ${ingress.className} names ${of.controller}`;
  const ours = new Set(
    proxies.flatMap((one) => frontsOf(view, one).flatMap((front) => [...front.addresses, ...front.externalIPs])),
  );
  const stranger = ingress.addresses.find((one) => !ours.has(one));
  return stranger === undefined ? null : `its status says that it is reached at ${stranger}`;
}

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
        problems: route ? problemsOf(view, route) : [],
        // Without a status of its own, what is open about it is ours, not its controller's word.
        note: route ? null : (claim.problems[0] ?? null),
        addresses: claim.addresses,
        missing: claim.service !== null && !known(claim.service),
        rank: claim.order,
        others: claim.others.map((one) => ({ service: keyOf(one.namespace, one.name), weight: one.weight })),
      };
    });
  const unserved = unservedFor(view, proxies, host).map((one) => {
    const route = gatewayRoute(view, one.object);
    return {
      ...one,
      problems: route ? problemsOf(view, route) : [],
      foreign: foreignTo(view, proxies, one.object, route),
    };
  });
  const told = new Set([...claims, ...unserved].map((one) => one.object));
  const unseen = namedBy(view, host)
    .filter((object) => !told.has(object))
    .map((object) => ({
      object,
      why: foreignTo(view, proxies, object, gatewayRoute(view, object)) ?? 'its controller was not seen',
    }));
  return { host, claims, unserved, unseen, proxies: proxies.map((one) => one.name) };
}
