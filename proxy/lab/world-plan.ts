import { LabError } from './lab-error.ts';
import type { Behaviour, Visits } from './outside/protocol.ts';

/** One application of every world. */
interface ApplicationSketch {
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

/** How people use an application whose outermost hop listens on `port`; without traffic, nobody does. */
export function visitsOf({ name, perSecond }: ApplicationSketch, port: number, traffic: boolean): Visits {
  const nobody = { host: hostOf(name), port, perSecond: 0, crowd: 0, oldClients: 0, keepAlive: 0, live: 0 };
  if (!traffic) return nobody;
  return { ...nobody, perSecond, ...(name === 'shop' ? { oldClients: 0.07, keepAlive: 3, live: 3 } : {}) };
}
