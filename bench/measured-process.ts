import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface Measured {
  ms: number;
  /** Most memory resident at once, MiB; null where /proc does not show it. */
  peakMib: number | null;
  out: string;
  code: number | null;
}

/** Peak of a process that runs under this pid (after `exec` too), KiB. */
const peakOf = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
};

/** How often the peak is read, ms: the kernel keeps the highest value, so only the last moment can be missed. */
const EVERY_MS = 3;

/** Runs a command to its end: wall time of the whole process, its peak memory, what it printed. */
export async function measured(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Measured> {
  const begun = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const out: Buffer[] = [];
  let peak = 0;
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.on('error', reject);
  child.on('close', resolve);
  const timer = setInterval(() => {
    if (child.pid) void peakOf(child.pid).then((kib) => (peak = Math.max(peak, kib)));
  }, EVERY_MS);
  try {
    const code = await promise;
    const ms = performance.now() - begun;
    return { ms, peakMib: peak ? Math.round(peak / 1024) : null, out: Buffer.concat(out).toString('utf8'), code };
  } finally {
    clearInterval(timer);
  }
}
