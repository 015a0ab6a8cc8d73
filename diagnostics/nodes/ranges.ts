import { BlockList, isIP } from 'node:net';

/** Does one of these ranges (`10.0.0.0/8`, an address) hold the address? Ranges that are none hold nothing. */
export function inRanges(ranges: string[], address: string): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0) return false;
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.trim().split('/');
    const version = isIP(net);
    if (version === 0) continue;
    const kind = version === 6 ? 'ipv6' : 'ipv4';
    const length = bits === undefined ? (version === 6 ? 128 : 32) : Number(bits);
    if (!Number.isInteger(length) || length < 0 || length > (version === 6 ? 128 : 32)) continue;
    list.addSubnet(net, length, kind);
  }
  return list.check(address, family);
}
