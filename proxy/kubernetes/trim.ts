import type * as o from './objects.ts';
import { flag, list, number, pairs, type Raw, raw, text, words } from './pick.ts';

/** Raw objects of an API server to what is kept of them. Pure; missing and unknown fields never throw. */

/** Who wrote the spec last: the newest managedFields entry without the subresource `status`. */
function changedBy(managed: unknown): o.Meta['changed'] {
  let newest: o.Meta['changed'] = null;
  for (const entry of list(managed)) {
    const at = text(entry.time);
    if (!at || entry.subresource || (newest && newest.at >= at)) continue;
    newest = { by: text(entry.manager) ?? '', at };
  }
  return newest;
}

export function metaOf(object: Raw): o.Meta {
  const meta = raw(object.metadata);
  const owner = list(meta.ownerReferences).find((one) => one.controller === true);
  return {
    name: text(meta.name) ?? '',
    namespace: text(meta.namespace) ?? '',
    uid: text(meta.uid) ?? '',
    labels: pairs(meta.labels),
    annotations: pairs(meta.annotations),
    createdAt: text(meta.creationTimestamp),
    deletedAt: text(meta.deletionTimestamp),
    ...(number(meta.deletionGracePeriodSeconds) !== null && {
      leaveSeconds: number(meta.deletionGracePeriodSeconds) as number,
    }),
    owner: owner ? { kind: text(owner.kind) ?? '', name: text(owner.name) ?? '' } : null,
    changed: changedBy(meta.managedFields),
  };
}

const portRef = (value: unknown): o.PortRef => {
  const port = raw(value);
  return { name: text(port.name), number: number(port.number) };
};
const mixedPort = (value: unknown): o.PortRef => ({ name: text(value), number: number(value) });
const addressesOf = (status: unknown): string[] =>
  list(raw(raw(status).loadBalancer).ingress)
    .map((one) => text(one.ip) ?? text(one.hostname))
    .filter((one) => one !== null);

/** False, but for kinds of conditions that are good when false. */
const GOOD_WHEN_FALSE = new Set(['Conflicted', 'OverlappingTLSConfig']);
const problemsOf = (conditions: unknown): o.Problem[] =>
  list(conditions)
    .filter((c) => (GOOD_WHEN_FALSE.has(String(c.type)) ? c.status === 'True' : c.status === 'False'))
    .map((c) => ({
      type: text(c.type) ?? '',
      reason: text(c.reason) ?? '',
      message: (text(c.message) ?? '').slice(0, 300),
      since: text(c.lastTransitionTime),
    }));

export function ingress(object: Raw): o.Ingress {
  const meta = metaOf(object);
  const spec = raw(object.spec);
  const backend = raw(raw(spec.defaultBackend).service);
  return {
    meta,
    className: text(spec.ingressClassName),
    classAnnotation: meta.annotations['kubernetes.io/ingress.class'] ?? null,
    rules: list(spec.rules).flatMap((rule) => {
      const host = text(rule.host)?.toLowerCase() ?? null;
      const paths = list(raw(rule.http).paths);
      // A rule without paths sends its host to the default backend (networking.k8s.io/v1, IngressSpec.rules).
      if (paths.length === 0 && host !== null && text(backend.name))
        return [
          { host, path: '/', type: 'Prefix', service: text(backend.name) as string, port: portRef(backend.port) },
        ];
      return paths.map((path) => {
        const service = raw(raw(path.backend).service);
        return {
          host,
          path: text(path.path) ?? '/',
          type: text(path.pathType) ?? 'ImplementationSpecific',
          service: text(service.name) ?? '',
          port: portRef(service.port),
        };
      });
    }),
    defaultBackend: text(backend.name) ? { service: text(backend.name) as string, port: portRef(backend.port) } : null,
    tls: list(spec.tls).map((tls) => ({ hosts: words(tls.hosts), secret: text(tls.secretName) })),
    addresses: addressesOf(object.status),
  };
}

