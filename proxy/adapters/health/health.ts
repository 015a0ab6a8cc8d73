import { setTimeout as pause } from 'node:timers/promises';
import type { ProxyHealth } from '../../../diagnostics/io/proxy-health.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import { tailLines } from '../logs/tail.ts';
import type { Reach } from '../metrics/page.ts';
import { sampleOf } from '../metrics/sample.ts';
import { haproxyConnections, nginxFullAt, ofProcess, workerConnections } from './connections.ts';
import { masterOf } from './find-process.ts';
import { fromMetrics, type Samples } from './from-metrics.ts';
import { type LogTraces, nginxTraces, traefikStarts } from './log-traces.ts';
import { fileLimitOf, type Machine, openFilesOf, socketsOf, THIS_MACHINE } from './machine.ts';
import { BETWEEN_MS, counted } from './node.ts';
import { type SeenProcess, type WorkerProcess, workersOf } from './processes.ts';
import { isMoving, queuesOf, type Reading, readOnce, somaxconnOf } from './reading.ts';

export { nodeHealth } from './node.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
/** Workers of one start or reload begin within this of each other, ms. */
const TOGETHER_MS = 5_000;
/** A metrics page is only the second source here: it may not hold up the first, ms. */
const PAGE_MS = 2_000;
const isNginx = (kind: string): boolean => kind === 'nginx' || kind === 'ingress-nginx';

/** null where a second source has nothing to say; a fault of our own is never swallowed. */
const orNull = <T>(look: Promise<T>): Promise<T | null> =>
  look.catch((error: unknown) => {
    if (error instanceof BlindLook) return null;
    throw error;
  });

/** Pure: the workers of a master, and which of them began later than any start or reload explains. */
function workersSeen(
  master: SeenProcess,
  children: WorkerProcess[],
  traces: LogTraces | null,
): NonNullable<ProxyHealth['workers']> {
  const serving = children.filter((one) => !one.shuttingDown && !/cache (manager|loader)/.test(one.title));
  const all = serving.length ? serving : [master];
  const eldest = Math.min(...all.map((one) => one.startedAt));
  // Where the log shows starts and reloads, a younger worker was started anew; else only siblings can tell.
  const begun = traces?.lastReload ? Math.max(traces.lastReload, master.startedAt) : eldest;
  return {
    count: all.length,
    youngest: iso(Math.max(...all.map((one) => one.startedAt))),
    shuttingDown: children.length - children.filter((one) => !one.shuttingDown).length,
    restarted: serving.filter((one) => one.startedAt > begun + TOGETHER_MS).length,
    exits: (traces?.exits ?? []).map(({ at, signal }) => ({ at: iso(at), signal })),
  };
}

async function tracesOf(kind: string, instance: Instance, master: number): Promise<LogTraces | null> {
  const log = instance.errorLog ? await orNull(tailLines(instance.errorLog)) : null;
  if (!log) return null;
  if (isNginx(kind)) return nginxTraces(log.lines, master);
  return kind === 'traefik' ? { starts: traefikStarts(log.lines), exits: [], lastReload: null } : null;
}

async function filesOf(machine: Machine, pids: number[]): Promise<ProxyHealth['files']> {
  const seen = await Promise.all(
    pids.map(async (pid) => ({ open: await openFilesOf(machine, pid), limit: await fileLimitOf(machine, pid) })),
  );
  return seen
    .flatMap(({ open, limit }) => (open !== null && limit ? [{ open, limit }] : []))
    .reduce<ProxyHealth['files']>(
      (worst, one) => (!worst || one.open / one.limit > worst.open / worst.limit ? one : worst),
      null,
    );
}

/** Connections of whatever is nearest to its limit: an nginx worker's own, a HAProxy's frontends, else what metrics say. */
async function connectionsOf(
  kind: string,
  instance: Instance,
  machine: Machine,
  workers: number[],
  samples: Samples,
  page: string | null,
): Promise<ProxyHealth['connections']> {
  const { first, last, overMs } = samples;
  const dropped = counted(first?.connections.dropped ?? null, last?.connections.dropped ?? null, overMs);
  if (isNginx(kind)) {
    const limit = await workerConnections(instance.config);
    const held = (await Promise.all(workers.map((pid) => socketsOf(machine, pid)))).filter((one) => one !== null);
    const active = last?.connections.active ?? null;
    if (limit && held.length) {
      const now = Math.max(...held.map((one) => one.size));
      return { now, limit, fullAt: nginxFullAt(limit), what: 'its busiest worker, clients and upstreams', dropped };
    }
    if (limit && workers.length && active !== null) {
      const all = limit * workers.length;
      return { now: active, limit: all, fullAt: all, what: 'all workers, clients alone', dropped };
    }
  }
  const ofPage = page === null ? null : haproxyConnections(page);
  if (ofPage) return { ...ofPage, dropped };
  return last && ofProcess(last.connections, dropped);
}

