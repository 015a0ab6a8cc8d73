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

/** An IPv4 address written into IPv6 (`::ffff:a.b.c.d`, also in hex, and 6to4's NAT64 prefix) is judged as IPv4. */
function plainAddress(ip: string): string {
  const bare = ip.split('%')[0] ?? ip;
  const dotted = /^(?:::ffff:|64:ff9b::)(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  if (dotted) return dotted[1] as string;
  const hex = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(bare);
  if (!hex) return bare;
  const [high = 0, low = 0] = [Number.parseInt(hex[1] as string, 16), Number.parseInt(hex[2] as string, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** True for addresses that no probe ever goes to. */
export function isNeverProbed(ip: string): boolean {
  const plain = plainAddress(ip);
  const family = isIP(plain);
  return family === 0 || NEVER.check(plain, family === 6 ? 'ipv6' : 'ipv4');
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
