import { joinAddress } from '../../../diagnostics/io/address.ts';
import { isTree, type Tree } from '../../json.ts';
import { at, type PlainFile, textOf, treesOf } from './plain-tree.ts';

/** Listeners, clusters and routes of an Envoy, from its bootstrap file or its admin page `/config_dump`. */
export interface EnvoyTree {
  listeners: { value: Tree; where: string | null }[];
  clusters: { value: Tree; where: string | null }[];
  routes: Tree[];
  version: string | null;
}

/** Parts of a dump, static and dynamic ones; of dynamic listeners the active state (envoy: api/envoy/admin/v3/config_dump_shared.proto). */
function fromDump(configs: Tree[], source: string): EnvoyTree {
  const tree: EnvoyTree = { listeners: [], clusters: [], routes: [], version: null };
  const where = (what: string): string => `${source} (${what})`;
  for (const config of configs) {
    for (const one of treesOf(at(config, 'static_listeners'))) add(tree.listeners, at(one, 'listener'), where);
    for (const one of treesOf(at(config, 'dynamic_listeners')))
      add(tree.listeners, at(one, 'active_state', 'listener'), where);
    for (const list of ['static_clusters', 'dynamic_active_clusters'])
      for (const one of treesOf(at(config, list))) add(tree.clusters, at(one, 'cluster'), where);
    for (const list of ['static_route_configs', 'dynamic_route_configs'])
      for (const one of treesOf(at(config, list))) {
        const route = at(one, 'route_config');
        if (isTree(route)) tree.routes.push(route);
      }
    const build = at(config, 'bootstrap', 'node', 'user_agent_build_version', 'version');
    if (isTree(build))
      tree.version = ['major_number', 'minor_number', 'patch'].map((key) => at(build, key) ?? 0).join('.');
  }
  return tree;
}

function add(list: EnvoyTree['clusters'], value: unknown, where: (what: string) => string): void {
  if (isTree(value)) list.push({ value, where: where(textOf(at(value, 'name')) ?? 'unnamed') });
}

/** Reads either shape. Nothing there: empty lists. */
export function envoyTree(plain: PlainFile): EnvoyTree {
  const configs = at(plain.data, 'configs');
  if (Array.isArray(configs)) return fromDump(treesOf(configs), plain.file);
  const part = (name: string) =>
    treesOf(at(plain.data, 'static_resources', name)).map((value, i) => ({
      value,
      where: plain.where('static_resources', name, i),
    }));
  return { listeners: part('listeners'), clusters: part('clusters'), routes: [], version: null };
}

/** The configuration inside `typed_config` of a filter or extension whose name or type fits. */
export function typed(list: unknown, fits: RegExp): Tree | null {
  for (const one of treesOf(list)) {
    const config = at(one, 'typed_config');
    const type = textOf(at(config, '@type')) ?? '';
    if (fits.test(textOf(at(one, 'name')) ?? '') || fits.test(type)) return isTree(config) ? config : {};
  }
  return null;
}

export const HCM = /http_connection_manager|HttpConnectionManager/;
export const TCP_PROXY = /network\.tcp_proxy|TcpProxy/;

/** All filter chains of a listener. */
export const chainsOf = (listener: Tree): Tree[] => [
  ...treesOf(at(listener, 'filter_chains')),
  ...treesOf([at(listener, 'default_filter_chain')]),
];

export function addressOf(value: unknown): string | null {
  const socket = at(value, 'socket_address');
  const host = textOf(at(socket, 'address'));
  const port = textOf(at(socket, 'port_value'));
  if (host === null) return textOf(at(value, 'pipe', 'path'));
  return joinAddress(host, port ?? '0');
}
