import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import {
  answeredWith,
  byStatus,
  endpointsFail,
  endpointsFine,
  failingBy,
  host,
  notTheAppsOwn,
  proxyName,
  type Rule,
  serviceName,
  suspect,
  text,
} from './suspicion.ts';

/** A route takes the request, and what it leads to is none of the path's services. */
function leadsElsewhere(scene: Scene, code: 'ROUTE_FOUND' | 'ROUTE_IS_CATCH_ALL'): boolean {
  const names = scene.path.hops.filter((h) => h.hop === 'service' || h.hop === 'app').map((h) => h.name.toLowerCase());
  // Known by addresses: the proxy has the endpoints in a group that the route of this page passes by.
  const passed = scene.case.target.path !== '/';
  const led = scene
    .all(code)
    .filter((f) => !passed || typeof f.facts.ours !== 'string')
    .map((f) => text(f.facts.service).toLowerCase());
  const isOurs = (service: string): boolean => names.some((name) => service.includes(name) || name.includes(service));
  return (
    scene.has(code) &&
    led.every((service) => /^[a-z][\w.-]*(@\w+)?$/.test(service) && !isOurs(service.split('@')[0] as string))
  );
}

/** Every proxy on the path is known to pass the host on: to have a route for it, and none that is an answer of its own. */
const routedThroughout = (scene: Scene): boolean =>
  scene.path.hops
    .filter((hop) => hop.hop === 'proxy')
    .every((hop) =>
      scene
        .all('ROUTE_FOUND')
        .some((f) => f.about.hop === hop.name && !/^answers .*itself$/.test(text(f.facts.service))),
    );

/**
 * HAProxy says 503 to what it has no rule for; only its log tells that from servers that are down. Some requests of
 * others find no rule on any day: it is the one of the two that there is more of. The other proxies say 404 to these.
 */
const withoutRule = (scene: Scene): Finding[] =>
  scene.all('NO_ROUTE_LOGGED').filter(({ about, facts }) => {
    const noServer = scene
      .all('NO_HEALTHY_ENDPOINT_LOGGED')
      .filter((f) => f.about.hop === about.hop && f.about.part === about.part)
      .reduce((sum, f) => sum + Number(f.facts.count), 0);
    return text(facts.kind).startsWith('haproxy') && Number(facts.count) > noServer;
  });

/** Does a proxy on the path say 503 to what it has no route for? The others have a route that they say that of. */
export const says503 = (scene: Scene): boolean =>
  scene.path.hops.some((hop) => hop.hop === 'proxy' && hop.kind.startsWith('haproxy'));

/** Envoy says 503 where a route's cluster is not there (RouteAction, cluster_not_found_response_code; response flag NC). */
const withoutCluster = (scene: Scene): boolean =>
  scene
    .all('ROUTE_OUT_OF_SERVICE')
    .some(({ about }) => scene.path.hops.some((hop) => hop.name === about.hop && hop.kind.startsWith('envoy')));

export const routeMissing: Rule = (scene) => {
  const api = [
    ...scene.all('ROUTE_MISSING'),
    ...scene.all('ROUTE_OUT_OF_SERVICE'),
    ...scene.all('ROUTE_NOT_ON_LISTENER'),
  ];
  const logged = scene.has('PROXY_HAS_NO_BACKEND') && endpointsFine(scene) ? withoutRule(scene) : [];
  // Endpoints answer the same request well: then whoever says 404 in front of them made it.
  const endpointsKnowIt =
    scene.endpoints.length > 0 && endpointsFine(scene) && scene.endpoints.every((e) => (e.status ?? 500) < 400);
  // A route that is there is another fault (routeWrong), whoever made the 404.
  const strange =
    endpointsKnowIt && !routedThroughout(scene)
      ? scene.all('REQUEST_ANSWERED').filter((f) => f.facts.status === 404 && f.vantage !== 'service')
      : [];
  const pages = [...strange, ...scene.all('ROUTE_NOT_FOUND').filter(() => notTheAppsOwn(scene, 404)), ...logged];
  // Endpoints that fail when asked directly are why nobody is there.
  const told503 = says503(scene) || withoutCluster(scene);
  const unrouted = logged.length > 0 || (api.length > 0 && !endpointsFail(scene) && told503);
  const answers503 = scene.has('PROXY_HAS_NO_BACKEND') && unrouted;
  // Without a working route another one may take the request and show a page of its own, or the hop in front puts one over it.
  const passedOn = notTheAppsOwn(scene, 404) ? answeredWith(scene, 404) : 0;
  const explains = byStatus(scene, 404, ...(answers503 ? [503] : [])) + passedOn;
  if (api.length === 0 && pages.length === 0) return null;
  if (explains === 0 && scene.failing === 0) return null;
  // In a cluster whose routes could not be read another proxy may serve the host, and the name be what is wrong.
  const unsure = scene.blind.some((b) => b.check === 'cluster-route');
  const strength = api.length && pages.length ? 0.98 : api.length ? 0.95 : 0.9;
  return suspect('route-missing', [...api, ...pages], unsure ? Math.min(strength, 0.65) : strength, {
    explains,
    fits: scene.reported('not-found', 'unspecified', 'wrong-content'),
    sentence: `${proxyName(scene, api[0] ?? pages[0])} has no ${api[0] && api[0].code !== 'ROUTE_MISSING' ? 'working route' : 'route'} for ${host(scene)} and ${passedOn > 0 && !scene.has('ROUTE_NOT_FOUND') ? 'its callers get 404' : `answers ${answers503 && !scene.has('ROUTE_NOT_FOUND') ? 503 : 404} itself`}`,
    ...([...api, ...pages].every((f) => f.code === 'REQUEST_ANSWERED') && {
      next: `Look for the route of ${host(scene)}${scene.case.target.path} in the configuration of ${proxyName(scene, pages[0])}: what takes this request there?`,
    }),
  });
};

