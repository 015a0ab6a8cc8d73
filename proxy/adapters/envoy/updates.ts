import type { ReloadHistory } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { list, number, record, text } from '../../json.ts';
import { jsonPage } from '../json-page.ts';
import type { Reach } from '../metrics/page.ts';
import { adminOf, type EnvoyDump, envoyDump } from './admin.ts';

const NEWEST = 200;
const BEGINNING_MS = 3_000;
/** Counters of what came from outside: listeners, clusters, routes; of endpoints there are too many. */
const COUNTERS =
  '^(listener_manager\\.lds|cluster_manager\\.cds|http\\..*\\.rds\\..*)\\.update_(rejected|success|time)$';

/**
 * Pure: a dump's times as reloads. Envoy never reloads as a whole: each listener, cluster and route configuration has its
 * own time, those of one moment are one update. A refused listener leaves its reason (error_state); of refused clusters
 * and routes only counters tell (measured on 1.40), and those do not tell when.
 */
function updatesIn(dump: EnvoyDump, counters: { [name: string]: number }, startedAt: string | null): ReloadHistory {
  const second = (at: string): string => at.slice(0, 19);
  const taken = Map.groupBy(
    dump.updates.filter(({ at }) => !Number.isNaN(Date.parse(at))),
    ({ at }) => second(at),
  );
  // What it began with is no reload; its uptime is told in whole seconds, and first answers of a control plane take a moment.
  const begun = startedAt === null ? 0 : Date.parse(startedAt) + BEGINNING_MS;
  const reloads = [
    ...[...taken.values()].map((same) => ({ at: same[0]?.at as string, ok: true, error: null, where: null })),
    ...dump.refused
      .filter(({ at }) => !Number.isNaN(Date.parse(at)))
      .map(({ what, at, error }) => ({ at, ok: false, error: `${what}: ${error}`, where: null })),
  ]
    .map((one) => ({ ...one, at: new Date(one.at).toISOString() }))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const rejected = Object.entries(counters)
    .filter(([name]) => name.endsWith('update_rejected'))
    .reduce((sum, [, value]) => sum + value, 0);
  return {
    sources: ['metrics'],
    reloads: reloads.filter((one) => !one.ok || Date.parse(one.at) > begun).slice(-NEWEST),
    reachesBackTo: startedAt,
    servingSince: reloads.findLast((one) => one.ok)?.at ?? null,
    // Something was refused at some time, and no listener still has its reason: it may have been mended since.
    lastRefused: dump.refused.length > 0 ? true : rejected > 0 ? null : false,
    oldWorkers: null,
    workers: null,
    workerBytes: null,
    configWrittenAt: null,
  };
}

/** An Envoy's uptime is whole seconds with an `s`: `93784s`. */
const uptimeMs = (value: unknown): number | null => {
  const match = /^(\d+(?:\.\d+)?)s$/.exec(text(value));
  return match ? Number(match[1]) * 1_000 : null;
};

/** What a running Envoy says of the updates that it took and refused. */
export async function envoyUpdates(instance: Instance, reach: Reach, signal: AbortSignal): Promise<ReloadHistory> {
  const admin = adminOf(instance);
  const [dump, stats, server] = await Promise.all([
    envoyDump(instance, reach, signal),
    jsonPage(`${admin}/stats?format=json&filter=${encodeURIComponent(COUNTERS)}`, reach, signal),
    jsonPage(`${admin}/server_info`, reach, signal),
  ]);
  const counters = Object.fromEntries(
    list(record(stats).stats)
      .map(record)
      .map((one) => [text(one.name), number(one.value) ?? 0]),
  );
  const up = uptimeMs(record(server).uptime_current_epoch);
  // Its clock is ours or near it: to the second, which is all that it tells.
  return updatesIn(dump, counters, up === null ? null : new Date(Date.now() - up).toISOString());
}
