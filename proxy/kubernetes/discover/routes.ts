import { ruleCovers } from '../../adapters/routes/traefik-routes.ts';
import { hostMatches } from '../../inventory/path.ts';
import type { GatewayRoute, Ingress, PortRef } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { servesGateway, servesIngress, servesIngressRoutes } from './classes.ts';
import type { FoundProxy } from './proxies.ts';

/** One object by which one proxy would take a request for the host and path. */
export interface Claim {
  proxy: FoundProxy;
  /** `Ingress namespace/name`. */
  object: string;
  /** The class rule that makes it this proxy's. */
  why: string;
  /** As written; null: any host. */
  host: string | null;
  path: string;
  service: { namespace: string; name: string; port: PortRef } | null;
  /** Further services that share by weight. */
  others: { namespace: string; name: string; port: PortRef; weight: number | null }[];
  /** Higher wins: exact host over pattern over any, then exact over longer paths. */
  rank: number[];
  createdAt: string;
  /** Addresses that the object's status says it is reached at. */
  addresses: string[];
  /** Conditions that say that something is wrong with it. */
  problems: string[];
}

const hostRank = (pattern: string | null): number => (pattern === null ? 0 : pattern.startsWith('*') ? 1 : 2);

function pathCovers(type: string, pattern: string, path: string): boolean {
  const bare = path.split(/[?#]/)[0] ?? '/';
  if (type === 'Exact') return bare === pattern;
  const prefix = pattern.endsWith('/') ? pattern.slice(0, -1) : pattern;
  return prefix === '' || bare === prefix || bare.startsWith(`${prefix}/`);
}

function ingressClaims(proxy: FoundProxy, why: string, ingress: Ingress, host: string, path: string): Claim[] {
  const { namespace, name, createdAt } = ingress.meta;
  const base = {
    proxy,
    object: `Ingress ${keyOf(namespace, name)}`,
    why,
    others: [],
    createdAt: createdAt ?? '',
    addresses: ingress.addresses,
    problems: [],
  };
  const claims: Claim[] = ingress.rules
    .filter((rule) => (rule.host === null || hostMatches(rule.host, host)) && pathCovers(rule.type, rule.path, path))
    .map((rule) => ({
      ...base,
      host: rule.host,
      path: rule.path,
      service: rule.service ? { namespace, name: rule.service, port: rule.port } : null,
      rank: [hostRank(rule.host), rule.host?.length ?? 0, Number(rule.type === 'Exact'), rule.path.length],
    }));
  if (ingress.defaultBackend)
    claims.push({
      ...base,
      host: null,
      path: '/',
      service: { namespace, name: ingress.defaultBackend.service, port: ingress.defaultBackend.port },
      rank: [0, 0, 0, 0],
    });
  return claims;
}

function fromIngresses(view: ClusterView, proxies: FoundProxy[], host: string, path: string): Claim[] {
  const ingresses = [...new Set([...view.ingressesFor(host), ...view.ingressesFor(null)])];
  return proxies.flatMap((proxy) =>
    ingresses.flatMap((ingress) => {
      const serves = servesIngress(view, proxy, ingress);
      return serves.yes ? ingressClaims(proxy, serves.why, ingress, host, path) : [];
    }),
  );
}

function fromIngressRoutes(view: ClusterView, proxies: FoundProxy[], host: string, path: string): Claim[] {
  const claims: Claim[] = [];
  for (const object of view.ingressRoutes()) {
    const { namespace, name, createdAt } = object.meta;
    for (const route of object.routes) {
      if (!ruleCovers(route.match, host, path)) continue;
      const named = /Host(SNI)?(Regexp)?\(/.test(route.match);
      const services = route.services.map((one) => ({
        namespace: one.namespace ?? namespace,
        name: one.name,
        port: one.port,
        weight: one.weight,
      }));
      const [first, ...others] = services;
      for (const proxy of proxies.filter((one) => servesIngressRoutes(one, namespace)))
        claims.push({
          proxy,
          object: `IngressRoute ${keyOf(namespace, name)}`,
          why: "Traefik's provider for its own routes",
          host: named ? host : null,
          path: /PathPrefix\(`([^`]+)`\)/.exec(route.match)?.[1] ?? '/',
          service: first ? { namespace: first.namespace, name: first.name, port: first.port } : null,
          others,
          // Traefik: the longer rule wins unless a priority is given.
          rank: [named ? 2 : 0, 0, 0, route.priority ?? route.match.length],
          createdAt: createdAt ?? '',
          addresses: [],
          problems: [],
        });
    }
  }
  return claims;
}

/** The hosts that a Gateway's route answers for: its own names, as far as the listener's let them. */
function hostOfRoute(route: GatewayRoute, listener: string | null, host: string): string | null | undefined {
  if (listener !== null && !hostMatches(listener, host)) return undefined;
  if (route.hostnames.length === 0) return listener;
  return route.hostnames.find((name) => hostMatches(name, host));
}

function fromGatewayRoutes(view: ClusterView, proxies: FoundProxy[], host: string, path: string): Claim[] {
  const claims: Claim[] = [];
  for (const route of view.gatewayRoutes()) {
    const { namespace, name, createdAt } = route.meta;
    for (const parent of route.parents.filter((one) => one.kind === 'Gateway')) {
      const gateway = view.objects.gateways.get(keyOf(parent.namespace ?? namespace, parent.name));
      if (!gateway) continue;
      const listeners = gateway.listeners.filter(
        (one) => (!parent.section || one.name === parent.section) && (!parent.port || one.port === parent.port),
      );
      const matched = listeners.map((one) => hostOfRoute(route, one.hostname, host)).find((one) => one !== undefined);
      if (matched === undefined) continue;
      const rules = route.rules
        .map((rule) => ({
          rule,
          match: rule.paths.length
            ? rule.paths.find((one) =>
                one.type === 'RegularExpression'
                  ? false
                  : pathCovers(one.type === 'Exact' ? 'Exact' : 'Prefix', one.value, path),
              )
            : { type: 'PathPrefix', value: '/' },
        }))
        .filter(({ match }) => match !== undefined);
      for (const { rule, match } of rules) {
        const [first, ...others] = rule.backends
          .filter((one) => one.kind === 'Service')
          .map((one) => ({
            namespace: one.namespace ?? namespace,
            name: one.name,
            port: { name: null, number: one.port },
            weight: one.weight,
          }));
        for (const proxy of proxies) {
          const serves = servesGateway(view, proxy, gateway);
          if (!serves.yes) continue;
          claims.push({
            proxy,
            object: `${route.kind} ${keyOf(namespace, name)}`,
            why: serves.why,
            host: matched,
            path: match?.value ?? '/',
            service: first ? { namespace: first.namespace, name: first.name, port: first.port } : null,
            others,
            rank: [hostRank(matched), matched?.length ?? 0, Number(match?.type === 'Exact'), match?.value.length ?? 1],
            createdAt: createdAt ?? '',
            addresses: gateway.addresses,
            problems: [...route.problems, ...gateway.problems].map((p) => `${p.reason}: ${p.message}`),
          });
        }
      }
    }
  }
  return claims;
}

function before(a: Claim, b: Claim): number {
  for (const [i, value] of a.rank.entries()) {
    const other = b.rank[i] ?? 0;
    if (value !== other) return other - value;
  }
  // Of two that say the same, the older one wins (measured on ingress-nginx 1.15.1; Gateway API, conflict resolution).
  return a.createdAt.localeCompare(b.createdAt) || a.object.localeCompare(b.object);
}

/** Every claim of every proxy to a host and path, the one that wins first within each proxy. */
export function claimsFor(view: ClusterView, proxies: FoundProxy[], host: string, path: string): Claim[] {
  const wanted = host.toLowerCase();
  return [
    ...fromIngresses(view, proxies, wanted, path),
    ...fromIngressRoutes(view, proxies, wanted, path),
    ...fromGatewayRoutes(view, proxies, wanted, path),
  ].sort(before);
}

/** An object that names the host itself, and that no proxy which was found serves. */
export interface Unserved {
  object: string;
  /** What each proxy's class rule says of it. */
  why: string;
}

/** Objects that name this very host or a pattern of it, and that nobody here serves: most often a wrong or missing class. */
export function unservedFor(view: ClusterView, proxies: FoundProxy[], host: string): Unserved[] {
  const wanted = host.toLowerCase();
  const found: Unserved[] = [];
  for (const ingress of view.ingressesFor(wanted)) {
    const verdicts = proxies.map((proxy) => ({ proxy, serves: servesIngress(view, proxy, ingress) }));
    if (verdicts.some(({ serves }) => serves.yes)) continue;
    const reasons = [...new Set(verdicts.map(({ serves }) => serves.why).filter((why) => !/reads no/.test(why)))];
    found.push({
      object: `Ingress ${keyOf(ingress.meta.namespace, ingress.meta.name)}`,
      why: reasons.join('; ') || 'no proxy was found that reads Ingresses',
    });
  }
  for (const route of view.gatewayRoutes()) {
    if (!route.hostnames.some((name) => hostMatches(name, wanted))) continue;
    const gateways = route.parents
      .filter((parent) => parent.kind === 'Gateway')
      .map((parent) => view.objects.gateways.get(keyOf(parent.namespace ?? route.meta.namespace, parent.name)));
    const served = gateways.some((one) => one && proxies.some((proxy) => servesGateway(view, proxy, one).yes));
    if (served) continue;
    const missing = gateways.some((one) => one === undefined);
    found.push({
      object: `${route.kind} ${keyOf(route.meta.namespace, route.meta.name)}`,
      why: missing ? 'a Gateway that it names does not exist' : 'no proxy was found that serves its Gateway',
    });
  }
  return found;
}
