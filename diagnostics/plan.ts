import { CHECKS } from './checks/index.ts';
import type { Planned } from './define-check.ts';
import type { Case, Path } from './types.ts';

/** Most looks of one case: a path with hundreds of endpoints is sampled, not flooded (DESIGN 8: rates are capped). */
const MAX_LOOKS_PER_CHECK = 24;

/** Evenly picked items of a list that is too long; the first and the last always. */
function sample<T>(items: T[], most: number): T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))] as T);
}

/** Pure: which checks, at which vantages along the path. */
export function planLooks(triage: Case, path: Path): Planned[] {
  return CHECKS.filter((check) => triage.only === null || triage.only.includes(check.id)).flatMap((check) =>
    sample(check.plan({ case: triage, path }), MAX_LOOKS_PER_CHECK),
  );
}
