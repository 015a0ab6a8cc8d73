import type { Scene } from '../scene.ts';
import {
  answeredWith,
  byStatus,
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
function leadsElsewhere(scene: Scene): boolean {
  const names = scene.path.hops.filter((h) => h.hop === 'service' || h.hop === 'app').map((h) => h.name.toLowerCase());
  const led = scene.all('ROUTE_FOUND').map((f) => text(f.facts.service).toLowerCase());
  const isOurs = (service: string): boolean => names.some((name) => service.includes(name) || name.includes(service));
  return (
    led.length > 0 &&
    led.every((service) => /^[a-z][\w.-]*(@\w+)?$/.test(service) && !isOurs(service.split('@')[0] as string))
  );
}

export const routeMissing: Rule = (scene) => {
  const api = [
    ...scene.all('ROUTE_MISSING'),
    ...scene.all('ROUTE_OUT_OF_SERVICE'),
    ...scene.all('ROUTE_NOT_ON_LISTENER'),
  ];
  // HAProxy says 503 to what it has no rule for; only its log tells that from servers that are down.
  const logged = scene.has('PROXY_HAS_NO_BACKEND') && endpointsFine(scene) ? scene.all('NO_ROUTE_LOGGED') : [];
  // Endpoints answer the same request well: then whoever says 404 in front of them made it.
  const endpointsKnowIt =
    scene.endpoints.length > 0 && endpointsFine(scene) && scene.endpoints.every((e) => (e.status ?? 500) < 400);
  // A route that is there and leads elsewhere is another fault (routeWrong), whoever made the 404.
  const strange =
    endpointsKnowIt && !leadsElsewhere(scene)
      ? scene.all('REQUEST_ANSWERED').filter((f) => f.facts.status === 404 && f.vantage !== 'service')
      : [];
  const pages = [...strange, ...scene.all('ROUTE_NOT_FOUND').filter(() => notTheAppsOwn(scene, 404)), ...logged];
  const answers503 = scene.has('PROXY_HAS_NO_BACKEND') && (logged.length > 0 || api.length > 0);
  const explains = byStatus(scene, 404, ...(answers503 ? [503] : [])) + (strange.length ? answeredWith(scene, 404) : 0);
  if (api.length === 0 && pages.length === 0) return null;
  if (explains === 0 && scene.failing === 0) return null;
  return suspect('route-missing', [...api, ...pages], api.length && pages.length ? 0.98 : api.length ? 0.95 : 0.9, {
    explains,
    fits: scene.reported('not-found', 'unspecified', 'wrong-content'),
    sentence: `${proxyName(scene, api[0] ?? pages[0])} has no ${api[0] && api[0].code !== 'ROUTE_MISSING' ? 'working route' : 'route'} for ${host(scene)} and answers ${answers503 && !scene.has('ROUTE_NOT_FOUND') ? 503 : 404} itself`,
  });
};

/** Pages that servers show when nobody configured them. */
const WELCOME = /welcome to nginx|default backend|it works|apache2 .*default|congratulations/i;

/** Users get a 404 or 403 to what every endpoint answers well, and the route leads to another service: that one said it. */
const refusedElsewhere: Rule = (scene) => {
  const well =
    scene.endpoints.length > 0 && endpointsFine(scene) && scene.endpoints.every((e) => (e.status ?? 500) < 400);
  const status = [404, 403].find((one) => answeredWith(scene, one) > 0);
  if (!well || status === undefined || !leadsElsewhere(scene)) return null;
  const led = scene.all('ROUTE_FOUND');
  const refused = scene.all('REQUEST_ANSWERED').filter((f) => f.facts.status === status && f.vantage !== 'service');
  return suspect('route-wrong', [...led, ...refused, ...scene.all('ENDPOINT_ANSWERS')], 0.92, {
    explains: answeredWith(scene, status),
    fits: true,
    sentence: `${proxyName(scene, led[0])} sends ${host(scene)} to ${text(led[0]?.facts.service)}, which answers ${status}; the endpoints of ${serviceName(scene)} answer the same request`,
    next: `Compare the rules of both routes (host, path, priority): the one to ${serviceName(scene)} must win for ${host(scene)}.`,
  });
};

/** What pages the endpoints show when asked directly, and what users get: different places if no mark is shared. */
export const routeWrong: Rule = (scene) => {
  const foreign = refusedElsewhere(scene);
  if (foreign) return foreign;
  const marks = (code: string): Set<string> =>
    new Set(
      scene
        .all(code)
        .map((f) => text(f.facts.page))
        .filter((mark) => mark !== ''),
    );
  const own = marks('ENDPOINT_ANSWERS');
  const shown = scene.all('REQUEST_ANSWERED').filter((f) => f.facts.alternate !== true && f.vantage !== 'service');
  const strange = shown.filter((f) => text(f.facts.page) !== '' && !own.has(text(f.facts.page)));
  if (own.size === 0 || strange.length === 0 || strange.length < shown.length) return null;
  const first = strange[0];
  const elsewhere = leadsElsewhere(scene) ? scene.all('ROUTE_FOUND') : [];
  // Pages may differ for many reasons; only a report of wrong content, or a server's own welcome page, makes it a fault.
  const welcome = strange.some((f) => WELCOME.test(text(f.facts.page)));
  if (!welcome && !scene.reported('wrong-content', 'not-found')) return null;
  // A route that takes any host is how such a request comes to another application's page.
  const swallowed = scene.all('ROUTE_IS_CATCH_ALL');
  return suspect(
    'route-wrong',
    [...swallowed, ...elsewhere, ...strange, ...scene.all('ENDPOINT_ANSWERS')],
    welcome || swallowed.length || elsewhere.length || scene.reported('wrong-content') ? 0.95 : 0.8,
    {
      explains: 1,
      fits: true,
      sentence: `${proxyName(scene, first)} answers ${host(scene)} with a ${text(first?.facts.page)}, which is not what its endpoints serve (${[...own][0]})`,
      next: `See which route or catch-all of ${proxyName(scene, first)} takes ${host(scene)}, and bring back the one to ${serviceName(scene)}.`,
    },
  );
};

export const redirectLoop: Rule = (scene) => {
  const found = scene
    .all('REDIRECTED_TO_ITSELF')
    .filter((f) => f.vantage === 'public' || f.vantage === 'proxy-replica');
  if (found.length === 0) return null;
  const configured = scene.all('ROUTE_REDIRECTS_TO_ITSELF');
  return suspect('redirect-loop', [...found, ...configured], configured.length ? 0.97 : 0.93, {
    explains: failingBy(scene, (f) => (f.status ?? 0) >= 300 && (f.status ?? 0) < 400),
    fits: scene.reported('redirect-loop', 'unspecified'),
    sentence: `${proxyName(scene, found.at(-1))} redirects callers of ${host(scene)} to the very address they asked for`,
  });
};
