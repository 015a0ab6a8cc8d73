import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { lostBy, lostOnTheWay, reportedLost } from './lost.ts';
import {
  appTrouble,
  byStatus,
  comesAndGoes,
  endpointsFail,
  endpointsFine,
  failingBy,
  host,
  loggedAsReported,
  namesGivenAnswers,
  namesOthersThan,
  OF_A_GATEWAY,
  proxyName,
  type Rule,
  serverErrors,
  suspect,
} from './suspicion.ts';

/** Share of users' requests that nobody was there for, or that were cut off. A 502 or 503 of the proxy's own says that it is alive. */
const cutOff = (scene: Scene): number =>
  lostBy(scene, (f) => f.error !== 'TIMEOUT' && (f.error !== null || f.status === 502 || f.status === 503));

/** Limits and queues fill from behind too: where the endpoints could not be asked, that stays possible. */
const UNSEEN_BEHIND = 0.8;
const sure = (scene: Scene, strength: number): number => (endpointsFine(scene) ? strength : strength * UNSEEN_BEHIND);
/** The proxy's own log says that it waits for what is behind it, and nobody asked the endpoints. */
const waitsBehind = (scene: Scene): boolean =>
  !endpointsFine(scene) && (scene.has('SLOW_UPSTREAM') || scene.has('UPSTREAM_TIMED_OUT'));

const accusing = (scene: Scene, ...codes: string[]): Finding[] =>
  codes.flatMap((code) => scene.all(code)).filter((f) => f.direction === 'implicates');

/** Faults that show as requests nobody answers, or that take long. */
const unservedReported = (scene: Scene): boolean =>
  scene.reported('timeout', 'slow', 'reset', 'errors-5xx', 'disconnects', 'handshake', 'unspecified');

/** Of as many requests as were served, this share of dropped attempts is more than a scan or a busy moment. */
const MANY_DROPPED = 0.05;
/** Somebody waited or was cut off: what a dropped connection looks like where nothing in front makes a status of it. */
const hung = (scene: Scene): boolean => scene.reported('timeout', 'slow', 'reset', 'disconnects', 'handshake');
/** The very proxies that dropped so many served the rest well and in time, by their own logs: it was lost in front of them. */
const onlyBeforeIt = (scene: Scene, dropped: Finding[]): boolean =>
  hung(scene) &&
  scene.failing === 0 &&
  !['SLOW_UPSTREAM', 'SLOW_IN_PROXY', 'UPSTREAM_TIMED_OUT', 'REQUESTS_QUEUED'].some(scene.has) &&
  dropped.every((f) =>
    scene
      .all('NO_ERRORS_LOGGED')
      .some(
        ({ about, facts }) =>
          about.hop === f.about.hop &&
          about.part === f.about.part &&
          Number(f.facts.total) >= MANY_DROPPED * Number(facts.total),
      ),
  );

export const acceptQueueOverflow: Rule = (scene) => {
  const now = accusing(scene, 'ACCEPT_QUEUE_FULL', 'ACCEPT_QUEUE_OVERFLOWS');
  // What was dropped since the proxy began counts where it began within the time in question, for a fault
  // that came and went; errors that its own log holds were made after a connection was taken.
  const then =
    comesAndGoes(scene) && !loggedAsReported(scene)
      ? scene.all('ACCEPT_QUEUE_OVERFLOWED').filter((f) => f.facts.within === true && f.facts.beyondChecks === true)
      : [];
  const found = now.length ? now : then;
  const explains = Math.max(lostOnTheWay(scene), now.length > 0 && scene.slowMs !== null ? 1 : 0);
  if (found.length === 0 || appTrouble(scene) || waitsBehind(scene) || !unservedReported(scene)) return null;
  // A queue that is full while every request is answered, and a fault that is said to last, do not belong together.
  if (explains === 0 && (!comesAndGoes(scene) || namesGivenAnswers(scene))) return null;
  const first = found[0];
  if (now.length)
    return suspect('accept-queue-overflow', found, sure(scene, explains > 0 ? 0.97 : 0.88), {
      explains,
      fits: true,
      sentence: `${proxyName(scene, first)} does not take new connections for ${host(scene)} in time: its queue for them ${scene.has('ACCEPT_QUEUE_FULL') ? 'is full' : 'overflows again and again'}, and further ones are dropped`,
    });
  return suspect('accept-queue-overflow', found, sure(scene, onlyBeforeIt(scene, found) ? 0.85 : 0.6), {
    explains,
    fits: true,
    sentence: `${proxyName(scene, first)} did not take new connections for ${host(scene)} in time: its queue for them was full, and further ones were dropped`,
  });
};

/** Connections that it leaves in its queue for a second and longer, while requests hang: full or stuck, whatever it counts itself. */
const leftWaiting = (scene: Scene): Finding[] =>
  endpointsFine(scene) && failingBy(scene, (f) => f.error === 'TIMEOUT' || f.status === 504) > 0
    ? scene.all('ACCEPT_QUEUE_WAITS')
    : [];

