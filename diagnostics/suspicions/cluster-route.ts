import type { Scene } from '../scene.ts';
import { notFound, served, sure } from './cluster-service.ts';
import { says503 } from './routes.ts';
import {
  byCertificate,
  byStatus,
  early,
  endpointsFail,
  host,
  notTheAppsOwn,
  proxyName,
  type Rule,
  suspect,
  text,
} from './suspicion.ts';

/** Who serves a host, as the objects of a cluster say, together with what users meet. */

/** Objects alone never accuse the ingress: what users meet has to show it, or what they told be just that. */
const UNSEEN = 0.6;

/** What users meet of a host that no proxy serves: a 404, or HAProxy's 503, where that is not for endpoints that fail. */
const unserved = (scene: Scene): number =>
  Math.max(
    notTheAppsOwn(scene, 404) ? notFound(scene) : 0,
    says503(scene) && !endpointsFail(scene) ? byStatus(scene, 503) : 0,
  );

/** An object names the host, and nobody serves it: what users get is the proxy's own 404, or another route's page. */
export const hostNotServed: Rule = (scene) => {
  const found = scene.all('HOST_NOT_SERVED').filter((f) => f.direction === 'implicates');
  const [first] = found;
  const swallowed = scene.all('HOST_BY_CATCH_ALL');
  if (!first) return null;
  const own = [...scene.all('ROUTE_NOT_FOUND'), ...scene.all('ROUTE_MISSING')];
  const explains = unserved(scene);
  const object = `${text(first.facts.object)} (${text(first.facts.why)})`;
  const fits = scene.reported('not-found', 'wrong-content', 'unspecified', 'certificate', 'errors-5xx');
  if (swallowed.length === 0 || own.length > 0) {
    // What fails in another way has another reason; its own certificate is missing with it.
    if (explains === 0 && scene.failing !== null && byCertificate(scene) === 0) return null;
    const alone = scene.failing === null && !scene.reported('not-found');
    return suspect('route-missing', [...found, ...own, ...swallowed], alone ? UNSEEN : sure(scene, 0.97), {
      explains,
      fits,
      sentence: `no controller serves ${object}, so ${proxyName(scene)} has no route for ${host(scene)}`,
    });
  }
  // The other route's application may well be meant, and be down: only a report of just that speaks for this.
  const strange = scene.reported('not-found', 'wrong-content', 'certificate');
  if (!strange && !scene.reported('unspecified') && explains === 0) return null;
  return suspect('route-wrong', [...found, ...swallowed], scene.failing === null ? UNSEEN : 0.93, {
    explains: strange ? 1 : explains,
    fits,
    sentence: `no controller serves ${object}, so ${text(swallowed[0]?.facts.object)}, which takes any host, takes ${host(scene)}`,
  });
};

/** The name leads to a proxy that knows the host by no name, while another one serves it by its object. */
export const servedElsewhere: Rule = (scene) => {
  const found = scene.all('HOST_SERVED_ELSEWHERE');
  const [first] = found;
  if (!first || !scene.reported('not-found', 'wrong-content', 'unspecified', 'certificate', 'errors-5xx')) return null;
  const explains = unserved(scene);
  if (explains === 0 && !scene.reported('wrong-content', 'not-found')) return null;
  // Only if it is well where the object says that it is reached, the name is what is wrong.
  const well = typeof first.facts.status === 'number' && first.facts.status < 400;
  return suspect(
    'dns-wrong-address',
    [...found, ...scene.all('HOST_BY_CATCH_ALL'), ...scene.all('ROUTE_NOT_FOUND')],
    scene.failing !== null && well ? 0.93 : UNSEEN,
    {
      explains,
      fits: true,
      sentence: `${host(scene)} leads to ${text(first.facts.onPath)}, while ${text(first.facts.proxy)} serves it (${text(first.facts.object)})`,
      next: first.next,
    },
  );
};

/** What users meet by what the status says: a missing certificate ends in no TLS, a reference that is refused in 500. */
function metBy(scene: Scene, problem: string): number {
  if (/InvalidCertificateRef/.test(problem)) return early(scene) + byStatus(scene, 404);
  if (/RefNotPermitted|BackendNotFound/.test(problem)) return byStatus(scene, 404, 500, 502, 503);
  return early(scene) + notFound(scene);
}

/** The status of the route's object or its Gateway says that something it names is missing or not allowed. */
export const routeRefused: Rule = (scene) => {
  const found = scene.all('ROUTE_OBJECT_REFUSED');
  const [first] = found;
  if (!first || endpointsFail(scene)) return null;
  const problem = text(first.facts.problem);
  const explains = metBy(scene, problem);
  // Of several backends one is refused: a few harmless requests may all have gone to the others.
  const some = scene.case.symptoms.course !== 'steady' && /RefNotPermitted|BackendNotFound/.test(problem);
  if (served(scene, explains) && !some) return null;
  return suspect(
    'route-missing',
    [...found, ...scene.all('HOST_NOT_SERVED'), ...scene.all('ROUTE_NOT_FOUND')],
    scene.failing === null ? UNSEEN : 0.93,
    {
      explains,
      fits: scene.reported('not-found', 'errors-5xx', 'unspecified', 'handshake', 'certificate', 'reset'),
      sentence: `${text(first.facts.object)}, by which ${host(scene)} is routed, is not in order: ${problem.replace(/\.$/, '')}`,
    },
  );
};
