import { readdir, readFile } from 'node:fs/promises';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { blindFile } from '../logs/tail.ts';

/** Worker processes of a master, as /proc of this machine shows them to any user. */
export interface WorkerProcess {
  pid: number;
  title: string;
  startedAt: number;
  residentBytes: number;
  shuttingDown: boolean;
}

const PAGE_BYTES = 4_096;
/** Clock ticks a second; 100 on every Linux that has one (man 5 proc, sysconf(_SC_CLK_TCK)). */
const TICKS = 100;

async function stat(pid: number | string): Promise<{ parent: number; startTicks: number } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The command name stands in brackets and may hold spaces: fields are counted from its end (man 5 proc).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), startTicks: Number(fields[19]) };
}

async function bootTime(): Promise<number> {
  const text = await readFile('/proc/stat', 'utf8');
  return Number(/^btime (\d+)$/m.exec(text)?.[1] ?? 0) * 1000;
}

/** Reads the master's pid from its file. Throws BlindLook when it is not there or holds no pid. */
export async function masterPid(pidFile: string): Promise<number> {
  const text = await readFile(pidFile, 'utf8').catch((error: unknown) => {
    throw blindFile(pidFile, error);
  });
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid < 2) throw new BlindLook('unreadable', `${pidFile} holds no process id`);
  return pid;
}

/** The children of a master process with their titles, start times (ms since the epoch) and memory. */
export async function workersOf(master: number): Promise<WorkerProcess[]> {
  const own = await stat(master);
  if (!own) throw new BlindLook('no-connection', `no process ${master} here: stopped, or in another namespace`);
  const booted = await bootTime();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const workers: WorkerProcess[] = [];
  for (const pid of pids) {
    const found = await stat(pid);
    if (found?.parent !== master) continue;
    const [title, statm] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '0 0'),
    ]);
    const name = title.replaceAll('\0', ' ').trim();
    workers.push({
      pid: Number(pid),
      title: name.slice(0, 80),
      startedAt: booted + (found.startTicks / TICKS) * 1000,
      residentBytes: Number(statm.split(' ')[1]) * PAGE_BYTES,
      shuttingDown: /is shutting down/.test(name),
    });
  }
  return workers;
}
