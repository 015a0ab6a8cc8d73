import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { list, number, record, type Tree, text } from '../../json.ts';
import { jsonPage } from '../json-page.ts';
import type { Reach } from '../metrics/page.ts';

/** Base of the admin interface that the inventory names. Throws BlindLook with the line that would name it. */
export function adminOf(instance: Instance): string {
  if (!instance.admin?.startsWith('http'))
    throw new BlindLook(
      'not-configured',
      `${instance.name}: Envoy's admin interface is not known; name it as admin: (http://127.0.0.1:9901; Envoy Gateway: 19000)`,
    );
  return instance.admin.replace(/\/$/, '');
}

/** One listener with the route configurations that its HTTP connection managers use. */
export interface EnvoyListener {
  name: string;
  port: number | null;
  tls: boolean;
  /** Names of the route configurations. */
  routes: string[];
}

/** What `/config_dump` holds of routes (envoy: api/envoy/admin/v3/config_dump_shared.proto; measured on 1.40). */
export interface EnvoyDump {
  listeners: EnvoyListener[];
  routes: Map<string, Tree>;
  clusters: Set<string>;
  /** When parts were last taken, and what was refused since. */
  updates: { what: string; at: string; version: string | null }[];
  refused: { what: string; at: string; error: string; version: string | null }[];
}

const HTTP_MANAGER = 'HttpConnectionManager';
const short = (type: unknown): string => text(type).split('.').at(-1) ?? '';

function listenerOf(config: Tree, routes: Map<string, Tree>): EnvoyListener {
  const chains = [...list(config.filter_chains), config.default_filter_chain].map(record);
  const managers = chains
    .flatMap((chain) => list(chain.filters))
    .map((filter) => record(record(filter).typed_config))
    .filter((typed) => short(typed['@type']) === HTTP_MANAGER);
  const names = managers.flatMap((manager) => {
    const rds = text(record(manager.rds).route_config_name);
    if (rds) return [rds];
    const own = record(manager.route_config);
    const name = text(own.name);
    if (!own.virtual_hosts) return [];
    // Route configurations within a listener may have no name, or one that others have too.
    const key = `${text(config.name)} ${name}`;
    routes.set(key, own);
    return [key];
  });
  return {
    name: text(config.name),
    port: number(record(record(config.address).socket_address).port_value),
    tls: chains.some((chain) => chain.transport_socket !== undefined),
    routes: [...new Set(names)],
  };
}

/** Reads the dump of a running Envoy. Unknown parts are passed over; throws BlindLook where there is no dump. */
export async function envoyDump(instance: Instance, reach: Reach, signal: AbortSignal): Promise<EnvoyDump> {
  const url = `${adminOf(instance)}/config_dump`;
  const configs = list(record(await jsonPage(url, reach, signal)).configs).map(record);
  if (configs.length === 0) throw new BlindLook('unreadable', `${url} is no configuration dump of Envoy`);
  return readDump(configs);
}

/** Pure part of `envoyDump`. */
export function readDump(configs: Tree[]): EnvoyDump {
  const dump: EnvoyDump = { listeners: [], routes: new Map(), clusters: new Set(), updates: [], refused: [] };
  const took = (what: string, state: Tree): void => {
    const at = text(state.last_updated);
    if (at) dump.updates.push({ what, at, version: text(state.version_info) || null });
  };
  const refused = (what: string, error: Tree): void => {
    if (!text(error.details) && !text(error.last_update_attempt)) return;
    dump.refused.push({
      what,
      at: text(error.last_update_attempt),
      error: text(error.details).slice(0, 300),
      version: text(error.version_info) || null,
    });
  };
  for (const config of configs) {
    const kind = short(config['@type']);
    if (kind === 'RoutesConfigDump') {
      for (const one of [...list(config.static_route_configs), ...list(config.dynamic_route_configs)].map(record)) {
        const route = record(one.route_config);
        const name = text(route.name);
        // Static ones are read from their listeners; those that listeners name come by RDS.
        if (list(config.dynamic_route_configs).includes(one)) dump.routes.set(name, route);
        took(`routes ${name}`, one);
        refused(`routes ${name}`, record(one.error_state));
      }
    } else if (kind === 'ListenersConfigDump') {
      for (const one of list(config.static_listeners).map(record)) {
        dump.listeners.push(listenerOf(record(one.listener), dump.routes));
        took(`listener ${text(record(one.listener).name)}`, one);
      }
      for (const one of list(config.dynamic_listeners).map(record)) {
        const active = record(one.active_state);
        if (active.listener) dump.listeners.push(listenerOf(record(active.listener), dump.routes));
        took(`listener ${text(one.name)}`, active);
        refused(`listener ${text(one.name)}`, record(one.error_state));
      }
    } else if (kind === 'ClustersConfigDump') {
      for (const one of [...list(config.static_clusters), ...list(config.dynamic_active_clusters)].map(record)) {
        dump.clusters.add(text(record(one.cluster).name));
        took(`cluster ${text(record(one.cluster).name)}`, one);
      }
    }
  }
  return dump;
}
