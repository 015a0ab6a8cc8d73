import { open, readdir, readlink, stat } from 'node:fs/promises';

/** Where the kernel's own files stand. A recorded tree can be read in place of this machine's. */
export interface Machine {
  proc: string;
  cgroup: string;
  /** false: a recorded tree, of which no program can be asked. */
  live: boolean;
}

export const THIS_MACHINE: Machine = { proc: '/proc', cgroup: '/sys/fs/cgroup', live: true };

/** Most bytes of one kernel file that a look reads. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Most entries of a process's folder of open files that are counted one by one. */
const MOST_FILES = 100_000;

/**
 * The text of a kernel file, or null when it is not there or may not be read. Kernel files have no size beforehand, so
 * they are read piece by piece, up to `most` bytes; `enough` may end that earlier.
 */
export async function kernelFile(
  path: string,
  most = MOST_BYTES,
  enough?: (text: string) => boolean,
): Promise<string | null> {
  const handle = await open(path, 'r').catch(() => null);
  if (!handle) return null;
  try {
    const chunk = Buffer.alloc(65_536);
    let text = '';
    for (let size = 0; size < most; ) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      size += bytesRead;
      text += chunk.toString('latin1', 0, bytesRead);
      if (enough?.(text)) break;
    }
    return text;
  } catch {
    return null; // the process ended meanwhile, or the file is a folder
  } finally {
    await handle.close();
  }
}

/** The number in a kernel file; null for `max`, for anything else that is none, and where there is no such file. */
export async function kernelNumber(path: string): Promise<number | null> {
  const text = (await kernelFile(path, 256))?.trim() ?? '';
  return /^-?\d+$/.test(text) ? Number(text) : null;
}

/** `key value` lines of a kernel file, as cgroup's stat and event files have them. */
export async function kernelPairs(path: string): Promise<Map<string, number> | null> {
  const text = await kernelFile(path, 65_536);
  if (text === null) return null;
  return new Map([...text.matchAll(/^(\S+) (\d+)$/gm)].map(([, key, value]) => [key as string, Number(value)]));
}

/** Ids of the processes that are visible. */
export async function processIds({ proc }: Machine): Promise<number[]> {
  return (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Inodes of the sockets that a process holds, but for its standard streams (a supervisor's are sockets too); null: another user's process. */
export async function socketsOf(machine: Machine, pid: number): Promise<Set<number> | null> {
  const folder = `${machine.proc}/${pid}/fd`;
  const names = await readdir(folder).catch(() => null);
  if (!names) return null;
  const links = await Promise.all(
    names
      .filter((name) => Number(name) > 2)
      .slice(0, MOST_FILES)
      .map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  );
  return new Set(links.map((link) => Number(/^socket:\[(\d+)\]$/.exec(link)?.[1])).filter((inode) => inode > 0));
}

/**
 * How many files a process has open. Counted where that is allowed; else the size of its folder of open files, which
 * Linux 6.2 and later tell anybody (fs/proc/fd.c, proc_fd_getattr; measured on 6.18 across users). null: neither.
 */
export async function openFilesOf(machine: Machine, pid: number): Promise<number | null> {
  const folder = `${machine.proc}/${pid}/fd`;
  const names = await readdir(folder).catch(() => null);
  if (names) return names.length;
  const told = await stat(folder).catch(() => null);
  return told && told.size > 0 ? told.size : null;
}

/** The soft limit of open files of a process; null: unlimited, or not visible (/proc/PID/limits is open to all). */
export async function fileLimitOf(machine: Machine, pid: number): Promise<number | null> {
  const text = await kernelFile(`${machine.proc}/${pid}/limits`, 16_384);
  const soft = /^Max open files\s+(\d+)/m.exec(text ?? '')?.[1];
  return soft ? Number(soft) : null;
}
