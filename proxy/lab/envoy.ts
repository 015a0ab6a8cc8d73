/**
 * Real Envoy for tests and worlds. As a program: `node proxy/lab/envoy.ts FOLDER < PLAN.yaml` writes FOLDER/envoy.json and
 * becomes nothing more: whoever called starts Envoy with it (test/incidents/shared/world.sh: envoy_up).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { parse } from 'yaml';
import { clusterConfig, discoveryFile, envoyConfig, listenerConfig } from './envoy-config.ts';
import type { EnvoyPlan } from './envoy-plan.ts';
import { LabError } from './lab-error.ts';
import { mustRun } from './server-process.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Envoy's executable in the parts folder (ITI_PARTS, else .parts); null where it could not be had. */
export function findEnvoy(env: NodeJS.ProcessEnv = process.env): string | null {
  const file = join(env.ITI_PARTS ?? join(ROOT, '.parts'), 'envoy');
  try {
    accessSync(file, constants.X_OK);
    return file;
  } catch {
    return null;
  }
}

export interface RunningEnvoy {
  pid: number;
  /** `http://127.0.0.1:PORT` of its admin interface. */
  admin: string;
  /** Gives a dynamic Envoy other listeners or clusters; it notices by itself. */
  replace(plan: EnvoyPlan, version: string): void;
  /** Writes what the access log still buffers: Envoy writes its log files only every ten seconds otherwise. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** How Envoy is started: one worker, and no shared memory that a second Envoy on this machine would trip over. */
const ENVOY_ARGS = ['--concurrency', '1', '--disable-hot-restart', '--file-flush-interval-msec', '200'];

/** Writes the files of a plan into `dir`. */
function writeEnvoy(dir: string, plan: EnvoyPlan, version = '1'): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'envoy.json'), JSON.stringify(envoyConfig(plan), null, 1));
  if (plan.dynamic) writeDynamic(dir, plan, version);
}

/** By rename: Envoy watches for moved files only (envoy: docs, dynamic configuration from the filesystem). */
function writeDynamic(dir: string, plan: EnvoyPlan, version: string): void {
  const listeners = plan.listeners.map((one) => listenerConfig(plan, one));
  const clusters = Object.entries(plan.clusters).map(([name, one]) => clusterConfig(name, one));
  const files = {
    'cds.json': discoveryFile('cluster.v3.Cluster', version, clusters),
    'lds.json': discoveryFile('listener.v3.Listener', version, listeners),
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(dir, `${name}.new`), JSON.stringify(content, null, 1));
    renameSync(join(dir, `${name}.new`), join(dir, name));
  }
}

/** The status of a page of the admin interface; null when it does not answer. */
const statusOf = (url: string, method = 'GET'): Promise<number | null> =>
  new Promise((resolve) => {
    const request = get(url, { agent: false, method }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? null));
    });
    request.on('error', () => resolve(null)).setTimeout(2_000, () => request.destroy());
  });

/**
 * Starts Envoy in `dir` and waits until it says that it is live.
 * @throws LabError with what it said, when it ends at once, and with `missing` when it is not here.
 */
export async function startEnvoy(dir: string, plan: EnvoyPlan, binary = findEnvoy()): Promise<RunningEnvoy> {
  if (!binary) throw new LabError('Envoy is not here (./dev test brings it)', { missing: 'envoy' });
  writeEnvoy(dir, plan);
  const log = join(dir, 'envoy.err');
  const out = openSync(log, 'a');
  const child: ChildProcess = spawn(binary, ['-c', 'envoy.json', ...ENVOY_ARGS], {
    cwd: dir,
    stdio: ['ignore', out, out],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const admin = `http://127.0.0.1:${plan.admin}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await until(
      'envoy is live',
      async () => {
        mustRun('envoy', child, [log]);
        return (await statusOf(`${admin}/ready`)) === 200;
      },
      { withinMs: 10_000 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    admin,
    replace: (next, version) => writeDynamic(dir, next, version),
    flush: async () => void (await statusOf(`${admin}/reopen_logs`, 'POST')),
    stop,
  };
}

if (import.meta.main) {
  const dir = process.argv[2];
  if (!dir) {
    console.error('usage: node proxy/lab/envoy.ts FOLDER < PLAN.yaml');
    process.exit(64);
  }
  writeEnvoy(dir, parse(readFileSync(0, 'utf8')) as EnvoyPlan);
}
