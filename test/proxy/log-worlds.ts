import type { Instance } from '../../diagnostics/types.ts';
import { blankInstance } from '../../proxy/inventory/blank.ts';

/** An instance of which the inventory says nothing but what is given. */
export function instance(over: Partial<Instance>): Instance {
  return {
    ...blankInstance('edge-1'),
    ...over,
  };
}
