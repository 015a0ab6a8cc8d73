import type { Gateway, GatewayRoute, Ingress, IngressRoute, Meta, PortRef } from '../objects.ts';
import {
  annotationChanges,
  by,
  type ClusterChange,
  changed,
  difference,
  differences,
  EVERYWHERE,
  phrases,
  refOf,
  settingsIn,
} from './change.ts';

/** What a route is about: the hosts that it names, and each of its ways by what it matches. */
interface Told {
  kind: string;
  meta: Meta;
  hosts: string[];
  /** Where requests go, by what they match. */
  ways: { [match: string]: string };
  /** Everything else of it that matters, by name. */
  rest: { [name: string]: string };
}

const port = (ref: PortRef): string => String(ref.name ?? ref.number ?? '');
const backend = (service: string, at: string): string => (at ? `${service}:${at}` : service);

export function toldIngress(one: Ingress): Told {
  const ways: Told['ways'] = {};
  for (const rule of one.rules) ways[`${rule.host ?? '*'}${rule.path}`] = backend(rule.service, port(rule.port));
  if (one.defaultBackend) ways['anything else'] = backend(one.defaultBackend.service, port(one.defaultBackend.port));
  const types = [...new Set(one.rules.map((rule) => `${rule.path} is ${rule.type}`))];
  return {
    kind: 'Ingress',
    meta: one.meta,
    hosts: one.rules.map((rule) => rule.host ?? '*'),
    ways,
    rest: {
      class: one.className ?? one.classAnnotation ?? '',
      'path types': types.join(', '),
      tls: one.tls.map((tls) => `${tls.hosts.join(',')} by ${tls.secret ?? 'the default certificate'}`).join('; '),
    },
  };
}

const HOSTS_IN = /Host(?:SNI)?\(([^)]{0,2000})\)/g;
export function toldIngressRoute(one: IngressRoute): Told {
  const hosts = one.routes.flatMap(({ match }) =>
    [...match.matchAll(HOSTS_IN)].flatMap((found) =>
      [...(found[1] as string).matchAll(/[`"']([^`"']+)[`"']/g)].map((host) => (host[1] as string).toLowerCase()),
    ),
  );
  return {
    kind: 'IngressRoute',
    meta: one.meta,
    hosts: hosts.length ? hosts : ['*'],
    ways: Object.fromEntries(
      one.routes.map((route) => [
        route.match,
        route.services
          .map((s) => backend(s.name, port(s.port)) + (s.weight === null ? '' : ` x${s.weight}`))
          .join(', '),
      ]),
    ),
    rest: {
      'entry points': one.entryPoints.join(', '),
      middlewares: one.routes.flatMap((route) => route.middlewares).join(', '),
      priorities: one.routes.map((route) => route.priority ?? 'by length').join(', '),
      tls: one.tls ? `options ${one.tls.options ?? 'default'}, secret ${one.tls.secret ?? 'none'}` : '',
    },
  };
}

export function toldGatewayRoute(one: GatewayRoute): Told {
  return {
    kind: one.kind,
    meta: one.meta,
    hosts: one.hostnames.length ? one.hostnames : ['*'],
    ways: Object.fromEntries(
      one.rules.map((rule, i) => [
        rule.paths.map((path) => `${path.type} ${path.value}`).join(' or ') || `rule ${i + 1}`,
        rule.redirects
          ? 'a redirect'
          : rule.backends
              .map((b) => backend(b.name, String(b.port ?? '')) + (b.weight === null ? '' : ` x${b.weight}`))
              .join(', '),
      ]),
    ),
    rest: {
      hosts: one.hostnames.join(', '),
      gateways: one.parents.map((parent) => `${parent.name}${parent.section ? `/${parent.section}` : ''}`).join(', '),
    },
  };
}

export function toldGateway(one: Gateway): Told {
  return {
    kind: 'Gateway',
    meta: one.meta,
    hosts: one.listeners.map((listener) => listener.hostname ?? '*'),
    ways: Object.fromEntries(
      one.listeners.map((listener) => [
        listener.name,
        `${listener.hostname ?? '*'} ${listener.protocol} ${listener.port}${listener.mode ? ` ${listener.mode}` : ''}`,
      ]),
    ),
    rest: { class: one.className },
  };
}

const about = (before: Told | null, after: Told | null): string[] => [
  ...new Set([...(before?.hosts ?? []), ...(after?.hosts ?? [])].map((host) => `Host ${host}`)),
];

/** A route that came, went or changed. Its status (addresses, conditions) is no change. */
export function routeChanges(before: Told | null, after: Told | null, heard: string): ClusterChange[] {
  const one = after ?? before;
  if (!one) return [];
  const { meta, kind } = one;
  const base = { uid: meta.uid, kind: 'route', object: refOf(kind, meta), about: about(before, after) };
  const ways = Object.entries(one.ways).map(([match, to]) => `${match} -> ${to}`);
  if (!after)
    return [changed(heard, { ...base, summary: `removed: ${phrases(ways)}`, state: 'removed', timeless: true })];
  const state = [after.ways, after.rest, settingsIn(meta)];
  const at = meta.changed?.at ?? heard;
  if (!before)
    return [changed(meta.createdAt ?? at, { ...base, summary: `created: ${phrases(ways)}`, by: by(meta), state })];
  const all = [
    ...differences(before.ways, after.ways),
    ...differences(before.rest, after.rest),
    ...annotationChanges(before.meta, after.meta),
  ];
  return all.length ? [changed(at, { ...base, summary: phrases(all), by: by(meta), state })] : [];
}

/** A class that came, went, or is the default one now. */
export function classChanges(
  kind: 'IngressClass' | 'GatewayClass',
  before: { meta: Meta; controller: string; isDefault?: boolean } | null,
  after: { meta: Meta; controller: string; isDefault?: boolean } | null,
  heard: string,
): ClusterChange[] {
  const one = after ?? before;
  if (!one) return [];
  const base = { uid: one.meta.uid, kind: 'class', object: refOf(kind, one.meta), about: [EVERYWHERE] };
  if (!after)
    return [changed(heard, { ...base, summary: `removed: ${one.controller}`, state: 'removed', timeless: true })];
  const at = after.meta.changed?.at ?? heard;
  const state = [after.controller, after.isDefault];
  if (!before)
    return [
      changed(after.meta.createdAt ?? at, {
        ...base,
        summary: `created: ${after.controller}`,
        by: by(after.meta),
        state,
      }),
    ];
  const all = [
    ...difference('controller', before.controller, after.controller),
    ...difference('default', before.isDefault, after.isDefault),
  ];
  return all.length ? [changed(at, { ...base, summary: phrases(all), by: by(after.meta), state })] : [];
}
