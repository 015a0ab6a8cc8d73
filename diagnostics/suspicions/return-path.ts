import { lostOnTheWay, replicasWell } from './lost.ts';
import { appTrouble, host, type Rule, suspect, text } from './suspicion.ts';

/**
 * Requests get no answer, and the kernel of a node on the way counts at that very moment that it drops packets which came
 * in by another interface than the way back leads out of (proxies.md A15).
 */
export const asymmetricRouting: Rule = (scene) => {
  // What it drops whether we ask or not is somebody else's, and context.
  const found = scene.all('REVERSE_PATH_DROPS').filter((f) => f.direction === 'implicates');
  const [first] = found;
  const explains = lostOnTheWay(scene);
  if (!first || explains === 0) return null;
  // What does not answer by itself leaves requests without an answer too: then a filter that drops is another matter.
  if (appTrouble(scene)) return null;
  // The page says that no filter is strict: then what was dropped has no way back at all, which is somebody else's traffic.
  const strict = found.every((f) => !Array.isArray(f.facts.strict) || f.facts.strict.length > 0);
  const strength = strict && replicasWell(scene) ? 0.95 : 0.72;
  const failed = scene.all('REQUEST_FAILED').filter((f) => f.vantage === 'public');
  return suspect('asymmetric-routing', [...found, ...failed], strength, {
    explains,
    fits: true,
    sentence: `${text(first.facts.node)} drops connections to ${host(scene)} that come in by one interface while the way back leads out of another (reverse-path filter)`,
  });
};
