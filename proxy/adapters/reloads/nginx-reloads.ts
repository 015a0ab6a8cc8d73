import { readFile } from 'node:fs/promises';
import { BlindLook, type ReloadHistory, type ReloadSeen } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { masterPid, processOf, type WorkerProcess, workersOf } from '../health/processes.ts';
import { reloadsIn } from '../logs/nginx-error-log.ts';
import { tailLines } from '../logs/tail.ts';
import { changedSince, newestWrite } from './config-versions.ts';

const KEPT = 200;
type Began = Pick<WorkerProcess, 'startedAt'>;
/** Workers that are this much younger than their master were started by a reload, or one by one after a crash, ms. */
const YOUNGER_MS = 3_000;
/** Workers of one reload begin within this of each other, ms. */
const TOGETHER_MS = 500;

/** Reloads of an nginx: its error log, its worker processes, and whether its file is newer than what it serves. */
export async function nginxReloads(instance: Instance): Promise<ReloadHistory> {
  if (!instance.errorLog && !instance.pidFile) {
    throw new BlindLook(
      'not-configured',
      `${instance.name}: neither an error log nor a pid file is known; name them as errorLog: and pidFile:`,
    );
  }
  const problems: BlindLook[] = [];
  const orBlind = async <T>(look: Promise<T>): Promise<T | null> =>
    look.catch((error: unknown) => {
      if (!(error instanceof BlindLook)) throw error;
      problems.push(error);
      return null;
    });
  const pid = instance.pidFile ? await orBlind(masterPid(instance.pidFile)) : null;
  const [log, workers, master, written, changed] = await Promise.all([
    instance.errorLog ? orBlind(tailLines(instance.errorLog)) : null,
    pid === null ? null : orBlind(workersOf(pid)),
    pid === null ? null : processOf(pid).catch(() => null),
    newestWrite(instance.config),
    changedSince(instance),
  ]);
  if (!log && !workers) throw problems[0] as BlindLook;
  const seen = log ? reloadsIn(log.lines, pid) : { reloads: [], from: null };
  const serving = workers?.filter((w) => /nginx: worker/.test(w.title) && !w.shuttingDown) ?? [];
  const old = workers?.filter((w) => w.shuttingDown) ?? [];
  const youngest = serving.length ? Math.max(...serving.map((w) => w.startedAt)) : null;
  const lastOk = seen.reloads.filter((r) => r.ok).at(-1)?.at ?? null;
  const last = seen.reloads.at(-1);
  // Below the level `notice`, which is not the default, the log never tells of a reload (nginx: src/os/unix/ngx_process_cycle.c).
  const silent = !log || (seen.reloads.length === 0 && old.length > 0);
  const reloads = silent && master ? fromProcesses(serving, old, master.startedAt) : seen.reloads;
  return {
    sources: [log ? 'error log' : null, workers ? 'process table' : null].filter((s) => s !== null),
    reloads: reloads.slice(-KEPT),
    reachesBackTo: seen.from === null ? null : new Date(seen.from).toISOString(),
    servingSince: youngest === null ? lastOk : new Date(youngest).toISOString(),
    // A refusal counts only while nothing newer is served: a mended file that was loaded after it ends it.
    lastRefused: last ? !last.ok && (youngest === null || youngest < Date.parse(last.at) + 1000) : log ? false : null,
    oldWorkers: workers ? old.length : null,
    workers: workers ? serving.length : null,
    workerBytes: workers ? workers.reduce((sum, w) => sum + w.residentBytes, 0) : null,
    configWrittenAt: written === null ? null : new Date(written).toISOString(),
    memory: workers ? await memoryOf(serving, old) : null,
    changed,
  };
}

/**
 * Pure: without a log the process table tells: a start begins master and workers together, a reload all workers anew. A single
 * young worker replaced one that crashed. Old workers that still live tell of the reloads that began them, too.
 */
export function fromProcesses(serving: Began[], old: Began[], master: number): ReloadSeen[] {
  if (serving.length === 0) return [];
  const eldest = Math.min(...serving.map((w) => w.startedAt));
  const seen = (at: number, of: 'reload' | 'start'): ReloadSeen => ({
    at: new Date(at).toISOString(),
    ok: true,
    error: null,
    where: null,
    of,
  });
  if (eldest <= master + YOUNGER_MS) return [seen(master, 'start')];
  const begun = [...old.map((w) => w.startedAt), eldest].sort((a, b) => a - b);
  const reloads = begun.filter((at, i) => at > master + YOUNGER_MS && at > (begun[i - 1] ?? 0) + TOGETHER_MS);
  return reloads.map((at) => seen(at, 'reload'));
}

/** Proportional set size where the kernel shows it to us (own user, or root), else resident size of each. */
async function memoryOf(serving: WorkerProcess[], old: WorkerProcess[]): Promise<ReloadHistory['memory']> {
  const pss = async ({ pid }: WorkerProcess): Promise<number | null> => {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  };
  const all = [...serving, ...old];
  const sizes = await Promise.all(all.map(pss));
  const counted = sizes.every((one) => one !== null) ? 'pss' : 'rss';
  const sum = (list: WorkerProcess[]): number =>
    list.reduce((total, one) => total + (counted === 'pss' ? (sizes[all.indexOf(one)] ?? 0) : one.residentBytes), 0);
  return { counted, servingBytes: sum(serving), oldBytes: sum(old) };
}
