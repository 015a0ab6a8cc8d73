import { host, type Rule } from './suspicion.ts';

/** In front of the proxies: what fails there and not further in is neither theirs nor the application's. */
const IN_FRONT: ReadonlySet<string> = new Set(['cdn', 'load-balancer', 'node']);

/** Part of the requests fail at a hop in front, and of many made further in none does. It names a hop, never a cause. */
export const beginsInFront: Rule = (scene) => {
  const { begins } = scene;
  if (begins === null || begins === 'unsure' || begins.inside === null) return null;
  const hop = scene.path.hops.find((h) => h.name === begins.hop);
  if (!hop || !IN_FRONT.has(hop.hop)) return null;
  const { here, inside } = begins;
  const failed = scene.all('REQUEST_FAILED').filter((f) => f.about.hop === hop.name);
  const fine = scene.all('REQUEST_ANSWERED').filter((f) => f.vantage === 'proxy-replica');
  return {
    cause: null,
    hop: hop.hop,
    because: [...failed, ...fine],
    strength: inside.failed === 0 ? 0.85 : 0.78,
    explains: scene.failing ?? 0,
    fits: true,
    sentence: `${here.failed} of ${here.total} requests to ${host(scene)} fail at ${hop.name}, ${inside.failed === 0 ? `and none of ${inside.total}` : `but only ${inside.failed} of ${inside.total}`} made further in`,
  };
};
