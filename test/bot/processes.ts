import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of ours that a test may kill. */
export interface Child {
  pid: number;
  /** Everything it printed so far. */
  out: () => string;
  err: () => string;
  /** Resolves when its output contains the text; rejects when it ends before. */
  prints: (text: string, from?: 'out' | 'err') => Promise<void>;
  kill: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>;
}

/** Starts a TypeScript file of the tests with nothing but the given environment. */
export function startProcess(file: string, env: Record<string, string>): Child {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  const looking = new Set<() => void>();
  for (const name of ['out', 'err'] as const) {
    child[`std${name}`]?.on('data', (chunk: Buffer) => {
      text[name] += chunk;
      for (const look of looking) look();
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return {
    pid: child.pid ?? 0,
    out: () => text.out,
    err: () => text.err,
    prints: (what, from = 'out') =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!text[from].includes(what)) return;
          looking.delete(look);
          resolve();
        };
        looking.add(look);
        look();
        ended.then((code) =>
          reject(new Error(`ended with ${code} before it printed ${what}: ${text.err.slice(-500)}`)),
        );
      }),
    async kill(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
