import type { PartName, ProxyHeader } from '../types.ts';
import type { Window } from '../window.ts';

/**
 * What a cloud's balancer can be asked, in words that fit AWS' three kinds and a GCE log. Plain JSON: it becomes
 * evidence. Every method throws BlindLook, which names the one line or the one right that would let us see.
 */

/** One target as the balancer itself counts it. */
export interface CloudTarget {
  /** An address, an instance id, an ARN: as it was registered. */
  id: string;
  /** ip:port of targets that are addresses; null: the id is no address. */
  address: string | null;
  zone: string | null;
  /** initial, healthy, unhealthy, unhealthy.draining, unused, draining, unavailable (ELBv2); InService, OutOfService (Classic). */
  state: string;
  /** `Target.FailedHealthChecks` and the like; null: none given. */
  reason: string | null;
  description: string | null;
}

export interface TargetGroupSeen {
  name: string;
  port: number | null;
  protocol: string | null;
  /** ip, instance, lambda, alb. */
  targetType: string;
  /** null: not known. */
  check: {
    protocol: string;
    port: string;
    path: string | null;
    intervalSeconds: number;
    fall: number;
    rise: number;
  } | null;
  attributes: { [key: string]: string };
  /** null: they could not be read. */
  targets: CloudTarget[] | null;
}

export interface BalancerSeen {
  /** `AWS eu-central-1`. */
  source: string;
  name: string;
  kind: 'aws-nlb' | 'aws-alb' | 'aws-clb';
  zones: string[];
  /** Of balancer, listener and target group together, by the names that AWS gives them; what groups say differently is left out. */
  attributes: { [key: string]: string };
  /** Only what an attribute or a policy says; null: not read, or groups differ. */
  sends: ProxyHeader | null;
  /** Groups that the listener of the path leads to. */
  groups: TargetGroupSeen[];
  listeners: { port: number; protocol: string; rules: number | null }[];
  /** What could not be read: the rest is told without. */
  unread: {
    what: 'targets' | 'attributes' | 'listeners' | 'rules';
    reason: 'denied' | 'no-connection' | 'unreadable';
    detail: string;
  }[];
}

/** One metric over the window. Sums and peaks only: points stay where they are. */
export interface CounterSeen {
  name: string;
  zone: string | null;
  /** Sum over the window, or the highest value where `statistic` is Maximum. */
  value: number;
  statistic: 'Sum' | 'Maximum' | 'Average';
  /** Points that there were; a metric without traffic has none at all. */
  points: number;
  /** Begin of the first and the last minute that was not 0, ISO. */
  first: string | null;
  last: string | null;
}

export interface BalancerCounters {
  source: string;
  kind: BalancerSeen['kind'];
  /** The window that was asked for, ISO. */
  from: string;
  to: string;
  /** End of the newest minute that was delivered, ISO; null: nothing was. Minutes come some minutes late. */
  until: string | null;
  counters: CounterSeen[];
  /** Some of it is missing, in the service's own words. */
  partial: string | null;
}

/** What a balancer's log says of the side that ended its requests (GCE: statusDetails). */
export interface BalancerLog {
  source: string;
  total: number;
  errors: number;
  /** Requests with a 5xx by what the balancer says of them. */
  details: { word: string; count: number; first: string; last: string }[];
  reachesBackTo: string | null;
}

export interface BalancerReader {
  describe(hop: string, signal: AbortSignal): Promise<BalancerSeen>;
  counters(hop: string, window: Window, signal: AbortSignal): Promise<BalancerCounters>;
  log(of: PartName, host: string, window: Window, signal: AbortSignal): Promise<BalancerLog>;
}
