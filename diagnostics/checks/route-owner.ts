import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { ProxyRoutes } from '../io/proxy-reader.ts';
import { shellWord } from '../wording.ts';

interface RouteFacts {
  ROUTE_MISSING: { proxy: string; host: string; total: number; source: string };
  ROUTE_OUT_OF_SERVICE: { proxy: string; host: string; route: string; error: string; source: string };
  ROUTE_FOUND: { proxy: string; host: string; route: string; service: string | null; source: string };
}

function read(routes: ProxyRoutes, scope: ReadScope): Draft<RouteFacts>[] {
  const proxy = scope.look.at.part ?? scope.look.at.hop;
  const base = { proxy, host: scope.case.target.host, source: routes.source };
  const serving = routes.matching.find((route) => route.ok);
  if (serving) return [{ code: 'ROUTE_FOUND', facts: { ...base, route: serving.name, service: serving.service } }];
  const broken = routes.matching[0];
  if (broken)
    return [
      { code: 'ROUTE_OUT_OF_SERVICE', facts: { ...base, route: broken.name, error: broken.error ?? 'disabled' } },
    ];
  return [{ code: 'ROUTE_MISSING', facts: { ...base, total: routes.total } }];
}

/** Kinds whose routes can be read: from an API, or from the configuration file. */
const ASKABLE = new Set(['traefik', 'nginx', 'haproxy']);

const jq = (f: { source: string }): string =>
  f.source.startsWith('/') ? `grep -nE 'server_name|backend' ${shellWord(f.source)}` : `curl -s ${shellWord(f.source)}`;

/** Does the proxy that should serve this host have a route for it, as its own API says? */
export const routeOwner = defineCheck<ProxyRoutes, RouteFacts>({
  id: 'route-owner',
  title: 'The route as the proxy knows it',
  asks: 'Does the proxy have a working route for this host and path?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: ({ case: triage, path }) =>
    path.hops
      .filter((hop) => hop.hop === 'proxy' && ASKABLE.has(hop.kind))
      .flatMap((hop) =>
        hop.instances.map((instance) => ({
          look: {
            check: 'route-owner',
            vantage: 'inside' as const,
            hop: 'proxy' as const,
            at: { hop: hop.name, part: instance.name },
            address: (hop.kind === 'traefik' ? instance.admin : instance.config) ?? instance.name,
            with: { host: triage.target.host, path: triage.target.path },
          },
        })),
      ),
  look(io, look, _address, signal) {
    const { host, path } = look.with as { host: string; path: string };
    return io.proxy.routes(look.at, host, path, signal);
  },
  read,
  findings: {
    ROUTE_MISSING: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy has no route for this host',
      says: (f) => `${f.proxy} has no route for ${f.host} (${f.total} routes in all).`,
      next: (f) =>
        `Bring the route of ${f.host} back: see whether its rule, class or file changed, and whether the proxy refused it.`,
      reproduce: jq,
    },
    ROUTE_OUT_OF_SERVICE: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy put the route out of service',
      says: (f) => `${f.proxy} has the route ${f.route} for ${f.host}, but put it out of service: ${f.error}.`,
      next: (f) => `Mend what the route ${f.route} names: ${f.error}.`,
      reproduce: jq,
    },
    ROUTE_FOUND: {
      hop: 'proxy',
      direction: 'clears',
      title: 'The proxy has a route for this host',
      says: (f) => `${f.proxy} has a route for ${f.host}: ${f.route}${f.service ? `, to ${f.service}` : ''}.`,
      next: () => 'Nothing to do here.',
      reproduce: jq,
    },
  },
});
