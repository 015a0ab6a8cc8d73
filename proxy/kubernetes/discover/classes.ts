import type { Gateway, Ingress } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import type { FoundProxy } from './proxies.ts';

/** Does a proxy serve an object, and by which rule, in words that a person can check. */
export interface Serves {
  yes: boolean;
  why: string;
}

const yes = (why: string): Serves => ({ yes: true, why });
const no = (why: string): Serves => ({ yes: false, why });

const isOn = (value: string | undefined): boolean => value !== undefined && value !== 'false';

/** Namespaces that a controller was told to watch; null: all. */
function watched(proxy: FoundProxy): string[] | null {
  const flag =
    proxy.args['watch-namespace'] ??
    proxy.args['providers.kubernetesingress.namespaces'] ??
    proxy.args['namespace-whitelist'];
  return flag ? flag.split(',').filter((one) => one !== '') : null;
}

/**
 * ingress-nginx and those that do as it does: spec.ingressClassName of a class with the right controller, else the old
 * annotation, else only with --watch-ingress-without-class (ingress-nginx: internal/ingress/controller/store,
 * GetIngressClass).
 */
function likeNginx(
  view: ClusterView,
  ingress: Ingress,
  rule: { controller: string; annotation: string; withoutClass: boolean; byName: boolean },
): Serves {
  const { className, classAnnotation } = ingress;
  if (className !== null) {
    if (rule.byName && className === rule.annotation) return yes(`its class is named ${className}`);
    const of = view.objects.ingressclasses.get(className);
    if (!of) return no(`its class ${className} does not exist`);
    return of.controller === rule.controller
      ? yes(`IngressClass ${className} names ${of.controller}`)
      : no(`IngressClass ${className} names ${of.controller}`);
  }
  if (classAnnotation !== null)
    return classAnnotation === rule.annotation
      ? yes(`annotation kubernetes.io/ingress.class: ${classAnnotation}`)
      : no(`annotation kubernetes.io/ingress.class: ${classAnnotation}`);
  return rule.withoutClass ? yes('it names no class, and such are watched too') : no('it names no class');
}

/** Traefik's own rule (traefik: pkg/provider/kubernetes/ingress/kubernetes.go, shouldProcessIngress). */
function byTraefik(view: ClusterView, ingress: Ingress, proxy: FoundProxy): Serves {
  const prefix = 'providers.kubernetesingress';
  const wanted = proxy.args[`${prefix}.ingressclass`] ?? '';
  const blind =
    isOn(proxy.args[`${prefix}.disableingressclasslookup`]) ||
    isOn(proxy.args[`${prefix}.disableclusterscoperesources`]);
  const { className, classAnnotation } = ingress;
  if (className !== null) {
    if (blind) return no(`it names the class ${className}, and this Traefik does not look classes up`);
    const of = view.objects.ingressclasses.get(className);
    if (!of) return no(`its class ${className} does not exist`);
    if (of.controller !== 'traefik.io/ingress-controller')
      return no(`IngressClass ${className} names ${of.controller}`);
    return wanted === '' || wanted === className
      ? yes(`IngressClass ${className} names ${of.controller}`)
      : no(`it serves the class ${wanted} only`);
  }
  const annotated = classAnnotation ?? '';
  if (annotated === wanted || (wanted === '' && annotated === 'traefik'))
    return yes(
      annotated === ''
        ? 'it names no class, and such are served'
        : `annotation kubernetes.io/ingress.class: ${annotated}`,
    );
  return no(
    annotated === '' ? `it serves the class ${wanted} only` : `annotation kubernetes.io/ingress.class: ${annotated}`,
  );
}

const nginxRule = (args: FoundProxy['args'], prefix = ''): Parameters<typeof likeNginx>[2] => {
  const flag = (name: string, own: string): string | undefined => args[prefix ? `${prefix}.${own}` : name];
  return {
    controller: flag('controller-class', 'controllerclass') ?? 'k8s.io/ingress-nginx',
    annotation: flag('ingress-class', 'ingressclass') ?? 'nginx',
    withoutClass: flag('watch-ingress-without-class', 'watchingresswithoutclass') === 'true',
    byName: flag('ingress-class-by-name', 'ingressclassbyname') === 'true',
  };
};

