import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import {
  answeredWith,
  byStatus,
  endpointsFine,
  failingBy,
  host,
  proxyName,
  type Rule,
  serviceName,
  suspect,
  text,
} from './suspicion.ts';

/**
 * What the objects of a cluster say is wrong behind or with a route, together with what users meet: objects alone
 * accuse nobody while requests are answered well.
 */

/** What proxies answer when there is nobody to send to, or nobody takes the connection. */
const nobodyBehind = (scene: Scene): number => byStatus(scene, 500, 502, 503, 504);
export const notFound = (scene: Scene): number => byStatus(scene, 404) + answeredWith(scene, 404);
/** Users were seen to be served well: then an object that looks wrong is not what was reported. */
export const served = (scene: Scene, explains: number): boolean => explains === 0 && scene.failing === 0;
const proxySaid = (scene: Scene): Finding[] => [
  ...scene.all('PROXY_HAS_NO_BACKEND'),
  ...scene.all('PROXY_GATEWAY_ERROR'),
];
const reportedDown = (scene: Scene): boolean =>
  scene.reported('errors-5xx', 'unspecified', 'timeout', 'reset', 'not-found', 'slow');
/** The public address could not be asked: objects alone are less sure. */
export const sure = (scene: Scene, strength: number): number =>
  scene.failing === null ? Math.min(strength, 0.85) : strength;

/** The route leads to a Service that does not exist: some proxies then have no endpoints (503), others no route (404). */
export const serviceMissing: Rule = (scene) => {
  const found = scene.all('SERVICE_MISSING');
  const [first] = found;
  const [behind, absent] = [nobodyBehind(scene), notFound(scene)];
  if (!first || served(scene, behind + absent)) return null;
  const asRoute = absent > behind;
  return suspect(
    asRoute ? 'route-missing' : 'service-no-endpoints',
    [...found, ...proxySaid(scene), ...scene.all('ROUTE_NOT_FOUND'), ...scene.all('NO_ENDPOINTS')],
    sure(scene, 0.97),
    {
      explains: Math.max(behind, absent),
      fits: reportedDown(scene),
      sentence: `${text(first.facts.route) || 'the route'} sends ${host(scene)} to Service ${text(first.facts.service)}, which does not exist`,
    },
  );
};

/** A port that the Service does not have, or a name that no container gives to a port: nothing can be listening there. */
export const portLeadsNowhere: Rule = (scene) => {
  const lacks = scene.all('SERVICE_LACKS_PORT');
  const undeclared = scene.all('TARGET_PORT_UNDECLARED');
  const certain = [...lacks, ...undeclared.filter((f) => f.facts.named === true)];
  const explains = Math.max(nobodyBehind(scene), notFound(scene));
  // A container may listen on a port that it does not declare: a number alone needs somebody who was refused there.
  const refusals = [
    ...scene.all('ENDPOINT_REFUSES'),
    ...scene.all('UPSTREAM_REFUSED_PROXY'),
    ...scene.all('ENDPOINT_PORT_UNDECLARED'),
  ];
  const unasked = !scene.endpoints.some((e) => e.reached);
  const numbered = endpointsFine(scene)
    ? []
    : undeclared.filter(() => refusals.length > 0 || (unasked && byStatus(scene, 502, 503) > 0));
  const found = certain.length ? certain : numbered;
  const [first] = found;
  if (!first || served(scene, explains)) return null;
  const strength = certain.length || refusals.length ? 0.96 : 0.88;
  return suspect('service-port-mismatch', [...found, ...refusals, ...proxySaid(scene)], sure(scene, strength), {
    explains,
    fits: reportedDown(scene),
    sentence:
      first.code === 'SERVICE_LACKS_PORT'
        ? `${text(first.facts.route) || 'the route'} sends ${host(scene)} to port ${text(first.facts.wanted)} of Service ${text(first.facts.service)}, which has no such port`
        : `Service ${text(first.facts.service)} leads to port ${text(first.facts.target)}, which none of its containers has (they have ${text(first.facts.declared)})`,
  });
};