/** Pages that servers show when nobody configured them. */
const WELCOME = /welcome to nginx|default backend|it works|apache2 .*default|congratulations/i;

/**
 * Users get a 404 or 403 to what every endpoint answers well, and a route is there. If it leads to another service, that one
 * said it; if it leads to the right one, the request is changed on its way (host, path) or answered by a rule of the route.
 */
const refusedElsewhere: Rule = (scene) => {
  const well =
    scene.endpoints.length > 0 && endpointsFine(scene) && scene.endpoints.every((e) => (e.status ?? 500) < 400);
  const status = [404, 403].find((one) => answeredWith(scene, one) > 0);
  const led = scene.all('ROUTE_FOUND');
  if (!well || status === undefined || led.length === 0) return null;
  const refused = scene.all('REQUEST_ANSWERED').filter((f) => f.facts.status === status && f.vantage !== 'service');
  // A 403 on the right route is a rule's: proxyRefuses names that.
  if (!leadsElsewhere(scene, 'ROUTE_FOUND'))
    return status === 404 && routedThroughout(scene) && !scene.has('ROUTE_NOT_FOUND')
      ? suspect('route-wrong', [...refused, ...scene.all('ENDPOINT_ANSWERS'), ...led], 0.88, {
          explains: answeredWith(scene, status),
          fits: true,
          sentence: `${proxyName(scene, led[0])} has a route for ${host(scene)}, and its callers get 404 all the same; the endpoints of ${serviceName(scene)} answer the same request`,
          next: `See what ${proxyName(scene, led[0])} changes before it passes requests on: the Host header and the path must reach ${serviceName(scene)} as it expects them.`,
        })
      : null;
  return suspect('route-wrong', [...led, ...refused, ...scene.all('ENDPOINT_ANSWERS')], 0.92, {
    explains: answeredWith(scene, status),
    fits: true,
    sentence: `${proxyName(scene, led[0])} sends ${host(scene)} to ${text(led[0]?.facts.service)}, which answers ${status}; the endpoints of ${serviceName(scene)} answer the same request`,
    next: `Compare the rules of both routes (host, path, priority): the one to ${serviceName(scene)} must win for ${host(scene)}.`,
  });
};

/** Answers to users whose page has a mark that no endpoint's has; empty where only a part of them is so, or no endpoint answered. */
export function unlikeEndpoints(scene: Scene): Finding[] {
  const own = new Set(scene.all('ENDPOINT_ANSWERS').map((f) => text(f.facts.page)));
  const shown = scene.all('REQUEST_ANSWERED').filter((f) => f.facts.alternate !== true && f.vantage !== 'service');
  const strange = shown.filter((f) => text(f.facts.page) !== '' && !own.has(text(f.facts.page)));
  return own.size === 0 || strange.length < shown.length ? [] : strange;
}

/** A page was named whose endpoints the proxy has in another group than the one that it leads to: at / it may be the inventory that is too coarse. */
export const passesByEndpoints = (scene: Scene): Finding | undefined =>
  scene.case.target.path === '/' ? undefined : scene.all('ROUTE_FOUND').find((f) => typeof f.facts.ours === 'string');

