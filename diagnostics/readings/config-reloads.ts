import type { Draft, ReadScope } from '../define-check.ts';
import type { ReloadHistory } from '../io/proxy-reader.ts';

/** This many reloads within ten minutes is a storm: endpoint changes come singly, people edit slower. */
const STORM = 8;
const STORM_MS = 600_000;
/** A reload this long before the report still counts as recent, ms. */
const RECENT_MS = 3_600_000;
/** This many reloads of one and the same text are more than a certificate explains. */
const AGAIN = 3;
const MIB = 1024 * 1024;

/** Facts of each finding of the check `config-reloads`. */
export interface ReloadFacts {
  RELOAD_REFUSED: {
    proxy: string;
    at: string;
    error: string;
    where: string | null;
    servingSince: string | null;
    now: string;
    address: string;
  };
  RELOAD_STORM: {
    proxy: string;
    count: number;
    minutes: number;
    first: string;
    last: string;
    oldWorkers: number | null;
    workerMiB: number | null;
    now: string;
    address: string;
  };
  OLD_WORKERS_LINGER: {
    proxy: string;
    oldWorkers: number;
    workers: number;
    workerMiB: number;
    /** Of the old ones alone; `pss`: shared pages are counted once, `rss`: once for each process. null: an older row. */
    oldMiB: number | null;
    counted: string | null;
    address: string;
  };
  PROCESS_STARTED_RECENTLY: { proxy: string; at: string; either: boolean; now: string; address: string };
  RELOADED_UNCHANGED: { proxy: string; count: number; total: number; written: string; now: string; address: string };
  CONFIG_CHANGED: { proxy: string; changes: string[]; total: number; endpointsOnly: boolean; before: string };
  CONFIG_NOT_REALLY_CHANGED: { proxy: string; how: string; before: string };
  RELOADED_RECENTLY: { proxy: string; at: string; count: number; now: string; address: string };
  NO_RECENT_RELOAD: { proxy: string; servingSince: string | null; now: string; sources: string[] };
  CONFIG_NOT_LOADED: { proxy: string; written: string; servingSince: string; now: string; address: string };
}

/** The busiest ten minutes of a history: how many reloads, from when to when. */
function busiest(times: number[]): { count: number; first: number; last: number } {
  let best = { count: 0, first: 0, last: 0 };
  for (let from = 0, to = 0; to < times.length; to++) {
    while ((times[to] as number) - (times[from] as number) > STORM_MS) from++;
    if (to - from + 1 > best.count)
      best = { count: to - from + 1, first: times[from] as number, last: times[to] as number };
  }
  return best;
}

/** What the last edit really changed, where the version before it is known. */
function changedIn({ changed }: ReloadHistory, proxy: string): Draft<ReloadFacts>[] {
  if (!changed) return [];
  const { before, same, orderOnly, namesOnly, changes, total, endpointsOnly } = changed;
  if (same || orderOnly || namesOnly) {
    const how = same
      ? 'comments and white space'
      : orderOnly
        ? 'an order that means nothing'
        : 'names that were made up anew';
    return [{ code: 'CONFIG_NOT_REALLY_CHANGED', facts: { proxy, how, before } }];
  }
  return [{ code: 'CONFIG_CHANGED', facts: { proxy, changes, total, endpointsOnly, before } }];
}

/** Reloads after the one that took the file as it is: they loaded the same text again. */
function unchanged(
  history: ReloadHistory,
  recent: number[],
  base: { proxy: string; now: string; address: string },
): Draft<ReloadFacts>[] {
  const written = history.configWrittenAt;
  if (!written) return [];
  const after = recent.filter((at) => at > Date.parse(written) + 1_000);
  // The first of them may be the one that took the file; a certificate is a good reason for another.
  if (after.length < AGAIN) return [];
  return [{ code: 'RELOADED_UNCHANGED', facts: { ...base, count: after.length - 1, total: recent.length, written } }];
}

/** Pure: what a proxy's history of reloads says: refusals, storms, what was taken, what is left of older ones, what changed. */
export function readReloads(history: ReloadHistory, scope: ReadScope): Draft<ReloadFacts>[] {
  const proxy = scope.look.at.part ?? scope.look.at.hop;
  const now = scope.case.at;
  const base = { proxy, now, address: scope.address };
  const found: Draft<ReloadFacts>[] = [];
  const last = history.reloads.at(-1);
  const iso = (ms: number): string => new Date(ms).toISOString();
  const workerMiB = history.workerBytes === null ? null : Math.round(history.workerBytes / MIB);

  if (history.lastRefused) {
    const refused = history.reloads.findLast((r) => !r.ok);
    found.push({
      code: 'RELOAD_REFUSED',
      facts: {
        ...base,
        at: refused?.at ?? now,
        error: refused?.error ?? 'refused',
        where: refused?.where ?? null,
        servingSince: history.servingSince,
      },
    });
  }
  const from = Math.min(Date.parse(scope.case.since ?? now), Date.parse(now) - RECENT_MS);
  const taken = history.reloads.filter((r) => r.ok && Date.parse(r.at) >= from);
  const recent = taken.filter((r) => (r.of ?? 'reload') === 'reload').map((r) => Date.parse(r.at));
  const start = taken.findLast((r) => r.of === 'start' || r.of === 'either');
  const storm = busiest(recent);
  if (storm.count >= STORM) {
    found.push({
      code: 'RELOAD_STORM',
      facts: {
        ...base,
        count: storm.count,
        minutes: Math.max(1, Math.round((storm.last - storm.first) / 60_000)),
        first: iso(storm.first),
        last: iso(storm.last),
        oldWorkers: history.oldWorkers,
        workerMiB,
      },
    });
  } else if (recent.length && last) {
    found.push({
      code: 'RELOADED_RECENTLY',
      facts: { ...base, at: iso(recent.at(-1) as number), count: recent.length },
    });
  }
  if (start && recent.length === 0)
    found.push({ code: 'PROCESS_STARTED_RECENTLY', facts: { ...base, at: start.at, either: start.of === 'either' } });
  found.push(...unchanged(history, recent, base));
  if (recent.length || history.lastRefused) found.push(...changedIn(history, proxy));
  if (history.oldWorkers !== null && history.workers !== null && history.oldWorkers > Math.max(2, history.workers)) {
    found.push({
      code: 'OLD_WORKERS_LINGER',
      facts: {
        proxy,
        oldWorkers: history.oldWorkers,
        workers: history.workers,
        workerMiB: workerMiB ?? 0,
        oldMiB: history.memory ? Math.round(history.memory.oldBytes / MIB) : null,
        counted: history.memory?.counted ?? null,
        address: scope.address,
      },
    });
  }
  const { configWrittenAt: written, servingSince } = history;
  if (!history.lastRefused && written && servingSince && Date.parse(written) > Date.parse(servingSince) + 2_000) {
    found.push({ code: 'CONFIG_NOT_LOADED', facts: { proxy, written, servingSince, now, address: scope.address } });
  }
  if (found.length === 0)
    found.push({ code: 'NO_RECENT_RELOAD', facts: { proxy, servingSince, now, sources: history.sources } });
  return found;
}
