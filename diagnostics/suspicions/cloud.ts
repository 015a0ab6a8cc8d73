import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { onlyBalancerFails } from './balancer-and-proxy.ts';
import { byStatus, host, proxyName, type Rule, suspect, text, unparsed } from './suspicion.ts';

/**
 * Causes that a cloud's own words show: its counters by side, its targets, its attributes. Words of the cloud about the
 * time in question may convict alone; a setting needs a symptom that it explains.
 */

/** It is said to come and go, and most of our own requests are answered. */
const nowAndThen = (scene: Scene): boolean => scene.case.symptoms.course !== 'steady' && (scene.failing ?? 0) < 0.5;

/** Clocks of a proxy and of a cloud differ, and counters stand at the begin of their minute, ms. */
const SLACK_MS = 90_000;

/** Did proxies leave or begin anew before the first of these errors? What did so after it is not why. */
function leftBefore(scene: Scene, first: Finding): boolean {
  const began = Date.parse(text(first.facts.first));
  const left = [...scene.all('PROXY_RESTARTED_RECENTLY'), ...scene.all('PODS_LEAVING')];
  return left.some((f) => !(Date.parse(text(f.facts.at)) > began + SLACK_MS));
}

/** By the cloud's own word not all targets are in service as they should be. */
export const targetsUnsettled = (scene: Scene): boolean =>
  ['TARGETS_COUNTED_UNHEALTHY', 'TARGETS_NOT_READY_YET', 'TARGET_ADDRESS_GONE'].some((code) => scene.has(code));

/** Targets that left or became unhealthy make a balancer reset connections too: then idle time is not what it is about. */
const targetsChanged = (scene: Scene, first: Finding): boolean => targetsUnsettled(scene) || leftBefore(scene, first);

/** How often targets refused the balancer's connections, by its own count: that made errors which idle time did not. */
export const refusalsCounted = (scene: Scene): number =>
  scene.all('TARGETS_REFUSE_BALANCER').reduce((sum, one) => sum + Number(one.facts.count), 0);

/** The network balancer counted resets of its own, and forgets idle connections before what is behind it does. */
export const idleResetsCounted: Rule = (scene) => {
  const resets = scene.all('RESETS_BY_BALANCER');
  const settings = scene.all('BALANCER_FORGETS_IDLE_FIRST');
  const [first, idle] = [resets[0], settings[0]];
  if (!first || !idle || !nowAndThen(scene) || targetsChanged(scene, first)) return null;
  if (!scene.reported('reset', 'disconnects', 'timeout')) return null;
  return suspect('lb-idle-timeout', [...resets, ...settings], 0.92, {
    fits: true,
    sentence: `${text(idle.facts.outer)} forgets idle connections after ${idle.facts.outerValue} s and reset ${first.facts.count} of them itself, while ${text(idle.facts.inner)} in front of ${host(scene)} keeps them longer`,
    next: `Let ${text(idle.facts.inner)} and its callers close idle connections before ${idle.facts.outerValue} s, or raise ${text(idle.facts.outerFrom) || 'the idle timeout'} of ${first.about.hop}.`,
  });
};

/** A balancer of HTTP made 502s itself and next to none came from behind; what is behind closes idle connections first. */
export const idleErrorsCounted: Rule = (scene) => {
  const errors = scene.all('BALANCER_MADE_ERRORS').filter((f) => {
    const count = Number(f.facts.count);
    const only502 = text(f.facts.statuses).includes('502') || text(f.facts.statuses) === '';
    return only502 && Number(f.facts.behind) <= count / 5 && refusalsCounted(scene) < count / 2;
  });
  return idleRace(scene, errors, 0.9);
};

/** GCE wrote down that a backend closed the connection before it answered (its own ones live for 600 s). */
export const idleErrorsLogged: Rule = (scene) => idleRace(scene, scene.all('BACKEND_CLOSED_FIRST'), 0.93);

