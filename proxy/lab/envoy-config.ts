import type { EnvoyClusterPlan, EnvoyListenerPlan, EnvoyPlan, EnvoyRoutePlan, EnvoySitePlan } from './envoy-plan.ts';

const TYPE = 'type.googleapis.com/envoy.extensions.';
const typed = (name: string, type: string, more: object = {}): object => ({
  name,
  typed_config: { '@type': `${TYPE}${type}`, ...more },
});
const at = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });
const seconds = (ms: number): string => `${ms / 1000}s`;

/** Keys of Envoy Gateway's default JSON access log, with their command operators (envoy: docs, access log usage). */
const LOG_KEYS = {
  start_time: '%START_TIME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  response_code: '%RESPONSE_CODE%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  response_flags: '%RESPONSE_FLAGS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  authority: '%REQ(:AUTHORITY)%',
  user_agent: '%REQ(USER-AGENT)%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  route_name: '%ROUTE_NAME%',
};

function accessLogs(plan: EnvoyPlan): object[] {
  const file = (path: string, more: object): object =>
    typed('file', 'access_loggers.file.v3.FileAccessLog', { path, ...more });
  return [
    ...(plan.log ? [file(plan.log, { log_format: { json_format: LOG_KEYS } })] : []),
    ...(plan.defaultLog ? [file(plan.defaultLog, {})] : []),
  ];
}

function routeOf(route: EnvoyRoutePlan, site: EnvoySitePlan): object {
  const match = route.path
    ? { path: route.path }
    : route.regex
      ? { safe_regex: { regex: route.regex } }
      : { prefix: route.prefix ?? '/' };
  if (route.redirect)
    return {
      match,
      redirect: {
        ...(route.redirect.https ? { https_redirect: true } : {}),
        ...(route.redirect.host ? { host_redirect: route.redirect.host } : {}),
      },
    };
  if (route.answer)
    return {
      match,
      direct_response: { status: route.answer.status, body: { inline_string: route.answer.body } },
    };
  const action = {
    cluster: route.cluster ?? site.name,
    timeout: seconds(route.timeoutMs ?? 15_000),
    ...(route.retries ? { retry_policy: { retry_on: 'connect-failure,reset', num_retries: route.retries } } : {}),
  };
  return { match, route: action };
}

/** One listener as Envoy's own JSON has it. */
export function listenerConfig(plan: EnvoyPlan, listener: EnvoyListenerPlan): object {
  const name = listener.name ?? `port-${listener.port}`;
  const served = plan.sites.filter((site) => !listener.sites || listener.sites.includes(site.name));
  const manager = typed(
    'envoy.filters.network.http_connection_manager',
    'filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: name,
      access_log: accessLogs(plan),
      route_config: {
        name: `${name}-routes`,
        virtual_hosts: served.map((site) => ({
          name: site.name,
          domains: site.domains,
          routes: (site.routes ?? [{}]).map((route) => routeOf(route, site)),
        })),
        // A route may name a cluster that is not there: Envoy then answers 503 NC, and that can be shown.
        validate_clusters: false,
      },
      http_filters: [typed('envoy.filters.http.router', 'filters.http.router.v3.Router')],
    },
  );
  const tls = listener.certificate && {
    name: 'tls',
    typed_config: {
      '@type': `${TYPE}transport_sockets.tls.v3.DownstreamTlsContext`,
      common_tls_context: {
        ...(listener.minimumTls ? { tls_params: { tls_minimum_protocol_version: listener.minimumTls } } : {}),
        tls_certificates: [
          {
            certificate_chain: { filename: listener.certificate.chain },
            private_key: { filename: listener.certificate.key },
          },
        ],
        alpn_protocols: ['h2', 'http/1.1'],
      },
    },
  };
  const header = typed('envoy.filters.listener.proxy_protocol', 'filters.listener.proxy_protocol.v3.ProxyProtocol', {
    ...(listener.proxyHeader === 'optional' ? { allow_requests_without_proxy_protocol: true } : {}),
  });
  return {
    name,
    address: at(listener.port),
    listener_filters: listener.proxyHeader ? [header] : [],
    filter_chains: [{ filters: [manager], ...(tls ? { transport_socket: tls } : {}) }],
  };
}

