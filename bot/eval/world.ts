import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A world of an incident that is up. */
interface WorldUp {
  dir: string;
  inventory: string;
  end(): Promise<void>;
}

/** A world must be ready within this, ms (DESIGN 4.8). */
const READY_MS = 60_000;
/** From SIGTERM to SIGKILL of its process group, ms. */
const END_MS = 10_000;
const STDERR_KEPT = 4_000;

/** Starts a world; `skipped` says why there is none. With a seed, what is left to chance in it falls out by that. */
export async function startWorldOf(
  folder: string,
  { keep, seed }: { keep: boolean; seed: number | null },
): Promise<WorldUp | { skipped: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'incident-'));
  // A group of its own, so that whatever it started can be ended with it.
  const child = spawn(join(folder, 'up'), {
    cwd: folder,
    env: { ...process.env, WORLD: dir, ITI_NODE: process.execPath, ...(seed !== null && { SEED: String(seed) }) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT);
  });
  const ended = new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ?? code ?? 0));
  });
  const killGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid) process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup('SIGKILL'), END_MS);
    await ended;
    clearTimeout(timer);
    killGroup('SIGKILL');
    if (!keep) await rm(dir, { recursive: true, force: true });
  };
  const said = new Promise<'ready' | { skipped: string }>((resolve) => {
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out = (out + chunk.toString()).slice(-STDERR_KEPT);
      const line = /^(ready|skip(?: (.*))?)\s*$/m.exec(out);
      if (line) resolve(line[1] === 'ready' ? 'ready' : { skipped: line[2] ?? 'no reason given' });
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ skipped: string }>((resolve) => {
    timer = setTimeout(
      () => resolve({ skipped: `not ready within ${READY_MS / 1000} s; stderr: ${stderr.trim() || 'empty'}` }),
      READY_MS,
    );
  });
  const gone = ended.then((how) => ({
    skipped: `ended (${how}) before it was ready; stderr: ${stderr.trim() || 'empty'}`,
  }));
  const outcome = await Promise.race([said, late, gone]);
  clearTimeout(timer);
  if (outcome !== 'ready') {
    await end();
    return outcome;
  }
  return { dir, inventory: join(dir, 'inventory.yaml'), end };
}
