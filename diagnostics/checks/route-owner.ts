import { type Draft, defineCheck, type Planned, type ReadScope, type Scope } from '../define-check.ts';
import type { ProxyRoutes, RouteSeen } from '../io/proxy-reader.ts';
import { arrivalAt, placeOf, serves, spokenAt, toItself } from '../routes/arrival.ts';
import type { PathHop } from '../types.ts';
import { plural, shellWord } from '../wording.ts';

interface Base {
  proxy: string;
  host: string;
  source: string;
  [key: string]: string | number | boolean | null;
}
interface RouteFacts {
  ROUTE_MISSING: Base & { total: number };
  ROUTE_OUT_OF_SERVICE: Base & { route: string; error: string };
  ROUTE_NOT_ON_LISTENER: Base & { route: string; serves: string; asked: string };
  ROUTE_FOUND: Base & {
    route: string;
    service: string | null;
    rule: string;
    owner: string | null;
    asks: string | null;
    /** The group in which the proxy has the service's endpoints, where this route leads to none of them; else null. */
    ours: string | null;
  };
  ROUTE_IS_CATCH_ALL: Base & { route: string; service: string | null; total: number };
  ROUTES_TIE: Base & { routes: string; rule: string; priority: number };
  ROUTE_REDIRECTS_TO_ITSELF: Base & { route: string; scheme: string; always: boolean };
  TWO_PROXIES_CLAIM_HOST: Base & { route: string; onPath: string; leadsTo: string | null };
}

/** A proxy with this many routes in all serves one application: then taking every host is what it is for. */
const ONE_APPLICATION = 1;

function readOther(routes: ProxyRoutes, scope: ReadScope, base: Base): Draft<RouteFacts>[] {
  const claim = routes.matching.find((route) => route.ok && route.covers === 'host');
  if (!claim) return [];
  const onPath = scope.path.hops.filter((hop) => hop.hop === 'proxy').map((hop) => hop.name);
  return [
    {
      code: 'TWO_PROXIES_CLAIM_HOST',
      facts: {
        ...base,
        route: claim.name,
        onPath: onPath.join(', '),
        leadsTo: scope.path.dns?.join(', ') ?? scope.path.hops.find((hop) => hop.address)?.address ?? null,
      },
    },
  ];
}

/**
 * Where else the proxy has the endpoints of the path's service, if this route leads to addresses of which none is one of theirs:
 * a list that is old would be in the route's own group, and the endpoints in none.
 */
