import { bytes, u16 } from './bytes.ts';

/**
 * PROXY protocol headers, versions 1 and 2 (haproxy: doc/proxy-protocol.txt, sections 2.1 and 2.2).
 *
 *   v1  "PROXY TCP4 192.0.2.10 198.51.100.20 51234 443\r\n"                       at most 107 bytes
 *   v2  0d0a0d0a000d0a515549540a | 2x (version 2, x: 0 LOCAL, 1 PROXY) | family/transport | length16 | addresses | TLVs
 *       family/transport 11 = TCP over IPv4: 4 + 4 address bytes, 2 + 2 port bytes; 21 = TCP over IPv6: 16 + 16, 2 + 2
 *       TLV: type8 length16 value
 */
const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);

interface ProxiedConnection {
  /** Client's address, as text (IPv4 or IPv6). */
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
}

interface Tlv {
  type: number;
  value: Uint8Array;
}

/** An AWS VPC endpoint id travels in TLV 0xEA, subtype 0x01. */
export const TLV_AWS = 0xea;

const isV6 = (address: string): boolean => address.includes(':');

/** The eight 16-bit groups of an IPv6 address, as bytes; zone ids are cut off. */
function v6Bytes(address: string): Uint8Array {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => {
          if (!group.includes('.')) return [Number.parseInt(group, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
          return [a * 256 + b, c * 256 + d];
        });
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => 0);
  return bytes(...[...left, ...zeros, ...right].slice(0, 8).map(u16));
}

const addressBytes = (address: string): Uint8Array =>
  isV6(address) ? v6Bytes(address) : Uint8Array.from(address.split('.').map(Number));

/** Version 1, the text form. */
export function proxyV1(connection: ProxiedConnection): Uint8Array {
  const family = isV6(connection.source) ? 'TCP6' : 'TCP4';
  const { source, destination, sourcePort, destinationPort } = connection;
  return bytes(`PROXY ${family} ${source} ${destination} ${sourcePort} ${destinationPort}\r\n`);
}

/** Version 2, command PROXY, with TLVs if wanted. */
export function proxyV2(connection: ProxiedConnection, tlvs: Tlv[] = []): Uint8Array {
  const addresses = bytes(
    addressBytes(connection.source),
    addressBytes(connection.destination),
    u16(connection.sourcePort),
    u16(connection.destinationPort),
  );
  const extra = bytes(...tlvs.map((tlv) => bytes(tlv.type, u16(tlv.value.length), tlv.value)));
  const family = isV6(connection.source) ? 0x21 : 0x11;
  return bytes(V2_SIGNATURE, 0x21, family, u16(addresses.length + extra.length), addresses, extra);
}

/** Version 2, command LOCAL, no addresses: the receiver uses the real ones. Spoofs nothing, so the safest probe. */
export function proxyV2Local(): Uint8Array {
  return bytes(V2_SIGNATURE, 0x20, 0x00, u16(0));
}

/** What the beginning of a byte stream says about a PROXY header. */
type ProxyHeaderRead =
  | { is: 'none' }
  | { is: 'incomplete' }
  | { is: 'malformed'; why: string }
  | { is: 'v1' | 'v2'; command: 'PROXY' | 'LOCAL'; connection: ProxiedConnection | null; tlvs: Tlv[]; length: number };

const MAX_V1 = 107;
const MAX_V2_LENGTH = 65_535;

function v6Text(b: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (((b[2 * i] ?? 0) << 8) | (b[2 * i + 1] ?? 0)).toString(16));
  return groups.join(':');
}

