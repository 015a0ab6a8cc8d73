import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import {
  answeredWith,
  byStatus,
  endpointsFine,
  host,
  type Rule,
  serverErrors,
  serviceName,
  suspect,
  text,
} from './suspicion.ts';

export const noEndpoints: Rule = (scene) => {
  const found = scene.all('NO_ENDPOINTS');
  if (found.length === 0) return null;
  const explains = byStatus(scene, 500, 502, 503, 504, 404);
  if (explains === 0 && scene.failing === 0) return null;
  return suspect(
    'service-no-endpoints',
    [...found, ...scene.all('PROXY_HAS_NO_BACKEND'), ...scene.all('PROXY_GATEWAY_ERROR')],
    0.97,
    {
      explains,
      fits: true,
      sentence: `nothing is ready behind ${text(found[0]?.facts.service)}: it has no endpoints`,
    },
  );
};

export const portMismatch: Rule = (scene) => {
  const found = scene.all('ENDPOINT_PORT_UNDECLARED');
  if (found.length === 0) return null;
  return suspect('service-port-mismatch', found, 0.95, {
    explains: serverErrors(scene),
    fits: true,
    sentence: `${serviceName(scene)} points at port ${found[0]?.facts.port}, on which nobody listens`,
  });
};

/** How many endpoints are so, in words: "2 of 3 endpoints". */
export const count = (scene: Scene, test: (e: Scene['endpoints'][number]) => boolean): string => {
  const hit = scene.endpoints.filter(test).length;
  const total = scene.endpoints.length;
  return hit === total
    ? total === 1
      ? 'its endpoint'
      : total === 2
        ? 'both endpoints'
        : `all ${total} endpoints`
    : `${hit} of ${total} endpoints`;
};

/** Of the errors in the logs, the proxy made so many times more itself: then the application's are a matter beside. */
const FAR_MORE = 3;
const fewOfAll = (scene: Scene): boolean => {
  const made = (code: string): number => scene.all(code).reduce((sum, f) => sum + Number(f.facts.errors), 0);
  const theirs = made('ERRORS_MADE_UPSTREAM');
  return theirs > 0 && made('ERRORS_MADE_BY_PROXY') >= FAR_MORE * theirs;
};

/** " (500, 503)", as the logs name them. */
function statuses(logged: Finding[]): string {
  const all = logged.flatMap(({ facts }) => (Array.isArray(facts.statuses) ? facts.statuses : []));
  const named = [...new Set(all.map((one) => String(one).split(' ').at(-1)))].sort().slice(0, 3);
  return named.length ? ` (${named.join(', ')})` : '';
}

/** What fails for users now are pages that no proxy makes, and no log says that one did. */
const passedOn = (scene: Scene): boolean =>
  scene.front
    .flatMap((m) => m.failures)
    .every(({ status, maker }) => status !== null && status >= 500 && maker === null) &&
  !scene.has('ERRORS_MADE_BY_PROXY');

export const appErrors: Rule = (scene) => {
  const found = scene.all('ENDPOINT_ERRORS');
  // Counters of the whole proxy are about other hosts too: those are context, not this application's.
  const counted = scene
    .all('ERRORS_COUNTED_UPSTREAM')
    // Within one second most of what is counted is ours; where all of ours were answered well, errors are others'.
    .filter((f) => f.direction === 'implicates' && (f.facts.source !== 'two samples' || scene.failing === 0));
  const logged = [...scene.all('ERRORS_MADE_UPSTREAM'), ...counted];
  if (found.length === 0) {
    // Only the log shows it: it was so in the time in question, and need not be so now.
    // What fails now is the proxy's own page while the endpoints answer: then the log tells of another time.
    if (scene.has('PROXY_GATEWAY_ERROR') && endpointsFine(scene)) return null;
    if (logged.length === 0 || !scene.reported('errors-5xx', 'unspecified')) return null;
    const strength = scene.failing === null ? 0.6 : scene.failing === 0 ? 0.8 : passedOn(scene) ? 0.85 : 0.7;
    return suspect('app-errors', logged, fewOfAll(scene) ? Math.min(0.6, strength) : strength, {
      explains: byStatus(scene, 500, 501, 502, 503, 504),
      fits: true,
      sentence: `${serviceName(scene)} answered with errors${statuses(logged)} itself in the time in question`,
    });
  }
  const status = found[0]?.facts.status;
  return suspect('app-errors', [...found, ...logged], 0.98, {
    explains: serverErrors(scene),
    fits: scene.reported('errors-5xx', 'unspecified', 'slow', 'timeout'),
    sentence: `${serviceName(scene)}${scene.endpoints.every((e) => e.failing < 1) ? ' now and then' : ''} answers ${status} itself (${count(scene, (e) => e.failing > 0)}, asked directly)`,
  });
};

