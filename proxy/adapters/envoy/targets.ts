import { joinAddress } from '../../../diagnostics/io/address.ts';
import { BlindLook, type TargetsSeen } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { list, number, record, type Tree, text } from '../../json.ts';
import { jsonPage } from '../json-page.ts';
import type { Reach } from '../metrics/page.ts';
import { adminOf } from './admin.ts';

/** Flags of a host that keep it out, in Envoy's own names (envoy: api/envoy/admin/v3/clusters.proto, HostHealthStatus). */
const OUT: { [flag: string]: string } = {
  failed_active_health_check: 'failed its health check',
  failed_outlier_check: 'ejected as an outlier',
  failed_active_degraded_check: 'degraded by its health check',
  pending_dynamic_removal: 'being removed',
  pending_active_hc: 'not checked yet',
  excluded_via_immediate_hc_fail: 'excluded by its own answer',
  active_hc_timeout: 'its health check timed out',
};
/** Of those, the ones with which a host is used all the same. */
const USED = new Set(['failed_active_degraded_check', 'pending_dynamic_removal']);
const EDS_OUT = new Set(['UNHEALTHY', 'DRAINING', 'TIMEOUT']);

const addressOf = (host: Tree): string => {
  const socket = record(record(host.address).socket_address);
  const pipe = text(record(record(host.address).pipe).path);
  if (pipe) return pipe;
  return joinAddress(text(socket.address), number(socket.port_value) ?? 0);
};

/** What `/clusters?format=json` says of endpoints: members, health flags, ejections. Pure; throws BlindLook where it is no such page. */
export function targetsOf(page: unknown, source: string): TargetsSeen {
  const statuses = record(page).cluster_statuses;
  if (!Array.isArray(statuses)) throw new BlindLook('unreadable', `${source} is no list of Envoy's clusters`);
  return {
    source,
    groups: statuses.map(record).map((cluster) => {
      const group = {
        name: text(cluster.name),
        up: [] as string[],
        down: [] as string[],
        why: {} as { [k: string]: string },
      };
      for (const host of list(cluster.host_statuses).map(record)) {
        const health = record(host.health_status);
        const flags = Object.keys(OUT).filter((flag) => health[flag] === true);
        const eds = text(health.eds_health_status);
        const reasons = [
          ...flags.filter((flag) => !USED.has(flag)).map((flag) => OUT[flag] as string),
          ...(EDS_OUT.has(eds) ? [`its control plane says ${eds}`] : []),
        ];
        const address = addressOf(host);
        (reasons.length ? group.down : group.up).push(address);
        if (reasons.length) group.why[address] = reasons.join(', ');
      }
      return group;
    }),
  };
}

/** What a running Envoy believes of the endpoints of its clusters. */
export async function envoyTargets(instance: Instance, reach: Reach, signal: AbortSignal): Promise<TargetsSeen> {
  const source = `${adminOf(instance)}/clusters?format=json`;
  return targetsOf(await jsonPage(source, reach, signal), source);
}
