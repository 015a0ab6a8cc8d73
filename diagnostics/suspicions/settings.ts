import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { duration } from '../wording.ts';
import { refusalsCounted, targetsUnsettled } from './cloud.ts';
import {
  ANYONE_WAITS_MS,
  byStatus,
  comesAndGoes,
  early,
  endpointsFine,
  host,
  namesGivenAnswers,
  near,
  proxyName,
  type Rule,
  serviceName,
  suspect,
  text,
} from './suspicion.ts';
import { waitLonger } from './upstreams.ts';

/** Causes that stand in the configuration: each needs a symptom that the setting explains, never the setting alone. */

/**
 * Both sides of a boundary are configured for different PROXY headers, and connections end as such a difference makes
 * them end. Where nothing fails now, what is configured is not what runs.
 */
export const headerSettingsDisagree: Rule = (scene) => {
  const found = scene.all('PROXY_HEADER_SETTINGS_DISAGREE').filter((f) => f.direction === 'implicates');
  const first = found[0];
  if (!first) return null;
  const ended = early(scene);
  const unseen = scene.failing === null;
  if (ended === 0 && !unseen) return null;
  const cause = first.facts.wrong === 'missing' ? 'proxy-protocol-missing' : 'proxy-protocol-unexpected';
  const does =
    first.facts.wrong === 'missing'
      ? `demands a PROXY header that ${text(first.facts.outer)} is not configured to send`
      : `does not parse the PROXY header that ${text(first.facts.outer)} is configured to send`;
  return suspect(cause, found, unseen ? 0.75 : 0.9, {
    explains: ended,
    fits: scene.reported('handshake', 'reset', 'errors-5xx', 'timeout', 'unspecified'),
    sentence: `${proxyName(scene, first)} ${does}`,
  });
};

/** Gateway timeouts after just the time that a proxy is configured to wait, while the application would have answered. */
export const configuredTimeout: Rule = (scene) => {
  const cut = scene.all('PROXY_GATEWAY_ERROR').filter((f) => f.facts.status === 504);
  const finishing = scene.all('ENDPOINT_SLOW');
  if (cut.length === 0 || finishing.length === 0) return null;
  const slowest = Math.max(...finishing.map((f) => Number(f.facts.ms)));
  const wait = scene.all('WAITS_FOR_UPSTREAM').find((f) => {
    const limit = Number(f.facts.seconds) * Number(f.facts.tries) * 1000;
    return (
      limit > 0 && limit < ANYONE_WAITS_MS && slowest > limit && cut.every((one) => near(Number(one.facts.ms), limit))
    );
  });
  if (!wait) return null;
  const seconds = Number(wait.facts.seconds);
  return suspect('proxy-timeout-too-short', [...cut, wait, ...finishing], 0.95, {
    explains: byStatus(scene, 504),
    fits: true,
    sentence: `${text(wait.facts.proxy)} waits ${seconds} s for ${host(scene)}${place(wait)}, while the application would have answered after ${(slowest / 1000).toFixed(1)} s`,
    next: waitLonger(slowest),
  });
};

/** Fewer gateway timeouts than this are no pattern. */
const A_PATTERN = 3;
/** A limit is another, shorter one when requests ended before this part of it. */
const CLEARLY_SHORTER = 0.8;

/**
 * Nothing fails now, but the log has gateway timeouts that all came after the same short time, long before the proxy would
 * give up on the page that was asked for: a shorter limit applies to some paths, and it cut them.
 */
export const shorterLimitElsewhere: Rule = (scene) => {
  if (scene.endpoints.some((e) => e.slowMs !== null) || !endpointsFine(scene)) return null;
  if (!scene.reported('timeout', 'errors-5xx', 'slow', 'unspecified') || namesGivenAnswers(scene)) return null;
  const found = scene.all('PROXY_GAVE_UP_AFTER').find((f) => {
    const [least, most] = [Number(f.facts.leastMs), Number(f.facts.mostMs)];
    const alike = near(least, most);
    const wait = waitAt(scene, f);
    if (!wait || !alike || most >= ANYONE_WAITS_MS || Number(f.facts.count) < A_PATTERN) return false;
    const [limit, connect] = [Number(wait.facts.seconds) * 1000, Number(wait.facts.connect ?? 0) * 1000];
    // As long as a connection may take to be made: then nobody was there, and that is another fault.
    const dialled = connect > 0 && near(most, connect);
    return !dialled && (limit === 0 || most < limit * CLEARLY_SHORTER);
  });
  const wait = found && waitAt(scene, found);
  if (!found || !wait) return null;
  const after = duration(Number(found.facts.mostMs));
  const others = Number(wait.facts.seconds) === 0 ? 'without limit' : duration(Number(wait.facts.seconds) * 1000);
  return suspect('proxy-timeout-too-short', [found, wait, ...scene.all('UPSTREAM_TIMED_OUT')], 0.85, {
    explains: byStatus(scene, 504),
    fits: true,
    sentence: `${proxyName(scene, found)} gave up on requests to ${host(scene)} after ${after}, though it waits ${others} for ${scene.case.target.path}: a shorter limit cut them`,
    next: `Look for the timeout of ${after} at the paths that failed, and let it be longer than ${serviceName(scene)} needs there.`,
  });
};

