import { defineCheck } from '../define-check.ts';
import { instanceLooks, proxiesOf } from '../instance-looks.ts';
import type { ProxyHealth } from '../io/proxy-health.ts';
import { type Base, type HealthFacts, readHealth } from '../readings/proxy-health.ts';
import { clock, duration, percent, plural, shellWord, span } from '../wording.ts';

const ofProcess =
  (command: (pid: number) => string) =>
  (f: Base): string | null =>
    f.pid === null ? null : command(f.pid);
const begins = ofProcess((pid) => `ps -o pid,lstart,etime,args -p ${pid} --ppid ${pid}`);
const openFiles = ofProcess(
  (pid) => `for p in ${pid} $(pgrep -P ${pid}); do ls /proc/$p/fd | wc -l; grep 'open files' /proc/$p/limits; done`,
);
const group = (f: Base, file: string): string | null =>
  f.pid === null ? null : `cat /proc/${f.pid}/cgroup; find /sys/fs/cgroup -name ${shellWord(file)} | head -n 20`;

/** Do the proxy's processes live, and do they live within their limits? */
export const proxyHealth = defineCheck<ProxyHealth, HealthFacts>({
  id: 'proxy-health',
  title: "The health of the proxy's processes",
  asks: 'Did the proxy restart or crash, and is it at a limit of connections, files, memory or processor time?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: (scope) => instanceLooks('proxy-health', proxiesOf(scope), (one) => one.pidFile ?? one.metrics ?? one.name),
  look: (io, look, _address, signal) => io.proxy.health(look.at, signal),
  read: readHealth,
  findings: {
    PROXY_RESTARTED_RECENTLY: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy was started in the time in question',
      says: (f) =>
        `${f.proxy} runs only since ${clock(f.at, f.now)} (${duration(f.secondsAgo * 1000)} before I looked).`,
      next: (f) => `See who or what started ${f.proxy} then; a restart alone convicts nobody.`,
      reproduce: begins,
    },
    PROXY_RESTARTS_REPEATEDLY: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy starts over and over',
      says: (f) =>
        `${f.proxy} was started ${f.count} times, ${span(f.first, f.at, f.now)}; each time nobody is served until it is back.`,
      next: (f) =>
        `Look at the last lines of ${f.proxy}'s log before each start, and at what killed it (memory, its own probes).`,
      reproduce: begins,
    },
    WORKERS_CRASH: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'Workers of the proxy end without being told to',
      says: (f) =>
        `${f.count === 1 ? `A worker of ${f.proxy} was` : `${f.count} workers of ${f.proxy} were`} started anew without a reload, last ${clock(f.at, f.now)}${f.signals ? ` (ended by signal ${f.signals})` : ''}; what a worker had under way is lost with it.`,
      next: (f) => `Look for "exited on signal" in ${f.proxy}'s error log: 9 is mostly memory, 11 a fault in a module.`,
      reproduce: begins,
    },
    PROXY_AT_CONNECTION_LIMIT: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy has as many connections as it may have',
      says: (f) => `${f.proxy} has ${f.used} of ${f.limit} connections that it may have (${f.what}).`,
      next: (f) => `Raise ${f.proxy}'s limit (nginx: worker_connections, HAProxy: maxconn), or add a replica.`,
      reproduce: openFiles,
    },
    PROXY_NEAR_CONNECTION_LIMIT: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy is near its limit of connections',
      says: (f) =>
        `${f.proxy} has ${f.used} of ${f.limit} connections that it may have (${f.what}); there is still room.`,
      next: (f) => `Raise ${f.proxy}'s limit before the next peak.`,
      reproduce: openFiles,
    },
    PROXY_DROPS_CONNECTIONS: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy takes connections and drops them for want of room',
      says: (f) =>
        f.count > 0
          ? `${f.proxy} took and dropped ${plural(f.count, 'connection')} within ${duration(f.overMs)} while I looked (${f.total} in all).`
          : `${f.proxy} took and dropped ${plural(f.total, 'connection')} since ${f.since ? clock(f.since, f.now) : 'its counters began'}; none while I looked.`,
      next: (f) =>
        `Raise ${f.proxy}'s limit of connections or files (nginx: worker_connections, Envoy: its listener's connection limit), or add a replica.`,
      reproduce: openFiles,
    },
    PROXY_AT_FILE_LIMIT: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy has as many files open as it may have',
      says: (f) =>
        `${f.proxy} has ${f.open} of ${f.limit} files open that one process may have; every connection is one.`,
      next: (f) =>
        `Raise ${f.proxy}'s limit of open files (worker_rlimit_nofile, LimitNOFILE=, ulimit -n) and restart it.`,
      reproduce: openFiles,
    },
    PROXY_NEAR_FILE_LIMIT: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy is near its limit of open files',
      says: (f) => `${f.proxy} has ${f.open} of ${f.limit} files open that one process may have.`,
      next: (f) => `Raise ${f.proxy}'s limit of open files before the next peak.`,
      reproduce: openFiles,
    },
    PROXY_CPU_THROTTLED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy is held back by its processor limit',
      says: (f) =>
        `${f.proxy} had to wait for processor time in ${percent(f.share)} of its periods while I looked (${duration(f.overMs)})${f.cores === null ? '' : `; its limit is ${plural(Number(f.cores.toFixed(2)), 'core')}`}.`,
      next: (f) => `Raise ${f.proxy}'s processor limit, or run fewer workers than it has cores.`,
      reproduce: (f) => group(f, 'cpu.stat'),
    },
    PROXY_NEAR_MEMORY_LIMIT: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy is near its memory limit',
      says: (f) => `${f.proxy} uses ${f.mib} of ${f.limitMib} MiB; above that its processes are killed.`,
      next: (f) => `Raise ${f.proxy}'s memory limit, or see what it holds: old workers, buffers, large tables.`,
      reproduce: (f) => group(f, 'memory.stat'),
    },
    PROXY_OUT_OF_MEMORY_KILLED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'Processes of the proxy were killed for memory',
      says: (f) =>
        `${plural(f.total, 'process').replace('processs', 'processes')} in ${f.proxy}'s control group ${f.total === 1 ? 'was' : 'were'} killed for memory${f.count > 0 ? `, ${f.count} of them while I looked` : ' since it began'}${f.shared ? '; others than the proxy live there too' : ''}.`,
      next: (f) => `Raise ${f.proxy}'s memory limit, and find what grows.`,
      reproduce: (f) => group(f, 'memory.events'),
    },
    PROXY_HEALTHY: {
      hop: 'proxy',
      direction: 'clears',
      title: 'The processes live within their limits',
      says: (f) => `${f.proxy}: ${f.seen}; no limit is near.`,
      next: () => 'Nothing to do here.',
      reproduce: begins,
    },
  },
});
