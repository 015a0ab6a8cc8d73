import type * as o from './objects.ts';
import { flag, list, number, pairs, type Raw, raw, text, words } from './pick.ts';

/** Raw objects of an API server to what is kept of them. Pure; missing and unknown fields never throw. */

/** Who wrote the spec last: the newest managedFields entry about the object itself, or its number of replicas (`scale`). */
function changedBy(managed: unknown): o.Meta['changed'] {
  let newest: o.Meta['changed'] = null;
  for (const entry of list(managed)) {
    const at = text(entry.time);
    const spec = !entry.subresource || entry.subresource === 'scale';
    if (!at || !spec || (newest && newest.at >= at)) continue;
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
export const problemsOf = (conditions: unknown): o.Problem[] =>
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