function passedBy(serving: RouteSeen, routes: ProxyRoutes, scope: ReadScope): string | null {
  // A proxy further in is as good a place to lead to.
  const own = new Set(
    scope.path.hops.flatMap((hop) => [
      hop.address,
      ...(hop.endpoints ?? []).map((one) => one.address),
      ...(hop.name === scope.look.at.hop ? [] : hop.instances.flatMap((one) => [one.http, one.https])),
    ]),
  );
  const { addresses = [] } = serving;
  if (addresses.length === 0 || addresses.some((one) => own.has(one) || !/^[[\d]/.test(one))) return null;
  return routes.groups?.find((group) => group.addresses.some((one) => own.has(one)))?.name ?? null;
}

function read(routes: ProxyRoutes, scope: ReadScope): Draft<RouteFacts>[] {
  const base = {
    proxy: scope.look.at.part ?? scope.look.at.hop,
    host: scope.case.target.host,
    source: routes.source,
  };
  if (scope.path.others.some((hop) => hop.name === scope.look.at.hop)) return readOther(routes, scope, base);
  const arrival = arrivalAt(scope);
  const here = routes.matching.filter((route) => serves(route, routes, arrival));
  const elsewhere = routes.matching[0];
  if (!elsewhere) return [{ code: 'ROUTE_MISSING', facts: { ...base, total: routes.total } }];
  if (here.length === 0)
    return [
      {
        code: 'ROUTE_NOT_ON_LISTENER',
        facts: {
          ...base,
          route: elsewhere.name,
          serves: placeOf(elsewhere),
          asked: `${arrival.scheme === 'https' ? 'TLS' : 'clear HTTP'} on port ${arrival.port}`,
        },
      },
    ];
  const found: Draft<RouteFacts>[] = [];
  // Traefik builds no router that is wrong: the next one takes its requests. Envoy takes them, and fails.
  const skips = scope.hop?.kind !== 'envoy';
  const serving = skips ? here.find((route) => route.ok) : here[0]?.ok ? here[0] : undefined;
  const broken = here.find((route) => !route.ok && (route.covers !== 'any' || !serving));
  if (broken && (!serving || serving.covers === 'any'))
    found.push({
      code: 'ROUTE_OUT_OF_SERVICE',
      facts: { ...base, route: broken.name, error: broken.error ?? 'disabled' },
    });
  if (!serving) return found;
  const tied = here.filter(
    (route) =>
      route.ok &&
      route.priority !== null &&
      route.priority !== undefined &&
      route.priority === serving.priority &&
      route.rule === serving.rule &&
      route.takes === serving.takes,
  );
  if (tied.length > 1)
    found.push({
      code: 'ROUTES_TIE',
      facts: {
        ...base,
        routes: tied.map((route) => `${route.name} (to ${route.service ?? 'nothing'})`).join(', '),
        rule: serving.rule,
        priority: serving.priority as number,
      },
    });
  if (toItself(serving, scope, arrival))
    found.push({
      code: 'ROUTE_REDIRECTS_TO_ITSELF',
      facts: {
        ...base,
        route: serving.name,
        scheme: arrival.scheme as string,
        always: serving.redirectsTo?.always ?? false,
      },
    });
  else if (serving.covers === 'any' && routes.total > ONE_APPLICATION)
    found.push({
      code: 'ROUTE_IS_CATCH_ALL',
      facts: { ...base, route: serving.name, service: serving.service, total: routes.total },
    });
  else if (found.every((one) => one.code !== 'ROUTE_OUT_OF_SERVICE')) {
    const ours = passedBy(serving, routes, scope);
    found.push({
      code: 'ROUTE_FOUND',
      // A route that passes the endpoints by clears nobody.
      ...(ours !== null && { direction: 'context' as const }),
      facts: {
        ...base,
        route: serving.name,
        service: serving.service,
        rule: serving.rule,
        owner: serving.owner || null,
        asks: serving.asks ?? null,
        ours,
      },
    });
  }
  return found;
}

/** Kinds whose routes can be read: from an API, or from the configuration file. */
const BY_API = new Set(['traefik', 'envoy']);
const BY_FILE = new Set(['nginx', 'ingress-nginx', 'haproxy', 'haproxy-ingress']);
/** So many proxies beside the path are asked whether they claim the host too. */
const OTHERS = 4;

const pageOf = (hop: PathHop, instance: PathHop['instances'][number]): string | null =>
  BY_API.has(hop.kind) ? instance.admin : BY_FILE.has(hop.kind) ? instance.config : null;

function plan({ case: triage, path }: Scope): Planned[] {
  const { host, path: wanted } = triage.target;
  const spoken = spokenAt(path, triage.target);
  const look = (hop: PathHop, instance: PathHop['instances'][number]): Planned => ({
    look: {
      check: 'route-owner',
      vantage: 'inside',
      hop: 'proxy',
      at: { hop: hop.name, part: instance.name },
      address: pageOf(hop, instance) ?? instance.name,
      with: { host, path: wanted, ...(spoken.has(hop.name) ? { scheme: spoken.get(hop.name) as string } : {}) },
    },
  });
  const own = path.hops
    .filter((hop) => hop.hop === 'proxy' && (BY_API.has(hop.kind) || BY_FILE.has(hop.kind)))
    .flatMap((hop) => hop.instances.map((instance) => look(hop, instance)));
  if (own.length === 0) return [];
  // One proxy may stand in the inventory twice, once for each of its listeners.
  const asked = new Set(own.map((planned) => planned.look.address));
  const beside = path.others
    .map((hop) => ({ hop, instance: hop.instances.find((one) => !asked.has(pageOf(hop, one) ?? one.name)) }))
    .filter(({ hop, instance }) => instance && pageOf(hop, instance) !== null)
    .flatMap(({ hop, instance }) => (instance ? [look(hop, instance)] : []))
    .slice(0, OTHERS);
  return [...own, ...beside];
}

const jq = (f: { source: string }): string =>
  f.source.startsWith('/')
    ? `grep -nE 'server_name|use_backend|default_backend' ${shellWord(f.source)}`
    : `curl -s ${shellWord(f.source.split('?')[0] as string)}`;

/** Which object of the proxy serves this host and path, as its own API or its configuration says? */
export const routeOwner = defineCheck<ProxyRoutes, RouteFacts>({
  id: 'route-owner',
  title: 'The route as the proxy knows it',
  asks: 'Which route of the proxy takes this host and path, and does it work?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan,
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
      says: (f) => `${f.proxy} has no route for ${f.host} (${plural(f.total, 'route')} in all).`,
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
    ROUTE_NOT_ON_LISTENER: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The route is on another listener than the one that users reach',
      says: (f) =>
        `${f.proxy} has the route ${f.route} for ${f.host}, but not for ${f.asked}, where requests arrive (it serves: ${f.serves}).`,
      next: (f) =>
        `Add that listener to the route ${f.route}: its entry points, and its TLS section where it takes none.`,
      reproduce: jq,
    },
    ROUTE_FOUND: {
      hop: 'proxy',
      direction: 'clears',
      title: 'The proxy has a route for this host',
      says: (f) =>
        `${f.proxy} has a route for ${f.host}: ${f.route}${f.owner?.includes(' ') ? ` (${f.owner})` : ''}${f.service ? `, to ${f.service}` : ''}${f.asks ? `; it asks ${f.asks} first` : ''}${f.ours ? `; the endpoints of the service are in ${f.ours}, to which this route does not lead` : ''}.`,
      next: (f) =>
        f.ours
          ? `Compare the rules of both routes: the one to ${f.ours} must win for this path.`
          : 'Nothing to do here.',
      reproduce: jq,
    },
    ROUTE_IS_CATCH_ALL: {
      hop: 'proxy',
      direction: 'context',
      title: 'The host has no route of its own; one that takes any host takes it',
      says: (f) =>
        `${f.proxy} knows ${f.host} by no name: ${f.route}, which takes any host, sends it${f.service ? ` to ${f.service}` : ' on'} (${plural(f.total, 'route')} in all).`,
      next: (f) => `If ${f.host} should have a route of its own on ${f.proxy}, see why it is not there.`,
      reproduce: jq,
    },
    ROUTES_TIE: {
      hop: 'proxy',
      direction: 'context',
      title: 'Several routes have the same rule and the same priority',
      says: (f) =>
        `${f.proxy} has several routes with the rule ${f.rule} and the priority ${f.priority}: ${f.routes}. Which one takes a request is not defined.`,
      next: () => 'Remove all but one of them, or give one a higher priority.',
      reproduce: jq,
    },
    ROUTE_REDIRECTS_TO_ITSELF: {
      hop: 'proxy',
      direction: 'context',
      title: 'The route redirects to the very address that users ask for',
      says: (f) =>
        `${f.proxy} gets requests for ${f.host} over ${f.scheme === 'https' ? 'TLS' : 'clear HTTP'}, and its route ${f.route} redirects them to the address they were made to${f.always ? '' : ', unless it is told the scheme by a hop that it trusts'}.`,
      next: (f) =>
        `Take the redirect off the route ${f.route}, or let the hop in front say X-Forwarded-Proto and let ${f.proxy} trust it.`,
      reproduce: jq,
    },
    TWO_PROXIES_CLAIM_HOST: {
      hop: 'proxy',
      direction: 'context',
      title: 'A proxy beside the path has a route for this host too',
      says: (f) =>
        `${f.proxy} has a route for ${f.host} too (${f.route}), but is not on its path: users reach ${f.onPath}${f.leadsTo ? ` (${f.leadsTo})` : ''}.`,
      next: (f) => `If ${f.host} has moved, see that its name leads to the new proxy, and take the old route away.`,
      reproduce: jq,
    },
  },
});
