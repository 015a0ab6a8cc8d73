import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { ReloadHistory } from '../io/proxy-reader.ts';
import { clock, plural, shellWord } from '../wording.ts';

/** This many reloads within ten minutes is a storm: endpoint changes come singly, people edit slower. */
const STORM = 8;
const STORM_MS = 600_000;
/** A reload this long before the report still counts as recent, ms. */
const RECENT_MS = 3_600_000;
const MIB = 1024 * 1024;

interface ReloadFacts {
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
  OLD_WORKERS_LINGER: { proxy: string; oldWorkers: number; workers: number; workerMiB: number; address: string };
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

function read(history: ReloadHistory, scope: ReadScope): Draft<ReloadFacts>[] {
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
  const recent = history.reloads.filter((r) => r.ok && Date.parse(r.at) >= from).map((r) => Date.parse(r.at));
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
  if (history.oldWorkers !== null && history.workers !== null && history.oldWorkers > Math.max(2, history.workers)) {
    found.push({
      code: 'OLD_WORKERS_LINGER',
      facts: {
        proxy,
        oldWorkers: history.oldWorkers,
        workers: history.workers,
        workerMiB: workerMiB ?? 0,
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

const errorLog = (f: { address: string }, pattern: string): string | null =>
  f.address.startsWith('/') ? `grep -aE '${pattern}' ${shellWord(f.address)} | tail -n 20` : null;

/** When was the configuration last taken or refused, how often does it change, and what is left of older ones? */
export const configReloads = defineCheck<ReloadHistory, ReloadFacts>({
  id: 'config-reloads',
  title: 'Recent configuration reloads',
  asks: 'Was the configuration reloaded, refused, or reloaded over and over?',
  vantages: ['inside'],
  budgetMs: 6_000,
  plan: ({ path }) =>
    path.hops
      .filter((hop) => hop.hop === 'proxy')
      .flatMap((hop) =>
        hop.instances.map((instance) => ({
          look: {
            check: 'config-reloads',
            vantage: 'inside' as const,
            hop: 'proxy' as const,
            at: { hop: hop.name, part: instance.name },
            address: instance.errorLog ?? instance.metrics ?? instance.name,
            with: {},
          },
        })),
      ),
  look: (io, look, _address, signal) => io.proxy.reloads(look.at, signal),
  read,
  findings: {
    RELOAD_REFUSED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The last configuration was refused; an older one is being served',
      says: (f) =>
        `${f.proxy} refused its configuration at ${clock(f.at, f.now)}: ${f.error}${f.where ? ` (${f.where})` : ''}. It still serves the one${f.servingSince ? ` of ${clock(f.servingSince, f.now)}` : ' before'}.`,
      next: (f) => `Mend ${f.where ?? 'the configuration'} and reload ${f.proxy}; until then no change reaches it.`,
      reproduce: (f) => errorLog(f, '\\[emerg\\]'),
    },
    RELOAD_STORM: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy reloads over and over',
      says: (f) =>
        `${f.proxy} reloaded ${f.count} times within ${plural(f.minutes, 'minute')} (last ${clock(f.last, f.now)})${
          f.oldWorkers
            ? `; ${plural(f.oldWorkers, 'old worker')} still alive${f.workerMiB ? `, ${f.workerMiB} MiB in all` : ''}`
            : ''
        }. Each reload breaks every keep-alive connection once.`,
      next: (f) =>
        `Find what rewrites ${f.proxy}'s configuration, and compare two versions of it: most often only an order changes.`,
      reproduce: (f) => errorLog(f, 'reconfiguring'),
    },
    OLD_WORKERS_LINGER: {
      hop: 'proxy',
      direction: 'context',
      title: 'Workers of older configurations are still alive',
      says: (f) =>
        `${f.proxy} has ${f.oldWorkers} old workers that are shutting down beside ${plural(f.workers, 'serving one')} (${f.workerMiB} MiB in all).`,
      next: () => 'Bound their life with worker_shutdown_timeout, and find why it reloads so often.',
      reproduce: () => "ps -eo pid,etime,rss,args | grep '[w]orker process is shutting down'",
    },
    RELOADED_RECENTLY: {
      hop: 'proxy',
      direction: 'context',
      title: 'The configuration was reloaded recently',
      says: (f) =>
        `${f.proxy} took a new configuration at ${clock(f.at, f.now)}${f.count > 1 ? ` (${f.count} reloads in the time in question)` : ''}.`,
      next: () => 'See what changed; a reload alone convicts nobody.',
      reproduce: (f) => errorLog(f, 'reconfiguring'),
    },
    NO_RECENT_RELOAD: {
      hop: 'proxy',
      direction: 'clears',
      title: 'No reload in the time in question',
      says: (f) =>
        `${f.proxy} was not reloaded in the time in question${f.servingSince ? ` (it serves what it took ${clock(f.servingSince, f.now)})` : ''}.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
    CONFIG_NOT_LOADED: {
      hop: 'proxy',
      direction: 'context',
      title: 'The configuration file is newer than what is served',
      says: (f) =>
        `${f.proxy}'s configuration file was written ${clock(f.written, f.now)}, after what it serves (${clock(f.servingSince, f.now)}): the change is not loaded.`,
      next: (f) => `Test the file (nginx -t) and reload ${f.proxy}, or take the change back.`,
      reproduce: () => null,
    },
  },
});
