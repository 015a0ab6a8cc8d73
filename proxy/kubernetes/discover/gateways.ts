import type { Gateway, IngressRoute } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { no, provides, type Serves, yes } from './classes.ts';
import { isUnread } from './known.ts';
import type { FoundProxy } from './proxies.ts';

/** Controllers of GatewayClasses, by the start of their names. */
const GATEWAY_CONTROLLERS: readonly [string, string][] = [
  ['gateway.envoyproxy.io/', 'envoy-gateway'],
  ['projectcontour.io/', 'contour'],
  ['traefik.io/', 'traefik'],
  ['haproxy-ingress.github.io/', 'haproxy-ingress'],
];

/** Does this proxy serve this Gateway? Envoy Gateway makes a proxy for each; others serve all of their class. */
export function servesGateway(view: ClusterView, proxy: FoundProxy, gateway: Gateway): Serves {
  const { namespace, name } = gateway.meta;
  const own = proxy.gateway;
  const mine = own !== null && keyOf(own.namespace, own.name) === keyOf(namespace, name);
  const of = view.objects.gatewayclasses.get(gateway.className);
  if (!of) {
    if (!isUnread(view, 'gatewayclasses')) return no(`its class ${gateway.className} does not exist`);
    const why = `GatewayClasses may not be read`;
    return { yes: mine, why: mine ? `it was made for this Gateway; ${why}` : why, guessed: true };
  }
  const why = `GatewayClass ${gateway.className} names ${of.controller}`;
  const brand = GATEWAY_CONTROLLERS.find(([start]) => of.controller.startsWith(start))?.[1];
  if (brand !== proxy.brand) return no(why);
  if (own && !mine) return no(`it was made for the Gateway ${keyOf(own.namespace, own.name)}`);
  if (brand === 'traefik' && provides(proxy.args, 'providers.kubernetesgateway') === false)
    return no('its provider for the Gateway API is not switched on');
  if (proxy.gatewayClass !== null && proxy.gatewayClass !== gateway.className)
    return no(`it was made for the GatewayClass ${proxy.gatewayClass}`);
  return yes(why);
}

/**
 * Traefik reads its own routes where that provider is on; with a file of its own we cannot see it, and assume so
 * (pkg/provider/kubernetes/crd/kubernetes.go, shouldProcessIngress).
 */
export function servesIngressRoute(proxy: FoundProxy, route: IngressRoute): boolean {
  if (proxy.brand !== 'traefik') return false;
  const provider = 'providers.kubernetescrd';
  if (provides(proxy.args, provider) === false) return false;
  const only = proxy.args[`${provider}.namespaces`];
  if (only && !only.split(',').includes(route.meta.namespace)) return false;
  const wanted = proxy.args[`${provider}.ingressclass`] ?? '';
  const named = route.meta.annotations['kubernetes.io/ingress.class'] ?? '';
  return wanted === named || (wanted === '' && named === 'traefik');
}
