import { NEW_SIDE_HEADER } from './protocol.ts';

/** One proxy of a rollout's lab: Envoy with TLS in front of the application's endpoints. */
export interface SidePlan {
  side: 'old' | 'new';
  https: number;
  admin: number;
  host: string;
  certificate: { chain: string; key: string };
  /** `compatible`: back to TLS 1.0 and RSA key exchange; `strict`: TLS 1.2 and up with ECDHE and AEAD. */
  tls: 'compatible' | 'strict';
  endpoints: { port: number; weight: number }[];
}

const TYPE = 'type.googleapis.com/envoy.extensions.';
/** Histograms are merged when statistics are flushed: a reading every two seconds needs them fresher than the usual 5 s. */
const FLUSH = '1s';

/** BoringSSL's names (envoy: api/envoy/extensions/transport_sockets/tls/v3/common.proto, cipher_suites). */
const TLS = {
  compatible: {
    tls_minimum_protocol_version: 'TLSv1_0',
    tls_maximum_protocol_version: 'TLSv1_3',
    cipher_suites: [
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-CHACHA20-POLY1305',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES128-SHA',
      'ECDHE-RSA-AES256-SHA',
      'AES128-GCM-SHA256',
      'AES256-GCM-SHA384',
      'AES128-SHA',
      'AES256-SHA',
    ],
  },
  strict: {
    tls_minimum_protocol_version: 'TLSv1_2',
    tls_maximum_protocol_version: 'TLSv1_3',
    cipher_suites: ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-CHACHA20-POLY1305', 'ECDHE-RSA-AES256-GCM-SHA384'],
  },
} as const;

const at = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });

/** The bootstrap file of one side (envoy: api/envoy/config/bootstrap/v3), to be written as JSON. */
export function sideConfig(plan: SidePlan): object {
  const manager = {
    '@type': `${TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'edge',
    http_filters: [
      { name: 'envoy.filters.http.router', typed_config: { '@type': `${TYPE}filters.http.router.v3.Router` } },
    ],
    route_config: {
      virtual_hosts: [
        {
          name: 'checkout',
          domains: [plan.host, `${plan.host}:*`],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'checkout', timeout: '5s' } }],
          ...(plan.side === 'new' && {
            request_headers_to_add: [{ header: { key: NEW_SIDE_HEADER, value: 'new' } }],
          }),
        },
      ],
    },
  };
  const tls = {
    '@type': `${TYPE}transport_sockets.tls.v3.DownstreamTlsContext`,
    common_tls_context: {
      tls_params: TLS[plan.tls],
      tls_certificates: [
        {
          certificate_chain: { filename: plan.certificate.chain },
          private_key: { filename: plan.certificate.key },
        },
      ],
      alpn_protocols: ['http/1.1'],
    },
  };
  return {
    node: { id: `edge-${plan.side}`, cluster: 'edge' },
    admin: { address: at(plan.admin) },
    stats_flush_interval: FLUSH,
    static_resources: {
      listeners: [
        {
          name: 'https',
          address: at(plan.https),
          filter_chains: [
            {
              filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }],
              transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: tls },
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'checkout',
          type: 'STATIC',
          connect_timeout: '1s',
          load_assignment: {
            cluster_name: 'checkout',
            endpoints: [
              {
                lb_endpoints: plan.endpoints.map(({ port, weight }) => ({
                  endpoint: { address: at(port) },
                  load_balancing_weight: weight,
                })),
              },
            ],
          },
        },
      ],
    },
  };
}

/** The balancer in front of both: HAProxy in TCP mode, one server for each side, weights by its admin socket. */
export function splitterConfig(ports: { https: number; old: number; fresh: number }, socket: string): string {
  return `# split: the load balancer between the old edge and the new one. Passes TCP on, by weight.
global
  stats socket ${socket} mode 600 level admin
  maxconn 1000

defaults
  mode tcp
  timeout connect 2s
  timeout client 60s
  timeout server 60s

frontend https
  bind 127.0.0.1:${ports.https}
  default_backend edge

backend edge
  balance roundrobin
  server old 127.0.0.1:${ports.old} weight 100
  server new 127.0.0.1:${ports.fresh} weight 0
`;
}