/** Long connections are said to break, and the proxy's log says that it cut most of those that ended, for silence. */
export const tunnelsCut: Rule = (scene) => {
  if (!scene.reported('disconnects', 'reset') || (scene.failing ?? 0) > 0.5) return null;
  const found = scene
    .all('TUNNELS_CUT_FOR_SILENCE')
    .filter((f) => Number(f.facts.cut) >= A_PATTERN && 2 * Number(f.facts.cut) > Number(f.facts.ended));
  const first = found[0];
  if (!first) return null;
  return suspect('proxy-timeout-too-short', found, 0.9, {
    fits: true,
    sentence: `${proxyName(scene, first)} cuts WebSockets of ${host(scene)} on which nothing is said, the first after ${duration(Number(first.facts.leastMs))}`,
  });
};

const waitAt = (scene: Scene, { about }: Finding): Finding | undefined =>
  scene.all('WAITS_FOR_UPSTREAM').find((f) => f.facts.hopName === about.hop);

const place = (wait: Finding): string => {
  const from = text(wait.facts.from);
  return /:\d+$/.test(from) ? ` (${from.split('/').at(-1)})` : '';
};

const nowAndThen = (scene: Scene): boolean => comesAndGoes(scene) && (scene.failing ?? 0) < 0.5;

/** The application is known to close idle connections before the proxy does, and the proxy saw connections closed on it. */
export const appIdleShorter: Rule = (scene) => {
  const settings = scene.all('APP_CLOSES_IDLE_FIRST');
  const closed = scene.all('UPSTREAM_CLOSED_EARLY');
  const first = settings[0];
  if (!first || closed.length === 0 || !endpointsFine(scene) || !nowAndThen(scene)) return null;
  if (!scene.reported('errors-5xx', 'reset', 'unspecified')) return null;
  return suspect('app-keepalive-shorter', [...closed, ...settings], 0.92, {
    explains: byStatus(scene, 502),
    fits: true,
    sentence: `${serviceName(scene)} closes idle connections after ${first.facts.innerValue} s, while ${text(first.facts.outer)} still uses them up to ${first.facts.outerValue} s`,
    next: `Keep idle connections in ${serviceName(scene)} longer than ${first.facts.outerValue} s.`,
  });
};

/** The logs of every proxy cover the time in question and hold no error: what users met was made in front of them. */
function proxiesSawNothing(scene: Scene): Finding[] {
  const clean = scene.all('NO_ERRORS_LOGGED').filter((f) => f.facts.covers === true);
  const proxies = scene.path.hops.filter((hop) => hop.hop === 'proxy');
  const all = proxies.every((hop) =>
    hop.instances.every((one) => clean.some((f) => f.about.hop === hop.name && f.about.part === one.name)),
  );
  return proxies.length > 0 && all ? clean : [];
}

/**
 * Balancer and proxy disagree on how long an idle connection lives, errors come and go, and no proxy's log has any: the
 * request was lost between the two.
 */
export const balancerIdle: Rule = (scene) => {
  const race = scene.all('PROXY_CLOSES_IDLE_FIRST');
  const forgets = scene.all('BALANCER_FORGETS_IDLE_FIRST');
  const first = race[0] ?? forgets[0];
  if (!first || !nowAndThen(scene)) return null;
  // Its cloud tells of another reason.
  if (targetsUnsettled(scene) || refusalsCounted(scene) > 0) return null;
  // A balancer of HTTP answers 502 itself; one of connections only resets.
  const { statuses } = scene.case.symptoms;
  const fits = race.length
    ? scene.reported('reset', 'disconnects') ||
      (scene.reported('errors-5xx') && (!statuses.length || statuses.includes(502)))
    : scene.reported('reset', 'disconnects', 'timeout');
  if (!fits) return null;
  const clean = proxiesSawNothing(scene);
  // Or it happens to us: the balancer fails now and then, and every request straight to its proxies is answered.
  const apart = scene.replicas.filter((m) => m.vantage !== 'public');
  const between = (scene.failing ?? 0) > 0 && apart.length > 0 && apart.every((m) => m.ok === m.total);
  if (clean.length === 0 && !between) return null;
  return suspect('lb-idle-timeout', [...race, ...forgets, ...clean], between ? 0.85 : 0.8, {
    explains: between ? (scene.failing ?? 0) : 0,
    fits: true,
    sentence: race.length
      ? `${text(first.facts.inner)} closes idle connections after ${first.facts.innerValue} s, while ${text(first.facts.outer)} still uses them up to ${first.facts.outerValue} s: requests for ${host(scene)} get lost so`
      : `${text(first.facts.outer)} forgets idle connections after ${first.facts.outerValue} s, while ${text(first.facts.inner)} keeps them longer: connections to ${host(scene)} get lost so`,
  });
};
