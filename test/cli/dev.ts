import { spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', '..', 'bot', 'cli', 'main.ts');

export interface Ran {
  code: number;
  out: string;
  err: string;
  ms: number;
}

/** One call of the command line, as `./dev` hands it over. */
export function dev(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const began = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk));
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(late);
      resolve({ code: code ?? -1, out, err, ms: performance.now() - began });
    }),
  );
}

/** Runs things a few at a time: a process each, on a small machine. */
export async function fewAtATime<T>(items: T[], run: (item: T) => Promise<unknown>, most = 3): Promise<void> {
  const todo = [...items];
  await Promise.all(
    Array.from({ length: most }, async () => {
      for (let next = todo.shift(); next !== undefined; next = todo.shift()) await run(next);
    }),
  );
}
