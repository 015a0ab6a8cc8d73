import { readdirSync, readFileSync } from 'node:fs';

/** A process and everything that it started. */
function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const id = Number(name);
    if (!Number.isInteger(id)) continue;
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
      parents.set(id, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // it has ended meanwhile
    }
  }
  const all = [pid];
  for (let i = 0; i < all.length; i++) for (const [id, parent] of parents) if (parent === all[i]) all.push(id);
  return all;
}

/** CPU time that a process, its threads and its children have used so far, ms; null where /proc does not show it. */
export function cpuMs(pid: number): number | null {
  let ns = 0;
  let seen = false;
  for (const id of family(pid)) {
    try {
      for (const task of readdirSync(`/proc/${id}/task`)) {
        ns += Number(readFileSync(`/proc/${id}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
        seen = true;
      }
    } catch {
      // it has ended meanwhile
    }
  }
  return seen ? ns / 1e6 : null;
}
