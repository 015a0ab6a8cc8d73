import type {
  ProxySettings,
  Setting,
  UpstreamServer,
  UpstreamSettings,
} from '../../../diagnostics/io/proxy-settings.ts';
import { isTree, type Tree } from '../../json.ts';
import { at, numberOf, type PlainFile, textOf, treesOf } from './plain-tree.ts';
import { goSeconds } from './units.ts';

interface Used {
  kind: 'http' | 'tcp';
  service: string | null;
  middlewares: string[];
}

interface Named {
  name: string;
  value: Tree;
  file: PlainFile;
  keys: string[];
}

/** `shop`, `shop@file`: the provider after the @ is in the API's names, in files it is mostly left out. */
function lookUp(files: PlainFile[], kind: string, what: string, name: string): Named | null {
  const bare = name.replace(/@[^@]*$/, '');
  for (const file of files) {
    const all = at(file.data, kind, what);
    if (!isTree(all)) continue;
    const keys = Object.keys(all);
    const key = [name, bare].find((one) => Object.hasOwn(all, one)) ?? keys.find((one) => one.startsWith(`${bare}@`));
    const value = key === undefined ? undefined : all[key];
    if (key !== undefined && isTree(value))
      return { name: key.replace(/@[^@]*$/, ''), value, file, keys: [kind, what, key] };
  }
  return null;
}

const MAX_SERVICES = 200;

/** Load balancers behind a service: weighted, mirrored and fail-over services lead to others. */
function balancersOf(files: PlainFile[], kind: 'http' | 'tcp', name: string, seen: Set<string>): Named[] {
  if (seen.has(name) || seen.size > MAX_SERVICES) return [];
  seen.add(name);
  const service = lookUp(files, kind, 'services', name);
  if (!service) return [];
  if (isTree(at(service.value, 'loadBalancer'))) return [service];
  const others = [
    ...treesOf(at(service.value, 'weighted', 'services')).map((one) => textOf(at(one, 'name'))),
    textOf(at(service.value, 'mirroring', 'service')),
    textOf(at(service.value, 'failover', 'service')),
    textOf(at(service.value, 'failover', 'fallback')),
  ];
  return others.flatMap((one) => (one ? balancersOf(files, kind, one, seen) : []));
}

/** Tries of a retry middleware, the first one among them (traefik: pkg/middlewares/retry/retry.go). */
function retriesOf(files: PlainFile[], middlewares: string[], servers: number): UpstreamSettings['retries'] {
  for (const name of middlewares) {
    const attempts = numberOf(at(lookUp(files, 'http', 'middlewares', name)?.value, 'retry', 'attempts'));
    if (attempts !== null && attempts > 1)
      return { count: attempts - 1, otherServer: servers > 1, on: ['connection'], waitSeconds: 0 };
  }
  return null;
}

function sendsOf(files: PlainFile[], balancer: unknown): UpstreamServer['sends'] {
  const name = textOf(at(balancer, 'serversTransport'));
  const transport = name ? lookUp(files, 'tcp', 'serversTransports', name)?.value : null;
  for (const from of [balancer, transport]) {
    const own = at(from, 'proxyProtocol');
    if (own === undefined) continue;
    return numberOf(at(own, 'version')) === 1 ? 'proxy-v1' : 'proxy-v2';
  }
  return 'none';
}

/** `interval` 30 s; one failure and it is out, one success and it is back (traefik: pkg/healthcheck). */
function healthCheckOf(balancer: unknown): UpstreamSettings['healthCheck'] {
  const check = at(balancer, 'healthCheck');
  if (!isTree(check)) return null;
  return {
    path: textOf(at(check, 'path')),
    intervalSeconds: goSeconds(at(check, 'interval')) ?? 30,
    fall: 1,
    rise: 1,
  };
}

