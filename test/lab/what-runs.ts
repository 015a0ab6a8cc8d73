import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Ids of the processes, workers too, whose command line or working folder lies in `dir`; those that ended don't count. */
export function processesOf(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && belongs(pid, dir));
}

function belongs(pid: number, dir: string): boolean {
  try {
    // A process that has ended and waits to be collected has an empty command line.
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command !== '' && (command.includes(dir) || readlinkSync(`/proc/${pid}/cwd`).startsWith(dir));
  } catch {
    return false;
  }
}
