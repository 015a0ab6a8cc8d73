import { BlindLook, type ProxyRoutes, type RouteSeen } from '../../../diagnostics/io/proxy-reader.ts';
import { type Directive, find, loadNginx } from '../../config/nginx-config.ts';
import { fits } from './pattern.ts';

const MATCHED = 10;

const all = (block: Directive[] | null, name: string): Directive[] => (block ?? []).filter((d) => d.name === name);
const namesOf = (server: Directive): string[] => all(server.block, 'server_name').flatMap((d) => d.args);

/** Ports of a server block and whether it is the default there; without `listen` it is port 80 (ngx_http_core_module, listen). */
function listensOf(server: Directive): { port: number; isDefault: boolean }[] {
  const listens = all(server.block, 'listen');
  if (listens.length === 0) return [{ port: 80, isDefault: false }];
  return listens.map(({ args }) => ({
    port: Number(/(?:^|:)(\d{1,5})$/.exec(args[0] ?? '')?.[1] ?? 80),
    isDefault: args.includes('default_server') || args.includes('default'),
  }));
}

/** How well a server_name without a regex fits, in nginx's order: exact, `*.x` longest first, `x.*` longest first. */
function rank(name: string, host: string): number {
  const bare = name.toLowerCase();
  if (name.startsWith('~')) return 0;
  if (bare === host) return 3_000;
  if (bare.startsWith('.')) return bare.slice(1) === host ? 3_000 : host.endsWith(bare) ? 2_000 + bare.length : 0;
  if (bare.startsWith('*.')) return host.endsWith(bare.slice(1)) ? 2_000 + bare.length : 0;
  if (bare.endsWith('.*')) return host.startsWith(bare.slice(0, -1)) ? 1_000 + bare.length : 0;
  return 0;
}

