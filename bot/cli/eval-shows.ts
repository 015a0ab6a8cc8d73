import type { Incident } from '../eval/incident.ts';
import { showAll } from '../eval/shows.ts';
import { printJson } from './options.ts';

/** `./dev eval --shows`: does each world show its fault to a user's request? No verdict is asked for; 1 when one does not. */
export async function evaluateShows(
  incidents: Incident[],
  { parallel, seed, json }: { parallel: number; seed: number | null; json: boolean },
): Promise<number> {
  const found = await showAll(incidents, { parallel, seed }, (id, shown) => {
    const line = typeof shown === 'string' ? `${shown.padEnd(6)} ${id}` : `skip   ${id}: ${shown.skipped}`;
    (json ? process.stderr : process.stdout).write(`${line}\n`);
  });
  const all = [...found];
  const tried = all.filter(([, shown]) => typeof shown === 'string');
  const hidden = tried.filter(([, shown]) => shown === 'hidden').map(([id]) => id);
  if (json) printJson({ worlds: all.length, tried: tried.length, hidden });
  else
    process.stdout.write(
      `${tried.length - hidden.length} of ${tried.length} worlds show their fault to a user's request\n`,
    );
  return hidden.length > 0 ? 1 : 0;
}
