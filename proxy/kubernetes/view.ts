import type { EndpointSlice, GatewayRoute, Ingress, IngressRoute, Pod } from './objects.ts';
import { type Kinds, type Plural, RESOURCES } from './resources.ts';

/** Why a kind is not there: refused, not installed, or not yet listed. */
export interface Missing {
  plural: Plural;
  /** Empty: in all namespaces. */
  namespace: string;
  reason: 'denied' | 'not-installed' | 'no-connection' | 'not-yet';
  /** Names verb, resource and namespace to grant, or what failed. */
  detail: string;
}

/** What is known of one cluster at a moment. */
export interface ClusterView {
  /** The context's name: part of every path, case and message. */
  cluster: string;
  /** When the newest of it was heard, ISO; null: nothing was ever heard. */
  asOf: string | null;
  /** Every watched object, by `namespace/name` (`name` without a namespace). */
  objects: { readonly [P in Plural]: ReadonlyMap<string, Kinds[P]> };
  missing: readonly Missing[];
  /** A number that grows with every change of a kind: what was computed from it can be kept until then. */
  version(plural: Plural): number;
  slicesOf(namespace: string, service: string): EndpointSlice[];
  podsIn(namespace: string): Iterable<Pod>;
  /** Routes that name the host or a pattern that covers it; those for any host are under `null`. */
  ingressesFor(host: string | null): Ingress[];
  ingressRoutes(): Iterable<IngressRoute>;
  gatewayRoutes(): Iterable<GatewayRoute>;
  /** Every host that an object names, without patterns. */
  hosts(): string[];
}

export const keyOf = (namespace: string, name: string): string => (namespace ? `${namespace}/${name}` : name);

/** Hosts of an Ingress: its rules', `''` for a rule or default backend for any host. */
const hostsOf = (ingress: Ingress): string[] => [
  ...new Set([...ingress.rules.map((rule) => rule.host ?? ''), ...(ingress.defaultBackend ? [''] : [])]),
];

/** Values under several keys, each by its own name; adding and removing costs what one object holds. */
class Index<V> {
  #by = new Map<string, Map<string, V>>();

  add(keys: string[], name: string, value: V): void {
    for (const key of keys) {
      const group = this.#by.get(key) ?? new Map<string, V>();
      this.#by.set(key, group);
      group.set(name, value);
    }
  }

  remove(keys: string[], name: string): void {
    for (const key of keys) {
      const group = this.#by.get(key);
      group?.delete(name);
      if (group?.size === 0) this.#by.delete(key);
    }
  }

  of(key: string): V[] {
    return [...(this.#by.get(key)?.values() ?? [])];
  }
}

/** Names that could cover a host: itself, and `*.` before each of its parents. */
function patternsOf(host: string): string[] {
  const labels = host.split('.');
  return [host, ...labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`)];
}

/** The objects of one cluster as they are heard of, with the few indexes that a path needs. One writer: the informers. */
export class ClusterStore implements ClusterView {
  readonly cluster: string;
  asOf: string | null = null;
  readonly objects: { [P in Plural]: Map<string, Kinds[P]> };
  missing: Missing[] = [];
  #versions = new Map<Plural, number>();
  #slices = new Index<EndpointSlice>();
  #pods = new Index<Pod>();
  #ingresses = new Index<Ingress>();

  constructor(cluster: string) {
    this.cluster = cluster;
    this.objects = Object.fromEntries(Object.keys(RESOURCES).map((p) => [p, new Map()])) as ClusterStore['objects'];
  }

  /** Puts an object in, or takes it out (`null`). Returns what was there before. */
  set<P extends Plural>(plural: P, key: string, object: Kinds[P] | null): Kinds[P] | null {
    const map = this.objects[plural] as Map<string, Kinds[P]>;
    const before = map.get(key) ?? null;
    if (before) this.#unindex(plural, key, before);
    if (object) {
      map.set(key, object);
      this.#index(plural, key, object);
    } else {
      map.delete(key);
    }
    this.#versions.set(plural, this.version(plural) + 1);
    return before;
  }

  version(plural: Plural): number {
    return this.#versions.get(plural) ?? 0;
  }

  #index(plural: Plural, key: string, object: unknown): void {
    if (plural === 'endpointslices') {
      const slice = object as EndpointSlice;
      if (slice.service) this.#slices.add([`${slice.meta.namespace}/${slice.service}`], key, slice);
    } else if (plural === 'pods') {
      this.#pods.add([(object as Pod).meta.namespace], key, object as Pod);
    } else if (plural === 'ingresses') {
      this.#ingresses.add(hostsOf(object as Ingress), key, object as Ingress);
    }
  }

  #unindex(plural: Plural, key: string, object: unknown): void {
    if (plural === 'endpointslices') {
      const slice = object as EndpointSlice;
      if (slice.service) this.#slices.remove([`${slice.meta.namespace}/${slice.service}`], key);
    } else if (plural === 'pods') {
      this.#pods.remove([(object as Pod).meta.namespace], key);
    } else if (plural === 'ingresses') {
      this.#ingresses.remove(hostsOf(object as Ingress), key);
    }
  }

  slicesOf(namespace: string, service: string): EndpointSlice[] {
    return this.#slices.of(`${namespace}/${service}`);
  }

  podsIn(namespace: string): Pod[] {
    return this.#pods.of(namespace);
  }

  ingressesFor(host: string | null): Ingress[] {
    if (host === null) return this.#ingresses.of('');
    return [...new Set(patternsOf(host.toLowerCase()).flatMap((pattern) => this.#ingresses.of(pattern)))];
  }

  ingressRoutes(): Iterable<IngressRoute> {
    return this.objects.ingressroutes.values();
  }

  gatewayRoutes(): GatewayRoute[] {
    const { httproutes, grpcroutes, tlsroutes } = this.objects;
    return [...httproutes.values(), ...grpcroutes.values(), ...tlsroutes.values()];
  }

  hosts(): string[] {
    const hosts = new Set<string>();
    for (const ingress of this.objects.ingresses.values())
      for (const rule of ingress.rules) if (rule.host) hosts.add(rule.host);
    for (const route of this.gatewayRoutes()) for (const host of route.hostnames) hosts.add(host);
    for (const { routes } of this.ingressRoutes())
      for (const { match } of routes)
        for (const found of match.matchAll(/Host(?:SNI)?\(([^)]*)\)/g))
          for (const host of (found[1] as string).matchAll(/[`"']([^`"']+)[`"']/g))
            hosts.add((host[1] as string).toLowerCase());
    return [...hosts].filter((host) => !host.includes('*')).sort();
  }
}
