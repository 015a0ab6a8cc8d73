import type { Guard } from '../../diagnostics/io/guard.ts';
import type { ProxyReader } from '../../diagnostics/io/io.ts';
import {
  BlindLook,
  type Complaints,
  type EndpointShares,
  type ProxyRoutes,
  type ReloadHistory,
  type ServedRequests,
  type TargetsSeen,
} from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySettings } from '../../diagnostics/io/proxy-settings.ts';
import type { Instance, PartName, PathHop } from '../../diagnostics/types.ts';
import type { Window } from '../../diagnostics/window.ts';
import { settingsOf } from '../config/settings/settings.ts';
import { historyOf, type Recorder } from '../history/history.ts';
import { type Inventory, partNamed } from '../inventory/inventory.ts';
import { reloadsInLog, rowsIn, withLog } from '../kubernetes/logs/readings.ts';
import type { PodLogs } from '../kubernetes/logs.ts';
import { envoyTargets } from './envoy/targets.ts';
import { envoyUpdates } from './envoy/updates.ts';
import { healthOf, nodeHealth } from './health/health.ts';
import { accessRows } from './logs/access-rows.ts';
import { complaintsIn } from './logs/complaints.ts';
import { readComplaints } from './logs/read-complaints.ts';
import { countRequests, countShares } from './logs/tally.ts';
import { sharesBehind } from './metrics/balance-endpoints.ts';
import { sharesIn, targetsIn } from './metrics/haproxy-servers.ts';
import { reachOf } from './metrics/page.ts';
import { sampleOf, sampleOfPage } from './metrics/sample.ts';
import { nginxReloads } from './reloads/nginx-reloads.ts';
import { ingressNginxReloads, metricReloads } from './reloads/reload-metrics.ts';
import { routesOf } from './routes/configured-routes.ts';
import { ingressNginxBackends } from './routes/ingress-nginx-backends.ts';
import { shared } from './shared.ts';

const NGINX = new Set(['nginx', 'ingress-nginx']);

/** Which line would have let us see it, by kind of proxy. */
const LOG_HINT: { [kind: string]: string } = {
  nginx: 'name its access log in the inventory (accessLog:)',
  'ingress-nginx': 'name its access log in the inventory (accessLog:)',
  traefik:
    "Traefik's access log is off unless it is switched on (--accesslog=true --accesslog.format=json); name the file as accessLog:",
  haproxy: 'send its log to a file (option httplog) and name it as accessLog:',
  envoy:
    "Envoy's access log is off unless a listener has one (access_log: [{ name: envoy.access_loggers.file, typed_config: { '@type': type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: … } }]); name the file as accessLog:",
};

/** Longest wait for a metrics page, ms. */
const PAGE_PATIENCE_MS = 4_000;

/** How far back reloads are looked for in a pod's log, ms. */
const RELOADS_MS = 24 * 3_600_000;

async function podReloads(
  kind: string,
  logs: PodLogs,
  instance: Instance,
  signal: AbortSignal,
): Promise<ReloadHistory | null> {
  const now = Date.now();
  return reloadsInLog(kind, await logs.read(instance, now - RELOADS_MS, signal), now);
}

/** Longest time that a reading for several looks may take, ms: no look waits longer. */
const SHARED_LIMIT_MS = 6_000;
/** Kept for the looks of one case and of those that came with it, no longer. */
const BRIEFLY = { keptMs: 300, limitMs: SHARED_LIMIT_MS };
/** Counters are only as good as they are new: shared while they are being read, and not kept. */
const AT_ONCE = { keptMs: 0, limitMs: SHARED_LIMIT_MS };
/** What tells one instance from another, also over inventories. */
const keyOf = (what: string, hop: PathHop, one: Instance): string =>
  [what, hop.kind, hop.name, one.name, one.metrics, one.admin, one.pidFile, one.https, one.http].join(' ');

