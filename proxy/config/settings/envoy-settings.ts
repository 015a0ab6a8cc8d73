import type { ListenerSettings, ProxySettings, Setting } from '../../../diagnostics/io/proxy-settings.ts';
import { isTree, list, type Tree } from '../../json.ts';
import { addressOf, chainsOf, type EnvoyTree, envoyTree, HCM, TCP_PROXY, typed } from './envoy-tree.ts';
import { clustersOf, type EnvoyRoute, envoyUpstream, protocolOptions } from './envoy-upstreams.ts';
import { defined } from './nginx-settings.ts';
import { at, numberOf, type PlainFile, textOf, treesOf } from './plain-tree.ts';
import { goSeconds } from './units.ts';

function listenerOf(listener: Tree, where: string | null): ListenerSettings | null {
  const address = addressOf(at(listener, 'address'));
  if (!address) return null;
  const header = typed(at(listener, 'listener_filters'), /listener\.proxy_protocol|listener\.proxy_protocol\.v3/);
  const tls = chainsOf(listener).some((chain) =>
    /transport_sockets\.tls|DownstreamTlsContext|quic/.test(
      `${textOf(at(chain, 'transport_socket', 'name'))} ${textOf(at(chain, 'transport_socket', 'typed_config', '@type'))}`,
    ),
  );
  const optional = at(header, 'allow_requests_without_proxy_protocol') === true;
  return {
    address,
    tls,
    proxyHeader: header ? (optional ? 'optional' : 'required') : 'none',
    // Unset, the kernel's somaxconn on Linux (api/envoy/config/listener/v3/listener.proto).
    backlog: numberOf(at(listener, 'tcp_backlog_size')),
    reusePort: at(listener, 'enable_reuse_port') !== false,
    where,
  };
}

/** Does a virtual host's domain fit: exact, `*.x`, `x.*`, `*` (envoy: VirtualHost.domains)? Higher is better, 0: no. */
function fit(domain: string, host: string): number {
  const name = domain.toLowerCase();
  if (name === host || name.replace(/:(\d+|\*)$/, '') === host) return 4_000;
  if (name === '*') return 1;
  if (name.startsWith('*') && host.endsWith(name.slice(1))) return 3_000 + name.length;
  if (name.endsWith('*') && host.startsWith(name.slice(0, -1))) return 2_000 + name.length;
  return 0;
}

interface Taken {
  manager: Tree | null;
  route: EnvoyRoute | null;
  listener: string | null;
  rank: number;
}

const hasAction = (route: Tree): boolean => isTree(at(route, 'route'));

/** The route of the host for `/`: the first of its virtual host that goes to a cluster. */
function routeIn(config: unknown, host: string): { route: EnvoyRoute; rank: number } | null {
  let best: { route: EnvoyRoute; rank: number } | null = null;
  for (const virtual of treesOf(at(config, 'virtual_hosts'))) {
    const rank = Math.max(
      0,
      ...list(at(virtual, 'domains'))
        .slice(0, 1_000)
        .map((one) => fit(String(one), host)),
    );
    const value = treesOf(at(virtual, 'routes')).find(hasAction);
    if (rank > (best?.rank ?? 0) && value) best = { rank, route: { value, host: virtual } };
  }
  return best;
}

/** The connection manager that takes the host, and its route. */
function takerOf(tree: EnvoyTree, host: string): Taken {
  let best: Taken = { manager: null, route: null, listener: null, rank: 0 };
  for (const { value, where } of tree.listeners) {
    for (const chain of chainsOf(value)) {
      const manager = typed(at(chain, 'filters'), HCM);
      if (!manager) continue;
      const name = textOf(at(manager, 'rds', 'route_config_name'));
      const config = at(manager, 'route_config') ?? tree.routes.find((one) => at(one, 'name') === name);
      const found = routeIn(config, host);
      if ((found?.rank ?? 0) > best.rank || !best.manager)
        best = { manager, route: found?.route ?? null, listener: where, rank: found?.rank ?? 0 };
    }
  }
  return best;
}

