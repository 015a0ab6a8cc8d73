import { dirname, join } from 'node:path';
import { kernelFile, kernelNumber, kernelPairs, type Machine } from './machine.ts';

/** What a control group tells of memory and processor time; totals since the group began. */
export interface GroupReading {
  memory: { bytes: number; limit: number | null; oomKills: number | null; shared: boolean } | null;
  cpu: { limitCores: number | null; periods: number; throttled: number; shared: boolean } | null;
}

/** Above this a limit of version 1 means that there is none (PAGE_COUNTER_MAX pages of 4 KiB). */
const NO_LIMIT = 2 ** 60;

/** Pure: the group of a process for a controller, and which version it is of (man 7 cgroups, /proc/PID/cgroup). */
export function groupIn(text: string, controller: string): { version: 1 | 2; path: string } | null {
  let unified: string | null = null;
  for (const line of text.split('\n')) {
    const [id, controllers, ...path] = line.split(':');
    if (controllers?.split(',').includes(controller)) return { version: 1, path: path.join(':') };
    if (id === '0' && controllers === '') unified = path.join(':');
  }
  return unified === null ? null : { version: 2, path: unified };
}

/** Folders of a group from itself up to the root; none when it lies outside of what is mounted here. */
function upwards(root: string, path: string): string[] {
  if (path.split('/').includes('..')) return [];
  const folders: string[] = [];
  for (let at = join('/', path); ; at = dirname(at)) {
    folders.push(join(root, at));
    if (at === '/') return folders;
  }
}

/** More processes than this that we do not know are no workers that began a moment ago. */
const MOST_NEW = 64;

/** The parent of a process; null: it is gone, or hidden from us. Fields follow the name in brackets (man 5 proc). */
async function parentOf({ proc }: Machine, pid: string): Promise<number | null> {
  const stat = await kernelFile(`${proc}/${pid}/stat`, 4_096);
  return stat === null ? null : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Is anybody but these processes and their children in the group? A worker that was killed has been replaced meanwhile. */
async function sharedBy(machine: Machine, folder: string, own: Set<number>): Promise<boolean> {
  const text = await kernelFile(join(folder, 'cgroup.procs'), 262_144);
  const others = (text ?? '').split('\n').filter((line) => line !== '' && !own.has(Number(line)));
  if (others.length > MOST_NEW) return true;
  const parents = await Promise.all(others.map((pid) => parentOf(machine, pid)));
  return parents.some((parent) => parent === null || !own.has(parent));
}

/** The tightest of the limits of a group and those above it. */
async function tightest(folders: string[], limit: (folder: string) => Promise<number | null>): Promise<number | null> {
  const limits = (await Promise.all(folders.map(limit))).filter((one) => one !== null);
  return limits.length ? Math.min(...limits) : null;
}

async function memoryOf(
  machine: Machine,
  folders: string[],
  version: 1 | 2,
  own: Set<number>,
): Promise<GroupReading['memory']> {
  const folder = folders[0] as string;
  const [used, stat] = await Promise.all([
    kernelNumber(join(folder, version === 2 ? 'memory.current' : 'memory.usage_in_bytes')),
    kernelPairs(join(folder, 'memory.stat')),
  ]);
  if (used === null) return null;
  const limit = await tightest(folders, (one) =>
    kernelNumber(join(one, version === 2 ? 'memory.max' : 'memory.limit_in_bytes')),
  );
  const events = await kernelPairs(join(folder, version === 2 ? 'memory.events' : 'memory.oom_control'));
  // File cache that nobody used lately is given back before anybody is killed: kubelet's "working set" leaves it out too.
  const cache = stat?.get(version === 2 ? 'inactive_file' : 'total_inactive_file') ?? 0;
  return {
    bytes: Math.max(0, used - cache),
    limit: limit !== null && limit < NO_LIMIT ? limit : null,
    oomKills: events?.get('oom_kill') ?? null,
    shared: await sharedBy(machine, folder, own),
  };
}

/** Cores that a group may use: `cpu.max` is "quota period" or "max period" (version 2), -1 means none in version 1. */
async function coresOf(folder: string, version: 1 | 2): Promise<number | null> {
  if (version === 2) {
    const [quota, period] = ((await kernelFile(join(folder, 'cpu.max'), 256)) ?? '').trim().split(' ').map(Number);
    return quota && period ? quota / period : null;
  }
  const quota = await kernelNumber(join(folder, 'cpu.cfs_quota_us'));
  const period = await kernelNumber(join(folder, 'cpu.cfs_period_us'));
  return quota !== null && quota > 0 && period ? quota / period : null;
}

async function cpuOf(
  machine: Machine,
  folders: string[],
  version: 1 | 2,
  own: Set<number>,
): Promise<GroupReading['cpu']> {
  const stat = await kernelPairs(join(folders[0] as string, 'cpu.stat'));
  if (!stat) return null;
  return {
    limitCores: await tightest(folders, (folder) => coresOf(folder, version)),
    periods: stat.get('nr_periods') ?? 0,
    throttled: stat.get('nr_throttled') ?? 0,
    shared: await sharedBy(machine, folders[0] as string, own),
  };
}

/** Where the folders of a controller are mounted: version 1 has one for each, version 2 stands alone or as `unified`. */
async function foldersOf(machine: Machine, text: string, controller: string): Promise<[string[], 1 | 2] | null> {
  const group = groupIn(text, controller);
  if (!group) return null;
  const file = { memory: ['memory.usage_in_bytes', 'memory.current'], cpu: ['cpu.stat', 'cpu.stat'] }[controller];
  const roots = group.version === 1 ? [controller, controller === 'cpu' ? 'cpu,cpuacct' : ''] : ['', 'unified'];
  for (const root of roots) {
    const folders = upwards(join(machine.cgroup, root), group.path);
    const first = folders[0];
    if (first && (await kernelFile(join(first, file?.[group.version - 1] ?? ''), 64)) !== null)
      return [folders, group.version];
  }
  return null;
}

/** What the process's own control groups tell, version 1 or 2; `own`: the proxy's processes. */
export async function groupsOf(machine: Machine, pid: number, own: Set<number>): Promise<GroupReading> {
  const text = (await kernelFile(`${machine.proc}/${pid}/cgroup`, 65_536)) ?? '';
  const [memory, cpu] = await Promise.all(['memory', 'cpu'].map((name) => foldersOf(machine, text, name)));
  return {
    memory: memory ? await memoryOf(machine, ...memory, own) : null,
    cpu: cpu ? await cpuOf(machine, ...cpu, own) : null,
  };
}
