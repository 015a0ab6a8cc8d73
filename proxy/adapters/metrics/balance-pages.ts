import type { Counted, Policy } from '../../../diagnostics/balance/balance.ts';
import { record, records, type Tree } from '../../json.ts';
import { none, type Services, serviceIn } from './balance-services.ts';
import { exporterMean } from './haproxy-model.ts';
import { samples } from './prometheus.ts';

/** Pages that say how many requests each endpoint got. Pure: text in, counts since the process began out. */

const iso = (seconds: number): string | null =>
  seconds > 0 && seconds < 1e11 ? new Date(seconds * 1000).toISOString() : null;
const count = (value: unknown): number | null => {
  const n = typeof value === 'string' && value !== '' ? Number(value) : typeof value === 'number' ? value : Number.NaN;
  return Number.isFinite(n) && n >= 0 ? n : null;
};

const HAPROXY = new Set([
  'haproxy_process_start_time_seconds',
  'haproxy_server_http_responses_total',
  'haproxy_server_sessions_total',
  'haproxy_server_current_sessions',
  'haproxy_server_connection_attempts_total',
  'haproxy_server_weight',
  'haproxy_server_status',
  'haproxy_server_response_time_average_seconds',
]);

/** HAProxy's exporter (addons/promex): a series for each server. It says neither the algorithm nor who is backup. */
export function fromHaproxyMetrics(page: string): Services {
  const services: Services = new Map();
  const sessions = new Map<Counted, number>();
  const answered = new Set<string>();
  let began: string | null = null;
  for (const { name, labels, value } of samples(page, (n) => HAPROXY.has(n))) {
    if (name === 'haproxy_process_start_time_seconds') {
      began = iso(value);
      continue;
    }
    const service = labels.proxy ?? '';
    const endpoint = serviceIn(services, service).at(labels.server ?? '');
    if (name === 'haproxy_server_http_responses_total') {
      endpoint.requests += value;
      endpoint.errors = (endpoint.errors ?? 0) + (labels.code === '5xx' ? value : 0);
      if (value > 0) answered.add(service);
    } else if (name === 'haproxy_server_weight') endpoint.weight = value;
    else if (name === 'haproxy_server_status') {
      if (value === 1 && labels.state !== 'UP') endpoint.aside = (labels.state ?? 'down').toLowerCase();
    } else if (name === 'haproxy_server_current_sessions') endpoint.inflight = value;
    else if (name === 'haproxy_server_connection_attempts_total') endpoint.connections = value;
    else if (name === 'haproxy_server_response_time_average_seconds') endpoint.seconds = value || null;
    else sessions.set(endpoint, value);
  }
  for (const [name, { endpoints }] of services) {
    serviceIn(services, name).dealt = { from: began, ...(!answered.has(name) && { unit: 'connections' }) };
    if (!answered.has(name)) for (const e of endpoints.values()) asTcp(e, sessions.get(e) ?? 0);
    for (const e of endpoints.values()) if (e.seconds) e.seconds = exporterMean(e.seconds, e.requests);
  }
  return services;
}

/** In TCP mode there are no responses: sessions are what is drawn. */
function asTcp(endpoint: Counted, sessions: number): void {
  endpoint.requests = sessions;
  endpoint.connections = sessions;
  endpoint.errors = null;
}

const ALGORITHMS: { [name: string]: Policy } = {
  roundrobin: 'round-robin',
  'static-rr': 'round-robin',
  leastconn: 'least-conn',
  random: 'random',
  source: 'hash',
  uri: 'hash',
  url_param: 'hash',
  hdr: 'hash',
  hash: 'hash',
  'rdp-cookie': 'hash',
};

/**
 * HAProxy's `show stat`, or its statistics page with `;csv`. The algorithm stands only in what the socket says to level
 * operator and above, or after `stats show-legends` (measured on 2.6.12).
 */
