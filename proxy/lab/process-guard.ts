import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LabError } from './lab-error.ts';

/** How one process of a world is started. */
interface StartOptions {
  /** Working folder, absolute. */
  cwd: string;
  /** File that takes its stdout and stderr, absolute. */
  log: string;
  /** Open a Node IPC channel to it. */
  ipc?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** Starts a world's processes and ends them all, in order or not. */
export interface ProcessGuard {
  pid: number;
  start(name: string, command: string, args: string[], options: StartOptions): ChildProcess;
  /** Ends everything that was started; with `remove` the folder is gone too. May be called twice. */
  close(): Promise<void>;
}

/** Writes its own pid down, makes sure that the world is still wanted, and only then becomes the command. */
const REGISTER_THEN_BECOME = 'echo $$ >>"$1/pids"; [ -e "$1/open" ] || exit 75; shift; exec "$@"';

/**
 * Opens the guard of a world that lives in `dir`. Every process gets a group of its own, so that a proxy's workers end
 * with their master; the guard outlives the parent by the moment it needs to kill them.
 */
export function openGuard(dir: string, whatOfTheFolder: 'keep' | 'remove'): ProcessGuard {
  const lab = join(dir, '.lab');
  mkdirSync(lab, { recursive: true });
  writeFileSync(join(lab, 'pids'), '');
  writeFileSync(join(lab, 'open'), '');
  const script = join(import.meta.dirname, 'guard.sh');
  const guard = spawn('/bin/sh', [script, dir, whatOfTheFolder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (guard.pid === undefined) throw new LabError('the guard of the world did not start');
  guard.stdin?.on('error', () => {});
  const gone = once(guard, 'exit');
  guard.unref();

  function start(name: string, command: string, args: string[], options: StartOptions): ChildProcess {
    mkdirSync(options.cwd, { recursive: true });
    const log = openSync(options.log, 'a');
    const child = spawn('/bin/sh', ['-c', REGISTER_THEN_BECOME, name, lab, command, ...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      detached: true,
      stdio: options.ipc ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', (error) => appendIfThere(options.log, `${name}: ${error.message}\n`));
    child.unref();
    return child;
  }

  let closing: Promise<void> | undefined;
  async function shut(): Promise<void> {
    guard.ref();
    guard.stdin?.end();
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
    if (guard.exitCode === null && guard.signalCode === null) guard.kill('SIGKILL');
    endWhatIsLeft(dir, whatOfTheFolder);
  }
  return { pid: guard.pid, start, close: () => (closing ??= shut()) };
}

/** What the guard does, for the case that someone killed the guard first. */
function endWhatIsLeft(dir: string, whatOfTheFolder: 'keep' | 'remove'): void {
  const pids = join(dir, '.lab', 'pids');
  if (!existsSync(pids)) return;
  rmSync(join(dir, '.lab', 'open'), { force: true });
  for (const pid of readFileSync(pids, 'utf8').split('\n').filter(Boolean)) {
    try {
      process.kill(-Number(pid), 'SIGKILL');
    } catch {
      // Ended before: that is what we want.
    }
  }
  rmSync(whatOfTheFolder === 'remove' ? dir : join(dir, '.lab'), { recursive: true, force: true, maxRetries: 3 });
}

function appendIfThere(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch {
    // The world has ended meanwhile.
  }
}
