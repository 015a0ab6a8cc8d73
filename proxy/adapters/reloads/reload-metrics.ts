import { BlindLook, type ReloadHistory, type ReloadSeen } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import { masterPid, processOf, workersOf } from '../health/processes.ts';
import type { Reach } from '../metrics/page.ts';
import { sampleOf, sampleOfPage } from '../metrics/sample.ts';

/**
 * ingress-nginx says of its last reload whether it was taken and when; null without a metrics page, or where the page is
 * another one: then its error log may tell.
 */
export async function ingressNginxReloads(
  instance: Instance,
  reach: Reach,
  signal: AbortSignal,
): Promise<ReloadHistory | null> {
  if (!instance.metrics) return null;
  const sample = await sampleOfPage(instance.metrics, reach, signal).catch((error: unknown) => {
    if (error instanceof BlindLook && error.reason === 'unreadable') return null;
    throw error;
  });
  return !sample || sample.reloads.lastOk === null ? null : reloadsOf(sample);
}

/** What Traefik, HAProxy, Envoy and others say of reloads in their counters. Throws BlindLook where they say nothing. */
export async function metricReloads(
  hop: PathHop,
  instance: Instance,
  reach: Reach,
  signal: AbortSignal,
): Promise<ReloadHistory> {
  // Admin addresses know nothing of reloads that the page does not.
  const sample = instance.metrics
    ? await sampleOfPage(instance.metrics, reach, signal)
    : await sampleOf(hop, instance, reach, signal);
  const { ok, lastAt, lastOk } = sample.reloads;
  if (ok === null && lastAt === null && lastOk === null)
    throw new BlindLook('not-configured', `${sample.source} says nothing of reloads of ${hop.kind}${hintIn(sample)}`);
  const history = reloadsOf(sample);
  if (!hop.kind.startsWith('haproxy')) return history;
  const of = await haproxyBegan(instance, lastAt);
  return { ...history, reloads: history.reloads.map((one) => ({ ...one, of })) };
}

/** Old and new HAProxy processes are begun alike; only a master that is older than its worker tells a reload from a start. */
async function haproxyBegan(instance: Instance, at: string | null): Promise<'reload' | 'start' | 'either'> {
  if (!instance.pidFile || !at) return 'either';
  const master = await masterPid(instance.pidFile)
    .then(processOf)
    .catch(() => null);
  if (!master) return 'either';
  const workers = await workersOf(master.pid).catch(() => []);
  if (workers.length === 0) return 'either'; // no master: -sf begins a new process for either
  return Date.parse(at) > master.startedAt + BEGIN_MS ? 'reload' : 'start';
}

/** What a process takes at its start is no reload: its first configuration comes within this time, ms. */
const BEGIN_MS = 5_000;

function hintIn({ cannotTell }: ProxySample): string {
  const hint = cannotTell.find(({ what }) => /reload|configuration/.test(what))?.hint;
  return hint ? `; ${hint}` : '';
}

/** A page holds the last reload of each sort only: when the one before it was, nobody wrote down. */
export function reloadsOf({ reloads, process }: ProxySample): ReloadHistory {
  const seen: ReloadSeen[] = [];
  if (reloads.lastAt) {
    const began = Date.parse(process.startedAt ?? '');
    const first = Date.parse(reloads.lastAt) <= began + BEGIN_MS && Date.parse(reloads.lastAt) >= began - 1_000;
    seen.push({ at: reloads.lastAt, ok: true, error: null, where: null, ...(first && { of: 'start' as const }) });
  }
  if (reloads.lastFailedAt) seen.push({ at: reloads.lastFailedAt, ok: false, error: null, where: null });
  return {
    sources: ['metrics'],
    reloads: seen.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    reachesBackTo: null,
    servingSince: reloads.lastAt ?? null,
    lastRefused: reloads.lastOk === null ? null : !reloads.lastOk,
    oldWorkers: null,
    // The number of processes on a page counts more than workers (ingress-nginx: the controller too).
    workers: null,
    workerBytes: null,
    configWrittenAt: null,
  };
}