function readV1(data: Uint8Array): ProxyHeaderRead {
  const text = Buffer.from(data.subarray(0, MAX_V1)).toString('latin1');
  const end = text.indexOf('\r\n');
  if (end === -1)
    return data.length >= MAX_V1 ? { is: 'malformed', why: 'no end of line within 107 bytes' } : { is: 'incomplete' };
  const words = text.slice(0, end).split(' ');
  const length = end + 2;
  if (words[1] === 'UNKNOWN') return { is: 'v1', command: 'PROXY', connection: null, tlvs: [], length };
  const [, family, source, destination, sourcePort, destinationPort] = words;
  const ports = [sourcePort, destinationPort].map((port) => (port && /^\d{1,5}$/.test(port) ? Number(port) : -1));
  if (words.length !== 6 || !source || !destination || (family !== 'TCP4' && family !== 'TCP6')) {
    return { is: 'malformed', why: 'not "PROXY TCP4|TCP6 source destination port port"' };
  }
  if (ports.some((port) => port < 0 || port > 65_535)) return { is: 'malformed', why: 'a port is out of range' };
  const connection = { source, destination, sourcePort: ports[0] as number, destinationPort: ports[1] as number };
  return { is: 'v1', command: 'PROXY', connection, tlvs: [], length };
}

function readTlvs(data: Uint8Array): Tlv[] | null {
  const tlvs: Tlv[] = [];
  for (let at = 0; at < data.length; ) {
    if (at + 3 > data.length) return null;
    const length = ((data[at + 1] as number) << 8) | (data[at + 2] as number);
    if (at + 3 + length > data.length) return null;
    tlvs.push({ type: data[at] as number, value: data.slice(at + 3, at + 3 + length) });
    at += 3 + length;
  }
  return tlvs;
}

function readV2(data: Uint8Array): ProxyHeaderRead {
  if (data.length < 16) return { is: 'incomplete' };
  const verb = data[12] as number;
  if (verb >> 4 !== 2 || (verb & 0x0f) > 1)
    return { is: 'malformed', why: `version and command byte ${verb.toString(16)}` };
  const size = ((data[14] as number) << 8) | (data[15] as number);
  if (size > MAX_V2_LENGTH || data.length < 16 + size) return { is: 'incomplete' };
  const command = (verb & 0x0f) === 0 ? 'LOCAL' : 'PROXY';
  const body = data.subarray(16, 16 + size);
  const wide = data[13] === 0x21 ? 16 : data[13] === 0x11 ? 4 : 0;
  const addresses = wide === 0 ? 0 : wide * 2 + 4;
  if (command === 'PROXY' && body.length < addresses) return { is: 'malformed', why: 'shorter than its addresses' };
  const length = 16 + size;
  if (command === 'LOCAL' && size === 0) return { is: 'v2', command, connection: null, tlvs: [], length };
  const tlvs = readTlvs(body.subarray(Math.min(addresses, body.length)));
  if (!tlvs) return { is: 'malformed', why: 'a TLV is longer than the header' };
  if (wide === 0 || command === 'LOCAL') return { is: 'v2', command, connection: null, tlvs, length };
  const text = (from: number): string =>
    wide === 4 ? [...body.subarray(from, from + 4)].join('.') : v6Text(body.subarray(from, from + 16));
  const port = (from: number): number => ((body[from] as number) << 8) | (body[from + 1] as number);
  const connection = {
    source: text(0),
    destination: text(wide),
    sourcePort: port(wide * 2),
    destinationPort: port(wide * 2 + 2),
  };
  return { is: 'v2', command, connection, tlvs, length };
}

/** Reads a PROXY header at the beginning of a stream. Any bytes in, a typed result out; never throws. */
export function readProxyHeader(data: Uint8Array): ProxyHeaderRead {
  if (data.length === 0) return { is: 'incomplete' };
  const startsWith = (prefix: Uint8Array): boolean => prefix.every((byte, i) => i >= data.length || data[i] === byte);
  if (startsWith(V2_SIGNATURE)) return readV2(data);
  const v1 = bytes('PROXY ');
  if (startsWith(v1)) return data.length < v1.length ? { is: 'incomplete' } : readV1(data);
  return { is: 'none' };
}
