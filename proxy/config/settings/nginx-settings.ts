import type { ListenerSettings, ProxySettings, Setting } from '../../../diagnostics/io/proxy-settings.ts';
import type { ConfigProblem, Directive } from '../nginx-config.ts';
import { blocksOf, httpScope, nearest, passOf, whereOf } from '../nginx-scope.ts';
import { heldBack } from './nginx-held.ts';
import { httpUpstreams, streamUpstream } from './nginx-upstreams.ts';
import { bytesOf, nginxSeconds } from './units.ts';

/** `80`, `*:80`, `[::]:80`, `unix:…` as host:port. */
function listenAddress(text: string): string {
  if (text.startsWith('unix:')) return text;
  if (/^\d+$/.test(text)) return `0.0.0.0:${text}`;
  const address = text.replace(/^\*:/, '0.0.0.0:');
  return /:\d+$/.test(address) ? address : `${address}:80`;
}

/** Sockets that nginx opens: what one `listen` says of an address holds for all servers on it (ngx_http_core_module, listen). */
function listenersOf(servers: Directive[]): ListenerSettings[] {
  const byAddress = new Map<string, ListenerSettings>();
  for (const server of servers) {
    const block = server.block ?? [];
    const oldSsl = block.some((d) => d.name === 'ssl' && d.args[0] === 'on');
    for (const d of block) {
      if (d.name !== 'listen' || !d.args[0] || d.args.includes('udp')) continue;
      const address = listenAddress(d.args[0]);
      const seen = byAddress.get(address) ?? {
        address,
        tls: false,
        proxyHeader: 'none' as const,
        backlog: null,
        where: whereOf(d),
      };
      const backlog = d.args.find((arg) => arg.startsWith('backlog='))?.slice('backlog='.length);
      if (d.args.includes('ssl') || d.args.includes('quic') || oldSsl) seen.tls = true;
      if (d.args.includes('proxy_protocol')) Object.assign(seen, { proxyHeader: 'required', where: whereOf(d) });
      if (backlog !== undefined && Number(backlog) > 0)
        Object.assign(seen, { backlog: Number(backlog), where: whereOf(d) });
      if (d.args.includes('reuseport')) seen.reusePort = true;
      byAddress.set(address, seen);
    }
  }
  return [...byAddress.values()];
}

/** How a directive's argument becomes a value, and what holds where nobody wrote it (nginx.org/en/docs, `Default:`). */
function reader(chain: Directive[][]) {
  const read = <T>(name: string, parse: (text: string) => T | null, fallback: T | null): Setting<T> | undefined => {
    const found = nearest(chain, name);
    const value = found?.args[0] === undefined ? null : parse(found.args[0]);
    if (found && value !== null) return { value, where: whereOf(found) };
    return fallback === null ? undefined : { value: fallback, where: null };
  };
  return {
    seconds: (name: string, fallback: number | null) => read(name, nginxSeconds, fallback),
    bytes: (name: string, fallback: number | null) => read(name, bytesOf, fallback),
    count: (name: string, fallback: number | null) =>
      read(name, (text) => (/^\d{1,9}$/.test(text) ? Number(text) : null), fallback),
  };
}

type Part = Pick<ProxySettings, 'timeouts' | 'upstreams'> & {
  body?: Setting<number>;
  header?: Setting<number>;
  answerHeader?: Setting<number>;
};

