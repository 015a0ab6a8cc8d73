import type * as o from './objects.ts';
import { list, number, type Raw, raw, text, words } from './pick.ts';
import { metaOf, problemsOf } from './trim.ts';

/** Objects of the Gateway API, and Envoy Gateway's policies on them, as `trim.ts` does it. */

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
  return bad && !accepted.some((c) => c.status === 'True')
    ? `${text(bad.reason) ?? ''}: ${text(bad.message) ?? ''}`.slice(0, 300)
    : null;
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
