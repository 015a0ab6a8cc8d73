import type { Instance } from '../../diagnostics/types.ts';

/** An instance of which the inventory says nothing but what is given. */
export function instance(over: Partial<Instance>): Instance {
  return {
    name: 'edge-1',
    https: null,
    http: null,
    metrics: null,
    admin: null,
    node: null,
    config: null,
    accessLog: null,
    logFormat: null,
    errorLog: null,
    pidFile: null,
    more: {},
    ...over,
  };
}