/** What holds for a request of the host (ngx_http_core_module, ngx_http_proxy_module). */
function httpPart(directives: Directive[], chain: Directive[][]): Part {
  const set = reader(chain);
  const pass = passOf(chain[0] ?? [])?.name ?? 'proxy_pass';
  const prefix = pass.slice(0, -'_pass'.length);
  const upstreams = httpUpstreams(directives, chain);
  const upstream = upstreams[0];
  const kept = upstream?.keepalive?.idleSeconds;
  const large = nearest(chain, 'large_client_header_buffers');
  const header = large?.args[1] ? bytesOf(large.args[1]) : null;
  return {
    timeouts: {
      clientHeader: set.seconds('client_header_timeout', 60),
      clientBody: set.seconds('client_body_timeout', 60),
      clientIdle: set.seconds('keepalive_timeout', 75),
      client: set.seconds('send_timeout', 60),
      ...(upstream && {
        connect: set.seconds(`${prefix}_connect_timeout`, 60),
        upstreamRead: set.seconds(`${prefix}_read_timeout`, 60),
        upstreamSend: set.seconds(`${prefix}_send_timeout`, 60),
      }),
      ...(kept != null && { upstreamIdle: { value: kept, where: upstream?.where ?? null } }),
    },
    upstreams,
    body: set.bytes('client_max_body_size', 1024 ** 2),
    // One page of memory, 4 KiB nearly everywhere (ngx_http_proxy_module, proxy_buffer_size).
    ...(upstream && { answerHeader: set.bytes(`${prefix}_buffer_size`, 4096) }),
    header: large && header !== null ? { value: header, where: whereOf(large) } : { value: 8192, where: null },
  };
}

/** What holds for connections that are passed on (ngx_stream_proxy_module: connect 60 s, proxy_timeout 10 min). */
function streamPart(directives: Directive[], servers: Directive[]): Part {
  const homes = directives.filter((d) => d.name === 'stream' && d.block).map((d) => d.block as Directive[]);
  const chains = servers.map((server) => [server.block as Directive[], ...homes]);
  const first = chains.find((chain) => nearest(chain.slice(0, 1), 'proxy_pass'));
  if (!first) return { timeouts: {}, upstreams: [] };
  const set = reader(first);
  const idle = set.seconds('proxy_timeout', 600);
  const connect = set.seconds('proxy_connect_timeout', 60);
  return {
    timeouts: { client: idle, clientIdle: idle, connect, upstreamRead: idle, upstreamSend: idle, upstreamIdle: idle },
    upstreams: chains.map((chain) => streamUpstream(directives, chain)).filter((one) => one !== null),
  };
}

/**
 * Pure: what an nginx configuration (nginx, ingress-nginx) says of a host. Where the http part passes nothing on,
 * the `stream` part counts. Defaults are those of nginx.org/en/docs as of 1.28, `where: null`.
 */
export function nginxSettings(
  directives: Directive[],
  host: string,
  source: string,
  problems: ConfigProblem[] = [],
  path = '/',
): ProxySettings {
  const scope = httpScope(directives, host, path);
  const streams = blocksOf(directives, 'stream', 'server');
  const https = directives.some((d) => d.name === 'http')
    ? blocksOf(directives, 'http', 'server')
    : directives.filter((d) => d.name === 'server' && d.block);
  const http = scope ? httpPart(directives, scope.chain) : null;
  const stream = streamPart(directives, streams);
  const main = reader([directives]);
  const events = directives.find((d) => d.name === 'events')?.block;
  const workers = nearest([directives], 'worker_processes');
  const drain = main.seconds('worker_shutdown_timeout', 0);
  const used = http?.upstreams.length ? http : { ...http, ...stream };
  const timeouts = http?.upstreams.length ? http.timeouts : { ...http?.timeouts, ...stream.timeouts };
  return {
    source,
    takes: scope?.named ? `server ${host} (${whereOf(scope.server)})` : null,
    software: null,
    listeners: listenersOf([...https, ...streams]),
    upstreams: [...(http?.upstreams ?? []), ...stream.upstreams],
    timeouts: defined({ ...timeouts, drain }),
    limits: defined({
      workers: workers
        ? {
            value: workers.args[0] === 'auto' ? ('auto' as const) : Number(workers.args[0]) || 1,
            where: whereOf(workers),
          }
        : { value: 1, where: null },
      connections: reader([events ?? []]).count('worker_connections', 512),
      connectionsAre: 'per-worker' as const,
      files: main.count('worker_rlimit_nofile', null),
      bodyBytes: used.body,
      headerBytes: used.header,
      heldBack: scope ? heldBack(directives, scope.server) : undefined,
      answerHeaderBytes: http?.answerHeader,
    }),
    problems,
  };
}

/** Leaves out keys without a value: rows are plain JSON. */
export function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