/** Endpoints give the very 4xx that was reported, asked directly: the application's own answer, passed on. */
export const appRefuses: Rule = (scene) => {
  const status = scene.case.symptoms.statuses.find((s) => s >= 400 && s < 500 && answeredWith(scene, s) > 0);
  const reached = scene.endpoints.filter((e) => e.reached);
  if (status === undefined || reached.length === 0 || !reached.every((e) => e.status === status)) return null;
  return suspect('app-errors', scene.all('ENDPOINT_ANSWERS'), 0.88, {
    explains: answeredWith(scene, status),
    fits: true,
    sentence: `${serviceName(scene)} answers ${status} itself (${count(scene, (e) => e.status === status)}, asked directly); the proxy passes it on`,
    next: `See in the log of ${serviceName(scene)} why it answers ${status} to this request, and what changed there last.`,
  });
};

/** The endpoints cannot be asked, but the error page that users get is none that a proxy makes: it was passed on. */
export const appErrorsThrough: Rule = (scene) => {
  if (scene.endpoints.some((e) => e.reached) || scene.replicas.length + scene.front.length === 0) return null;
  const passedOn = scene.findings.filter(
    (f) =>
      f.code === 'REQUEST_FAILED' &&
      typeof f.facts.status === 'number' &&
      f.facts.status >= 500 &&
      f.facts.maker === null,
  );
  // A log that says who made them knows better than the look of a page: a middleware's answer is passed on as it is.
  const own = ['PROXY_GATEWAY_ERROR', 'PROXY_HAS_NO_BACKEND', 'ERRORS_MADE_BY_PROXY'].some(scene.has);
  if (passedOn.length === 0 || own || !scene.path.routed) return null;
  const status = passedOn[0]?.facts.status;
  const unread = scene.blind.some(
    (b) => b.check === 'upstream-attribution' || (b.check === 'endpoint-answers' && b.reason !== 'not-configured'),
  );
  return suspect('app-errors', passedOn, unread ? 0.6 : 0.76, {
    explains: serverErrors(scene),
    fits: true,
    sentence: `${host(scene)} answers ${status} with a page that is none of the proxy's own, so ${serviceName(scene)} most likely made it`,
  });
};

/**
 * An address that is none of the endpoints, of which none is known to have started since it last refused: then it is nobody's that
 * crashed and came back elsewhere, and its refusals say nothing of those there are.
 */
function isStranger(scene: Scene, { facts }: Finding): boolean {
  const services = scene.path.hops.filter((hop) => hop.hop === 'service' || hop.hop === 'app');
  const endpoints = services.flatMap((hop) => hop.endpoints ?? []);
  const address = text(facts.upstream);
  if (endpoints.length === 0 || !/:\d+$/.test(address) || !text(facts.last)) return false;
  const known = [...services.map((hop) => hop.address), ...endpoints.map((e) => e.address)];
  const last = Date.parse(text(facts.last));
  return !known.includes(address) && !endpoints.some((e) => Date.parse(e.startedAt ?? '') >= last);
}

export const appDown: Rule = (scene) => {
  const refusing = scene.all('ENDPOINT_REFUSES');
  const found = [...refusing, ...scene.all('ENDPOINT_CLOSES')];
  if (scene.has('ENDPOINT_PORT_UNDECLARED')) return null;
  if (found.length === 0) {
    const logged = scene.all('UPSTREAM_REFUSED_PROXY').filter((f) => !isStranger(scene, f));
    if (logged.length === 0 || !scene.reported('errors-5xx', 'unspecified', 'timeout', 'reset')) return null;
    return suspect('app-down', logged, scene.failing === null ? 0.6 : 0.8, {
      explains: byStatus(scene, 502, 503),
      fits: true,
      sentence: `endpoints of ${serviceName(scene)} refused connections in the time in question`,
    });
  }
  const down = count(scene, (e) => e.failing > 0);
  const s = /^(its|1 of)/.test(down) ? 's' : '';
  const does = refusing.length ? `refuse${s} connections` : `close${s} connections without an answer`;
  return suspect('app-down', [...found, ...scene.all('PROXY_GATEWAY_ERROR')], 0.97, {
    explains: serverErrors(scene),
    fits: scene.reported('errors-5xx', 'unspecified', 'timeout', 'reset', 'slow'),
    sentence: down.includes(' of ')
      ? `${down} of ${serviceName(scene)} ${does}`
      : `${serviceName(scene)} is down: ${down} ${does}`,
  });
};

/** Requests failed at endpoints that have left since, at the time of a deploy: they left without draining. */
export const rolloutDrops: Rule = (scene) => {
  // One that never answered was no endpoint that was leaving.
  const found = scene.all('FORMER_ENDPOINT_FAILED').filter((f) => f.facts.astray !== 'yes');
  const first = found[0];
  if (!first) return null;
  return suspect('app-rollout-drops', found, 0.88, {
    fits: scene.reported('errors-5xx', 'reset', 'timeout', 'unspecified'),
    sentence: `requests for ${host(scene)} failed at endpoints of ${serviceName(scene)} that were just leaving (last ${String(first.facts.last).slice(11, 16)} UTC)`,
  });
};
