import type { UpstreamServer, UpstreamSettings } from '../../../diagnostics/io/proxy-settings.ts';
import type { Directive } from '../nginx-config.ts';
import { blocksOf, nearest, passOf, whereOf } from '../nginx-scope.ts';
import { nginxSeconds } from './units.ts';

const POLICIES = ['least_conn', 'ip_hash', 'hash', 'random', 'least_time', 'sticky'];

const argument = (args: string[], key: string): string | null =>
  args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1) ?? null;

/** `server` lines of an upstream block (ngx_http_upstream_module). */
function serversOf(block: Directive[], tls: boolean, sends: UpstreamServer['sends']): UpstreamServer[] {
  return block
    .filter((d) => d.name === 'server' && d.args[0])
    .map((d) => ({
      name: null,
      address: withPort(d.args[0] as string, '80'),
      weight: Number(argument(d.args, 'weight') ?? 1),
      backup: d.args.includes('backup'),
      down: d.args.includes('down'),
      sends,
      tls,
      limit: Number(argument(d.args, 'max_conns') ?? 0) || null,
    }));
}

const withPort = (address: string, port: string): string =>
  address.startsWith('unix:') || /:\d+$/.test(address) ? address : `${address}:${port}`;

/** Is what comes over a kept connection really kept? Only HTTP/1.1 without `Connection: close` (ngx_http_upstream_module, keepalive). */
function keepsAlive(chain: Directive[][], prefix: string): boolean {
  if (prefix === 'grpc') return true;
  if (prefix === 'fastcgi') return nearest(chain, 'fastcgi_keep_conn')?.args[0] === 'on';
  if (prefix !== 'proxy') return false;
  if (nearest(chain, 'proxy_http_version')?.args[0] !== '1.1') return false;
  // Headers are inherited from above only where a level sets none itself.
  const headers = chain.map((b) => b.filter((d) => d.name === 'proxy_set_header')).find((list) => list.length > 0);
  const connection = headers?.findLast((d) => d.args[0]?.toLowerCase() === 'connection');
  return connection !== undefined && connection.args[1]?.toLowerCase() !== 'close';
}

/** More values than this nobody draws from. */
const DRAWN = 20;

/**
 * What `split_clients` puts into a variable, the largest share first, as parts of 1 (ngx_http_split_clients_module: `*` takes
 * the rest); none where the variable comes from elsewhere.
 */
function drawn(directives: Directive[], target: string): { target: string; share: number }[] {
  const variable = /^\$(?:\{(\w+)\}|(\w+))$/.exec(target);
  const name = variable && `$${variable[1] ?? variable[2]}`;
  const split = name ? blocksOf(directives, 'http', 'split_clients').find((d) => d.args[1] === name) : undefined;
  const lines = (split?.block ?? []).slice(0, DRAWN);
  const shares = lines.map((d) => (d.name === '*' ? null : Number.parseFloat(d.name) / 100));
  const rest = 1 - shares.reduce<number>((sum, part) => sum + (part ?? 0), 0);
  return lines
    .map((d, i) => ({ target: d.args[0] ?? '', share: shares[i] ?? Math.max(0, rest) }))
    .filter((one) => one.target !== '' && !one.target.includes('$') && one.share > 0)
    .sort((a, b) => b.share - a.share);
}

/** The upstreams that an http location passes to, with retries and keep-alive as they hold there: one, or those it draws from. */
export function httpUpstreams(directives: Directive[], chain: Directive[][]): UpstreamSettings[] {
  const pass = passOf(chain[0] ?? []);
  if (!pass) return [];
  const [, rest = pass.args[0] ?? ''] = /^(?:https?|grpcs?):\/\/(.*)$/.exec(pass.args[0] ?? '') ?? [];
  const target = rest.split('/')[0] as string;
  const several = drawn(directives, target);
  if (several.length === 0) return [httpUpstream(directives, chain, pass, target)];
  return several.map((one) => ({
    ...httpUpstream(directives, chain, pass, one.target),
    drawn: { from: target, share: one.share },
  }));
}