/** What a virtual host's and its connection manager's limits are (envoy: HttpConnectionManager, RouteAction; docs: faq/configuration/timeouts). */
function httpTimeouts(taken: Taken, cluster: Tree | undefined): ProxySettings['timeouts'] {
  const manager = taken.manager ?? {};
  const where = taken.listener;
  const pick = (from: unknown, fallback: number | null, of: string | null, ...keys: string[]) => {
    const value = goSeconds(at(from, ...keys));
    if (value !== null) return { value, where: of } satisfies Setting<number>;
    return fallback === null ? undefined : { value: fallback, where: null };
  };
  return defined({
    clientHeader: pick(manager, 0, where, 'request_headers_timeout'),
    clientBody: pick(manager, 0, where, 'request_timeout'),
    client: pick(manager, 300, where, 'stream_idle_timeout'),
    clientIdle: pick(manager, 3_600, where, 'common_http_protocol_options', 'idle_timeout'),
    ...(taken.route && { upstreamRead: pick(taken.route.value, 15, where, 'route', 'timeout') }),
    ...(cluster && {
      connect: pick(cluster, 5, where, 'connect_timeout'),
      upstreamIdle: pick(protocolOptions(cluster), 3_600, where, 'idle_timeout'),
    }),
    // After a listener goes (drain) the manager still sends GOAWAY this long before it closes.
    drain: pick(manager, 5, where, 'drain_timeout'),
  });
}

/** Where only TCP is proxied: the clusters of all tcp_proxy filters; idle one hour. */
function tcpPart(tree: EnvoyTree): { clusters: string[]; idle: Setting<number> } {
  const filters = tree.listeners.flatMap(({ value }) =>
    chainsOf(value).map((chain) => typed(at(chain, 'filters'), TCP_PROXY)),
  );
  const found = filters.filter((one) => one !== null);
  const idle = goSeconds(at(found[0], 'idle_timeout'));
  return {
    clusters: [...new Set(found.flatMap(clustersOf))],
    idle: idle === null ? { value: 3_600, where: null } : { value: idle, where: tree.listeners[0]?.where ?? null },
  };
}

/** Pure: what an Envoy's bootstrap file or `/config_dump` says of a host. Defaults: envoy: api/, `where: null`. */
export function envoySettings(plain: PlainFile, host: string, source: string): ProxySettings {
  const tree = envoyTree(plain);
  const taken = takerOf(tree, host);
  const tcp = tcpPart(tree);
  const http = taken.route !== null;
  const names = http ? clustersOf(at(taken.route?.value, 'route')) : tcp.clusters;
  const upstreams = names
    .map((name) => envoyUpstream(tree, name, http ? 'http' : 'tcp', taken.route))
    .filter((one) => one !== null);
  const cluster = tree.clusters.find(({ value }) => at(value, 'name') === names[0])?.value;
  const missing = names.filter((name) => !tree.clusters.some(({ value }) => at(value, 'name') === name));
  const kb = numberOf(at(taken.manager, 'max_request_headers_kb'));
  const connect = goSeconds(at(cluster, 'connect_timeout'));
  return {
    source,
    takes: taken.rank > 1 ? `virtual host ${textOf(at(taken.route?.host, 'name')) ?? host} (${taken.listener})` : null,
    software: tree.version ? `envoy ${tree.version}` : null,
    listeners: tree.listeners.map(({ value, where }) => listenerOf(value, where)).filter((one) => one !== null),
    upstreams,
    timeouts: http
      ? httpTimeouts(taken, cluster)
      : tcp.clusters.length
        ? {
            client: tcp.idle,
            clientIdle: tcp.idle,
            upstreamRead: tcp.idle,
            upstreamIdle: tcp.idle,
            connect: connect === null ? { value: 5, where: null } : { value: connect, where: taken.listener },
          }
        : {},
    limits: defined({
      headerBytes: kb === null ? { value: 60 * 1024, where: null } : { value: kb * 1024, where: taken.listener },
    }),
    problems: missing.map((name) => ({
      where: taken.listener ?? source,
      what: `its route names a cluster ${name.slice(0, 80)} that is not there`,
    })),
  };
}
