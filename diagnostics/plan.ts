import type { Planned } from './define-check.ts';
import type { Case, Path } from './types.ts';

/** Pure: which checks, at which vantages along the path. Ordered: cheapest and most telling first. */
export function planLooks(_case: Case, _path: Path): Planned[] {
  return [];
}
