import { networkInterfaces } from 'node:os';
import { splitAddress } from '../../../diagnostics/io/address.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { type Machine, processIds, socketsOf } from './machine.ts';
import { listenersOf } from './net-namespace.ts';
import { masterPid, processOf, type SeenProcess } from './processes.ts';

/** Addresses that an instance serves on. */
export const servedAt = (instance: Instance): string[] => [instance.https, instance.http].filter((a) => a !== null);

/** Names of the programs of each kind; another one behind a pid file means that the file is an old one. */
const PROGRAMS: { [kind: string]: RegExp } = {
  nginx: /nginx|openresty/,
  'ingress-nginx': /nginx|openresty/,
  haproxy: /haproxy/,
  'haproxy-ingress': /haproxy/,
  traefik: /traefik/,
  envoy: /envoy/,
};

const isHere = (ip: string): boolean =>
  /^127\.|^::1$/.test(ip) ||
  Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === ip) ?? false);

/** The process that listens on one of these addresses; the eldest, where several hold the same socket. */
async function listening(instance: Instance, machine: Machine): Promise<SeenProcess> {
  const wanted = servedAt(instance).map((address) => splitAddress(address));
  const here = wanted.filter((at) => at !== null).filter((at) => at.port !== null && isHere(at.host));
  if (here.length === 0)
    throw new BlindLook(
      'not-configured',
      `${instance.name}: its processes are not on this machine, or not known; name its pid file as pidFile:`,
    );
  const fits = (address: string): boolean =>
    here.some(({ host, port }) =>
      [`${host}:${port}`, `[${host}]:${port}`, `0.0.0.0:${port}`, `[::]:${port}`].includes(address),
    );
  const sockets = new Set(
    ((await listenersOf(machine, 'self')) ?? []).filter((l) => fits(l.address)).map((l) => l.inode),
  );
  if (sockets.size === 0)
    throw new BlindLook(
      'no-connection',
      `${instance.name}: no process here listens on ${servedAt(instance).join(' or ')}`,
    );
  const owners: SeenProcess[] = [];
  for (const pid of await processIds(machine)) {
    const own = await socketsOf(machine, pid);
    if (own && [...sockets].some((inode) => own.has(inode))) owners.push(await processOf(pid, machine));
  }
  const eldest = owners.sort((a, b) => a.startedAt - b.startedAt || a.pid - b.pid)[0];
  if (!eldest)
    throw new BlindLook(
      'denied',
      `${instance.name}: its process belongs to another user; name its pid file as pidFile:, that is enough`,
    );
  return eldest;
}

/**
 * The oldest process of an instance: by its pid file, else the one that listens on its address, where it is on this
 * machine and visible. Throws BlindLook with what would make it visible.
 */
export async function masterOf(kind: string, instance: Instance, machine: Machine): Promise<SeenProcess> {
  if (!instance.pidFile) {
    const found = await listening(instance, machine);
    if (PROGRAMS[kind]?.test(`${found.program} ${found.title}`) === false)
      throw new BlindLook(
        'unreadable',
        `${instance.name}: what listens on its address is ${found.program}, no ${kind}; correct its kind or its address in the inventory`,
      );
    return found;
  }
  const found = await processOf(await masterPid(instance.pidFile), machine);
  if (PROGRAMS[kind]?.test(`${found.program} ${found.title}`) === false)
    throw new BlindLook(
      'unreadable',
      `${instance.pidFile} names process ${found.pid}, which is ${found.program} and no ${kind}: the file is an old one`,
    );
  return found;
}