/** A limit that is reached while users' requests hang or are refused; a high count that serves everybody is none. */
export const proxyAtLimit: Rule = (scene) => {
  const ranOut = scene.all('OUT_OF_CONNECTIONS');
  const found = [
    ...ranOut,
    ...accusing(
      scene,
      'PROXY_AT_CONNECTION_LIMIT',
      'PROXY_DROPS_CONNECTIONS',
      'PROXY_AT_FILE_LIMIT',
      'PROXY_CPU_THROTTLED',
    ),
    ...leftWaiting(scene),
  ];
  const first = found[0];
  if (!first || appTrouble(scene) || waitsBehind(scene) || !unservedReported(scene)) return null;
  const throttled =
    scene.has('PROXY_CPU_THROTTLED') && scene.slowMs !== null && scene.reported('slow', 'timeout', 'unspecified');
  // Who has no room left for a connection to an endpoint makes a 5xx of its own (nginx: 500).
  const own = ranOut.length > 0 ? (endpointsFine(scene) ? serverErrors(scene) : byStatus(scene, 500)) : 0;
  const explains = Math.max(lostOnTheWay(scene), throttled ? 1 : 0, own);
  const drops = ranOut.length > 0 || accusing(scene, 'PROXY_DROPS_CONNECTIONS').length > 0;
  if (explains === 0 && !(comesAndGoes(scene) && drops && !namesOthersThan(scene, 500, ...OF_A_GATEWAY))) return null;
  const of: { [code: string]: string } = {
    OUT_OF_CONNECTIONS: 'ran out of connections or files',
    PROXY_AT_CONNECTION_LIMIT: 'has as many connections as it may have',
    PROXY_DROPS_CONNECTIONS: 'takes connections and drops them for want of room',
    PROXY_AT_FILE_LIMIT: 'has as many files open as it may have',
    PROXY_CPU_THROTTLED: 'is held back by its processor limit',
    ACCEPT_QUEUE_WAITS: 'leaves new connections waiting and takes none',
  };
  return suspect('proxy-overloaded', found, sure(scene, explains > 0 ? 0.95 : 0.85), {
    explains,
    fits: true,
    sentence: `${proxyName(scene, first)} ${of[first.code]}, and requests for ${host(scene)} ${throttled ? 'wait for it' : 'are not served'}`,
  });
};

/** Replicas that answer some requests and have nobody listening for others. */
const comesBack = (scene: Scene): Set<string | null> =>
  new Set(
    scene.replicas.filter((m) => m.ok > 0 && m.failures.some((f) => f.error === 'ECONNREFUSED')).map((m) => m.part),
  );

/** It crashes, is killed, or starts over and over, and what users meet is what that does to them. One restart convicts nobody. */
export const proxyRestarts: Rule = (scene) => {
  const over = accusing(
    scene,
    'PROXY_RESTARTS_REPEATEDLY',
    'WORKERS_CRASH',
    'WORKER_DIED',
    'PROXY_OUT_OF_MEMORY_KILLED',
  );
  const flickering = comesBack(scene);
  const just = scene.all('PROXY_RESTARTED_RECENTLY').filter((f) => flickering.has(f.about.part));
  const found = [...over, ...just];
  const first = found[0];
  const explains = cutOff(scene);
  if (!first || !scene.reported('reset', 'timeout', 'errors-5xx', 'disconnects', 'handshake', 'unspecified'))
    return null;
  if (endpointsFail(scene) || !reportedLost(scene)) return null;
  // Errors that its own log holds were made by a process that lived.
  if (explains === 0 && (!comesAndGoes(scene) || loggedAsReported(scene))) return null;
  const does: { [code: string]: string } = {
    WORKERS_CRASH: `loses workers over and over, and requests for ${host(scene)} with them`,
    WORKER_DIED: `loses workers over and over, and requests for ${host(scene)} with them`,
    PROXY_OUT_OF_MEMORY_KILLED: `loses processes to its memory limit over and over, and requests for ${host(scene)} with them`,
  };
  return suspect('proxy-restarting', found, explains > 0 ? 0.95 : 0.85, {
    explains,
    fits: true,
    sentence: `${proxyName(scene, first)} ${does[first.code] ?? `stops and starts over and over, and requests for ${host(scene)} find nobody meanwhile`}`,
  });
};

export const conntrackExhausted: Rule = (scene) => {
  const found = accusing(scene, 'CONNTRACK_FULL');
  const first = found[0];
  const explains = failingBy(scene, (f) => f.error === 'TIMEOUT' || f.status === 504);
  if (!first || appTrouble(scene) || !unservedReported(scene)) return null;
  if (explains === 0 && (!comesAndGoes(scene) || namesGivenAnswers(scene))) return null;
  return suspect('conntrack-exhausted', found, explains > 0 ? 0.93 : 0.85, {
    explains,
    fits: true,
    sentence: `the connection table of ${found.map((f) => f.facts.node).join(' and ')} is full, so new connections for ${host(scene)} are lost on the way`,
  });
};
