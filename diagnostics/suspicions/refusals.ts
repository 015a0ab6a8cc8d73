import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { limitedBehind } from './app-limits.ts';
import { callsItself } from './hairpin.ts';
import {
  answeredWith,
  byStatus,
  endpointsFail,
  endpointsFine,
  host,
  loggedBy,
  namesOthersThan,
  notTheAppsOwn,
  proxyName,
  type Rule,
  suspect,
  text,
} from './suspicion.ts';

/** Refusals of this many are no accident, and of this share more than what scanners meet on any day. */
const A_PATTERN = { count: 3, share: 0.05 };

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
  // A refused body is no 5xx: beside a report of just that it is somebody else's, most likely.
  const otherKind = header.length === 0 && scene.reported('errors-5xx') && !scene.reported('too-large');
  // Robots meet such limits on any day: of somebody who only says that something is wrong they tell nothing.
  const vague = header.length === 0 && scene.case.symptoms.statuses.length === 0;
  return suspect('size-limit', found, scene.reported('too-large') ? 0.97 : otherKind || vague ? 0.6 : 0.8, {
    fits: true,
    sentence: `${proxyName(scene, found[0])} refuses requests to ${host(scene)} that are larger than it lets through`,
  });
};

export const externalAuthFailed: Rule = (scene) => {
  const logged = [...scene.all('AUTH_REQUEST_FAILED'), ...scene.all('AUTH_SERVICE_FAILED_LOGGED')];
  // A route that asks somebody first, 5xx for users, and endpoints that answer the same request: that somebody failed.
  const passedOn = scene.has('PROXY_GATEWAY_ERROR') ? [] : [502, 503];
  const asking = endpointsFine(scene) && byStatus(scene, 500, ...passedOn) > 0 ? scene.all('ROUTE_FOUND') : [];
  const found = [...logged, ...asking.filter((f) => typeof f.facts.asks === 'string')];
  if (found.length === 0 || endpointsFail(scene) || callsItself(scene)) return null;
  // nginx makes a 500 of it; others pass on the status of who was asked, and nobody behind may be there either.
  const explains = byStatus(scene, 500, ...(endpointsFine(scene) ? [502, 503] : []));
  if (explains === 0 && loggedBy(logged) < A_PATTERN.count) return null;
  return suspect('external-auth-failed', found, logged.length ? 0.93 : 0.85, {
    explains,
    fits: scene.reported('errors-5xx', 'forbidden', 'unspecified'),
    sentence: `${proxyName(scene, found[0])} refuses ${scene.failing === 0 ? 'some callers of ' : ''}${host(scene)}, since the authentication that it asks first fails`,
    ...(logged.length === 0 && {
      next: `Look at ${text(found[0]?.facts.asks)}, which ${proxyName(scene, found[0])} asks first: it does not answer as it should.`,
    }),
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

/** A wait that people write about, s. */
const FELT_SECONDS = 1;

/**
 * It is slow, the proxy's log shows GETs with small answers that were quick behind it and slow all the same, and the proxy has a
 * limit that keeps what comes too fast waiting for as long: nobody else could have kept them.
 */
function heldBack(scene: Scene): Finding[] {
  if (!scene.reported('slow', 'timeout')) return [];
  const slow = scene.all('SLOW_IN_PROXY').filter((f) => 2 * Number(f.facts.held) >= Number(f.facts.slow));
  return slow.flatMap((one) => {
    const holds = scene
      .all('HOLDS_REQUESTS_BACK')
      .filter((f) => f.facts.hopName === one.about.hop && Number(f.facts.seconds) >= FELT_SECONDS);
    return holds.length > 0 ? [one, ...holds] : [];
  });
}

/** The innermost proxy's log was read, and has requests to this host. */
const readsLogs = (scene: Scene): boolean => {
  const inner = scene.path.hops.findLast((hop) => hop.hop === 'proxy');
  return scene.findings.some(
    (f) => f.check === 'upstream-attribution' && f.about.hop === inner?.name && Number(f.facts.total) > 0,
  );
};

export const rateLimited: Rule = (scene) => {
  // A 429 that no endpoint gives to the same request was made in front of them, whatever its page looks like; unless a log says
  // that it comes from behind.
  const behind = limitedBehind(scene);
  const strange =
    behind !== 'app' && endpointsFine(scene) ? scene.all('REQUEST_ANSWERED').filter((f) => f.facts.status === 429) : [];
  const held = heldBack(scene);
  const found = [
    ...held,
    ...scene.all('PROXY_LIMITS_REQUESTS'),
    ...scene.all('REQUESTS_LIMITED'),
    ...scene.all('RATE_LIMIT_LOGGED'),
    ...strange,
  ];
  if (found.length === 0 || !notTheAppsOwn(scene, 429)) return null;
  const explains = byStatus(scene, 429) + answeredWith(scene, 429);
  // Limits that a crawler met in the log say nothing of the 500 that was reported; nginx' own limit answers 503.
  if (explains === 0 && namesOthersThan(scene, 429, 503)) return null;
  if (explains === 0 && held.length > 0)
    return suspect('rate-limited', found, 0.86, {
      fits: true,
      sentence: `${proxyName(scene, held[0])} keeps requests to ${host(scene)} waiting for a rate limit of its own, while what is behind it is quick`,
      ...(held[1] && { next: held[1].next }),
    });
  // An application that counts by address answers us well directly, too: only a log, a page or a limit of the proxy's own, or a log
  // that has none from behind, tells the two apart.
  const untold = found.length === strange.length && (behind !== null || !readsLogs(scene));
  // A crawler meets limits on any day: somebody has to speak of a refusal, or meet one now.
  const vague = explains === 0 && scene.case.symptoms.statuses.length === 0;
  return suspect('rate-limited', found, untold ? 0.65 : strange.length ? 0.9 : vague ? 0.6 : 0.85, {
    explains,
    fits: explains > 0 || scene.case.symptoms.statuses.includes(429) || scene.reported('errors-5xx', 'unspecified'),
    sentence: `${proxyName(scene)} refuses requests to ${host(scene)} for a rate limit of its own`,
    ...(found.length === strange.length && {
      next: `Look at the rate limits for ${host(scene)} in the configuration of ${proxyName(scene)}.`,
    }),
  });
};

/** A 401 or 403 was reported, and harmless requests meet none: whom one refuses depends on who asks. */
function refusesOthers(scene: Scene): boolean {
  const named = scene.case.symptoms.statuses.some((status) => status === 401 || status === 403);
  if (scene.failing !== 0 || !(named || scene.reported('forbidden'))) return false;
  return answeredWith(scene, 401) + answeredWith(scene, 403) === 0;
}

/**
 * A proxy's log counts refusals of its own as they were reported: where none was passed on from behind it, the one that was
 * reported is the proxy's, whoever it refuses.
 */
export const proxyRefusesSome: Rule = (scene) => {
  if (!refusesOthers(scene)) return null;
  const denied = scene
    .all('REQUESTS_DENIED')
    .filter(
      (f) =>
        Number(f.facts.asReported) >= Math.max(A_PATTERN.count, A_PATTERN.share * Number(f.facts.total)) &&
        !text(f.facts.source).includes('names no hosts'),
    );
  const [first] = denied;
  if (!first || denied.some((f) => f.facts.passedOn !== 0)) return null;
  // A CDN in front refuses by rules of its own, and leaves no line here.
  if (scene.path.hops.some((hop) => hop.hop === 'cdn')) return null;
  return {
    cause: null,
    hop: 'proxy',
    because: denied,
    strength: 0.8,
    explains: 0,
    fits: true,
    sentence: `${proxyName(scene, first)} refuses some callers of ${host(scene)} itself (${(first.facts.statuses as string[]).join(', ')})`,
  };
};

/** The same where no log could be read, or it has refusals of both: nobody may say then that nothing is wrong, nor who it was. */
export const refusedOutOfSight: Rule = (scene) => {
  const denied = scene.all('REQUESTS_DENIED');
  const unseen = scene.blind.some((b) => b.check === 'upstream-attribution');
  if (!refusesOthers(scene) || (denied.length === 0 && !unseen) || scene.case.symptoms.onlyReporter) return null;
  return {
    cause: null,
    hop: 'proxy',
    because: denied.length ? denied : scene.all('REQUEST_ANSWERED'),
    strength: 0.5,
    explains: 0,
    fits: true,
    sentence: denied.length
      ? `${proxyName(scene, denied[0])} refused callers of ${host(scene)} itself, and is not the only one who may have`
      : `whom ${host(scene)} refuses depends on who asks, and no log could be read that says who did`,
  };
};
