import type { Ingress } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { gatewayOf } from './claims-gateway.ts';
import { ingressesFor, isCanary } from './claims-ingress.ts';
import { type Serves, servesIngress } from './classes.ts';
import { frontsOf } from './fronts.ts';
import { servesGateway } from './gateways.ts';
import { isUnread } from './known.ts';
import { hostCovers } from './paths.ts';
import type { FoundProxy } from './proxies.ts';

/** An object that names the host itself, and that no proxy which was found serves. */
export interface Unserved {
  object: string;
  /** What each proxy's class rule says of it. */
  why: string;
}

/** Controllers whose proxies are known here: with another one in its class, an Ingress may well be served. */
const KNOWN =
  /^(k8s\.io\/ingress-nginx|traefik\.io\/|haproxy-ingress\.github\.io\/|haproxy\.org\/|projectcontour\.io\/)/;

/** May a controller that is not known here, or that was not seen, serve it? Then nobody can say that nobody does. */
function mayBeElsewhere(view: ClusterView, proxies: FoundProxy[], ingress: Ingress, verdicts: Serves[]): boolean {
  if (verdicts.some((one) => one.guessed)) return true;
  const of = ingress.className === null ? null : view.objects.ingressclasses.get(ingress.className);
  if (of && !KNOWN.test(of.controller)) return true;
  if (ingress.className !== null && !of) return false;
  // Somebody wrote addresses into its status: if they are no proxy's of ours, another controller serves it.
  const ours = new Set(proxies.flatMap((proxy) => frontsOf(view, proxy).flatMap((service) => service.addresses)));
  return ingress.addresses.length > 0 && !ingress.addresses.some((address) => ours.has(address));
}

function ofIngresses(view: ClusterView, proxies: FoundProxy[], host: string): Unserved[] {
  return ingressesFor(view, host).flatMap((ingress): Unserved[] => {
    if (!ingress.rules.some((rule) => rule.host !== null && hostCovers(rule.host, host, 'many'))) return [];
    const verdicts = proxies.map((proxy) => servesIngress(view, proxy, ingress));
    const object = `Ingress ${keyOf(ingress.meta.namespace, ingress.meta.name)}`;
    if (verdicts.some((one) => one.yes)) {
      const alone = isCanary(ingress) && !ingressesFor(view, host).some((one) => one !== ingress && !isCanary(one));
      return alone ? [{ object, why: 'it is a canary, and there is no Ingress whose canary it is' }] : [];
    }
    if (mayBeElsewhere(view, proxies, ingress, verdicts)) return [];
    const reasons = new Set(verdicts.map((one) => one.why).filter((why) => !/reads no/.test(why)));
    return [{ object, why: [...reasons].join('; ') || 'no proxy was found that reads Ingresses' }];
  });
}

function ofGatewayRoutes(view: ClusterView, proxies: FoundProxy[], host: string): Unserved[] {
  if (isUnread(view, 'gateways') || isUnread(view, 'gatewayclasses')) return [];
  const found: Unserved[] = [];
  for (const route of view.gatewayRoutes()) {
    if (!route.hostnames.some((name) => hostCovers(name, host, 'many'))) continue;
    const parents = route.parents
      .filter((parent) => parent.kind === 'Gateway')
      .map((parent) => ({ parent, gateway: gatewayOf(view, route, parent) }));
    const served = parents.some(
      ({ parent, gateway }) =>
        gateway && parent.refused === null && proxies.some((proxy) => servesGateway(view, proxy, gateway).yes),
    );
    if (served) continue;
    const refused = parents.find(({ parent }) => parent.refused !== null)?.parent.refused;
    const missing = parents.find(({ gateway }) => gateway === undefined)?.parent;
    found.push({
      object: `${route.kind} ${keyOf(route.meta.namespace, route.meta.name)}`,
      why: refused
        ? `its Gateway does not take it: ${refused}`
        : missing
          ? `the Gateway ${keyOf(missing.namespace ?? route.meta.namespace, missing.name)} does not exist`
          : 'no proxy was found that serves its Gateway',
    });
  }
  return found;
}

/**
 * Objects that name this very host or a pattern of it, and that nobody here serves: most often a wrong or missing class.
 * Empty where that cannot be told: no proxy was found at all, or their workloads may not be read.
 */
export function unservedFor(view: ClusterView, proxies: FoundProxy[], host: string): Unserved[] {
  const blind = (['deployments', 'daemonsets'] as const).some((plural) => isUnread(view, plural));
  if (proxies.length === 0 || blind) return [];
  const wanted = host.toLowerCase();
  return [...ofIngresses(view, proxies, wanted), ...ofGatewayRoutes(view, proxies, wanted)];
}