export function ingressClass(object: Raw): o.IngressClass {
  const meta = metaOf(object);
  return {
    meta,
    controller: text(raw(object.spec).controller) ?? '',
    isDefault: meta.annotations['ingressclass.kubernetes.io/is-default-class'] === 'true',
  };
}

export function ingressRoute(object: Raw): o.IngressRoute {
  const spec = raw(object.spec);
  const tls = spec.tls === undefined || spec.tls === null ? null : raw(spec.tls);
  return {
    meta: metaOf(object),
    entryPoints: words(spec.entryPoints),
    routes: list(spec.routes).map((route) => ({
      match: text(route.match) ?? '',
      priority: number(route.priority),
      services: list(route.services).map((service) => ({
        name: text(service.name) ?? '',
        namespace: text(service.namespace),
        kind: text(service.kind) ?? 'Service',
        port: mixedPort(service.port),
        weight: number(service.weight),
        scheme: text(service.scheme),
      })),
      middlewares: list(route.middlewares).map((one) => text(one.name) ?? ''),
    })),
    tls: tls && { options: text(raw(tls.options).name), secret: text(tls.secretName) },
  };
}

export const gatewayClass = (object: Raw): o.GatewayClass => ({
  meta: metaOf(object),
  controller: text(raw(object.spec).controllerName) ?? '',
});

export function gateway(object: Raw): o.Gateway {
  const spec = raw(object.spec);
  const status = raw(object.status);
  return {
    meta: metaOf(object),
    className: text(spec.gatewayClassName) ?? '',
    listeners: list(spec.listeners).map((one) => ({
      name: text(one.name) ?? '',
      hostname: text(one.hostname)?.toLowerCase() ?? null,
      port: number(one.port) ?? 0,
      protocol: text(one.protocol) ?? '',
      mode: text(raw(one.tls).mode),
    })),
    addresses: list(status.addresses)
      .map((one) => text(one.value))
      .filter((one) => one !== null),
    problems: [
      ...problemsOf(status.conditions),
      ...list(status.listeners).flatMap((one) => problemsOf(one.conditions)),
    ],
  };
}

/** Why a parent does not take a route: its condition `Accepted`, when false. */
function refusalOf(object: Raw, parent: Raw): string | null {
  const same = (other: Raw): boolean =>
    ['name', 'namespace', 'sectionName', 'port'].every((key) => (other[key] ?? null) === (parent[key] ?? null));
  const said = list(raw(object.status).parents).filter((one) => same(raw(one.parentRef)));
  const accepted = said.flatMap((one) => list(one.conditions)).filter((c) => c.type === 'Accepted');
  const bad = accepted.find((c) => c.status === 'False');
  return bad && !accepted.some((c) => c.status === 'True') ? `${text(bad.reason) ?? ''}: ${text(bad.message) ?? ''}`.slice(0, 300) : null;
}

/** The path that a match asks for; a gRPC method is the path `/service/method`. */
function pathOf(match: Raw): o.GatewayRoute['rules'][number]['paths'][number] {
  const path = raw(match.path);
  const conditional = list(match.headers).length > 0 || list(match.queryParams).length > 0;
  const grpc = raw(match.method);
  const service = text(grpc.service);
  if (service !== null) {
    const method = text(grpc.method);
    const type = grpc.type === 'RegularExpression' ? 'RegularExpression' : method === null ? 'PathPrefix' : 'Exact';
    return { type, value: method === null ? `/${service}` : `/${service}/${method}`, conditional };
  }
  return {
    type: text(path.type) ?? 'PathPrefix',
    value: text(path.value) ?? '/',
    // HTTPRoute: a method of HTTP; GRPCRoute: a method of any service.
    conditional: conditional || text(match.method) !== null || text(grpc.method) !== null,
  };
}

