import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { duration } from '../wording.ts';
import { count } from './service-and-app.ts';
import { byStatus, failingBy, proxyName, type Rule, serviceName, suspect } from './suspicion.ts';

/** When it is the application that is slow, and when that is only what others do to it. */

/** Only the endpoint that gets far more than its share is slow: then it is busy, not the application slow. */
const onlyBusiestIsSlow = (scene: Scene): boolean => {
  const busiest = scene.all('ENDPOINT_SHARE_SKEWED').map((f) => f.facts.busiest);
  const slow = scene.endpoints.filter((e) => e.slowMs !== null);
  return busiest.length > 0 && slow.length > 0 && slow.every((e) => busiest.includes(e.address));
};

/** Counts of enough requests say how they are spread, evenly or not, or that an endpoint is slow and not only busy. */
const SPREAD_SEEN = ['ENDPOINTS_SHARE_EVENLY', 'ENDPOINT_SHARE_SKEWED', 'PINNED_CONNECTIONS', 'ONE_ENDPOINT_SLOW'];
/** The service has one endpoint, which nothing can be spread over. */
const alone = (scene: Scene): boolean => scene.path.hops.flatMap((hop) => hop.endpoints ?? []).length === 1;
/** One endpoint is said to be busy and others idle, and no look shows how requests are spread. */
const maybeBusy = (scene: Scene): boolean => scene.reported('uneven') && !alone(scene) && !SPREAD_SEEN.some(scene.has);

/** The proxy sends one endpoint far more than its share: what waits there, waits for that. */
const isSkewed = (scene: Scene): boolean =>
  scene.all('ENDPOINT_SHARE_SKEWED').some((f) => f.direction === 'implicates');

/** A mean of this many requests, in seconds, that no plain page needs: some of them are far slower. */
const SLOW_ON_AVERAGE_S = 0.5;
const ENOUGH_FOR_A_MEAN = 100;

/** The proxy's counters: all endpoints alike need long on average, though a plain page of ours is quick. */
const slowOnAverage = (scene: Scene): Finding[] =>
  scene.all('ENDPOINT_SHARE_SKEWED').filter(({ direction, facts: { requests, seconds, others } }) => {
    const both = typeof seconds === 'number' && typeof others === 'number' ? Math.min(seconds, others) : 0;
    return direction === 'context' && Number(requests) >= ENOUGH_FOR_A_MEAN && both >= SLOW_ON_AVERAGE_S;
  });

/** Requests that the proxy ended by its own timeout, as its logs tell. */
const gaveUpOn = (scene: Scene): boolean =>
  [...scene.all('ERRORS_MADE_BY_PROXY'), ...scene.all('ERRORS_LOGGED')].some(
    ({ facts: { statuses } }) => Array.isArray(statuses) && statuses.some((one) => String(one).endsWith(' 504')),
  );

/** How long people wait for a page without complaint, ms: ten seconds keep their attention (Nielsen 1993), half is safe. */
const PATIENCE_MS = 5_000;

/** "none of 4 endpoints answered within": that all of them did not could mean that some did. */
function silentOnes(scene: Scene): string {
  const total = scene.endpoints.length;
  if (total < 2 || scene.endpoints.some((e) => e.slowMs === null))
    return `${count(scene, (e) => e.slowMs !== null)} did not answer within`;
  return `${total === 2 ? 'neither endpoint' : `none of ${total} endpoints`} answered within`;
}

export const appSlow: Rule = (scene) => {
  const found = [...scene.all('ENDPOINT_SILENT'), ...scene.all('ENDPOINT_SLOW')];
  const logged = scene.all('SLOW_UPSTREAM').filter((f) => f.direction === 'implicates');
  if (found.length === 0) {
    if (!scene.reported('slow', 'timeout')) return null;
    const still = scene.all('ENDPOINT_STOOD_STILL');
    if (still.length > 0)
      return suspect('app-slow', [...still, ...logged], 0.85, {
        fits: true,
        explains: scene.slowMs ? 1 : 0,
        sentence: `${serviceName(scene)} stands still again and again: it answers nobody for seconds, while ${proxyName(scene)} serves others as ever`,
      });
    const counted = slowOnAverage(scene)[0];
    if (logged.length === 0 && counted)
      return suspect('app-slow', [counted], 0.77, {
        fits: true,
        sentence: `${serviceName(scene)} is slow itself: on average its endpoints need ${duration(1000 * Math.min(Number(counted.facts.seconds), Number(counted.facts.others)))} or more, all alike`,
        next: 'Look at which pages need long, in the application itself: its database, a lock, another service, CPU.',
      });
    if (logged.length === 0) return null;
    // The proxy gave up on it, and nobody saw how long it would have taken: either may be to blame. So may how it spreads requests.
    const unsure = maybeBusy(scene) || isSkewed(scene) || scene.failing === null || gaveUpOn(scene);
    return suspect('app-slow', logged, unsure ? 0.6 : 0.8, {
      fits: true,
      explains: scene.slowMs ? 1 : 0,
      sentence: `${serviceName(scene)} was slow itself in the time in question; the time was spent behind the proxy`,
    });
  }
  const slowest = Math.max(...found.map((f) => Number(f.facts.ms)));
  const silent = scene.has('ENDPOINT_SILENT');
  const gatewayTimeouts = byStatus(scene, 504) > 0;
  // People would have waited that long: who gave up on it may be the one to blame.
  const cutShort = gatewayTimeouts && !silent && slowest < PATIENCE_MS;
  const strength = onlyBusiestIsSlow(scene) || maybeBusy(scene) ? 0.6 : cutShort ? 0.72 : 0.95;
  return suspect('app-slow', [...found, ...logged], strength, {
    explains: Math.max(
      scene.slowMs !== null ? 1 : 0,
      failingBy(
        scene,
        // A queue that slow endpoints fill turns requests away with 503.
        (f) => f.status === 504 || f.error === 'TIMEOUT' || (f.status === 503 && scene.has('PROXY_QUEUE_FULL')),
      ),
    ),
    fits: scene.reported('slow', 'timeout', 'errors-5xx', 'unspecified'),
    sentence: `${serviceName(scene)} itself is slow: asked directly, ${silent ? silentOnes(scene) : `${count(scene, (e) => e.slowMs !== null)} took up to`} ${(slowest / 1000).toFixed(1)} s`,
  });
};
