import { asks } from '../../adapters/routes/traefik-rule.ts';
import type { IngressRoute } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import type { Claim } from './claim.ts';
import { isOn } from './classes.ts';
import { servesIngressRoute } from './gateways.ts';
import type { FoundProxy } from './proxies.ts';

/** A rule that names other hosts only need not be read: a cluster has thousands of them. */
const mayCover = (match: string, host: string): boolean =>
  !/Host/.test(match) || /HostRegexp|HostSNI|\*/.test(match) || match.toLowerCase().includes(host);

/** Does TLS reach this route: by its own `tls`, or by an entry point that speaks it for all? */
function isSecure(proxy: FoundProxy, route: IngressRoute): boolean {
  if (route.tls) return true;
  return route.entryPoints.some((one) => {
    const prefix = `entrypoints.${one.toLowerCase()}.http.tls`;
    return Object.entries(proxy.args).some(([flag, value]) =>
      flag === prefix ? isOn(value) : flag.startsWith(`${prefix}.`),
    );
  });
}

const portName = (port: { name: string | null; number: number | null }): string => port.name ?? '';

/** Routes of Traefik's own kind. Of one for clear HTTP and one for TLS, the one for TLS is followed. */
export function claimsByIngressRoute(view: ClusterView, proxies: FoundProxy[], host: string, path: string): Claim[] {
  const claims: Claim[] = [];
  for (const object of view.ingressRoutes()) {
    const { namespace, name, createdAt } = object.meta;
    for (const route of object.routes) {
      if (!mayCover(route.match, host)) continue;
      const { taken } = asks(route.match, { host, path });
      if (taken === false) continue;
      const named = /Host(SNI)?\(/.test(route.match) ? 2 : /HostRegexp/.test(route.match) ? 1 : 0;
      const [first, ...others] = route.services
        .filter((one) => one.weight !== 0 || route.services.length === 1)
        .map((one) => ({ ...one, namespace: one.namespace ?? namespace }));
      const isService = first?.kind === 'Service';
      const scheme =
        first?.scheme ??
        (first?.port.number === 443 || /^https/.test(portName(first?.port ?? { name: null, number: null }))
          ? 'https'
          : null);
      const prefix = /Path(?:Prefix)?\([`"']([^`"']+)[`"']\)/.exec(route.match)?.[1] ?? '/';
      for (const proxy of proxies.filter((one) => servesIngressRoute(one, object)))
        claims.push({
          proxy,
          object: `IngressRoute ${keyOf(namespace, name)}`,
          why: "Traefik's provider for its own routes",
          host: named ? host : null,
          path: prefix,
          service: first && isService ? { namespace: first.namespace, name: first.name, port: first.port } : null,
          others: others.filter((one) => one.kind === 'Service'),
          rank: [named, named ? host.length : 0, 0, prefix.length],
          // Traefik: the longer rule wins unless a priority is given.
          // One that hangs on headers or methods, or whose pattern cannot be judged, takes some requests only.
          order: [Number(isSecure(proxy, object)), Number(taken === true), route.priority || route.match.length],
          createdAt: createdAt ?? '',
          addresses: [],
          problems:
            first && !isService
              ? [`it leads to the ${first.kind} ${keyOf(first.namespace, first.name)}, which is not read here`]
              : [],
          scheme: scheme === 'https' ? 'https' : scheme === null ? null : 'http',
          hostSent: null,
        });
    }
  }
  return claims;
}
