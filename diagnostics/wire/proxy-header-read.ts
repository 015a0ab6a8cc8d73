import { isIP } from 'node:net';
import { bytes, readUint } from './bytes.ts';
import { type ProxiedConnection, type Tlv, V2_SIGNATURE } from './proxy-header.ts';

/**
 * What the beginning of a byte stream says about a PROXY header (haproxy: doc/proxy-protocol.txt, sections 2.1 and 2.2).
 * `length`: bytes of the header; what follows is the connection's own. `connection` is null where the header names none
 * that we could use: UNKNOWN, LOCAL, no address family, UNIX sockets.
 */
type ProxyHeaderRead =
  | { is: 'none' }
  | { is: 'incomplete' }
  | { is: 'malformed'; why: string }
  | { is: 'v1' | 'v2'; command: 'PROXY' | 'LOCAL'; connection: ProxiedConnection | null; tlvs: Tlv[]; length: number };

/** Longest version 1 line, its CRLF included: PROXY UNKNOWN with two IPv6 addresses (section 2.1). */
const MAX_V1 = 107;
const V1_START = bytes('PROXY ');
/** Address bytes by family, ports included: none, IPv4, IPv6, UNIX (section 2.2). */
const ADDRESS_BYTES = [0, 12, 36, 216] as const;

const malformed = (why: string): ProxyHeaderRead => ({ is: 'malformed', why });

function v6Text(b: Uint8Array): string {
  return Array.from({ length: 8 }, (_, i) => (readUint(b, 2 * i, 2) ?? 0).toString(16)).join(':');
}

/** A port as the specification wants it: decimal, without a zero before it; null: it is none. */
function portOf(text: string | undefined): number | null {
  const port = text !== undefined && /^(0|[1-9]\d{0,4})$/.test(text) ? Number(text) : 65_536;
  return port <= 65_535 ? port : null;
}

function readV1(data: Uint8Array): ProxyHeaderRead {
  const text = Buffer.from(data.subarray(0, MAX_V1)).toString('latin1');
  const end = text.indexOf('\r\n');
  if (end === -1) return data.length >= MAX_V1 ? malformed('no end of line within 107 bytes') : { is: 'incomplete' };
  const words = text.slice(0, end).split(' ');
  const length = end + 2;
  if (words[1] === 'UNKNOWN') return { is: 'v1', command: 'PROXY', connection: null, tlvs: [], length };
  const [, family, source = '', destination = ''] = words;
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0;
  if (words.length !== 6 || version === 0) return malformed('not "PROXY TCP4|TCP6 source destination port port"');
  if (isIP(source) !== version || isIP(destination) !== version) return malformed(`an address is not of ${family}`);
  const [sourcePort, destinationPort] = [portOf(words[4]), portOf(words[5])];
  if (sourcePort === null || destinationPort === null) return malformed('a port is out of range');
  return {
    is: 'v1',
    command: 'PROXY',
    connection: { source, destination, sourcePort, destinationPort },
    tlvs: [],
    length,
  };
}

function readTlvs(data: Uint8Array): Tlv[] | null {
  const tlvs: Tlv[] = [];
  for (let at = 0; at < data.length; ) {
    const length = readUint(data, at + 1, 2);
    if (length === null || at + 3 + length > data.length) return null;
    tlvs.push({ type: data[at] as number, value: data.slice(at + 3, at + 3 + length) });
    at += 3 + length;
  }
  return tlvs;
}

function connectionIn(body: Uint8Array, family: number): ProxiedConnection | null {
  if (family !== 1 && family !== 2) return null;
  const wide = family === 1 ? 4 : 16;
  const text = (from: number): string => {
    const part = body.subarray(from, from + wide);
    return family === 1 ? part.join('.') : v6Text(part);
  };
  const port = (from: number): number => readUint(body, from, 2) ?? 0;
  return { source: text(0), destination: text(wide), sourcePort: port(wide * 2), destinationPort: port(wide * 2 + 2) };
}

function readV2(data: Uint8Array): ProxyHeaderRead {
  const size = readUint(data, 14, 2);
  if (size === null) return { is: 'incomplete' };
  const verb = data[12] as number;
  if (verb >> 4 !== 2 || (verb & 0x0f) > 1) return malformed(`version and command byte ${verb.toString(16)}`);
  const family = (data[13] as number) >> 4;
  if (family > 3 || ((data[13] as number) & 0x0f) > 2)
    return malformed(`family and transport byte ${(data[13] as number).toString(16)}`);
  const length = 16 + size;
  if (data.length < length) return { is: 'incomplete' };
  const body = data.subarray(16, length);
  // What a LOCAL header says of addresses is to be skipped, its length is not (section 2.2); so for no family.
  if ((verb & 0x0f) === 0) return { is: 'v2', command: 'LOCAL', connection: null, tlvs: readTlvs(body) ?? [], length };
  const addresses = ADDRESS_BYTES[family] as number;
  if (body.length < addresses) return malformed('shorter than its addresses');
  const tlvs = readTlvs(body.subarray(addresses));
  if (!tlvs && family !== 0) return malformed('a TLV is longer than the header');
  return { is: 'v2', command: 'PROXY', connection: connectionIn(body, family), tlvs: tlvs ?? [], length };
}

/** Reads a PROXY header at the beginning of a stream. Any bytes in, a typed result out; never throws. */
export function readProxyHeader(data: Uint8Array): ProxyHeaderRead {
  if (data.length === 0) return { is: 'incomplete' };
  const startsWith = (prefix: Uint8Array): boolean => prefix.every((byte, i) => i >= data.length || data[i] === byte);
  if (startsWith(V2_SIGNATURE)) return readV2(data);
  if (startsWith(V1_START)) return data.length < V1_START.length ? { is: 'incomplete' } : readV1(data);
  return { is: 'none' };
}