/** A regex that cannot be judged may cover the host: then nobody is accused of having no route. */
const regexCovers = (name: string, host: string): boolean =>
  name.startsWith('~') && fits(name.slice(1).replace(/\(\?P?</g, '(?<'), host, 'i') !== false;

/** The location that takes a path: `=`, then the longest prefix if it is `^~`, then regexes in their order, then that prefix. */
export function locationFor(block: Directive[], path: string): Directive | null {
  const bare = path.split(/[?#]/)[0] ?? path;
  let prefix: { directive: Directive; length: number; final: boolean } | null = null;
  const regexes: { directive: Directive; pattern: string; flags: '' | 'i' }[] = [];
  for (const directive of all(block, 'location')) {
    const [first = '', second] = directive.args;
    if (first === '=' && second === bare) return directive;
    if (first === '=') continue;
    if (first === '~' || first === '~*') {
      regexes.push({ directive, pattern: second ?? '', flags: first === '~*' ? 'i' : '' });
      continue;
    }
    const text = first === '^~' ? (second ?? '') : first;
    if (!text.startsWith('@') && bare.startsWith(text) && text.length >= (prefix?.length ?? 0))
      prefix = { directive, length: text.length, final: first === '^~' };
  }
  const found = prefix?.final
    ? prefix.directive
    : (regexes.find(({ pattern, flags }) => fits(pattern, bare, flags) === true)?.directive ??
      prefix?.directive ??
      null);
  return (found && locationFor(found.block ?? [], path)) ?? found;
}

/** `set $name "value";` of an ingress-nginx location. */
const variable = (location: Directive | null, name: string): string =>
  all(location?.block ?? null, 'set').find((d) => d.args[0] === `$${name}`)?.args[1] ?? '';

/** Most groups, and most addresses of one, that are kept. */
const MOST_GROUPS = 50;
const MOST_ADDRESSES = 20;

/** Every `upstream` with the addresses of its servers, as written (ngx_http_upstream_module: port 80 unless one is named). */
function groupsOf(directives: Directive[]): NonNullable<ProxyRoutes['groups']> {
  return [...find(directives, 'http')]
    .flatMap((http) => all(http.block, 'upstream'))
    .slice(0, MOST_GROUPS)
    .map(({ args, block }) => ({
      name: args[0] ?? '',
      addresses: all(block, 'server')
        .slice(0, MOST_ADDRESSES)
        .map((d) => withPort(d.args[0] ?? '')),
    }));
}

const withPort = (address: string): string => (/:\d+$|^unix:/.test(address) ? address : `${address}:80`);

/** The addresses behind a `proxy_pass`: those of the group that it names, or its own; undefined where a variable decides. */
function addressesOf(pass: string | undefined, groups: NonNullable<ProxyRoutes['groups']>): string[] | undefined {
  const target = /^https?:\/\/([^/$]+)(?:\/|$)/.exec(pass ?? '')?.[1];
  if (target === undefined) return undefined;
  const group = groups.find((one) => one.name === target);
  if (group) return group.addresses;
  return /^[\d.]+:\d+$|^\[[\da-f:]+\]:\d+$/i.test(target) ? [target] : undefined;
}

/** A `return 301 https://$host$request_uri` that nothing conditions. */
function redirectIn(server: Directive, location: Directive | null): RouteSeen['redirectsTo'] {
  const back = all(server.block, 'return')[0] ?? all(location?.block ?? null, 'return')[0];
  const [status = '', target = ''] = back?.args ?? [];
  const match = /^(https?|\$scheme):\/\/([^/$]*|\$host|\$http_host|\$server_name)(\/.*|\$request_uri)?$/.exec(target);
  if (!/^30[12378]$/.test(status) || !match) return undefined;
  const [, scheme = '', host = '', path] = match;
  return {
    scheme: scheme === '$scheme' ? null : (scheme as 'https' | 'http'),
    host: host.startsWith('$') ? null : host,
    path: path === undefined || path === '$request_uri' ? null : path,
    always: true,
  };
}

function seenAt(
  server: Directive,
  path: string,
  how: { covers: RouteSeen['covers']; ports: number[] },
  groups: NonNullable<ProxyRoutes['groups']>,
): RouteSeen {
  const location = locationFor(server.block ?? [], path);
  const object = variable(location, 'ingress_name');
  const service = variable(location, 'service_name');
  const redirect = redirectIn(server, location);
  const pass =
    all(location?.block ?? null, 'proxy_pass')[0] ?? [...find(location?.block ?? server.block ?? [], 'proxy_pass')][0];
  const addresses = service ? undefined : addressesOf(pass?.args[0], groups);
  // ingress-nginx redirects in Lua, by these variables (rootfs/etc/nginx/lua/lua_ingress.lua); it heeds X-Forwarded-Proto if told to.
  const forced = variable(location, 'force_ssl_redirect') === 'true';
  return {
    name: `server ${namesOf(server).join(' ')}`.slice(0, 200),
    rule: `line ${server.line}${location ? `, location ${location.args.join(' ')}` : ''}`,
    service: service
      ? `${variable(location, 'namespace')}/${service}:${variable(location, 'service_port')}`
      : (pass?.args[0] ?? null),
    ok: true,
    error: null,
    ...(how.covers && { covers: how.covers }),
    listeners: [...new Set(how.ports)].map(String),
    ...(addresses && { addresses }),
    ...(object && { owner: `Ingress ${variable(location, 'namespace')}/${object}` }),
    ...(redirect
      ? { redirectsTo: redirect }
      : forced
        ? { redirectsTo: { scheme: 'https' as const, host: null, path: null, always: false } }
        : {}),
  };
}

const leadsSomewhere = (route: RouteSeen): boolean => route.service !== null || route.redirectsTo !== undefined;

/** Pure: which server block takes a host, port by port, and what it does with the path. */
export function routesInNginx(directives: Directive[], source: string, host: string, path: string): ProxyRoutes {
  const servers = [...find(directives, 'http')]
    .flatMap((http) => [...find(http.block ?? [], 'server')])
    .filter((server) => server.block !== null);
  const at = new Map<number, { server: Directive; isDefault: boolean }[]>();
  for (const server of servers) {
    for (const { port, isDefault } of listensOf(server)) at.set(port, [...(at.get(port) ?? []), { server, isDefault }]);
  }
  const owners = new Map<Directive, { covers: RouteSeen['covers']; ports: number[] }>();
  for (const [port, there] of at) {
    let best: Directive | null = null;
    let most = 0;
    for (const { server } of there) {
      const fit = Math.max(0, ...namesOf(server).map((name) => rank(name, host)));
      if (fit > most) [best, most] = [server, fit];
    }
    // Regexes come last, in their order; they are dear, and mostly not needed.
    if (!best) {
      best = there.find(({ server }) => namesOf(server).some((name) => regexCovers(name, host)))?.server ?? null;
      most = best ? 1 : 0;
    }
    // Without a name that fits, the default server takes the request, else the first one of that port.
    const owner = best ?? (there.find((one) => one.isDefault) ?? there[0])?.server;
    if (!owner) continue;
    const known = owners.get(owner);
    owners.set(owner, {
      covers: most === 3_000 ? 'host' : most > 0 ? 'pattern' : (known?.covers ?? 'any'),
      ports: [...(known?.ports ?? []), port],
    });
  }
  const groups = groupsOf(directives);
  const seen = [...owners].map(([server, how]) => seenAt(server, path, how, groups));
  const closeness = { host: 2, pattern: 1, any: 0 };
  return {
    source,
    matching: seen
      // ingress-nginx's own `_` server leads to its default backend, which is nobody's route.
      .filter((route) => route.covers !== 'any' || (leadsSomewhere(route) && route.name !== 'server _'))
      .sort((a, b) => closeness[b.covers ?? 'any'] - closeness[a.covers ?? 'any'])
      .slice(0, MATCHED),
    total: servers.length,
    ...(groups.length > 0 && { groups }),
    listeners: [...at.keys()].map((port) => ({ name: String(port), port })),
  };
}

/** Routes of an nginx or ingress-nginx configuration file with all that it includes. Throws BlindLook where it cannot be read. */
export async function nginxRoutes(config: string, host: string, path: string): Promise<ProxyRoutes> {
  const directives = await loadNginx(config).catch((error: Error) => {
    throw new BlindLook('unreadable', error.message, { cause: error });
  });
  return routesInNginx(directives, config, host.toLowerCase(), path);
}
