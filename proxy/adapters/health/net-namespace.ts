import { execFile } from 'node:child_process';
import { kernelFile, type Machine } from './machine.ts';

/** A listening TCP socket as /proc/PID/net/tcp shows it. */
export interface Listener {
  address: string;
  port: number;
  inode: number;
  /** Connections that wait to be accepted. */
  waiting: number;
}

const LISTEN = '0A';

/** `0100007F:1F90` is 127.0.0.1:8080: words of an address are in the machine's own byte order (man 5 proc, /proc/net/tcp). */
function readAddress(hex: string): { ip: string; port: number } {
  const [words = '', port = '0'] = hex.split(':');
  const bytes = (words.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return { ip: bytes.join('.'), port: Number.parseInt(port, 16) };
  const mapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (mapped) return { ip: bytes.slice(12).join('.'), port: Number.parseInt(port, 16) };
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return { ip: `[${groups.every((g) => g === '0') ? '::' : groups.join(':')}]`, port: Number.parseInt(port, 16) };
}

/** Pure: the listening sockets of a table. They come first (net/ipv4/tcp_ipv4.c, tcp_get_idx), whatever else it holds. */
export function listenersIn(table: string): Listener[] {
  const found: Listener[] = [];
  for (const line of table.split('\n')) {
    const [, local = '', , state, queues = '', , , , , inode] = line.trim().split(/\s+/);
    if (state !== LISTEN || !/^[0-9A-F]+:[0-9A-F]{4}$/.test(local)) continue;
    const { ip, port } = readAddress(local);
    found.push({
      address: `${ip}:${port}`,
      port,
      inode: Number(inode),
      waiting: Number.parseInt(queues.split(':')[1] ?? '0', 16),
    });
  }
  return found;
}

/** Has the table gone past its listening sockets? */
const pastListeners = (text: string): boolean => /^ *\d+: \S+ \S+ 0[1-9B-C] /m.test(text);

/**
 * The listening sockets in the network namespace of a process; null: not visible. The files of another user's process
 * and of another namespace may be read too (measured on Linux 6.18 as uid 65534).
 */
export async function listenersOf(machine: Machine, pid: number | 'self'): Promise<Listener[] | null> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => kernelFile(`${machine.proc}/${pid}/net/${name}`, undefined, pastListeners)),
  );
  const there = tables.filter((table) => table !== null);
  return there.length ? there.flatMap(listenersIn) : null;
}

/** TcpExt counters of a process's network namespace; null where they are not visible. Pure over the file's text. */
export function tcpExtIn(text: string): Map<string, number> {
  const [names, values] = text.split('\n').filter((line) => line.startsWith('TcpExt:'));
  const of = (line: string | undefined): string[] => (line ?? '').trim().split(/\s+/).slice(1);
  const numbers = of(values);
  return new Map(of(names).map((name, i) => [name, Number(numbers[i])]));
}

/** How often a connection was dropped for a full accept queue in the process's namespace (TcpExt ListenOverflows). */
export async function overflowsOf(machine: Machine, pid: number): Promise<number | null> {
  const text = await kernelFile(`${machine.proc}/${pid}/net/netstat`);
  return text === null ? null : (tcpExtIn(text).get('ListenOverflows') ?? null);
}

/** What only netlink tells of a listening socket: the length of its queue, and what was dropped at it. */
export interface SocketDetail {
  length: number;
  dropped: number | null;
}

/** Pure: `ss -ltnmeH`, by inode. Send-Q of a listener is its queue's length, `d` in skmem its drops (man 8 ss). */
export function detailsIn(text: string): Map<number, SocketDetail> {
  const found = new Map<number, SocketDetail>();
  // Each socket has one line, its memory the next one.
  for (const entry of text.split(/\n(?=LISTEN)/)) {
    const line = /^LISTEN\s+\d+\s+(\d+)\s/.exec(entry);
    const inode = /\bino:(\d+)/.exec(entry)?.[1];
    const dropped = /\bskmem:\([^)]*\bd(\d+)\)/.exec(entry)?.[1];
    if (line && inode) found.set(Number(inode), { length: Number(line[1]), dropped: dropped ? Number(dropped) : null });
  }
  return found;
}

const ASK_MS = 2_000;
const MOST_OUTPUT = 4 * 1024 * 1024;

function output(command: string, args: string[]): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  execFile(command, args, { timeout: ASK_MS, maxBuffer: MOST_OUTPUT, env }, (error, stdout) =>
    resolve(error ? null : stdout),
  );
  return promise;
}

/**
 * Details of listening sockets, by inode: inodes are unique over all namespaces, so nothing can be mixed up. `ss` shows
 * this namespace to anybody; another one only to root, through nsenter. null: `ss` is not installed.
 */
export async function socketDetails(
  machine: Machine,
  pid: number,
  inodes: number[],
): Promise<Map<number, SocketDetail> | null> {
  if (!machine.live) return null;
  const here = await output('ss', ['-ltnmeH']);
  if (here === null) return null;
  const found = detailsIn(here);
  if (inodes.length === 0 || inodes.some((inode) => found.has(inode)) || process.getuid?.() !== 0) return found;
  const there = await output('nsenter', [`--net=${machine.proc}/${pid}/ns/net`, 'ss', '-ltnmeH']);
  return there === null ? found : detailsIn(there);
}
