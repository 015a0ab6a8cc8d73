import type { Instance, PathHop } from '../../diagnostics/types.ts';

/** A hop of which nothing is known but its name, what it is and which kind: whoever finds more says it over this. */
export const blankHop = (name: string, hop: PathHop['hop'], kind: string): PathHop => ({
  name,
  hop,
  kind,
  address: null,
  listeners: [],
  scheme: hop === 'service' || hop === 'app' ? 'http' : 'https',
  sends: null,
  to: null,
  expects: null,
  targets: null,
  attributes: {},
  settings: {},
  instances: [],
  endpoints: null,
  health: null,
  from: [],
});

/** An instance of which nothing is known but its name. */
export const blankInstance = (name: string): Instance => ({
  name,
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
});
