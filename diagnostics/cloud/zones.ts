import type { BalancerSeen } from '../io/balancer-reader.ts';
import { isHealthy } from './registered.ts';

interface ZoneShare {
  zone: string;
  healthy: number;
  total: number;
  /** Share of one target against an even one; null: no healthy target, so it gets none. */
  times: number | null;

  [key: string]: string | number | null;
}

/**
 * Is traffic of one zone spread over targets of all? The group's word wins over the balancer's; off unless switched on at
 * network balancers, on at application ones (AWS user guides, D.1). null: not known.
 */
function crossesZones(seen: BalancerSeen): boolean | null {
  const said = seen.attributes['load_balancing.cross_zone.enabled'];
  if (said === 'true') return true;
  if (said === 'false') return false;
  const read = !seen.unread.some((one) => one.what === 'attributes');
  return read ? seen.kind === 'aws-alb' : null;
}

/**
 * Pure: what one target of each zone gets, if clients come evenly to all zones that DNS names. Addresses outside the
 * zones (`all`) belong to none. null: targets, zones or the setting are not known.
 */
export function zonesOf(seen: BalancerSeen): { zones: ZoneShare[]; crossZone: boolean } | null {
  const crossZone = crossesZones(seen);
  if (crossZone === null || seen.zones.length < 2 || seen.groups.length === 0) return null;
  const targets = seen.groups.flatMap((group) => group.targets ?? []);
  if (targets.length === 0 || seen.groups.some((group) => group.targets === null)) return null;
  if (!crossZone && targets.some((one) => one.zone === null || !seen.zones.includes(one.zone))) return null;
  const counted = seen.zones.map((zone) => {
    const here = targets.filter((one) => one.zone === zone && one.state !== 'draining');
    return { zone, healthy: here.filter(isHealthy).length, total: here.length };
  });
  // A zone without a healthy target is taken out of DNS (target_group_health.dns_failover).
  const serving = counted.filter((one) => one.healthy > 0);
  const even = 1 / serving.reduce((sum, one) => sum + one.healthy, 0);
  const zones = counted.map((one) => ({
    ...one,
    times: one.healthy ? Math.round((1 / serving.length / one.healthy / even) * 100) / 100 : null,
  }));
  return { zones, crossZone };
}
