import type { ChildProcess } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EdgePorts, type EdgeSettings, type EdgeSite, edgeConfig } from './edge-config.ts';
import type { ProcessGuard } from './process-guard.ts';
import { mustRun, readIfThere } from './server-process.ts';
import { pause, until } from './until.ts';

/** One nginx replica of the managed proxy `edge`. */
interface EdgeReplica {
  name: string;
  pid: number;
  dir: string;
  errorLog: string;
}

/** The managed proxy `edge`: nginx replicas that share one configuration. */
export interface Edge {
  replicas: EdgeReplica[];
  settings(): EdgeSettings;
  /** The sites with one of them changed, for `apply`. */
  changedSite(upstream: string, change: Partial<EdgeSite>): EdgeSite[];
  /** Writes the changed settings for all replicas and reloads them; resolves once the old workers have left the listeners. */
  apply(change: Partial<EdgeSettings>): Promise<void>;
  /** Writes a configuration that nginx will refuse, and asks it to take it; resolves once every replica has refused. */
  applyRefused(change: Partial<EdgeSettings>): Promise<void>;
  /** Reloads for ever, with the endpoints in another order each time. */
  storm(everyMs: number): void;
  /** Ends a storm; resolves once every replica runs on the settings again. */
  calm(): Promise<void>;
  /** Ends a storm without another word to nginx: the world ends. */
  abandon(): void;
  mustRun(): void;
}

interface Running extends EdgeReplica {
  ports: EdgePorts;
  child: ChildProcess;
}

export function startEdge(
  guard: ProcessGuard,
  nginx: string,
  dir: string,
  ports: EdgePorts[],
  initial: EdgeSettings,
): Edge {
  let settings = initial;
  let storming: NodeJS.Timeout | undefined;
  const replicas = ports.map((at): Running => {
    const home = join(dir, at.name);
    mkdirSync(join(home, 'tmp'), { recursive: true });
    writeConfig(home, at, settings);
    const args = ['-p', `${home}/`, '-e', 'error.log', '-c', 'nginx.conf', '-g', 'daemon off;'];
    const child = guard.start(at.name, nginx, args, { cwd: home, log: join(home, 'stderr.log') });
    return { name: at.name, pid: child.pid ?? 0, dir: home, errorLog: join(home, 'error.log'), ports: at, child };
  });

  /** nginx logs at notice how an old worker leaves, and at emerg why it took nothing over. */
  async function reload(seen: RegExp): Promise<void> {
    const before = replicas.map((one) => readIfThere(one.errorLog).length);
    for (const one of replicas) one.child.kill('SIGHUP');
    await until(`nginx says ${seen}`, () =>
      replicas.every((one, i) => seen.test(readIfThere(one.errorLog).slice(before[i]))),
    );
  }

  function write(next: EdgeSettings): void {
    for (const one of replicas) writeConfig(one.dir, one.ports, next);
  }

  return {
    replicas,
    settings: () => settings,
    changedSite: (upstream, change) =>
      settings.sites.map((site) => (site.upstream === upstream ? { ...site, ...change } : site)),
    async apply(change) {
      settings = { ...settings, ...change };
      write(settings);
      await reload(/gracefully shutting down/);
      // The worker says so right before it closes its listeners.
      await pause(10);
    },
    async applyRefused(change) {
      write({ ...settings, ...change });
      await reload(/\[emerg\]/);
    },
    storm(everyMs) {
      let turn = 0;
      clearInterval(storming);
      storming = setInterval(() => {
        turn++;
        const sites = settings.sites.map((site) => ({ ...site, endpoints: rotate(site.endpoints, turn) }));
        write({ ...settings, sites });
        for (const one of replicas) one.child.kill('SIGHUP');
      }, everyMs).unref();
    },
    async calm() {
      clearInterval(storming);
      write(settings);
      // Reloads that are under way may be joined into one; the second is sure to read the last file.
      await reload(/gracefully shutting down/);
      await pause(150);
      await reload(/gracefully shutting down/);
    },
    abandon: () => clearInterval(storming),
    mustRun() {
      for (const one of replicas) mustRun(one.name, one.child, [one.errorLog, join(one.dir, 'stderr.log')]);
    },
  };
}

/** In one step, so that neither nginx nor anyone else reads half a file. */
function writeConfig(home: string, ports: EdgePorts, settings: EdgeSettings): void {
  const file = join(home, 'nginx.conf');
  writeFileSync(`${file}.new`, edgeConfig(ports, settings));
  renameSync(`${file}.new`, file);
}

function rotate<T>(list: T[], by: number): T[] {
  const at = list.length ? by % list.length : 0;
  return [...list.slice(at), ...list.slice(0, at)];
}