function upstreamOf(
  files: PlainFile[],
  used: Used,
  named: Named,
  keepalive: UpstreamSettings['keepalive'],
): UpstreamSettings {
  const balancer = at(named.value, 'loadBalancer');
  const sends = used.kind === 'tcp' ? sendsOf(files, balancer) : 'none';
  const servers = treesOf(at(balancer, 'servers')).map((one): UpstreamServer => {
    const url = textOf(at(one, 'url')) ?? textOf(at(one, 'address')) ?? '';
    const [, scheme = '', address = url] = /^(https?|h2c):\/\/([^/]*)/.exec(url) ?? [];
    const port = scheme === 'https' ? '443' : '80';
    return {
      name: null,
      address: /:\d+$/.test(address) || used.kind === 'tcp' ? address : `${address}:${port}`,
      weight: numberOf(at(one, 'weight')),
      backup: false,
      down: false,
      sends,
      tls: scheme === 'https' || at(one, 'tls') === true,
      limit: null,
    };
  });
  return {
    name: named.name,
    policy: textOf(at(balancer, 'strategy')) ?? 'wrr',
    mode: used.kind,
    servers,
    healthCheck: healthCheckOf(balancer),
    retries: used.kind === 'http' ? retriesOf(files, used.middlewares, servers.length) : null,
    keepalive: used.kind === 'http' ? keepalive : null,
    where: named.file.where(...named.keys),
  };
}

/** Upstreams of the routers, with the timeouts of the transport that the first of them uses. */
export function traefikUpstreams(
  fixed: PlainFile,
  dynamic: PlainFile[],
  routers: Used[],
): Pick<ProxySettings, 'timeouts' | 'upstreams'> & { bodyBytes?: Setting<number> } {
  const files = [...dynamic, fixed];
  const pairs = routers.flatMap((used) =>
    used.service ? balancersOf(files, used.kind, used.service, new Set()).map((named) => ({ used, named })) : [],
  );
  const first = pairs[0];
  const tcp = first?.used.kind === 'tcp';
  const own = textOf(at(first?.named.value, 'loadBalancer', 'serversTransport'));
  const transport = own ? lookUp(files, tcp ? 'tcp' : 'http', 'serversTransports', own) : null;
  const base = tcp ? 'tcpServersTransport' : 'serversTransport';
  const seconds = (fallback: number, ...keys: string[]): Setting<number> => {
    const stated = transport ? goSeconds(at(transport.value, ...keys)) : goSeconds(at(fixed.data, base, ...keys));
    if (stated === null) return { value: fallback, where: null };
    const where = transport ? transport.file.where(...transport.keys, ...keys) : fixed.where(base, ...keys);
    return { value: stated, where };
  };
  // traefik: pkg/config/dynamic/http_config.go, ForwardingTimeouts.SetDefaults; MaxIdleConnsPerHost 200.
  const idle = seconds(90, 'forwardingTimeouts', 'idleConnTimeout');
  const most = numberOf(at(transport?.value ?? at(fixed.data, base), 'maxIdleConnsPerHost')) ?? 200;
  const keepalive = most < 0 ? null : { connections: most || null, idleSeconds: idle.value, requests: null };
  const seen = new Set<Named['value']>();
  const upstreams = pairs
    .filter(({ named }) => !seen.has(named.value) && seen.add(named.value))
    .map(({ used, named }) => upstreamOf(files, used, named, keepalive));
  if (!first) return { timeouts: {}, upstreams };
  return {
    upstreams,
    timeouts: tcp
      ? { connect: seconds(30, 'dialTimeout') }
      : {
          connect: seconds(30, 'forwardingTimeouts', 'dialTimeout'),
          upstreamRead: seconds(0, 'forwardingTimeouts', 'responseHeaderTimeout'),
          upstreamIdle: idle,
        },
    bodyBytes: bodyLimit(
      files,
      routers.flatMap((r) => r.middlewares),
    ),
  };
}

function bodyLimit(files: PlainFile[], middlewares: string[]): Setting<number> | undefined {
  for (const name of middlewares) {
    const found = lookUp(files, 'http', 'middlewares', name);
    const bytes = numberOf(at(found?.value, 'buffering', 'maxRequestBodyBytes'));
    if (found && bytes) return { value: bytes, where: found.file.where(...found.keys, 'buffering') };
  }
  return undefined;
}