/** One cluster as Envoy's own JSON has it. */
export function clusterConfig(name: string, plan: EnvoyClusterPlan): object {
  const { breaker, outlier, health } = plan;
  return {
    name,
    type: 'STATIC',
    connect_timeout: seconds(plan.connectTimeoutMs ?? 1_000),
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: plan.endpoints.map((port) => ({ endpoint: { address: at(port) } })) }],
    },
    ...(breaker && {
      circuit_breakers: {
        thresholds: [
          {
            max_connections: breaker.connections ?? 1_024,
            max_pending_requests: breaker.pending ?? 1_024,
            max_requests: breaker.requests ?? 1_024,
            max_retries: breaker.retries ?? 3,
          },
        ],
      },
    }),
    ...(outlier && {
      outlier_detection: {
        consecutive_5xx: outlier.consecutive5xx,
        base_ejection_time: `${outlier.ejectSeconds}s`,
        max_ejection_percent: outlier.mostPercent,
        interval: '1s',
      },
    }),
    ...(health && {
      health_checks: [
        {
          timeout: '1s',
          interval: seconds(health.everyMs),
          no_traffic_interval: seconds(health.everyMs),
          unhealthy_threshold: 1,
          healthy_threshold: 1,
          http_health_check: { path: health.path },
        },
      ],
      // Else an unhealthy cluster is used all the same once more than half of it is unhealthy (panic mode).
      common_lb_config: { healthy_panic_threshold: { value: 0 } },
    }),
    ...(plan.sends && {
      transport_socket: {
        name: 'proxy',
        typed_config: {
          '@type': `${TYPE}transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport`,
          config: { version: plan.sends === 'proxy-v1' ? 'V1' : 'V2' },
          transport_socket: typed('raw', 'transport_sockets.raw_buffer.v3.RawBuffer'),
        },
      },
    }),
  };
}

/** The bootstrap file for a plan (envoy: api/envoy/config/bootstrap/v3), to be written as JSON. */
export function envoyConfig(plan: EnvoyPlan): object {
  const listeners = plan.listeners.map((listener) => listenerConfig(plan, listener));
  const clusters = Object.entries(plan.clusters).map(([name, cluster]) => clusterConfig(name, cluster));
  const resources = plan.dynamic
    ? {
        dynamic_resources: {
          lds_config: { path_config_source: { path: './lds.json' }, resource_api_version: 'V3' },
          cds_config: { path_config_source: { path: './cds.json' }, resource_api_version: 'V3' },
        },
      }
    : { static_resources: { listeners, clusters } };
  // Limits of listeners are runtime values (envoy: docs, configuration/listeners/runtime).
  const limits = plan.listeners.flatMap(({ name, connections }) =>
    connections ? [[`envoy.resource_limits.listener.${name}.connection_limit`, connections]] : [],
  );
  const runtime = { layered_runtime: { layers: [{ name: 'limits', static_layer: Object.fromEntries(limits) }] } };
  return {
    node: { id: 'edge-1', cluster: 'edge' },
    admin: { address: at(plan.admin) },
    ...resources,
    ...(limits.length ? runtime : {}),
  };
}

/** A file of listeners or clusters for a dynamic Envoy (a DiscoveryResponse), with its version. */
export function discoveryFile(kind: 'listener.v3.Listener' | 'cluster.v3.Cluster', version: string, all: object[]) {
  const type = `type.googleapis.com/envoy.config.${kind}`;
  return { version_info: version, resources: all.map((one) => ({ '@type': type, ...one })) };
}
