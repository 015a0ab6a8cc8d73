import type { Scene } from '../scene.ts';
import {
  answeredWith,
  byCertificate,
  byStatus,
  endpointsFine,
  failingBy,
  host,
  namesOthersThan,
  proxyName,
  type Rule,
  serverErrors,
  serviceName,
  suspect,
  text,
} from './suspicion.ts';

/** The endpoints themselves do not answer with the status that the proxy gives. */
const notTheAppsOwn = (scene: Scene, status: number): boolean => !scene.endpoints.some((e) => e.status === status);

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
    },
  );
};

export const sizeLimit: Rule = (scene) => {
  const found = [
    ...scene.all('REQUESTS_TOO_LARGE'),
    ...scene.all('BODY_TOO_LARGE'),
    ...scene.all('ANSWER_HEADER_TOO_BIG'),
  ];
  if (found.length === 0 || !scene.reported('too-large', 'unspecified', 'errors-5xx', 'forbidden')) return null;
  // A robot's 413 says nothing of the 500 that was reported. A header that is too big makes a 502.
  const header = scene.has('ANSWER_HEADER_TOO_BIG') ? [502] : [];
  if (!scene.reported('too-large') && namesOthersThan(scene, 413, 414, 431, 400, 494, ...header)) return null;
  return suspect('size-limit', found, scene.reported('too-large') ? 0.97 : 0.8, {
    fits: true,
    sentence: `${proxyName(scene, found[0])} refuses requests to ${host(scene)} that are larger than it lets through`,
  });
};

/** Long-lived connections end when the workers that hold them do: a reload's known effect, if that is what was reported. */
export const reloadDisconnects: Rule = (scene) => {
  // HAProxy begins a new process for a reload too, and mostly does not tell which it was.
  const found = [
    ...scene.all('RELOADED_RECENTLY'),
    ...scene.all('PROCESS_STARTED_RECENTLY').filter((f) => f.facts.either === true),
  ];
  if (found.length === 0 || !scene.reported('disconnects')) return null;
  // nginx without a bound on old workers lets every connection live as long as it likes (lab.md 5): a reload cuts none.
  const unbounded = new Set(scene.all('NOTE_OLD_WORKERS_UNBOUNDED').map((f) => f.about.hop));
  const cutting = found.filter((f) => !unbounded.has(f.about.hop));
  if (cutting.length === 0) return null;
  // The application was changed at the time too: then its own leaving cuts connections as well.
  const service = scene.path.hops.find((h) => h.hop === 'service' || h.hop === 'app')?.name;
  const deployed = scene.changes.some((change) => change.object === service);
  return suspect('reload-disconnects', cutting, deployed ? 0.6 : 0.8, {
    fits: true,
    sentence: `${proxyName(scene, found[0])} ${found[0]?.code === 'RELOADED_RECENTLY' ? 'was reloaded' : 'began a new process'} in the time in question, which cuts long-lived connections to ${host(scene)}`,
  });
};

export const externalAuthFailed: Rule = (scene) => {
  const found = scene.all('AUTH_REQUEST_FAILED');
  if (found.length === 0 || scene.endpoints.some((e) => e.reached && e.failing > 0)) return null;
  return suspect('external-auth-failed', found, 0.93, {
    explains: byStatus(scene, 500, 502, 503),
    fits: scene.reported('errors-5xx', 'forbidden', 'unspecified'),
    sentence: `${proxyName(scene, found[0])} refuses ${host(scene)}, since the authentication that it asks first fails`,
  });
};

