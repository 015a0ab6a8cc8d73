import { joinAddress } from '../../../diagnostics/io/address.ts';
import { isTree, list } from '../../json.ts';
import { countOf, type Tally } from './tally.ts';

/** Flags under which an endpoint gets no requests (HostHealthStatus in the same file); the others only warn. */
const DOWN = [
  'failed_active_health_check',
  'failed_outlier_check',
  'pending_active_hc',
  'excluded_via_immediate_hc_fail',
];

const inside = (value: unknown, key: string): unknown => (isTree(value) ? value[key] : undefined);

/**
 * `/clusters?format=json` (envoyproxy/envoy: api/envoy/admin/v3/clusters.proto): every endpoint with its counters. An
 * endpoint is up unless a health check, an outlier ejection or the control plane says otherwise.
 */
export function readClusters(page: unknown, tally: Tally): void {
  const clusters = list(isTree(page) ? page.cluster_statuses : null);
  for (const cluster of clusters) {
    if (!isTree(cluster) || typeof cluster.name !== 'string') continue;
    for (const host of list(cluster.host_statuses)) {
      const address = addressOf(inside(host, 'address'));
      if (address === null) continue;
      // Numbers are texts here, and left out where they are 0.
      const stats = new Map(
        list(inside(host, 'stats')).map((one) => [inside(one, 'name'), Number(inside(one, 'value') ?? 0)]),
      );
      const number = (name: string): number | null => countOf(stats.get(name));
      const health = inside(host, 'health_status');
      const [weight, zone] = [inside(host, 'weight'), inside(inside(host, 'locality'), 'zone')];
      const eds = inside(health, 'eds_health_status');
      Object.assign(tally.endpoint(cluster.name, address), {
        up:
          (eds === undefined || eds === 'HEALTHY' || eds === 'DEGRADED') &&
          !DOWN.some((flag) => inside(health, flag) === true),
        weight: typeof weight === 'number' ? weight : null,
        zone: typeof zone === 'string' && zone !== '' ? zone.slice(0, 100) : null,
        connections: number('cx_total'),
        requests: number('rq_total'),
        inflight: number('rq_active'),
        connectErrors: number('cx_connect_fail'),
        responseErrors: number('rq_error'),
      });
    }
  }
}

function addressOf(address: unknown): string | null {
  const socket = inside(address, 'socket_address');
  const [host, port, pipe] = [
    inside(socket, 'address'),
    inside(socket, 'port_value'),
    inside(inside(address, 'pipe'), 'path'),
  ];
  if (typeof host === 'string') return joinAddress(host, typeof port === 'number' ? port : 0);
  return typeof pipe === 'string' ? pipe : null;
}

/** `/server_info`: version `hash/1.40.0/Clean/RELEASE/BoringSSL`, and an uptime that is exact to the second. */
export function readServerInfo(page: unknown, tally: Tally): void {
  if (!isTree(page)) return;
  const version = typeof page.version === 'string' ? page.version.split('/')[1] : undefined;
  if (version) tally.sample.software = `envoy ${version.slice(0, 50)}`;
  const uptime =
    typeof page.uptime_current_epoch === 'string' ? Number.parseInt(page.uptime_current_epoch, 10) : Number.NaN;
  if (uptime >= 0) {
    const at = Date.parse(tally.sample.clock ?? tally.sample.at) - uptime * 1000;
    if (Number.isFinite(at) && at > 0) tally.sample.process.startedAt = new Date(at).toISOString();
  }
}

/** `/certs`: names and ends of every certificate in use. */
export function readCerts(page: unknown, tally: Tally): void {
  for (const one of list(isTree(page) ? page.certificates : null)) {
    for (const part of list(isTree(one) ? one.cert_chain : null)) {
      if (!isTree(part)) continue;
      const names = list(part.subject_alt_names).flatMap((name) =>
        isTree(name) ? [name.dns, name.uri, name.ip_address].filter((text) => typeof text === 'string') : [],
      );
      tally.certificate(names, Date.parse(String(part.expiration_time)) / 1000);
    }
  }
}
