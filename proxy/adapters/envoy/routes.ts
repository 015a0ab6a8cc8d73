import type { ProxyRoutes, RouteSeen } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { list, record, type Tree, text } from '../../json.ts';
import type { Reach } from '../metrics/page.ts';
import { fits } from '../routes/pattern.ts';
import { adminOf, type EnvoyDump, type EnvoyListener, envoyDump } from './admin.ts';

const MATCHED = 10;

/**
 * The virtual host that takes a host: exact domains first, then `*suffix` with the longest first, then `prefix*`, then
 * `*` (envoy: api/envoy/config/route/v3, VirtualHost.domains). Ports in domains are passed over: which one callers write
 * depends on the port that they use.
 */
function virtualHost(
  config: Tree,
  host: string,
): { virtual: Tree; domain: string; covers: 'host' | 'pattern' | 'any' } | null {
  const domains = list(config.virtual_hosts)
    .map(record)
    .flatMap((virtual) =>
      list(virtual.domains).map((domain) => ({
        virtual,
        domain: text(domain)
          .toLowerCase()
          .replace(/:(\d+|\*)$/, ''),
      })),
    );
  const exact = domains.find(({ domain }) => domain === host);
  if (exact) return { ...exact, covers: 'host' };
  const longest = (covering: (domain: string) => boolean) =>
    domains
      .filter(({ domain }) => domain.length > 1 && host.length >= domain.length && covering(domain))
      .sort((a, b) => b.domain.length - a.domain.length)[0];
  const wild =
    longest((domain) => domain.startsWith('*') && host.endsWith(domain.slice(1))) ??
    longest((domain) => domain.endsWith('*') && host.startsWith(domain.slice(0, -1)));
  if (wild) return { ...wild, covers: 'pattern' };
  const all = domains.find(({ domain }) => domain === '*');
  return all ? { ...all, covers: 'any' } : null;
}

/** Does the route's match take this path? null: it hangs on headers, or cannot be told. */
function takes(match: Tree, path: string): boolean | null {
  const bare = path.split(/[?#]/)[0] ?? path;
  const sensitive = record(match).case_sensitive !== false;
  const same = (text: string): string => (sensitive ? text : text.toLowerCase());
  let taken: boolean | null = null;
  if (typeof match.prefix === 'string') taken = same(bare).startsWith(same(match.prefix));
  else if (typeof match.path === 'string') taken = same(bare) === same(match.path);
  else if (typeof match.path_separated_prefix === 'string') {
    const prefix = same(match.path_separated_prefix);
    taken = same(bare) === prefix || same(bare).startsWith(`${prefix}/`);
  } else if (match.safe_regex) taken = fits(`^(?:${text(record(match.safe_regex).regex)})$`, bare);
  const more = list(match.headers).length + list(match.query_parameters).length > 0 || match.runtime_fraction;
  return taken && more ? null : taken;
}

const shown = (match: Tree): string => {
  for (const kind of ['prefix', 'path', 'path_separated_prefix']) {
    if (typeof match[kind] === 'string') return `${kind} ${match[kind] as string}`;
  }
  return match.safe_regex ? `regex ${text(record(match.safe_regex).regex)}` : 'any path';
};

/** Where a route leads: a cluster or the weighted ones; what it answers itself; and what is wrong with it. */
function leads(route: Tree, clusters: Set<string>): Pick<RouteSeen, 'service' | 'ok' | 'error' | 'redirectsTo'> {
  const action = record(route.route);
  const redirect = record(route.redirect);
  if (route.redirect) {
    const https = redirect.https_redirect === true || text(redirect.scheme_redirect) === 'https';
    return {
      service: null,
      ok: true,
      error: null,
      redirectsTo: {
        scheme: https ? 'https' : text(redirect.scheme_redirect) === 'http' ? 'http' : null,
        host: text(redirect.host_redirect) || null,
        path: text(redirect.path_redirect) || text(redirect.prefix_rewrite) || null,
        // The router's redirect asks nobody what the caller's scheme was (envoy: source/common/router, SslRequirements apart).
        always: true,
      },
    };
  }
  if (route.direct_response) {
    const status = record(route.direct_response).status;
    return { service: `answers ${typeof status === 'number' ? status : ''} itself`, ok: true, error: null };
  }
  const weighted = list(record(action.weighted_clusters).clusters).map((one) => text(record(one).name));
  const named = [text(action.cluster), ...weighted].filter((name) => name !== '');
  const missing = named.find((name) => !clusters.has(name));
  return {
    service: named.join(', ') || (text(action.cluster_header) ? `the cluster in ${text(action.cluster_header)}` : null),
    ok: missing === undefined,
    error: missing === undefined ? null : `the cluster ${missing} is not there`,
  };
}

/** Pure: routes of one listener for a request, in the order in which Envoy tries them. */
function onListener(dump: EnvoyDump, listener: EnvoyListener, host: string, path: string): RouteSeen[] {
  return listener.routes.flatMap((name) => {
    const config = dump.routes.get(name);
    const found = config && virtualHost(config, host);
    if (!found) return [];
    return list(found.virtual.routes)
      .map(record)
      .filter((route) => takes(record(route.match), path) !== false)
      .slice(0, MATCHED)
      .map((route) => ({
        name: text(route.name) || text(found.virtual.name),
        rule: `${found.domain} ${shown(record(route.match))}`.slice(0, 300),
        ...leads(route, dump.clusters),
        covers: found.covers,
        listeners: [listener.name],
        takes: listener.tls ? ('tls' as const) : ('clear' as const),
        owner: text(config.name),
      }));
  });
}

/** Pure: what a dump says of a request. */
export function routesIn(dump: EnvoyDump, source: string, host: string, path: string): ProxyRoutes {
  const all = dump.listeners.flatMap((listener) => onListener(dump, listener, host.toLowerCase(), path));
  const total = [...dump.routes.values()]
    .flatMap((config) => list(config.virtual_hosts))
    .reduce<number>((sum, virtual) => sum + list(record(virtual).routes).length, 0);
  return {
    source,
    matching: all.slice(0, MATCHED),
    total,
    listeners: dump.listeners.map(({ name, port }) => ({ name, port })),
  };
}

/** Routes of a running Envoy that would take this request, by its admin interface (`/config_dump`). */
export async function envoyRoutes(
  instance: Instance,
  host: string,
  path: string,
  reach: Reach,
  signal: AbortSignal,
): Promise<ProxyRoutes> {
  const source = `${adminOf(instance)}/config_dump`;
  return routesIn(await envoyDump(instance, reach, signal), source, host, path);
}