function idleRace(scene: Scene, errors: Finding[], strength: number): ReturnType<Rule> {
  const settings = scene.all('PROXY_CLOSES_IDLE_FIRST');
  const [first, idle] = [errors[0], settings[0]];
  if (!first || !idle || !nowAndThen(scene) || targetsChanged(scene, first)) return null;
  const { statuses } = scene.case.symptoms;
  const told =
    scene.reported('reset', 'disconnects') ||
    (scene.reported('errors-5xx') && (!statuses.length || statuses.includes(502)));
  if (!told) return null;
  return suspect('lb-idle-timeout', [...errors, ...settings], strength, {
    explains: byStatus(scene, 502),
    fits: true,
    sentence: `${text(idle.facts.inner)} closes idle connections after ${idle.facts.innerValue} s, while ${text(idle.facts.outer)} still uses them up to ${idle.facts.outerValue} s: requests for ${host(scene)} get lost so (${first.facts.count} in all)`,
    next: `Keep idle connections of callers in ${text(idle.facts.inner)} longer than ${idle.facts.outerValue} s.`,
  });
}

/** Zones have different numbers of targets, and traffic stays in its zone. Said to be uneven, nothing else explains it. */
export const zoneImbalance: Rule = (scene) => {
  const found = scene.all('ZONE_SHARES_UNEVEN');
  const [first] = found;
  if (!first || !scene.reported('uneven')) return null;
  return suspect('lb-zone-imbalance', found, 0.9, {
    fits: true,
    sentence: `cross-zone balancing of ${first.about.hop} in front of ${host(scene)} is off: a proxy in ${text(first.facts.most)} gets ${first.facts.ratio} times as much as one in ${text(first.facts.least)}`,
  });
};

/** The balancer's cloud still has a target that is no replica, and nobody answers there. */
export const staleTargetTold: Rule = (scene) => {
  const gone = scene.all('TARGET_ADDRESS_GONE');
  const refused = gone.filter((f) => f.facts.ending === 'refused');
  const [first] = refused.length ? refused : gone;
  if (!first) return null;
  const explains = onlyBalancerFails(scene);
  const fits = scene.reported('reset', 'errors-5xx', 'timeout', 'unspecified', 'handshake', 'disconnects');
  // Everything fails: one dead target among others is not why.
  if (explains > 0.95 || (explains === 0 && !(fits && nowAndThen(scene)))) return null;
  // One that is being taken out gets no new connections: only those that last are lost.
  if (explains === 0 && first.facts.state === 'draining' && !scene.reported('reset', 'disconnects', 'timeout'))
    return null;
  return suspect('lb-target-stale', gone, refused.length ? 0.95 : explains > 0 ? 0.88 : 0.8, {
    explains,
    fits,
    sentence: `${first.about.hop} still sends requests for ${host(scene)} to ${gone.map((f) => text(f.facts.address)).join(', ')}, which it calls ${text(first.facts.state)}, though no proxy is there any more`,
  });
};

/** Pods that ended this long before the balancer counted are why it had no target: checks need some rounds to notice, ms. */
const NOTICED_MS = 5 * 60_000;

/** Ends of all pods of a proxy just before the balancer began to count; empty where only some of them ended. */
function allEnded(scene: Scene, first: Finding): Finding[] {
  const began = Date.parse(text(first.facts.first));
  const onPath = new Set(scene.path.hops.filter((h) => h.hop === 'proxy').map((h) => h.name));
  const ended = scene.all('PROXY_POD_RESTARTED').filter((f) => {
    const at = Date.parse(text(f.facts.at));
    return onPath.has(f.about.hop) && at >= began - NOTICED_MS && at <= began + SLACK_MS;
  });
  const pods = new Set(ended.map((f) => text(f.facts.pod)));
  return pods.size > 0 && ended.every((f) => f.facts.total === pods.size) ? ended : [];
}

/**
 * The balancer had too few healthy targets in the time in question, by its own count, though every proxy answers now; or
 * since all pods of the proxy had ended just before.
 */
