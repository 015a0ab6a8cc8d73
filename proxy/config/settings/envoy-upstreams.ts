import type { UpstreamServer, UpstreamSettings } from '../../../diagnostics/io/proxy-settings.ts';
import { isTree, type Tree } from '../../json.ts';
import { addressOf, type EnvoyTree } from './envoy-tree.ts';
import { at, numberOf, textOf, treesOf } from './plain-tree.ts';
import { goSeconds } from './units.ts';

/** What a route says of retries (envoy: api/envoy/config/route/v3/route_components.proto, RetryPolicy: num_retries 1). */
export interface EnvoyRoute {
  value: Tree;
  host: Tree;
}

/** HTTP protocol options of a cluster, with its idle timeout (one hour where nobody says). */
export const protocolOptions = (cluster: Tree): unknown =>
  at(
    cluster,
    'typed_extension_protocol_options',
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    'common_http_protocol_options',
  ) ?? at(cluster, 'common_http_protocol_options');

function sendsOf(cluster: Tree): { sends: UpstreamServer['sends']; tls: boolean } {
  const socket = at(cluster, 'transport_socket');
  const config = at(socket, 'typed_config');
  const inner = at(config, 'transport_socket');
  const kind = (of: unknown): string => `${textOf(at(of, 'name'))} ${textOf(at(of, 'typed_config', '@type'))}`;
  const wraps = /upstream_proxy_protocol|ProxyProtocolUpstreamTransport/.test(kind(socket));
  const tls = /transport_sockets\.tls|UpstreamTlsContext/.test(`${kind(socket)} ${wraps ? kind(inner) : ''}`);
  if (!wraps) return { sends: 'none', tls };
  // api/envoy/config/core/v3/proxy_protocol.proto: version V1 unless it says V2.
  return { sends: textOf(at(config, 'config', 'version')) === 'V2' ? 'proxy-v2' : 'proxy-v1', tls };
}

function serversOf(cluster: Tree): UpstreamServer[] {
  const how = sendsOf(cluster);
  return treesOf(at(cluster, 'load_assignment', 'endpoints')).flatMap((group) =>
    treesOf(at(group, 'lb_endpoints')).map((one) => ({
      name: textOf(at(one, 'endpoint', 'hostname')),
      address: addressOf(at(one, 'endpoint', 'address')) ?? '',
      weight: numberOf(at(one, 'load_balancing_weight')),
      backup: (numberOf(at(group, 'priority')) ?? 0) > 0,
      down: false,
      ...how,
      limit: null,
    })),
  );
}

function healthCheckOf(cluster: Tree): UpstreamSettings['healthCheck'] {
  const [check] = treesOf(at(cluster, 'health_checks'));
  if (!check) return null;
  return {
    path: textOf(at(check, 'http_health_check', 'path')),
    intervalSeconds: goSeconds(at(check, 'interval')) ?? 0,
    fall: numberOf(at(check, 'unhealthy_threshold')) ?? 1,
    rise: numberOf(at(check, 'healthy_threshold')) ?? 1,
  };
}

/** Circuit breakers of the default priority: 1024 each, 3 retries (api/envoy/config/cluster/v3/circuit_breaker.proto). */
function limitsOf(cluster: Tree): NonNullable<UpstreamSettings['limits']> {
  const [own] = treesOf(at(cluster, 'circuit_breakers', 'thresholds')).filter(
    (one) => (textOf(at(one, 'priority')) ?? 'DEFAULT') === 'DEFAULT',
  );
  const value = (key: string, fallback: number): number => numberOf(at(own, key)) ?? fallback;
  return {
    connections: value('max_connections', 1024),
    pending: value('max_pending_requests', 1024),
    requests: value('max_requests', 1024),
    retries: value('max_retries', 3),
  };
}

function ejectsOf(cluster: Tree): Pick<UpstreamSettings, 'ejects'> {
  const outlier = at(cluster, 'outlier_detection');
  if (!isTree(outlier)) return {};
  return {
    ejects: {
      failures: numberOf(at(outlier, 'consecutive_5xx')) ?? 5,
      seconds: goSeconds(at(outlier, 'base_ejection_time')) ?? 30,
    },
  };
}

/** Names of clusters that a route may take: one, or several by weight. */
export function clustersOf(action: unknown): string[] {
  const one = textOf(at(action, 'cluster'));
  const weighted = treesOf(at(action, 'weighted_clusters', 'clusters')).map((c) => textOf(at(c, 'name')));
  return [one, ...weighted].filter((name) => name !== null);
}

/** A cluster as an upstream, with the retries of the route that leads to it; null: there is no such cluster. */
export function envoyUpstream(
  tree: EnvoyTree,
  name: string,
  mode: 'http' | 'tcp',
  route: EnvoyRoute | null,
): UpstreamSettings | null {
  const found = tree.clusters.find(({ value }) => at(value, 'name') === name);
  if (!found) return null;
  const cluster = found.value;
  const servers = serversOf(cluster);
  const policy = at(route?.value, 'route', 'retry_policy') ?? at(route?.host, 'retry_policy');
  const count = isTree(policy) ? (numberOf(at(policy, 'num_retries')) ?? 1) : 0;
  const on = (textOf(at(policy, 'retry_on')) ?? '').split(',').filter(Boolean);
  const options = protocolOptions(cluster);
  return {
    name,
    policy: (textOf(at(cluster, 'lb_policy')) ?? 'ROUND_ROBIN').toLowerCase(),
    mode,
    servers,
    healthCheck: healthCheckOf(cluster),
    // Without a predicate for earlier hosts the balancer may choose the same one again; with several it mostly does not.
    retries: count > 0 && on.length > 0 ? { count, otherServer: servers.length > 1, on } : null,
    keepalive:
      mode === 'tcp'
        ? null
        : {
            connections: null,
            idleSeconds: goSeconds(at(options, 'idle_timeout')) ?? 3_600,
            requests: numberOf(at(options, 'max_requests_per_connection')),
          },
    limits: limitsOf(cluster),
    ...ejectsOf(cluster),
    where: found.where,
  };
}