export const proxyOverloaded: Rule = (scene) => {
  const found = scene.all('OUT_OF_CONNECTIONS');
  if (found.length > 0)
    return suspect('proxy-overloaded', found, 0.93, {
      explains: scene.failing ?? 0,
      fits: true,
      sentence: `${proxyName(scene, found[0])} ran out of connections or files`,
    });
  // A full queue or circuit breaker is the proxy's own limit, unless it is full because the endpoints are slow or broken.
  const full = [
    ...scene.all('PROXY_OVERFLOWS'),
    ...[...scene.all('PROXY_QUEUE_FULL'), ...scene.all('REQUESTS_QUEUED')].filter((f) => f.direction === 'implicates'),
  ];
  const behind = !endpointsFine(scene) || scene.endpoints.some((e) => e.slowMs !== null);
  if (full.length === 0 || behind) return null;
  return suspect('proxy-overloaded', full, scene.has('PROXY_OVERFLOWS') ? 0.93 : 0.85, {
    // HAProxy gives 503 to what waited too long in its queue, Envoy to what its breaker refuses.
    explains: full.some((f) => f.code !== 'REQUESTS_QUEUED') ? byStatus(scene, 503) : 0,
    fits: scene.reported('errors-5xx', 'timeout', 'slow', 'unspecified'),
    sentence: `${proxyName(scene, full[0])} turns requests to ${host(scene)} away at a limit of its own, while the endpoints answer quickly`,
  });
};