function httpUpstream(
  directives: Directive[],
  chain: Directive[][],
  pass: Directive,
  target: string,
): UpstreamSettings {
  const prefix = pass.name.slice(0, -'_pass'.length);
  const [, scheme = ''] = /^(https?|grpcs?):\/\//.exec(pass.args[0] ?? '') ?? [];
  const tls = scheme === 'https' || scheme === 'grpcs';
  const group = blocksOf(directives, 'http', 'upstream').find((d) => d.args[0] === target);
  const block = group?.block ?? [];
  const lua = block.some((d) => d.name.startsWith('balancer_by_lua'));
  const servers = group
    ? lua
      ? [] // one placeholder; who is behind it stands in the Lua tables
      : serversOf(block, tls, 'none')
    : target && !target.includes('$')
      ? [single(withPort(target, tls ? '443' : '80'), tls, 'none')]
      : [];
  const set = (name: string): string | undefined => nearest(chain, name)?.args[0];
  const on = nearest(chain, `${prefix}_next_upstream`)?.args ?? ['error', 'timeout'];
  const tries = Number(set(`${prefix}_next_upstream_tries`) ?? 0);
  const usable = servers.filter((s) => !s.down).length;
  // Each server is tried once; a Lua balancer is asked again, on a single endpoint too (measured on ingress-nginx).
  const most = lua ? tries || 1 : tries ? Math.min(tries, usable) : usable;
  const keepalive = block.findLast((d) => d.name === 'keepalive');
  const own = (name: string): string | undefined => block.findLast((d) => d.name === name)?.args[0];
  return {
    name: backendName(chain) ?? target,
    policy: POLICIES.find((name) => block.some((d) => d.name === name)) ?? (lua ? 'lua' : 'round_robin'),
    mode: 'http',
    servers,
    // Active checks are nginx Plus' alone (health_check in a location).
    healthCheck: healthCheckOf(chain),
    retries:
      on.includes('off') || most <= 1
        ? null
        : {
            count: most - 1,
            otherServer: !lua || usable > 1,
            on,
            withinSeconds: nginxSeconds(set(`${prefix}_next_upstream_timeout`) ?? '0') ?? 0,
          },
    keepalive:
      keepalive && keepsAlive(chain, prefix)
        ? {
            connections: Number(keepalive.args[0]),
            idleSeconds: nginxSeconds(own('keepalive_timeout') ?? '60s'),
            requests: Number(own('keepalive_requests') ?? 1000),
          }
        : null,
    ...passiveCheck(block, servers.length),
    where: whereOf(group ?? pass),
  };
}

/** ingress-nginx names the backend of a location in a variable. */
function backendName(chain: Directive[][]): string | null {
  for (const block of chain.slice(0, -1)) {
    const set = block.findLast((d) => d.name === 'set' && d.args[0] === '$proxy_upstream_name' && d.args[1] !== '-');
    if (set) return set.args[1] ?? null;
  }
  return null;
}

/** `max_fails` and `fail_timeout`: on unless they are 0, and never for a single server. */
function passiveCheck(block: Directive[], servers: number): Pick<UpstreamSettings, 'ejects'> {
  const first = block.find((d) => d.name === 'server');
  const failures = Number(argument(first?.args ?? [], 'max_fails') ?? 1);
  if (!first || servers < 2 || failures === 0) return {};
  return { ejects: { failures, seconds: nginxSeconds(argument(first.args, 'fail_timeout') ?? '10s') ?? 10 } };
}

function healthCheckOf(chain: Directive[][]): UpstreamSettings['healthCheck'] {
  const check = nearest(chain.slice(0, -1), 'health_check');
  if (!check) return null;
  const number = (key: string, fallback: number): number => Number(argument(check.args, key) ?? fallback);
  return {
    path: argument(check.args, 'uri') ?? '/',
    intervalSeconds: nginxSeconds(argument(check.args, 'interval') ?? '5s') ?? 5,
    fall: number('fails', 1),
    rise: number('passes', 1),
  };
}

const single = (address: string, tls: boolean, sends: UpstreamServer['sends']): UpstreamServer => ({
  name: null,
  address,
  weight: null,
  backup: false,
  down: false,
  sends,
  tls,
  limit: null,
});

/** What a `stream` server passes connections to; its PROXY header is version 1 (ngx_stream_proxy_module, proxy_protocol). */
export function streamUpstream(directives: Directive[], chain: Directive[][]): UpstreamSettings | null {
  const pass = nearest(chain.slice(0, 1), 'proxy_pass');
  if (!pass) return null;
  const target = pass.args[0] ?? '';
  const sends = nearest(chain, 'proxy_protocol')?.args[0] === 'on' ? 'proxy-v1' : 'none';
  const tls = nearest(chain, 'proxy_ssl')?.args[0] === 'on';
  const group = blocksOf(directives, 'stream', 'upstream').find((d) => d.args[0] === target);
  const block = group?.block ?? [];
  const servers = group ? serversOf(block, tls, sends) : target.includes('$') ? [] : [single(target, tls, sends)];
  const tries = Number(nearest(chain, 'proxy_next_upstream_tries')?.args[0] ?? 0);
  const usable = servers.filter((s) => !s.down).length;
  const count = (tries ? Math.min(tries, usable) : usable) - 1;
  const off = nearest(chain, 'proxy_next_upstream')?.args[0] === 'off';
  return {
    name: target,
    policy: POLICIES.find((name) => block.some((d) => d.name === name)) ?? 'round_robin',
    mode: 'tcp',
    servers,
    healthCheck: healthCheckOf(chain),
    // Only a connection that could not be made is tried elsewhere: what was sent cannot be taken back.
    retries: off || count < 1 ? null : { count, otherServer: true, on: ['connect'] },
    keepalive: null,
    ...passiveCheck(block, servers.length),
    where: whereOf(group ?? pass),
  };
}
