import { defineCheck } from '../define-check.ts';
import { instanceLooks, proxiesOf } from '../instance-looks.ts';
import type { ReloadHistory } from '../io/proxy-reader.ts';
import { type ReloadFacts, readReloads } from '../readings/config-reloads.ts';
import { clock, fileName, plural, shellWord, visible } from '../wording.ts';

const errorLog = (f: { address: string }, pattern: string): string | null =>
  f.address.startsWith('/') ? `grep -aE '${pattern}' ${shellWord(f.address)} | tail -n 20` : null;

/** When was the configuration last taken or refused, how often does it change, and what is left of older ones? */
export const configReloads = defineCheck<ReloadHistory, ReloadFacts>({
  id: 'config-reloads',
  title: 'Recent configuration reloads',
  asks: 'Was the configuration reloaded, refused, or reloaded over and over?',
  vantages: ['inside'],
  budgetMs: 6_000,
  plan: (scope) => instanceLooks('config-reloads', proxiesOf(scope), (one) => one.errorLog ?? one.metrics ?? one.name),
  look: (io, look, _address, signal) => io.proxy.reloads(look.at, signal),
  read: readReloads,
  findings: {
    RELOAD_REFUSED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The last configuration was refused; an older one is being served',
      says: (f) =>
        `${f.proxy} refused its configuration at ${clock(f.at, f.now)}: ${f.error}${f.where ? ` (${fileName(f.where)})` : ''}. It still serves the one${f.servingSince ? ` of ${clock(f.servingSince, f.now)}` : ' before'}.`,
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
        `${f.proxy} has ${f.oldWorkers} old workers that are shutting down beside ${plural(f.workers, 'serving one')} (${
          f.oldMiB === null
            ? `${f.workerMiB} MiB in all`
            : f.counted === 'pss'
              ? `${f.oldMiB} MiB are the old ones' own`
              : `${f.oldMiB} MiB of the old ones, shared pages counted once for each`
        }).`,
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
    PROCESS_STARTED_RECENTLY: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy began a new process recently',
      says: (f) =>
        f.either
          ? `${f.proxy} began a new process at ${clock(f.at, f.now)}: a start or a reload, which this proxy does not tell apart.`
          : `${f.proxy} was started at ${clock(f.at, f.now)}; since then its configuration was not reloaded.`,
      next: (f) =>
        f.either
          ? `Name the pid file of its master (pidFile:), which tells a reload from a start.`
          : 'See why it was started.',
      reproduce: () => null,
    },
    RELOADED_UNCHANGED: {
      hop: 'proxy',
      direction: 'context',
      title: 'Reloads of a configuration that had not changed',
      says: (f) =>
        `${f.count} of ${plural(f.total, 'reload')} of ${f.proxy} loaded the files of ${clock(f.written, f.now)} again: only a certificate may have changed, or nothing.`,
      next: (f) => `Find who reloads ${f.proxy}: a timer, a hook or a controller that does not compare.`,
      reproduce: (f) => errorLog(f, 'reconfiguring'),
    },
    CONFIG_CHANGED: {
      hop: 'proxy',
      direction: 'context',
      title: 'What the last edit of the configuration changed',
      says: (f) =>
        `Against ${f.before}, the configuration of ${f.proxy} has ${plural(f.total, 'difference')}${f.endpointsOnly ? ', all of them endpoints' : ''}: ${f.changes.slice(0, 3).map(visible).join('; ')}${f.total > 3 ? '; and more' : ''}.`,
      next: () => 'Hold it against what was reported; a change nearby convicts nobody.',
      reproduce: () => null,
    },
    CONFIG_NOT_REALLY_CHANGED: {
      hop: 'proxy',
      direction: 'context',
      title: 'The last edit of the configuration changed nothing that counts',
      says: (f) =>
        `Against ${f.before}, the configuration of ${f.proxy} differs in ${f.how} only: the reload changed nothing.`,
      next: (f) => `Let what writes the configuration of ${f.proxy} compare before it reloads.`,
      reproduce: () => null,
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