/** What pages the endpoints show when asked directly, and what users get: different places if no mark is shared. */
export const routeWrong: Rule = (scene) => {
  const foreign = refusedElsewhere(scene);
  if (foreign) return foreign;
  const strange = unlikeEndpoints(scene);
  const first = strange[0];
  if (!first) return null;
  const own = scene
    .all('ENDPOINT_ANSWERS')
    .map((f) => text(f.facts.page))
    .find((mark) => mark !== '');
  // An application asked directly may redirect, to its login or to https, where one asked through its proxy does not.
  const swallowedElsewhere = endpointsFine(scene) && leadsElsewhere(scene, 'ROUTE_IS_CATCH_ALL');
  if (own === undefined && !(swallowedElsewhere && scene.reported('wrong-content'))) return null;
  const elsewhere = leadsElsewhere(scene, 'ROUTE_FOUND') ? scene.all('ROUTE_FOUND') : [];
  // Pages may differ for many reasons; only a report of wrong content, or a server's own welcome page, makes it a fault.
  const welcome = strange.some((f) => WELCOME.test(text(f.facts.page)));
  if (
    !welcome &&
    !scene.reported('wrong-content', 'not-found') &&
    !(scene.reported('unspecified') && passesByEndpoints(scene))
  )
    return null;
  // A route that takes any host is how such a request comes to another application's page.
  const swallowed = scene.all('ROUTE_IS_CATCH_ALL');
  return suspect(
    'route-wrong',
    [...swallowed, ...elsewhere, ...strange, ...scene.all('ENDPOINT_ANSWERS')],
    own === undefined ? 0.85 : welcome || elsewhere.length || scene.reported('wrong-content') ? 0.95 : 0.8,
    {
      explains: 1,
      fits: true,
      sentence: `${proxyName(scene, first)} answers ${host(scene)} with a ${text(first.facts.page)}, ${own === undefined ? `while its endpoints answer ${scene.endpoints.find((e) => e.reached)?.status} without a page` : `which is not what its endpoints serve (${own})`}`,
      next:
        passesByEndpoints(scene)?.next ??
        `See which route or catch-all of ${proxyName(scene, first)} takes ${host(scene)}, and bring back the one to ${serviceName(scene)}.`,
    },
  );
};

/** Asked directly, all endpoints that were reached give what was asked for, and send nobody elsewhere. */
const endpointsServe = (scene: Scene): boolean => {
  const reached = scene.endpoints.filter((e) => e.reached);
  return reached.length > 0 && reached.every((e) => e.status !== null && e.status < 300);
};

export const redirectLoop: Rule = (scene) => {
  const found = scene
    .all('REDIRECTED_TO_ITSELF')
    .filter((f) => f.vantage === 'public' || f.vantage === 'proxy-replica');
  if (found.length === 0) return null;
  const configured = scene.all('ROUTE_REDIRECTS_TO_ITSELF');
  const is3xx = (status: number | null): boolean => (status ?? 0) >= 300 && (status ?? 0) < 400;
  const met = [...scene.front, ...scene.replicas].flatMap((m) => m.failures).filter((f) => is3xx(f.status));
  const reached = scene.endpoints.filter((e) => e.reached);
  // One that serves whoever is said to have come by https (X-Forwarded-Proto) was never told so. One that does not may go by
  // another header, or by ours only from proxies that it trusts: that says nothing.
  const wants = scene.all('ENDPOINT_WANTS_HTTPS');
  const toHttps = found.every((f) => text(f.facts.location).startsWith('https:'));
  const untold =
    toHttps && wants.length > 0 && wants.length >= reached.length && wants.every((f) => f.facts.well === true);
  const deaf = scene.all('HTTPS_NOT_PASSED_ON');
  const silent = untold ? deaf : [];
  // One in front ends TLS and comes in the clear to a proxy that sends to https itself: its endpoints do not.
  const plain = !untold && deaf.length > 0 && endpointsServe(scene) ? deaf : [];
  const inFront = scene.path.hops.find((hop) => hop.hop === 'cdn' || hop.hop === 'load-balancer');
  // An application that redirects whoever asks it in the clear may have made it: only the proxy's own page, its routes, endpoints
  // that do not redirect, or do not once they are told, say that it was the proxy.
  const itsOwn =
    configured.length > 0 ||
    untold ||
    met.some((f) => f.maker !== null) ||
    reached.some((e) => e.status !== null && !is3xx(e.status));
  return suspect(
    'redirect-loop',
    [...found, ...configured, ...plain, ...(untold ? [...wants, ...silent] : [])],
    configured.length ? 0.97 : itsOwn ? 0.93 : 0.65,
    {
      explains: failingBy(scene, (f) => is3xx(f.status)),
      fits: scene.reported('redirect-loop', 'unspecified'),
      ...(plain.length > 0 &&
        inFront && {
          next: `Let ${inFront.name} come to ${proxyName(scene, plain[0])} by https, or let that one not redirect whom ${inFront.name} says to have come by it.`,
        }),
      ...(untold && configured.length === 0 && { next: (silent[0] ?? wants[0])?.next ?? '' }),
      sentence:
        untold && configured.length === 0
          ? `${proxyName(scene, silent[0] ?? found.at(-1))} does not tell ${serviceName(scene)} that callers come by https, and ${serviceName(scene)} redirects them to the very address they asked for`
          : `${proxyName(scene, found.at(-1))} redirects callers of ${host(scene)} to the very address they asked for`,
    },
  );
};
