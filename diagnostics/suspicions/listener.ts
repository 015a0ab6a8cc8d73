import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { failingBy, host, proxyName, type Rule, text } from './suspicion.ts';

/** Is this where a proxy is said to speak TLS? A port that only the report names may be one for clear HTTP. */
function isListenerForTls(scene: Scene, { about, address }: Finding): boolean {
  const hop = scene.path.hops.find((one) => one.hop === 'proxy' && one.name === about.hop);
  const known = [hop?.scheme === 'https' ? hop.address : null, ...(hop?.instances ?? []).map((one) => one.https)];
  return address !== null && known.includes(address);
}

/**
 * A proxy's own listener answers a bare hello in clear text: nothing stands before it that could be what is answered, so it
 * speaks no TLS. It names a hop, never a cause.
 */
export const listenerWithoutTls: Rule = (scene) => {
  const found = scene
    .all('PLAINTEXT_ON_TLS_PORT')
    .filter((f) => f.facts.withHeader !== true && isListenerForTls(scene, f));
  const first = found[0];
  const explains = failingBy(scene, (f) => f.error === 'PLAINTEXT');
  if (!first || explains === 0) return null;
  return {
    cause: null,
    hop: 'proxy',
    because: found,
    strength: 0.85,
    explains,
    fits: true,
    sentence: `${proxyName(scene, first)} speaks clear HTTP at ${text(first.facts.address)}, where callers of ${host(scene)} speak TLS`,
    next: `See whether the listener ${text(first.facts.address)} still has its TLS (nginx: listen ... ssl), and what was changed there last.`,
  };
};
