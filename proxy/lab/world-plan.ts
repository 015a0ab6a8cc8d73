import { LabError } from './lab-error.ts';
import type { Behaviour, Visits } from './outside/protocol.ts';

/** One application of every world. */
export interface ApplicationSketch {
  name: string;
  /** Which managed proxy serves it. */
  behind: 'edge' | 'traefik';
  endpoints: string[];
  behaviour: Behaviour;
  /** Requests a second that people send in quiet times. */
  perSecond: number;
}

/** About 30 requests a second over all hosts: enough for counters to mean something, a few per cent of one core. */
export const APPLICATIONS: ApplicationSketch[] = [
  {
    name: 'shop',
    behind: 'edge',
    endpoints: ['shop-a', 'shop-b', 'shop-c', 'shop-d'],
    // 20 requests a second and endpoint at most: four of them carry a peak, one does not.
    behaviour: { latencyMs: 100, atATime: 2, errorRate: 0, errorStatus: 500 },
    perSecond: 14,
  },
  {
    name: 'metabase',
    behind: 'edge',
    endpoints: ['metabase-a', 'metabase-b', 'metabase-c', 'metabase-d'],
    behaviour: { latencyMs: 60, atATime: 4, errorRate: 0, errorStatus: 500 },
    perSecond: 7,
  },
  {
    name: 'wiki',
    behind: 'traefik',
    endpoints: ['wiki-a', 'wiki-b'],
    behaviour: { latencyMs: 40, atATime: 4, errorRate: 0, errorStatus: 500 },
    perSecond: 4,
  },
  {
    name: 'billing',
    behind: 'traefik',
    endpoints: ['billing-a', 'billing-b'],
    behaviour: { latencyMs: 30, atATime: 4, errorRate: 0, errorStatus: 500 },
    perSecond: 4,
  },
];

export function sketchOf(application: string): ApplicationSketch {
  const found = APPLICATIONS.find(({ name }) => name === application);
  if (!found) throw new LabError(`no application ${application}`);
  return found;
}

export function hostOf(application: string): string {
  return `${application}.example.test`;
}

/** How people use an application whose outermost hop listens on `port`. */
export function visitsOf({ name, perSecond }: ApplicationSketch, port: number): Visits {
  const shop = name === 'shop';
  return {
    host: hostOf(name),
    port,
    perSecond,
    crowd: 0,
    oldClients: shop ? 0.07 : 0,
    keepAlive: shop ? 3 : 0,
    live: shop ? 3 : 0,
  };
}
