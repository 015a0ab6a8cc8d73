import type { PortRef } from '../objects.ts';
import type { FoundProxy } from './proxies.ts';

export interface ServiceRef {
  namespace: string;
  name: string;
  port: PortRef;
}

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
  /** null: it leads to no Service (a redirect, a kind that is not read here, no rule for this path). */
  service: ServiceRef | null;
  /** Further services that share by weight. */
  others: (ServiceRef & { weight: number | null })[];
  /** How closely it names the host: exact over pattern over any, then exact over longer paths. The same for every proxy. */
  rank: number[];
  /** What this proxy goes by, higher first. */
  order: number[];
  createdAt: string;
  /** Addresses that the object's status says it is reached at. */
  addresses: string[];
  /** What is wrong with it, or not read of it. */
  problems: string[];
  /** Annotations and settings that tell what is spoken to the service. */
  scheme: 'https' | 'http' | null;
  /** The Host that the proxy writes in place of the one that was asked for; null: none. */
  hostSent: string | null;
}

const compare = (a: number[], b: number[]): number => {
  for (const [i, value] of a.entries()) {
    const other = b[i] ?? 0;
    if (value !== other) return other - value;
  }
  return 0;
};

export const isTie = (a: Claim, b: Claim): boolean => compare(a.order, b.order) === 0;

/**
 * Of two that say the same the older one wins (measured on ingress-nginx 1.15.1; Gateway API, conflict resolution). Of
 * the same second: by name, and ingress-nginx takes the later one (internal/ingress/controller/store/store.go,
 * sortIngressSlice).
 */
export function before(a: Claim, b: Claim): number {
  const byName = a.object.localeCompare(b.object) * (a.proxy.brand === 'ingress-nginx' ? -1 : 1);
  return (
    a.proxy.name.localeCompare(b.proxy.name) ||
    compare(a.order, b.order) ||
    a.createdAt.localeCompare(b.createdAt) ||
    byName
  );
}