export function clientTrafficPolicy(object: Raw): o.ClientTrafficPolicy {
  const spec = raw(object.spec);
  const targets = spec.targetRef ? [raw(spec.targetRef)] : list(spec.targetRefs);
  const settings = spec.proxyProtocol;
  return {
    meta: metaOf(object),
    targets: targets.map((one) => ({
      kind: text(one.kind) ?? '',
      name: text(one.name) ?? '',
      section: text(one.sectionName),
    })),
    proxyProtocol: settings
      ? raw(settings).optional === true
        ? 'optional'
        : 'required'
      : spec.enableProxyProtocol === true
        ? 'required'
        : null,
  };
}

export const gatewayRoute =
  (kind: o.GatewayRoute['kind']) =>
  (object: Raw): o.GatewayRoute => {
    const spec = raw(object.spec);
    return {
      kind,
      meta: metaOf(object),
      hostnames: words(spec.hostnames).map((host) => host.toLowerCase()),
      parents: list(spec.parentRefs).map((one) => ({
        kind: text(one.kind) ?? 'Gateway',
        name: text(one.name) ?? '',
        namespace: text(one.namespace),
        section: text(one.sectionName),
        port: number(one.port),
        refused: refusalOf(object, one),
      })),
      rules: list(spec.rules).map((rule) => ({
        paths: list(rule.matches).map(pathOf),
        backends: list(rule.backendRefs).map((one) => ({
          kind: text(one.kind) ?? 'Service',
          name: text(one.name) ?? '',
          namespace: text(one.namespace),
          port: number(one.port),
          weight: number(one.weight),
        })),
        redirects: list(rule.filters).some((filter) => filter.type === 'RequestRedirect'),
      })),
      problems: list(raw(object.status).parents).flatMap((one) => problemsOf(one.conditions)),
    };
  };

export function service(object: Raw): o.Service {
  const spec = raw(object.spec);
  const given = text(spec.loadBalancerIP);
  const selector = pairs(spec.selector);
  return {
    meta: metaOf(object),
    type: text(spec.type) ?? 'ClusterIP',
    clusterIP: text(spec.clusterIP),
    selector: Object.keys(selector).length ? selector : null,
    ports: list(spec.ports).map((port) => ({
      name: text(port.name),
      port: number(port.port) ?? 0,
      targetPort: number(port.targetPort) ?? text(port.targetPort) ?? number(port.port) ?? 0,
      nodePort: number(port.nodePort),
      protocol: text(port.protocol) ?? 'TCP',
      appProtocol: text(port.appProtocol),
    })),
    externalTrafficPolicy: text(spec.externalTrafficPolicy),
    internalTrafficPolicy: text(spec.internalTrafficPolicy),
    externalIPs: words(spec.externalIPs),
    externalName: text(spec.externalName),
    healthCheckNodePort: number(spec.healthCheckNodePort),
    loadBalancerClass: text(spec.loadBalancerClass),
    addresses: [...new Set([...addressesOf(object.status), ...(given ? [given] : [])])],
    publishNotReady: spec.publishNotReadyAddresses === true,
  };
}

/** An empty slice has `null` for its lists (measured on kube-apiserver 1.28). */
export function endpointSlice(object: Raw): o.EndpointSlice {
  const meta = metaOf(object);
  return {
    meta,
    service: meta.labels['kubernetes.io/service-name'] ?? null,
    addressType: text(object.addressType) ?? 'IPv4',
    ports: list(object.ports).map((port) => ({
      name: text(port.name),
      port: number(port.port),
      protocol: text(port.protocol) ?? 'TCP',
    })),
    endpoints: list(object.endpoints).map((one) => {
      const conditions = raw(one.conditions);
      const target = raw(one.targetRef);
      return {
        addresses: words(one.addresses),
        ready: flag(conditions.ready),
        serving: flag(conditions.serving),
        terminating: flag(conditions.terminating),
        node: text(one.nodeName),
        zone: text(one.zone),
        pod: target.kind === 'Pod' ? text(target.name) : null,
      };
    }),
  };
}