const enabled = (args: FoundProxy['args'], provider: string): boolean =>
  Object.keys(args).some((flag) => flag === provider || flag.startsWith(`${provider}.`)) && args[provider] !== 'false';

/** Does this proxy serve this Ingress? Rules of each controller, from its own source. */
export function servesIngress(view: ClusterView, proxy: FoundProxy, ingress: Ingress): Serves {
  const namespaces = watched(proxy);
  if (namespaces && !namespaces.includes(ingress.meta.namespace)) return no(`it watches ${namespaces.join(', ')} only`);
  switch (proxy.brand) {
    case 'ingress-nginx':
      return likeNginx(view, ingress, nginxRule(proxy.args));
    case 'traefik': {
      const told = Object.keys(proxy.args).some((flag) => flag.startsWith('providers.'));
      if (enabled(proxy.args, 'providers.kubernetesingressnginx')) {
        const asNginx = likeNginx(view, ingress, nginxRule(proxy.args, 'providers.kubernetesingressnginx'));
        if (asNginx.yes) return yes(`${asNginx.why}; Traefik's provider for ingress-nginx takes those`);
      }
      if (told && !enabled(proxy.args, 'providers.kubernetesingress'))
        return no('its provider for Ingresses is not switched on');
      return byTraefik(view, ingress, proxy);
    }
    case 'haproxy-ingress': {
      const tech = /haproxytech/.test(proxy.container.image);
      return likeNginx(view, ingress, {
        controller: tech ? 'haproxy.org/ingress-controller' : 'haproxy-ingress.github.io/controller',
        annotation: proxy.args['ingress-class'] ?? proxy.args['ingress.class'] ?? 'haproxy',
        withoutClass: proxy.args['watch-ingress-without-class'] === 'true',
        byName: false,
      });
    }
    case 'contour': {
      const of = ingress.className === null ? null : view.objects.ingressclasses.get(ingress.className);
      if (of?.controller.startsWith('projectcontour.io/'))
        return yes(`IngressClass ${ingress.className} names ${of.controller}`);
      return (ingress.classAnnotation ?? ingress.className) === 'contour'
        ? yes('its class is contour')
        : no('its class is not contour');
    }
    default:
      return no(`${proxy.brand} reads no Ingresses`);
  }
}

/** Controllers of GatewayClasses, by the start of their names. */
const GATEWAY_CONTROLLERS: readonly [string, string][] = [
  ['gateway.envoyproxy.io/', 'envoy-gateway'],
  ['projectcontour.io/', 'contour'],
  ['traefik.io/', 'traefik'],
  ['haproxy-ingress.github.io/', 'haproxy-ingress'],
];

/** Does this proxy serve this Gateway? Envoy Gateway makes a proxy for each; others serve all of their class. */
export function servesGateway(view: ClusterView, proxy: FoundProxy, gateway: Gateway): Serves {
  const of = view.objects.gatewayclasses.get(gateway.className);
  if (!of) return no(`its class ${gateway.className} does not exist`);
  const brand = GATEWAY_CONTROLLERS.find(([start]) => of.controller.startsWith(start))?.[1];
  if (brand !== proxy.brand) return no(`GatewayClass ${gateway.className} names ${of.controller}`);
  if (
    proxy.gateway &&
    keyOf(proxy.gateway.namespace, proxy.gateway.name) !== keyOf(gateway.meta.namespace, gateway.meta.name)
  )
    return no(`it was made for the Gateway ${keyOf(proxy.gateway.namespace, proxy.gateway.name)}`);
  return yes(`GatewayClass ${gateway.className} names ${of.controller}`);
}

/** Traefik reads its own routes where that provider is on; with a file of its own we cannot see it, and assume so. */
export function servesIngressRoutes(proxy: FoundProxy, namespace: string): boolean {
  if (proxy.brand !== 'traefik') return false;
  const told = Object.keys(proxy.args).some((flag) => flag.startsWith('providers.'));
  if (told && !enabled(proxy.args, 'providers.kubernetescrd')) return false;
  const only = proxy.args['providers.kubernetescrd.namespaces'];
  return !only || only.split(',').includes(namespace);
}
