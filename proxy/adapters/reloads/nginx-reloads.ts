import { stat } from 'node:fs/promises';
import { BlindLook, type ReloadHistory } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { masterPid, workersOf } from '../health/processes.ts';
import { reloadsIn } from '../logs/nginx-error-log.ts';
import { tailLines } from '../logs/tail.ts';

const KEPT = 200;

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
  const [log, workers] = await Promise.all([
    instance.errorLog ? orBlind(tailLines(instance.errorLog)) : null,
    pid === null ? null : orBlind(workersOf(pid)),
  ]);
  if (!log && !workers) throw problems[0] as BlindLook;
  const seen = log ? reloadsIn(log.lines, pid) : { reloads: [], from: null };
  const serving = workers?.filter((w) => /nginx: worker/.test(w.title) && !w.shuttingDown) ?? [];
  const old = workers?.filter((w) => w.shuttingDown) ?? [];
  const youngest = serving.length ? Math.max(...serving.map((w) => w.startedAt)) : null;
  const lastOk = seen.reloads.filter((r) => r.ok).at(-1)?.at ?? null;
  const last = seen.reloads.at(-1);
  const written = await writtenAt(instance.config);
  return {
    sources: [log ? 'error log' : null, workers ? 'process table' : null].filter((s) => s !== null),
    reloads: seen.reloads.slice(-KEPT),
    reachesBackTo: seen.from === null ? null : new Date(seen.from).toISOString(),
    servingSince: youngest === null ? lastOk : new Date(youngest).toISOString(),
    // A refusal counts only while nothing newer is served: a mended file that was loaded after it ends it.
    lastRefused: last ? !last.ok && (youngest === null || youngest < Date.parse(last.at) + 1000) : log ? false : null,
    oldWorkers: workers ? old.length : null,
    workers: workers ? serving.length : null,
    workerBytes: workers ? workers.reduce((sum, w) => sum + w.residentBytes, 0) : null,
    configWrittenAt: written === null ? null : new Date(written).toISOString(),
  };
}

/** When a file was last written, ms since the epoch; null when it cannot be seen. */
async function writtenAt(file: string | null): Promise<number | null> {
  if (!file) return null;
  return stat(file).then(
    (s) => s.mtimeMs,
    () => null,
  );
}
