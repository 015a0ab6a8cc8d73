import type { ReadScope } from '../define-check.ts';
import { splitAddress } from '../io/address.ts';
import type { ProxyRoutes, RouteSeen } from '../io/proxy-reader.ts';
import type { Path, Target } from '../types.ts';

/** What a caller's request is when it comes to this proxy: over TLS or in the clear, and on which port of the replica. */
interface Arrival {
  scheme: 'https' | 'http' | null;
  port: number | null;
}

/** Where and how users' requests come to the replica that a look was about, by what the path declares. */
export function arrivalAt(scope: ReadScope): Arrival {
  const scheme =
    scope.look.with.scheme === 'https' || scope.look.with.scheme === 'http' ? scope.look.with.scheme : null;
  const instance = scope.hop?.instances.find((one) => one.name === scope.look.at.part);
  const address = scheme === 'https' ? instance?.https : scheme === 'http' ? instance?.http : null;
  return { scheme, port: splitAddress(address ?? '')?.port ?? null };
}

/**
 * Does a route serve the listener on which users' requests arrive? true where that cannot be told: behind a port
 * mapping the proxy knows its listeners by other numbers.
 */
export function serves(route: RouteSeen, routes: ProxyRoutes, { scheme, port }: Arrival): boolean {
  const here = (routes.listeners ?? []).filter((listener) => port !== null && listener.port === port);
  if (here.length === 0) return true;
  if (route.takes && scheme && (route.takes === 'tls') !== (scheme === 'https')) return false;
  return !route.listeners || here.some((listener) => route.listeners?.includes(listener.name));
}

/** A redirect to the very address that was asked for: then every answer is the same redirect. */
export function toItself(route: RouteSeen, scope: ReadScope, { scheme }: Arrival): boolean {
  const to = route.redirectsTo;
  const { target } = scope.case;
  return (
    to !== undefined &&
    scheme !== null &&
    // What redirects by scheme leaves callers alone who came over the right one.
    (to.always || to.scheme !== scheme) &&
    (to.scheme ?? scheme) === target.scheme &&
    (to.host === null || to.host.toLowerCase() === target.host) &&
    (to.path === null || to.path === target.path)
  );
}

/** The listeners of a route, for people. */
export const placeOf = (route: RouteSeen): string =>
  [(route.listeners ?? []).join(', '), route.takes === 'tls' ? 'TLS only' : route.takes ? 'clear only' : '']
    .filter((part) => part !== '')
    .join(', ') || 'other listeners';

/** What each hop is spoken to: clear HTTP behind the first proxy or balancer that ends TLS. */
export function spokenAt(path: Path, target: Target): Map<string, 'https' | 'http'> {
  let scheme: 'https' | 'http' = target.scheme;
  const spoken = new Map<string, 'https' | 'http'>();
  for (const [i, hop] of path.hops.entries()) {
    scheme = path.hops[i - 1]?.to ?? scheme;
    spoken.set(hop.name, scheme);
    if (hop.hop === 'proxy' && hop.to === null) scheme = 'http';
  }
  return spoken;
}