export function fromHaproxyCsv(page: string): Services {
  const services: Services = new Map();
  const lines = page.split('\n');
  const head = (lines.shift() ?? '').replace(/^# /, '').split(',');
  for (const line of lines) {
    const cells = line.split(',');
    const row = (name: string): string => cells[head.indexOf(name)] ?? '';
    const [service, name] = [row('pxname'), row('svname')];
    if (cells.length < 20 || !service || name === 'FRONTEND') continue;
    const of = serviceIn(services, service);
    if (name === 'BACKEND') {
      const algorithm = row('algo').split(/[ (]/)[0] ?? '';
      const known = Object.hasOwn(ALGORITHMS, algorithm) ? (ALGORITHMS[algorithm] ?? null) : null;
      const policy = row('cookie') ? 'sticky' : known;
      of.dealt = { ...of.dealt, policy, ...(row('mode') === 'tcp' && { unit: 'connections' }) };
      continue;
    }
    const endpoint = of.at(name);
    const answers = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other'].map((n) =>
      count(row(n)),
    );
    endpoint.requests = answers.reduce<number>((sum, n) => sum + (n ?? 0), 0);
    endpoint.errors = count(row('hrsp_5xx'));
    endpoint.weight = count(row('weight'));
    endpoint.inflight = count(row('scur'));
    endpoint.connections = count(row('connect'));
    endpoint.seconds = (count(row('rtime')) ?? 0) / 1000 || null;
    const status = row('status');
    if (/^(DOWN|MAINT|DRAIN|NOLB)/.test(status)) endpoint.aside = (status.split(' ')[0] as string).toLowerCase();
    else if (row('bck') === '1') endpoint.aside = 'backup';
    if (row('mode') === 'tcp') asTcp(endpoint, count(row('stot')) ?? 0);
  }
  for (const [name, { endpoints }] of services) if (endpoints.size === 0) services.delete(name);
  return services;
}

const PLUS = /^nginxplus_upstream_server_(requests|responses|active|state|response_time)$/;
const PLUS_ASIDE: { [state: string]: string } = { 2: 'drained', 3: 'down', 4: 'down', 5: 'checking', 6: 'unhealthy' };

/** nginx Plus through nginx-prometheus-exporter (its README): times in ms, states 1 up, 2 draining, 3 down, 4 unavail, 6 unhealthy. */
export function fromPlusExporter(page: string): Services {
  const services: Services = new Map();
  for (const { name, labels, value } of samples(page, (n) => PLUS.test(n))) {
    const endpoint = serviceIn(services, labels.upstream ?? '').at(labels.server ?? '');
    if (name.endsWith('_requests')) endpoint.requests = value;
    else if (name.endsWith('_active')) endpoint.inflight = value;
    else if (name.endsWith('_response_time')) endpoint.seconds = value / 1000 || null;
    else if (name.endsWith('_state')) endpoint.aside = PLUS_ASIDE[value] ?? null;
    else if (labels.code === '5xx') endpoint.errors = value;
  }
  return services;
}

/** nginx Plus's API, `/api/9/http/upstreams` or one of them (ngx_http_api_module: upstream server). null: it is none. */
export function fromPlusApi(json: unknown): Services | null {
  const top = record(json);
  const upstreams = Array.isArray(top.peers) ? { [String(top.zone ?? 'upstream')]: top } : top;
  const services: Services = new Map();
  for (const [name, upstream] of Object.entries(upstreams)) {
    for (const peer of records(record(upstream).peers)) {
      const endpoint = serviceIn(services, name).at(String(peer.server ?? peer.name ?? ''));
      endpoint.requests = count(peer.requests) ?? 0;
      endpoint.errors = count(record(peer.responses)['5xx']);
      endpoint.weight = count(peer.weight);
      endpoint.inflight = count(peer.active);
      endpoint.seconds = (count(peer.response_time) ?? 0) / 1000 || null;
      if (peer.backup === true) endpoint.aside = 'backup';
      else if (peer.state === 'draining') endpoint.aside = 'drained';
      else if (typeof peer.state === 'string' && peer.state !== 'up') endpoint.aside = peer.state.slice(0, 20);
    }
  }
  return services.size ? services : null;
}

/** Envoy's `/clusters?format=json` (envoy.admin.v3.Clusters). null: it is none. */
export function fromEnvoyClusters(json: unknown): Services | null {
  const clusters = record(json).cluster_statuses;
  if (!Array.isArray(clusters)) return null;
  const services: Services = new Map();
  for (const cluster of clusters.map(record)) {
    for (const host of records(cluster.host_statuses)) {
      const socket = record(record(host.address).socket_address);
      const pipe = record(record(host.address).pipe).path;
      const address = typeof pipe === 'string' ? pipe : `${socket.address ?? '?'}:${socket.port_value ?? '?'}`;
      const stats = new Map(records(host.stats).map((s) => [String(s.name), count(s.value) ?? 0]));
      const endpoint = serviceIn(services, String(cluster.name ?? '')).at(address);
      // A request whose connection was refused counts as an error, but not in rq_total (measured on 1.40.0).
      endpoint.requests = Math.max(
        stats.get('rq_total') ?? 0,
        (stats.get('rq_success') ?? 0) + (stats.get('rq_error') ?? 0),
      );
      endpoint.errors = stats.get('rq_error') ?? null;
      endpoint.connections = stats.get('cx_total') ?? null;
      endpoint.inflight = stats.get('rq_active') ?? null;
      endpoint.weight = count(host.weight);
      const zone = record(host.locality).zone;
      if (typeof zone === 'string' && zone) endpoint.zone = zone;
      endpoint.aside = envoyAside(record(host.health_status), count(host.priority) ?? 0);
    }
  }
  return services.size ? services : null;
}

function envoyAside(health: Tree, priority: number): string | null {
  const said = health.eds_health_status;
  if (said === 'DRAINING') return 'drained';
  if (typeof said === 'string' && said !== 'HEALTHY' && said !== 'UNKNOWN' && said !== 'DEGRADED') return 'down';
  if (health.failed_active_health_check === true || health.failed_outlier_check === true) return 'down';
  return priority > 0 ? 'backup' : null;
}

/** Names under which applications count their own requests: the first that a page has. */
const OWN_REQUESTS = [
  'http_requests_total',
  'nginx_http_requests_total',
  'http_server_requests_seconds_count',
  'http_server_request_duration_seconds_count',
  'http_request_duration_seconds_count',
];
const OWN_CONNECTIONS = new Set([
  'nginx_connections_accepted',
  'http_connections_total',
  'http_server_connections_total',
]);
const OWN_INFLIGHT = new Set(['nginx_connections_active', 'http_requests_in_flight', 'http_server_active_requests']);
const STUB = /^Active connections: (\d+)\s+server accepts handled requests\s+(\d+) (\d+) (\d+)/;

/** One endpoint's page about itself: nginx's stub_status, or a Prometheus page of an application. null: it is neither. */
export function fromEndpoint(page: string, address: string): Counted | null {
  const stub = STUB.exec(page);
  if (stub)
    return {
      ...none(address),
      requests: Number(stub[4]),
      connections: Number(stub[2]),
      // Our own connection is among the open ones.
      inflight: Math.max(0, Number(stub[1]) - 1),
    };
  const sums = new Map<string, { requests: number; errors: number }>();
  const own = none(address);
  const wanted = (n: string): boolean =>
    OWN_REQUESTS.includes(n) || OWN_CONNECTIONS.has(n) || OWN_INFLIGHT.has(n) || n === 'process_start_time_seconds';
  for (const { name, labels, value } of samples(page, wanted)) {
    if (OWN_CONNECTIONS.has(name)) own.connections = (own.connections ?? 0) + value;
    else if (OWN_INFLIGHT.has(name)) own.inflight = (own.inflight ?? 0) + value;
    else if (name === 'process_start_time_seconds') own.startedAt = iso(value);
    else {
      const sum = sums.get(name) ?? { requests: 0, errors: 0 };
      sums.set(name, sum);
      sum.requests += value;
      if (/^5/.test(labels.code ?? labels.status ?? labels.status_code ?? labels.http_response_status_code ?? ''))
        sum.errors += value;
    }
  }
  const name = OWN_REQUESTS.find((n) => sums.has(n));
  return name === undefined ? null : { ...own, ...(sums.get(name) as { requests: number; errors: number }) };
}
