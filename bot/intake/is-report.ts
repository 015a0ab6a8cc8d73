import { alertState } from './alerts.ts';
import { featuresOf } from './features.ts';
import type { Marked } from './marks.ts';
import { learntWeights, weigh } from './weights.ts';

/**
 * Pure: whether a message reports trouble. What machines write follows rules, what people write is weighed. Rather silent
 * than wrong: a reply to a joke costs trust. `places`: where it names hosts; `suspects`: how many proxies it accuses.
 */
export function isReport(text: string, seen: { places: readonly Marked[]; suspects: number }): boolean {
  if (!/\p{L}/u.test(text)) return false;
  const alert = alertState(text);
  if (alert !== null) return alert;
  const weights = learntWeights();
  return weigh(featuresOf(text, seen.places, seen.suspects), weights) > weights.threshold;
}