/** A 4xx that was reported, that users get, and that no endpoint gives to the same request: the proxy made it. */
export const proxyRefuses: Rule = (scene) => {
  const reportedOnes = [...scene.case.symptoms.statuses, ...(scene.reported('forbidden') ? [403, 401] : [])];
  const status = reportedOnes.find((s) => s >= 400 && s < 500 && s !== 404 && s !== 429 && answeredWith(scene, s) > 0);
  if (status === undefined || !endpointsFine(scene) || scene.endpoints.some((e) => (e.status ?? 0) >= 400)) return null;
  const explains = answeredWith(scene, status);
  const forbidden = scene.all('ACCESS_FORBIDDEN_BY_RULE');
  const balancer = scene.path.hops.find((h) => h.hop === 'load-balancer' || h.hop === 'node');
  // One address for all callers, behind a hop that says nothing of theirs: it is that hop's own.
  const hidden =
    forbidden.some((f) => f.facts.oneClient === 'yes') &&
    balancer &&
    balancer.sends !== 'proxy-v1' &&
    balancer.sends !== 'proxy-v2';
  const because = [
    ...forbidden,
    ...scene.all('REQUEST_ANSWERED').filter((f) => f.facts.status === status),
    ...scene.all('ENDPOINT_ANSWERS'),
  ];
  if (hidden) {
    return suspect('client-address-lost', because, 0.86, {
      explains,
      fits: true,
      sentence: `${proxyName(scene)} refuses callers of ${host(scene)} by its allow-list, since it sees one address of ${balancer.name} in place of theirs`,
    });
  }
  return {
    cause: null,
    hop: 'proxy',
    because,
    strength: 0.85,
    explains,
    fits: true,
    sentence: `${proxyName(scene)} answers ${status} to ${host(scene)} itself; asked directly, the endpoints answer the same request`,
  };
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

export const rateLimited: Rule = (scene) => {
  // A 429 that no endpoint gives to the same request was made in front of them, whatever its page looks like.
  const strange = endpointsFine(scene) ? scene.all('REQUEST_ANSWERED').filter((f) => f.facts.status === 429) : [];
  const found = [
    ...scene.all('PROXY_LIMITS_REQUESTS'),
    ...scene.all('REQUESTS_LIMITED'),
    ...scene.all('RATE_LIMIT_LOGGED'),
    ...strange,
  ];
  if (found.length === 0 || !notTheAppsOwn(scene, 429)) return null;
  const explains = byStatus(scene, 429) + answeredWith(scene, 429);
  // Limits that a crawler met in the log say nothing of the 500 that was reported; nginx' own limit answers 503.
  if (explains === 0 && namesOthersThan(scene, 429, 503)) return null;
  return suspect('rate-limited', found, strange.length ? 0.9 : 0.85, {
    explains,
    fits: explains > 0 || scene.case.symptoms.statuses.includes(429) || scene.reported('errors-5xx', 'unspecified'),
    sentence: `${proxyName(scene)} refuses requests to ${host(scene)} for a rate limit of its own`,
  });
};

export const reloadFailed: Rule = (scene) => {
  const found = scene.all('RELOAD_REFUSED');
  const first = found[0];
  if (!first) return null;
  // A refused file explains what an older configuration would do: old endpoints, missing routes, old certificates.
  const stale =
    scene.has('UPSTREAM_NOT_AN_ENDPOINT') ||
    scene.has('ROUTE_NOT_FOUND') ||
    scene.has('PROXY_GATEWAY_ERROR') ||
    scene.has('CERTIFICATE_EXPIRED') ||
    scene.has('ERRORS_MADE_BY_PROXY');
  const appFails = scene.endpoints.some((e) => e.reached && e.failing > 0);
  if (!stale || (appFails && !scene.has('UPSTREAM_NOT_AN_ENDPOINT'))) return null;
  const explains = Math.max(byStatus(scene, 404, 502, 503, 504), byCertificate(scene));
  const where = text(first.facts.where);
  return suspect(
    'reload-failed',
    [
      ...found,
      ...scene.all('UPSTREAM_NOT_AN_ENDPOINT'),
      ...scene.all('PROXY_GATEWAY_ERROR'),
      ...scene.all('ROUTE_NOT_FOUND'),
    ],
    0.97,
    {
      explains,
      fits: scene.reported('errors-5xx', 'not-found', 'unspecified', 'timeout', 'wrong-content'),
      sentence: `${proxyName(scene, first)} refused its last configuration${where ? ` (${where.split('/').at(-1)})` : ''} and still serves an older one to ${host(scene)}`,
    },
  );
};

export const staleEndpoints: Rule = (scene) => {
  // A strange address in its list is a fault only where the proxy fails and the endpoints that there are do not.
  const listed = scene.has('PROXY_GATEWAY_ERROR') && endpointsFine(scene) ? scene.all('PROXY_LISTS_STRANGERS') : [];
  const found = [...scene.all('UPSTREAM_NOT_AN_ENDPOINT'), ...scene.all('STALE_UPSTREAM_LOGGED'), ...listed];
  if (found.length === 0) return null;
  return suspect('stale-endpoints', found, 0.9, {
    explains: byStatus(scene, 502, 503, 504),
    fits: scene.reported('errors-5xx', 'timeout', 'unspecified'),
    sentence: `${proxyName(scene, found[0])} sends requests for ${host(scene)} to ${text(found[0]?.facts.upstream ?? found[0]?.facts.address ?? (found[0]?.facts.strangers as string[] | undefined)?.[0])}, which is no endpoint of ${serviceName(scene)}`,
  });
};

/** Servers that the proxy's own health check took out, though they answer the very requests that users make. */
export const wrongHealthCheck: Rule = (scene) => {
  const service = scene.path.hops.find((h) => h.hop === 'service' || h.hop === 'app');
  const known = new Set((service?.endpoints ?? []).flatMap((e) => [e.name, e.address]));
  // HAProxy names `backend/server`, the others an address.
  const named = (upstream: string): boolean => known.has(upstream) || known.has(upstream.split('/').at(-1) as string);
  const found = scene.all('ENDPOINT_MARKED_DOWN').filter((f) => named(text(f.facts.upstream)));
  const none = [...scene.all('NO_HEALTHY_ENDPOINT_LOGGED'), ...scene.all('PROXY_HAS_NO_BACKEND')];
  const explains = byStatus(scene, 502, 503);
  if (found.length === 0 || none.length === 0 || explains === 0 || !endpointsFine(scene)) return null;
  const why = text(found[0]?.facts.why);
  return suspect('stale-endpoints', [...found, ...none, ...scene.all('ENDPOINT_ANSWERS')], 0.9, {
    explains,
    fits: scene.reported('errors-5xx', 'unspecified'),
    sentence: `${proxyName(scene, found[0])} takes the endpoints of ${serviceName(scene)} for dead by its own health check${why ? ` (${why})` : ''}, while they answer when asked directly`,
  });
};

export const reloadStorm: Rule = (scene) => {
  const found = scene.all('RELOAD_STORM');
  if (found.length === 0) return null;
  const fits =
    scene.reported('disconnects', 'reset', 'slow') ||
    (scene.case.symptoms.course === 'intermittent' && scene.reported('unspecified', 'timeout', 'errors-5xx'));
  if (!fits) return null;
  return suspect(
    'reload-storm',
    [...found, ...scene.all('OLD_WORKERS_LINGER'), ...scene.all('AUTOSCALER_FLAPS')],
    scene.has('OLD_WORKERS_LINGER') || scene.reported('disconnects', 'reset') ? 0.93 : 0.8,
    {
      explains: failingBy(scene, (f) => f.error === 'RESET' || f.error === 'CLOSED'),
      fits,
      sentence: `${proxyName(scene, found[0])} reloads over and over (${found[0]?.facts.count} times in ${found[0]?.facts.minutes} min) and breaks connections each time`,
    },
  );
};

/**
 * Endpoints that should share evenly do not, and somebody says that it is slow or uneven. Never for what zones, late
 * joiners or one slow endpoint explain, and never for a skew that nobody would feel: those are context.
 */
export const endpointImbalance: Rule = (scene) => {
  const skewed = scene.all('ENDPOINT_SHARE_SKEWED').filter((f) => f.direction === 'implicates');
  const pinned = scene.all('PINNED_CONNECTIONS').filter((f) => f.direction === 'implicates');
  const first = skewed[0] ?? pinned[0];
  if (!first) return null;
  const slow = scene.endpoints.filter((e) => e.slowMs !== null);
  const busiest = text(first.facts.busiest);
  // Endpoints that are slow without being the busy one are the application's own trouble.
  if (slow.some((e) => e.address !== busiest)) return null;
  const fits =
    scene.reported('slow', 'uneven', 'timeout') ||
    (scene.reported('unspecified', 'errors-5xx') && scene.slowMs !== null);
  if (!fits) return null;
  const seconds = typeof first.facts.seconds === 'number' ? first.facts.seconds : 0;
  const others = typeof first.facts.others === 'number' ? first.facts.others : null;
  const felt =
    slow.length > 0 || scene.slowMs !== null || (others !== null && seconds > 2 * others) || scene.reported('uneven');
  // Pinned connections make nobody wait by themselves: only a report of just that, or a busy endpoint that is slow.
  if (skewed.length === 0 && !felt) return null;
  const share = `${Math.round(Number(first.facts.share) * 100)} % of the requests for ${host(scene)}`;
  const of = `one of ${scene.endpoints.length || 'several'} endpoints`;
  return suspect('endpoint-imbalance', [...skewed, ...pinned], felt ? 0.95 : 0.8, {
    explains: scene.slowMs !== null ? 1 : serverErrors(scene),
    fits,
    sentence:
      skewed.length > 0
        ? `${proxyName(scene, first)} sends ${share} to ${of}`
        : `${proxyName(scene, first)} keeps its connections to one service address, and ${share} end at ${of}`,
  });
};

/** Longer than this nobody waits for a page, ms. */
const ANYONE_WAITS_MS = 10_000;

export const timeoutTooShort: Rule = (scene) => {
  const cut = scene.all('PROXY_GATEWAY_ERROR').filter((f) => f.facts.status === 504);
  const finishing = scene.all('ENDPOINT_SLOW');
  const first = cut[0];
  if (!first || finishing.length === 0) return null;
  const limit = Number(first.facts.ms);
  const slowest = Math.max(...finishing.map((f) => Number(f.facts.ms)));
  // Beyond what anyone waits for, it is the application that is slow, whoever cuts first.
  if (slowest <= limit || limit >= ANYONE_WAITS_MS) return null;
  return suspect('proxy-timeout-too-short', [...cut, ...finishing], 0.9, {
    explains: byStatus(scene, 504),
    fits: true,
    sentence: `${proxyName(scene, first)} gives up on ${host(scene)} after ${(limit / 1000).toFixed(1)} s, while the application would have answered after ${(slowest / 1000).toFixed(1)} s`,
  });
};
