import { BlockList, isIP } from 'node:net';
import { BlindLook } from './proxy-reader.ts';

/** What may be probed at all: asked for every connection, by address, after resolution. */
export interface Guard {
  /** Throws BlindLook `not-allowed` with the line to add, if a connection to this address must not be made. */
  check(ip: string): void;
}

/**
 * Never probed, whatever an inventory says: link-local (cloud metadata 169.254.169.254 lies in it), the metadata
 * addresses outside it (Alibaba 100.100.100.200, Azure's wire server 168.63.129.16, AWS fd00:ec2::/32), unspecified,
 * multicast and broadcast.
 */
const NEVER = new BlockList();
NEVER.addSubnet('169.254.0.0', 16, 'ipv4');
NEVER.addSubnet('fe80::', 10, 'ipv6');
NEVER.addSubnet('fd00:ec2::', 32, 'ipv6');
NEVER.addAddress('100.100.100.200', 'ipv4');
NEVER.addAddress('168.63.129.16', 'ipv4');
NEVER.addSubnet('0.0.0.0', 8, 'ipv4');
NEVER.addSubnet('224.0.0.0', 4, 'ipv4');
NEVER.addAddress('255.255.255.255', 'ipv4');
NEVER.addAddress('::', 'ipv6');
NEVER.addSubnet('ff00::', 8, 'ipv6');

/** The eight groups of an IPv6 address, whichever of its many spellings was used. */
function groupsOf(ip: string): number[] {
  const canonical = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = canonical.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16)));
  const [left, right] = [groups(head), groups(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

const dotted = (high = 0, low = 0): string => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;

/** An IPv4 address written into IPv6 (mapped `::ffff:a.b.c.d`, NAT64's `64:ff9b::/96`) is judged as IPv4. */
function plainAddress(ip: string): string {
  const bare = ip.split('%')[0] ?? ip;
  if (isIP(bare) !== 6) return bare;
  const g = groupsOf(bare);
  const starts = (...wanted: number[]): boolean => wanted.every((value, i) => g[i] === value);
  return starts(0, 0, 0, 0, 0, 0xffff) || starts(0x64, 0xff9b, 0, 0, 0, 0) ? dotted(g[6], g[7]) : bare;
}

/**
 * Every IPv4 address that a packet to this IPv6 address may be turned into on its way: mapped, compatible (RFC 4291),
 * translated (RFC 2765), NAT64 with the well-known and the local prefix (RFC 6052, 8215), 6to4 (RFC 3056).
 */
function hiddenIn(ip: string): string[] {
  const g = groupsOf(ip);
  const starts = (...wanted: number[]): boolean => wanted.every((value, i) => g[i] === value);
  if (g[0] === 0x2002) return [dotted(g[1], g[2])];
  const last = starts(0x64, 0xff9b) || starts(0, 0, 0, 0, 0, 0xffff) || starts(0, 0, 0, 0, 0xffff, 0);
  const compatible = starts(0, 0, 0, 0, 0, 0) && g[6] !== 0;
  return last || compatible ? [dotted(g[6], g[7])] : [];
}

/** True for addresses that no probe ever goes to. */
export function isNeverProbed(ip: string): boolean {
  const bare = ip.split('%')[0] ?? ip;
  const family = isIP(bare);
  if (family === 0) return true;
  if (family === 4) return NEVER.check(bare, 'ipv4');
  return NEVER.check(bare, 'ipv6') || hiddenIn(bare).some((hidden) => NEVER.check(hidden, 'ipv4'));
}

/** A guard that lets through what `allowed` covers, and never what must never be probed. */
export function guardFor(allowed: (ip: string) => boolean): Guard {
  return {
    check(ip) {
      if (isNeverProbed(ip))
        throw new BlindLook(
          'not-allowed',
          `${ip} is a metadata, link-local or otherwise reserved address: never probed`,
        );
      if (!allowed(plainAddress(ip)))
        throw new BlindLook(
          'not-allowed',
          `${ip} is not covered by the inventory's \`allow\`; add it there to have it probed`,
        );
    },
  };
}