/** Reads the managed proxies of an inventory, each by its kind; `logs`: of those that were found in a cluster. */
export function proxyReader(
  inventory: Inventory,
  guard: Guard,
  resolve: (host: string) => Promise<string[]>,
  recorder: Recorder | null = null,
  logs: PodLogs | null = null,
): ProxyReader {
  const reach = reachOf(resolve, guard);
  /** Services that requests to a host may end at, by their names in the inventory. */
  const servicesOf = (host: string): string[] =>
    inventory.routes
      .filter((route) => route.host === host)
      .flatMap((route) => route.via)
      .filter((name) => inventory.hops[name]?.hop === 'service' || inventory.hops[name]?.hop === 'app');
  const named = ({ hop: name, part }: PartName): { hop: PathHop; instance: Instance } => {
    const found = partNamed(inventory, { hop: name, part });
    if (!found) throw new BlindLook('not-configured', `the inventory names no ${name}${part ? ` ${part}` : ''}`);
    return found;
  };
  const rowsOf = async (of: PartName, window: Window, signal: AbortSignal): ReturnType<typeof accessRows> => {
    const { hop, instance } = named(of);
    if (!instance.accessLog && logs?.covers(instance)) {
      const log = await logs.read(instance, Date.parse(window.from), signal);
      return rowsIn(hop.kind, log, instance.logFormat ?? logs.format(hop.name), window);
    }
    if (!instance.accessLog) {
      throw new BlindLook(
        'not-configured',
        `${instance.name}: no access log is known; ${LOG_HINT[hop.kind] ?? 'name it as accessLog:'}`,
      );
    }
    return accessRows(hop.kind, instance, window);
  };
  const settingsFor = (hop: PathHop, instance: Instance, host: string, signal: AbortSignal): Promise<ProxySettings> => {
    // Five checks read the same configuration at the same moment, each for its own question.
    const key = keyOf(`settings ${host} ${instance.config}`, hop, instance);
    return shared(key, BRIEFLY, (own) => settingsOf(hop, instance, host, reach, own), signal);
  };
  /** What Traefik calls the services that send to these addresses: its counters know no endpoint. Best effort. */
  const calledThere = async (
    hop: PathHop,
    instance: Instance,
    host: string,
    addresses: string[],
    signal: AbortSignal,
  ): Promise<string[]> => {
    if (hop.kind !== 'traefik') return [];
    const read = await settingsFor(hop, instance, host, signal).catch(() => null);
    const ours = (read?.upstreams ?? []).filter(
      ({ servers }) => servers.length > 0 && servers.every((one) => addresses.includes(one.address)),
    );
    return ours.map(({ name }) => name);
  };
  return {
    async reloads(of, signal): Promise<ReloadHistory> {
      const { hop, instance } = named(of);
      if (hop.kind === 'envoy') return envoyUpdates(instance, reach, signal);
      if (!NGINX.has(hop.kind)) return metricReloads(hop, instance, reach, signal);
      const inLog = !instance.errorLog && !instance.pidFile && logs?.covers(instance);
      const fromLog = inLog ? podReloads(hop.kind, logs as PodLogs, instance, signal) : null;
      // Awaited last: what the log says is wanted even where there is no metrics page, and the other way round.
      fromLog?.catch(() => {});
      const fromMetrics = hop.kind === 'ingress-nginx' ? await ingressNginxReloads(instance, reach, signal) : null;
      if (fromMetrics) return withLog(fromMetrics, fromLog && (await fromLog.catch(() => null)));
      if (!fromLog) return nginxReloads(instance);
      const found = await fromLog;
      if (found) return found;
      throw new BlindLook(
        'not-configured',
        `${instance.name}: its log tells of no reload, and it has no metrics page; switch that on (--enable-metrics=true)`,
      );
    },
    async requests(of, host, window, signal): Promise<ServedRequests> {
      return countRequests(await rowsOf(of, window, signal), host);
    },
    async shares(of, service, window, signal): Promise<EndpointShares> {
      const behind = Object.values(inventory.hops).find((one) => one.name === service && one.endpoints !== null);
      if (!behind?.endpoints) throw new BlindLook('not-configured', `the endpoints of ${service} are not known`);
      const { hop, instance } = named(of);
      if (!instance.accessLog && instance.metrics && hop.kind.startsWith('haproxy')) {
        return sharesIn(
          await reach.page(instance.metrics, AbortSignal.timeout(PAGE_PATIENCE_MS)),
          instance.metrics,
          behind,
        );
      }
      const shares = countShares(await rowsOf(of, window, signal), behind);
      // Behind a service address only the endpoints themselves know who got what.
      return shares.through ? sharesBehind(shares, behind, reach, signal) : shares;
    },
    async targets(of, signal): Promise<TargetsSeen> {
      const { hop, instance } = named(of);
      if (hop.kind === 'envoy') return envoyTargets(instance, reach, signal);
      if (hop.kind === 'ingress-nginx') return ingressNginxBackends(instance, reach, signal);
      const key = keyOf('sample', hop, instance);
      return targetsIn(await shared(key, AT_ONCE, (own) => sampleOf(hop, instance, reach, own), signal));
    },
    async complaints(of, host, window, signal): Promise<Complaints> {
      const { hop, instance } = named(of);
      const file = instance.errorLog ?? (hop.kind.startsWith('haproxy') ? instance.accessLog : null);
      if (!file && logs?.covers(instance)) {
        const { lines, source } = await logs.read(instance, Date.parse(window.from), signal);
        return complaintsIn(hop.kind, lines, source, host, window);
      }
      return readComplaints(hop.kind, instance, host, window);
    },
    async routes(of, host, path, signal): Promise<ProxyRoutes> {
      const { hop, instance } = named(of);
      const key = keyOf(`routes ${host} ${path} ${instance.config}`, hop, instance);
      return shared(key, BRIEFLY, (own) => routesOf(hop, instance, { host, path }, reach, own), signal);
    },
    async sample(of, signal) {
      const { hop, instance } = named(of);
      return shared(keyOf('sample', hop, instance), AT_ONCE, (own) => sampleOf(hop, instance, reach, own), signal);
    },
    async history(of, host, window, signal) {
      const { hop, instance } = named(of);
      const services = servicesOf(host);
      const addresses = services.flatMap((name) => inventory.hops[name]?.endpoints?.map((one) => one.address) ?? []);
      const called = await calledThere(hop, instance, host, addresses, signal);
      return historyOf(
        hop,
        instance,
        { host, services: [...services, ...called], addresses },
        window,
        {
          prometheus: inventory.prometheus,
          recorder,
          sample: (during) => sampleOf(hop, instance, reach, during),
          share: (what, read) =>
            shared(keyOf(what, hop, instance), { keptMs: 2_000, limitMs: SHARED_LIMIT_MS }, read, signal),
          sampleFrom: (text, during) =>
            sampleOfPage(instance.metrics ?? instance.name, { page: async () => text }, during),
          page: reach.page,
        },
        signal,
      );
    },
    async settings(of, host, signal) {
      const { hop, instance } = named(of);
      return settingsFor(hop, instance, host, signal);
    },
    async health(of, signal) {
      const { hop, instance } = named(of);
      // Two checks ask at the same moment, and so do other cases: one reading, which takes a second, serves all.
      const times = { keptMs: 1_000, limitMs: SHARED_LIMIT_MS };
      return shared(keyOf('health', hop, instance), times, (own) => healthOf(hop, instance, reach, own), signal);
    },
    async node(name, signal) {
      const node = inventory.nodes.find((one) => one.name === name);
      if (!node) throw new BlindLook('not-configured', `the inventory names no node ${name}`);
      return nodeHealth(node, reach, signal);
    },
  };
}