export const failedOpen: Rule = (scene) => {
  const found = [...scene.all('BALANCER_FAILS_OPEN'), ...scene.all('NO_BACKEND_TO_PICK')];
  const [first] = found;
  if (!first || !nowAndThen(scene) || !scene.reported('reset', 'errors-5xx', 'timeout', 'unspecified')) return null;
  const ended = allEnded(scene, first);
  if (ended.length)
    return suspect('proxy-restarting', [...ended, ...found], 0.84, {
      fits: true,
      sentence: `all ${ended.length} pods of ${proxyName(scene, ended[0])} ended together, and ${first.about.hop} had no healthy target for ${first.facts.count} connections or requests to ${host(scene)}`,
      next: ended[0]?.next ?? `See why the pods of ${proxyName(scene, ended[0])} ended.`,
    });
  // Proxies that were not there, or began anew at that time, are why it had none.
  if (leftBefore(scene, first)) return null;
  if (scene.replicas.length === 0 || !scene.replicas.every((m) => m.ok === m.total)) return null;
  return suspect('lb-no-healthy-target', found, 0.84, {
    fits: true,
    sentence: `${first.about.hop} in front of ${host(scene)} had no healthy target for ${first.facts.count} connections or requests, while every proxy behind it answers when asked directly`,
  });
};

/** The cloud says that a header is sent, and the listener behind answers one as those do that know none. */
export const headerTold: Rule = (scene) => {
  const [told] = scene
    .all('BALANCER_HEADER_TOLD')
    .filter((f) => f.facts.sends !== 'none' && f.facts.outcome !== 'as declared');
  if (!told) return null;
  const ignorant = [
    ...scene.all('PROXY_HEADER_WOULD_BREAK'),
    ...scene.all('PROXY_HEADERS_AGREE').filter((f) => f.facts.expects === 'none'),
  ];
  const explains = unparsed(scene);
  if (ignorant.length === 0 || explains === 0) return null;
  return suspect('proxy-protocol-unexpected', [told, ...scene.all('BALANCER_SENDS_OTHERWISE'), ...ignorant], 0.96, {
    explains,
    fits: scene.reported('handshake', 'reset', 'errors-5xx', 'unspecified'),
    sentence: `${proxyName(scene, ignorant[0])} rejects connections to ${host(scene)}, since ${told.about.hop} puts a PROXY header (the caller's address) before them (${text(told.facts.attribute)}) that it does not parse`,
    next: `Switch ${text(told.facts.attribute)} off at ${told.about.hop}, or the PROXY protocol on at ${proxyName(scene)}: both sides must agree.`,
  });
};

/** The balancer itself ran out of something: a fault there, whose cause has no name of its own. */
export const balancerExhausted: Rule = (scene) => {
  const found = [...scene.all('BALANCER_OUT_OF_PORTS'), ...scene.all('BALANCER_REFUSES_NEW')];
  const [first] = found;
  if (!first || scene.case.symptoms.course === 'steady') return null;
  if (!scene.reported('timeout', 'reset', 'errors-5xx', 'unspecified')) return null;
  return {
    cause: null,
    hop: 'load-balancer',
    because: found,
    strength: 0.8,
    explains: 0,
    fits: true,
    sentence: `${first.about.hop} in front of ${host(scene)} itself turned away ${first.facts.count} connections or requests`,
  };
};

/** The CDN's error speaks of an origin that answers when it is asked directly at the same time. */
export const cdnBlamesOrigin: Rule = (scene) => {
  const found = scene.all('CDN_ERROR_ORIGIN_WELL');
  const [first] = found;
  if (!first) return null;
  const status = Number(first.facts.status);
  return suspect('cdn-fault', found, 0.93, {
    explains: byStatus(scene, status) || Number(first.facts.count) / Number(first.facts.total),
    fits: true,
    sentence: `the CDN answers ${Number(first.facts.count) < Number(first.facts.total) ? `${first.facts.count} of ${first.facts.total} requests to ` : ''}${host(scene)} with ${status}, while ${text(first.facts.origin)} answers every request when asked directly`,
  });
};