const hints = (
  health: Omit<ProxyHealth, 'cannotTell'>,
  instance: Instance,
  kind: string,
): ProxyHealth['cannotTell'] => {
  const found: ProxyHealth['cannotTell'] = [];
  if (!health.queues)
    found.push({ what: 'accept queues', hint: `${instance.name}: run me on its machine and name its pidFile:` });
  else if (health.queues.some((one) => one.length === null))
    found.push({
      what: 'the length of its accept queues',
      hint: 'install iproute2 (ss) here; in another network namespace only root can ask',
    });
  if (!health.files)
    found.push({ what: 'open files', hint: "only its own user, or Linux 6.2 and later, shows another user's count" });
  if (!health.connections?.limit)
    found.push({
      what: 'connections against their limit',
      hint: isNginx(kind)
        ? `${instance.name}: name its config: and its stub_status page (metrics:)`
        : `${instance.name}: name its metrics page (metrics:)`,
    });
  return found;
};

function groupsOver(first: Reading, last: Reading): Pick<ProxyHealth, 'memory' | 'cpu'> {
  const overMs = Math.round(last.at - first.at);
  const [memory, cpu] = [last.groups.memory, last.groups.cpu];
  const before = first.groups.cpu;
  const periods = cpu && before ? cpu.periods - before.periods : 0;
  return {
    memory: memory && {
      ...memory,
      oomKills: counted(first.groups.memory?.oomKills ?? null, memory.oomKills, overMs),
    },
    cpu: cpu && {
      limitCores: cpu.limitCores,
      throttledShare: periods > 0 && before ? (cpu.throttled - before.throttled) / periods : null,
      throttledShareInAll: cpu.periods > 0 ? cpu.throttled / cpu.periods : null,
      overMs,
      shared: cpu.shared,
    },
  };
}

/**
 * What this machine shows of a proxy's processes, and what its metrics say where it does not. Counters are read twice
 * where they ever moved. What is denied stands in `cannotTell`; throws BlindLook when nothing at all is visible.
 */
export async function healthOf(
  hop: PathHop,
  instance: Instance,
  reach: Reach,
  signal: AbortSignal,
  machine: Machine = THIS_MACHINE,
  betweenMs = BETWEEN_MS,
): Promise<ProxyHealth> {
  const { kind } = hop;
  const during = AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS)]);
  const url = instance.metrics;
  const sample = (): Promise<ProxySample | null> => orNull(sampleOf(hop, instance, reach, during));
  const [master, sampled, page] = await Promise.all([
    masterOf(kind, instance, machine).catch((error: unknown) => {
      if (error instanceof BlindLook) return error;
      throw error;
    }),
    sample(),
    url && kind.startsWith('haproxy') ? orNull(reach.page(url, during)) : null,
  ]);
  if (master instanceof BlindLook) {
    // Its own log still tells how often it began: a proxy that is down between two crashes has no process to look at.
    const traces = await tracesOf(kind, instance, -1);
    if (!sampled && !traces?.starts.length) throw master;
    const again = async (): Promise<ProxySample | null> => {
      await pause(betweenMs, undefined, { signal });
      return sample();
    };
    const health = { ...(await fromMetrics(sampled, again, page)), starts: (traces?.starts ?? []).map(iso) };
    return {
      ...health,
      cannotTell: [{ what: 'its processes', hint: master.message }, ...hints(health, instance, kind)],
    };
  }
  const children = await workersOf(master.pid, machine);
  const serving = children.filter((one) => !one.shuttingDown);
  const pids = [master.pid, ...children.map((one) => one.pid)];
  const [traces, first] = await Promise.all([tracesOf(kind, instance, master.pid), readOnce(instance, machine, pids)]);
  const again = isMoving(first) || (sampled?.connections.dropped ?? 0) > 0;
  if (again) await pause(betweenMs, undefined, { signal });
  const [last, resampled] = again
    ? await Promise.all([readOnce(instance, machine, pids), sampled ? sample() : null])
    : [first, sampled];
  const workers = (serving.length ? serving : [master]).map((one) => one.pid);
  const overMs = Math.round(last.at - first.at);
  const overflows = counted(first.overflows, last.overflows, overMs);
  const over = groupsOver(first, last);
  const [files, connections, somaxconn] = await Promise.all([
    filesOf(machine, pids),
    connectionsOf(kind, instance, machine, workers, { first: sampled, last: resampled, overMs }, page),
    somaxconnOf(machine, last),
  ]);
  const health = {
    sources: [
      'process table',
      ...(over.memory || over.cpu ? ['cgroup'] : []),
      ...(last.listeners ? ['network namespace'] : []),
      ...(traces ? ['error log'] : []),
      ...(sampled || page ? ['metrics'] : []),
    ],
    pid: master.pid,
    startedAt: iso(master.startedAt),
    starts: (traces?.starts ?? []).map(iso),
    workers: workersSeen(master, children, traces),
    ...over,
    files,
    connections,
    queues: queuesOf(first, last),
    overflows: overflows && { ...overflows, namespace: last.namespace },
    somaxconn,
  };
  return { ...health, cannotTell: hints(health, instance, kind) };
}
