import { execFile } from 'node:child_process';
import type { Incident } from './incident.ts';

/** Longer than any user waits, ms. */
const LIMIT_MS = 30_000;

/**
 * Does a world show its fault to a user's request? The incident's `shows`, a shell line that succeeds where it does, is run in the
 * world's folder with the ports of ./env (`NAME=PORT` lines). Null: the incident has no such line.
 */
export function showsIn(world: string, { shows }: Incident): Promise<boolean | null> {
  if (!shows) return Promise.resolve(null);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  execFile(
    'bash',
    ['-c', `set -a; [ ! -e env ] || . ./env; set +a; ${shows}`],
    { cwd: world, env: { ...process.env, WORLD: world }, timeout: LIMIT_MS, killSignal: 'SIGKILL' },
    (error) => resolve(error === null),
  );
  return promise;
}
