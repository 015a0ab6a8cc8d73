import { execFile } from 'node:child_process';
import type { Incident } from './incident.ts';
import { startWorldOf } from './world.ts';

/** Longer than any user waits, ms. */
const LIMIT_MS = 30_000;

/** Runs the line, which succeeds where a user meets the fault, in the world's folder with the ports of ./env (`NAME=PORT` lines). */
function showsIn(world: string, { shows }: Incident): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  execFile(
    'bash',
    ['-c', `set -a; [ ! -e env ] || . ./env; set +a; ${shows}`],
    { cwd: world, env: { ...process.env, WORLD: world }, timeout: LIMIT_MS, killSignal: 'SIGKILL' },
    (error) => resolve(error === null),
  );
  return promise;
}

/** `shows`; `hidden`: a user's request meets no such fault; a text: why there was no world, or no line to try. */
export type Shown = 'shows' | 'hidden' | { skipped: string };

/** Starts each world, makes its user's request and ends it; `told` hears each as it ends. No verdict is asked for. */
export async function showAll(
  incidents: Incident[],
  { parallel, seed }: { parallel: number; seed: number | null },
  told: (id: string, shown: Shown) => void = () => {},
): Promise<Map<string, Shown>> {
  const found = new Map<string, Shown>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = incidents[next++]; one; one = incidents[next++]) {
      const shown = await showOne(one, seed);
      found.set(one.id, shown);
      told(one.id, shown);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return found;
}

async function showOne(incident: Incident, seed: number | null): Promise<Shown> {
  if (!incident.shows) return { skipped: 'its incident.yaml has no line `shows`' };
  const world = await startWorldOf(incident.folder, { keep: false, seed });
  if ('skipped' in world) return world;
  try {
    return (await showsIn(world.dir, incident)) ? 'shows' : 'hidden';
  } finally {
    await world.end();
  }
}
