import { readFile } from 'node:fs/promises';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { blindFile } from '../logs/tail.ts';
import { kernelFile, type Machine, processIds, THIS_MACHINE } from './machine.ts';

/** A process as /proc shows it to any user. */
export interface SeenProcess {
  pid: number;
  parent: number;
  /** Name of its program, at most 15 characters. */
  program: string;
  title: string;
  /** ms since the epoch. */
  startedAt: number;
  residentBytes: number;
}

/** Worker processes of a master, as /proc of this machine shows them to any user. */
export interface WorkerProcess extends SeenProcess {
  shuttingDown: boolean;
}

const PAGE_BYTES = 4_096;
/** Clock ticks a second; 100 on every Linux that has one (man 5 proc, sysconf(_SC_CLK_TCK)). */
const TICKS = 100;
/** Most processes that are looked through for a master's children. */
const MOST_PROCESSES = 20_000;

async function bootTime({ proc }: Machine): Promise<number> {
  const text = await kernelFile(`${proc}/stat`);
  return Number(/^btime (\d+)$/m.exec(text ?? '')?.[1] ?? 0) * 1000;
}

/** One process; null when it is not there or hidden. The title only where `titled`: it costs two more files. */
async function seen(machine: Machine, pid: number, booted: number, parent?: number): Promise<SeenProcess | null> {
  const text = await kernelFile(`${machine.proc}/${pid}/stat`, 4_096);
  if (text === null) return null;
  // The program's name stands in brackets and may hold spaces: fields are counted from its end (man 5 proc).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (parent !== undefined && Number(fields[1]) !== parent) return null;
  const [title, statm] = await Promise.all([
    kernelFile(`${machine.proc}/${pid}/cmdline`, 4_096),
    kernelFile(`${machine.proc}/${pid}/statm`, 256),
  ]);
  return {
    pid,
    parent: Number(fields[1]),
    program: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
    title: (title ?? '').replaceAll('\0', ' ').trim().slice(0, 80),
    startedAt: booted + (Number(fields[19]) / TICKS) * 1000,
    residentBytes: Number((statm ?? '0 0').split(' ')[1]) * PAGE_BYTES,
  };
}

/** Reads the master's pid from its file. Throws BlindLook when it is not there or holds no pid. */
export async function masterPid(pidFile: string): Promise<number> {
  const text = await readFile(pidFile, 'utf8').catch((error: unknown) => {
    throw blindFile(pidFile, error);
  });
  const pid = Number(text.trim().split('\n')[0]);
  if (!Number.isInteger(pid) || pid < 2) throw new BlindLook('unreadable', `${pidFile} holds no process id`);
  return pid;
}

/** A process by its id. Throws BlindLook when there is none that we can see. */
export async function processOf(pid: number, machine: Machine = THIS_MACHINE): Promise<SeenProcess> {
  const found = await seen(machine, pid, await bootTime(machine));
  if (!found) throw new BlindLook('no-connection', `no process ${pid} here: stopped, or in another namespace`);
  return found;
}

/** The children of a master process with their titles, start times (ms since the epoch) and memory. */
export async function workersOf(master: number, machine: Machine = THIS_MACHINE): Promise<WorkerProcess[]> {
  await processOf(master, machine);
  const booted = await bootTime(machine);
  const pids = (await processIds(machine)).slice(0, MOST_PROCESSES);
  const workers: WorkerProcess[] = [];
  for (const pid of pids) {
    const found = await seen(machine, pid, booted, master);
    if (found) workers.push({ ...found, shuttingDown: /is shutting down/.test(found.title) });
  }
  return workers;
}
