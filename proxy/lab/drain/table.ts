import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import { blankHop } from '../../inventory/blank.ts';

/** How the HAProxy in front passes on: TCP without retries, HTTP with its default retries, HTTP that tries another server. */
const FRONTS = ['L4', 'L7', 'L7r'] as const;
type FrontKind = (typeof FRONTS)[number];
type LeaverKind = 'nginx' | 'traefik';
type Signal = 'SIGTERM' | 'SIGQUIT' | 'SIGKILL';

/** One line of the drain table. Seconds are units: a run may shrink them all. */
export interface DrainRow {
  front: FrontKind;
  /** Clients keep their connections. */
  kept: boolean;
  leaver: LeaverKind;
  /** Before the signal: nothing, HAProxy is told to drain, or the health check is made to fail. */
  first: 'nothing' | 'drained' | 'not-ready';
  /** Units between that and the signal. */
  wait: number;
  /** null: nothing leaves. */
  signal: Signal | null;
  /** Traefik's requestAcceptGraceTimeout, units. */
  acceptsFor: number;
}

/** `option httpchk`, `inter 1s fall 2 rise 1`: units. */
export const CHECK = { interval: 1, fall: 2 } as const;
/** One of four requests takes this long, s; it does not shrink. */
export const SLOW_SECONDS = 0.2;

const row = (front: FrontKind, kept: boolean, signal: Signal | null, more: Partial<DrainRow> = {}): DrainRow => ({
  front,
  kept,
  leaver: 'nginx',
  first: 'nothing',
  wait: 0,
  acceptsFor: 0,
  ...more,
  signal,
});
const drained = (wait: number): Partial<DrainRow> => ({ first: 'drained', wait });
const notReady = (wait: number): Partial<DrainRow> => ({ first: 'not-ready', wait });

/** Every case of the drain table, and Traefik as the one that leaves. */
export const TABLE: readonly DrainRow[] = [
  row('L4', true, null),
  row('L7', false, null),
  row('L4', false, 'SIGTERM'),
  row('L4', true, 'SIGTERM'),
  row('L7', false, 'SIGTERM'),
  row('L7', true, 'SIGTERM'),
  row('L7r', false, 'SIGTERM'),
  row('L4', false, 'SIGQUIT'),
  row('L4', true, 'SIGQUIT'),
  row('L7', false, 'SIGQUIT'),
  row('L7', true, 'SIGQUIT'),
  row('L7r', false, 'SIGQUIT'),
  row('L4', false, 'SIGKILL'),
  row('L7r', false, 'SIGKILL'),
  row('L4', false, 'SIGQUIT', drained(0)),
  row('L4', false, 'SIGQUIT', drained(3)),
  row('L4', true, 'SIGQUIT', drained(3)),
  row('L4', false, 'SIGTERM', drained(3)),
  row('L4', true, 'SIGTERM', drained(3)),
  row('L4', false, 'SIGQUIT', notReady(0)),
  row('L4', false, 'SIGQUIT', notReady(1)),
  row('L4', false, 'SIGQUIT', notReady(2)),
  row('L4', false, 'SIGQUIT', notReady(3)),
  row('L4', true, 'SIGQUIT', notReady(3)),
  row('L7', false, 'SIGQUIT', notReady(3)),
  row('L4', false, 'SIGTERM', notReady(3)),
  row('L7', false, 'SIGTERM', notReady(3)),
  row('L4', false, 'SIGTERM', { leaver: 'traefik' }),
  row('L7r', false, 'SIGTERM', { leaver: 'traefik' }),
  row('L4', false, 'SIGTERM', { leaver: 'traefik', acceptsFor: 3 }),
];

/** The few that show it quickly: one that loses, one that is covered, by each way of passing on. */
export const QUICK: readonly DrainRow[] = [
  row('L4', false, 'SIGQUIT'),
  row('L4', false, 'SIGQUIT', notReady(3)),
  row('L4', true, 'SIGTERM', drained(3)),
  row('L7r', false, 'SIGTERM'),
];

/** "preStop 3 s, SIGQUIT": what leaves, and how. */
export function leaveText(one: DrainRow): string {
  if (one.signal === null) return 'nothing leaves';
  const before =
    one.first === 'drained'
      ? `LB drained, ${one.wait} s, `
      : one.first === 'not-ready'
        ? `preStop ${one.wait} s, `
        : '';
  const accepts = one.acceptsFor ? `, requestAcceptGraceTimeout ${one.acceptsFor} s` : '';
  return `${one.leaver === 'traefik' ? 'Traefik: ' : ''}${before}${one.signal}${accepts}`;
}

const hop = (name: string, kind: string, where: Partial<PathHop>): PathHop => ({
  ...blankHop(name, 'proxy', kind),
  scheme: 'http',
  ...where,
});

/**
 * What an inventory would declare of a row: how the proxy is told to leave, and what its requests are like. All else is
 * read from the configuration files. `unit`: length of a unit, s; `rate`: requests a second in all.
 */
export function declared(
  one: DrainRow,
  unit: number,
  rate: number,
  instances: [Instance, Instance[]],
): { front: PathHop; leaver: PathHop } {
  const [balancer, proxies] = instances;
  return {
    front: hop('lb', 'haproxy', {
      hop: 'load-balancer',
      instances: [balancer],
      // The admin socket has taken the command before the next request comes.
      settings: one.first === 'drained' ? { stopsSendingAfter: 0 } : {},
    }),
    leaver: hop('edge', one.leaver, {
      instances: proxies,
      settings: {
        preStop: one.wait * unit,
        failsCheckFirst: one.first === 'not-ready',
        stopSignal: one.signal ?? 'SIGTERM',
        longestRequest: SLOW_SECONDS,
        keepsConnections: one.kept,
        requestsPerSecond: rate,
      },
    }),
  };
}