/** Pods were seen to crash: with none of them left, or while the proxy was refused by the one that was down. */
export const podsCrash: Rule = (scene) => {
  const now = scene.all('PODS_CRASH');
  const before = scene.all('PODS_CRASHED_BEFORE');
  const [first] = [...now, ...before];
  if (!first) return null;
  const logged = [
    ...scene.all('UPSTREAM_REFUSED_PROXY'),
    ...scene.all('UPSTREAM_CLOSED_EARLY'),
    ...scene.all('NO_HEALTHY_ENDPOINT_LOGGED'),
  ];
  const seen = [...logged, ...scene.all('ENDPOINT_REFUSES'), ...scene.all('ENDPOINT_CLOSES')];
  const why = [text(first.facts.waiting), text(first.facts.reason)]
    .filter((one) => one !== '')
    .join(', last ended with ');
  const name = text(first.facts.service);
  const explains = Math.max(nobodyBehind(scene), notFound(scene));
  if (now.length && now.every((f) => f.facts.ready === 0)) {
    if (served(scene, explains)) return null;
    return suspect(
      'app-down',
      [...now, ...scene.all('ENDPOINTS_NONE_READY'), ...seen, ...proxySaid(scene)],
      sure(scene, 0.97),
      {
        explains,
        fits: reportedDown(scene),
        sentence: `${name} is down: ${first.facts.total === 1 ? 'its only pod crashes' : `${first.facts.crashing} of ${first.facts.total} pods ${first.facts.crashing === 1 ? 'crashes' : 'crash'}`} (${why})`,
      },
    );
  }
  // Others were ready, or it is up again: only with somebody who met the one that was not.
  const all = first.facts.crashing === first.facts.total;
  const fits =
    scene.case.symptoms.course !== 'steady' && scene.reported('errors-5xx', 'reset', 'timeout', 'unspecified');
  if (seen.length === 0 && !(all && fits)) return null;
  if (!fits && explains === 0) return null;
  return suspect('app-down', [...now, ...before, ...seen], seen.length ? 0.9 : 0.8, {
    explains: Math.max(
      explains,
      failingBy(scene, (f) => f.error === 'RESET' || f.error === 'CLOSED'),
    ),
    fits,
    sentence: `${first.facts.total === 1 ? `the only pod of ${name}` : `${first.facts.crashing} of ${first.facts.total} pods of ${name}`} crashed in the time in question (${why})`,
  });
};

/**
 * Nothing ready behind the Service, and no crash is why: the selector, a probe, an image that is not there. A Service without
 * any endpoint is `noEndpoints`.
 */
export const nothingReady: Rule = (scene) => {
  const unmatched = scene.all('SELECTOR_MATCHES_NOTHING');
  const none = scene.all('ENDPOINTS_NONE_READY');
  const waiting = scene.all('PODS_NOT_READY').filter((f) => f.direction === 'implicates');
  const [first] = [...unmatched, ...none, ...waiting];
  // Endpoints made by hand, or a pod that is not listed yet: what is ready wins over what a selector says.
  if (!first || scene.has('PODS_CRASH') || scene.has('ENDPOINTS_READY')) return null;
  const explains = Math.max(nobodyBehind(scene), notFound(scene));
  if (served(scene, explains)) return null;
  // Whether they crash, which would be the application's, only the pods say; whether others were made by hand, the slices.
  const unsure = scene.blind.some((b) => b.check === 'cluster-pods');
  const byHand = scene.blind.some((b) => b.check === 'cluster-service');
  const why = text(waiting[0]?.facts.why);
  const name = text(first.facts.service);
  return suspect(
    'service-no-endpoints',
    [...unmatched, ...waiting, ...none, ...scene.all('NO_ENDPOINTS'), ...proxySaid(scene)],
    byHand && none.length === 0 ? (waiting.length ? 0.85 : 0.65) : sure(scene, unsure ? 0.85 : 0.97),
    {
      explains,
      fits: reportedDown(scene),
      sentence:
        unmatched.length > 0
          ? `nothing is ready behind ${name}: its selector (${text(first.facts.selector)}) matches no pod`
          : `nothing is ready behind ${name}${why ? `: ${why}` : ''}`,
    },
  );
};

/** A policy that does not let the proxy in, and requests that do not get through. That we reach an endpoint proves nothing. */
export const policyBars: Rule = (scene) => {
  const found = scene.all('POLICY_BARS_PROXY');
  const [first] = found;
  const ownFault = ['ENDPOINT_SLOW', 'ENDPOINT_SILENT', 'ENDPOINT_REFUSES', 'ENDPOINT_ERRORS', 'ENDPOINT_CLOSES'];
  if (!first || ownFault.some((code) => scene.has(code))) return null;
  const unreached = scene.all('UPSTREAM_UNREACHABLE_FOR_PROXY');
  const cut = scene.all('PROXY_GATEWAY_ERROR');
  const explains =
    byStatus(scene, 502, 503, 504) + failingBy(scene, (f) => f.error === 'TIMEOUT' || f.error === 'CLOSED');
  // A plugin that does not enforce policies lets everything through, whatever they say.
  if (explains === 0 && (scene.failing !== null || unreached.length === 0)) return null;
  if (unreached.length + cut.length === 0 && !scene.has('PROXY_HAS_NO_BACKEND') && byStatus(scene, 504) === 0)
    return null;
  return suspect(
    'network-policy-block',
    [...found, ...unreached, ...cut, ...scene.all('ENDPOINT_ANSWERS')],
    sure(scene, unreached.length || endpointsFine(scene) ? 0.97 : 0.93),
    {
      explains,
      fits: scene.reported('errors-5xx', 'timeout', 'slow', 'unspecified'),
      sentence: `NetworkPolicy ${text(first.facts.policy)} does not let ${proxyName(scene)} in to ${serviceName(scene)} (${text(first.facts.why)})`,
    },
  );
};
