import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { answeredWith, host, proxyName, type Rule, suspect, text } from './suspicion.ts';

/** The proxy has a route that answers our own requests, and finds none for requests of others to the same host. */

/** So many are no accident, and this share is more than what scanners meet on any day. */
const A_PATTERN = { count: 3, share: 0.05 };

/** The 404s that a proxy's log has of this host: all of them its own. */
const allItsOwn = (scene: Scene, { about }: Finding): Finding[] =>
  scene
    .all('REPORTED_STATUS_LOGGED')
    .filter(
      ({ about: at, facts }) =>
        at.hop === about.hop && at.part === about.part && facts.status === 404 && facts.made === facts.count,
    );

/**
 * A 404 was reported that harmless requests do not meet, the proxy's log has such requests to this host for which it found no
 * route, and none that came from behind: the one that was reported was the proxy's. (A connection that a browser uses for several
 * hosts of one certificate, RFC 9113, section 9.1.1; a port or a path that the routes leave out.)
 */
export const noRouteForSome: Rule = (scene) => {
  const met = scene.failing !== 0 || answeredWith(scene, 404) > 0;
  // A CDN in front may have a 404 of its own, and leaves no line here.
  const inFront = scene.path.hops.some((hop) => hop.hop === 'cdn');
  if (met || inFront || !scene.case.symptoms.statuses.includes(404)) return null;
  for (const found of scene.all('NO_ROUTE_LOGGED')) {
    const { count, total, kind, ofHost } = found.facts;
    // HAProxy says 503 to what it has no rule for.
    if (ofHost !== true || text(kind).startsWith('haproxy')) continue;
    if (Number(count) < Math.max(A_PATTERN.count, A_PATTERN.share * Number(total))) continue;
    const logged = allItsOwn(scene, found);
    if (logged.length === 0) continue;
    const overTls = scene.case.target.scheme === 'https';
    return suspect('route-missing', [found, ...logged], 0.84, {
      fits: true,
      sentence: `${proxyName(scene, found)} found no route for ${count} of ${total} requests to ${host(scene)}, and answered them 404 itself`,
      next: `Compare such a line with one that was answered: its path and its port${overTls ? '; and where routes hang on the server name of TLS, let each listener know all hosts of its certificate, since browsers use one HTTP/2 connection for several' : ''}.`,
    });
  }
  return null;
};
