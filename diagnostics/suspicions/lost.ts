import type { Scene } from '../scene.ts';
import { failingBy } from './suspicion.ts';

/** What users meet of a connection that was lost on its way to a proxy, and what they say of it. */

/** How a connection ends that was lost on its way: nobody answers, or it is cut. */
export const LOST = new Set([
  'TIMEOUT',
  'CLOSED',
  'RESET',
  'ECONNRESET',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CUT_OFF',
]);
/** Balancers that pass on connections as they are: what is lost behind them has no status. */
const LAYER_4 = new Set(['aws-nlb', 'metallb', 'keepalived']);
/** Something in front speaks HTTP, and says a status where a connection behind it was lost: a balancer, or the outer of two proxies. */
const speaksHttp = (scene: Scene): boolean =>
  scene.path.hops.some(
    (h) =>
      h.hop === 'cdn' ||
      (h.hop === 'load-balancer' && h.scheme !== 'tcp' && !LAYER_4.has(h.kind) && h.discovered !== true),
  ) || scene.path.hops.filter((h) => h.hop === 'proxy').length > 1;
const ofGateway = (status: number): boolean => status >= 502 && status <= 504;
/** Cloudflare's words for an origin that it lost (proxies.md D7). */
const ofCdn = (status: number): boolean => status >= 520 && status <= 524;

type Failure = Scene['front'][number]['failures'][number];

/** Share of users' requests that end as a lost connection does now, and in one of these ways. */
export function lostBy(scene: Scene, how: (failure: Failure) => boolean): number {
  const http = speaksHttp(scene);
  // What a proxy that is asked directly says as well was not made in front of it.
  const asked = scene.replicas.filter((m) => m.vantage === 'proxy-replica').flatMap((m) => m.failures);
  const inFront = (status: number): boolean => http && ofGateway(status) && !asked.some((f) => f.status === status);
  const status = (f: Failure): boolean => ofCdn(f.status ?? 0) || inFront(f.status ?? 0);
  return failingBy(scene, (f) => (LOST.has(f.error ?? '') || status(f)) && how(f));
}
export const lostOnTheWay = (scene: Scene): number => lostBy(scene, () => true);

/** What was reported is what a lost connection looks like: a 502 that no balancer of HTTP can have made is the proxy's own. */
export function reportedLost(scene: Scene): boolean {
  const http = speaksHttp(scene);
  const { statuses } = scene.case.symptoms;
  const fits = statuses.every((s) => s < 400 || ofCdn(s) || (http && ofGateway(s)));
  // Where connections are lost now, it does not matter in which words that was said.
  const said = scene.reported('errors-5xx', 'reset', 'timeout', 'disconnects', 'unspecified');
  return fits && (said || lostOnTheWay(scene) > 0);
}

/** Every replica that was asked directly answered; false also where none was. */
export const replicasWell = (scene: Scene): boolean => {
  const asked = scene.replicas.filter((m) => m.vantage === 'proxy-replica');
  return asked.length > 0 && asked.every((m) => m.ok === m.total && m.total > 0);
};
