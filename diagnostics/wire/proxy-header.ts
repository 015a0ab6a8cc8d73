import { bytes, u16 } from './bytes.ts';

/**
 * PROXY protocol headers, versions 1 and 2 (haproxy: doc/proxy-protocol.txt, sections 2.1 and 2.2).
 *
 *   v1  "PROXY TCP4 192.0.2.10 198.51.100.20 51234 443\r\n"                       at most 107 bytes
 *   v2  0d0a0d0a000d0a515549540a | 2x (version 2, x: 0 LOCAL, 1 PROXY) | family/transport | length16 | addresses | TLVs
 *       family 1 = IPv4: 4 + 4 address bytes, 2 + 2 port bytes; 2 = IPv6: 16 + 16, 2 + 2; 3 = UNIX: 108 + 108; 0 = none
 *       transport 0 = unspecified, 1 = stream, 2 = datagram
 *       TLV: type8 length16 value
 */

/** The twelve bytes that begin every version 2 header: no line of any text protocol. */
export const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);

/** Whose connection a header speaks of. */
export interface ProxiedConnection {
  /** Client's address, as text (IPv4 or IPv6). */
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
}

/** One extension of a version 2 header (section 2.2): a type and its value, 65 535 bytes at most. */
export interface Tlv {
  type: number;
  value: Uint8Array;
}

/** An AWS VPC endpoint id travels in TLV 0xEA, subtype 0x01 (AWS: NLB guide, "Proxy protocol"). */
export const TLV_AWS = 0xea;
/** PP2_TYPE_NOOP: to be skipped by every receiver (section 2.2.4); the harmless way to make a header longer. */
const TLV_NOOP = 0x04;

/** The TLV that a Network Load Balancer adds for a connection that came through a VPC endpoint. */
export const vpcEndpoint = (id: string): Tlv => ({ type: TLV_AWS, value: bytes(1, id) });

/** The VPC endpoint that a header names; null: none. */
export function vpcEndpointIn(tlvs: readonly Tlv[]): string | null {
  const found = tlvs.find((tlv) => tlv.type === TLV_AWS && tlv.value[0] === 0x01);
  return found ? Buffer.from(found.value.subarray(1)).toString('latin1') : null;
}

/** A TLV that carries nothing and makes its header this many bytes longer (3 at least). */
export const padding = (size: number): Tlv => ({ type: TLV_NOOP, value: new Uint8Array(Math.max(0, size - 3)) });

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

const bare = (address: string): string => address.split('%')[0] ?? address;

/** Both addresses in one family: an IPv4 one beside an IPv6 one is written as IPv6 (mapped, RFC 4291 section 2.5.5.2). */
function sameFamily(connection: ProxiedConnection): { v6: boolean; source: string; destination: string } {
  const source = bare(connection.source);
  const destination = bare(connection.destination);
  const v6 = isV6(source) || isV6(destination);
  const fit = (address: string): string => (v6 && !isV6(address) ? `::ffff:${address}` : address);
  return { v6, source: fit(source), destination: fit(destination) };
}

const addressBytes = (address: string): Uint8Array =>
  isV6(address) ? v6Bytes(address) : Uint8Array.from(address.split('.').map(Number));

/** Version 1, the text form. */
export function proxyV1(connection: ProxiedConnection): Uint8Array {
  const { v6, source, destination } = sameFamily(connection);
  const { sourcePort, destinationPort } = connection;
  return bytes(`PROXY TCP${v6 ? 6 : 4} ${source} ${destination} ${sourcePort} ${destinationPort}\r\n`);
}

/** Version 1 of a sender that does not know its client: the receiver uses the real addresses (section 2.1). */
export const proxyV1Unknown = (): Uint8Array => bytes('PROXY UNKNOWN\r\n');

/** Version 2, command PROXY, with TLVs if wanted; 65 535 bytes behind its first 16 at most. */
export function proxyV2(connection: ProxiedConnection, tlvs: readonly Tlv[] = []): Uint8Array {
  const { v6, source, destination } = sameFamily(connection);
  const addresses = bytes(
    addressBytes(source),
    addressBytes(destination),
    u16(connection.sourcePort),
    u16(connection.destinationPort),
  );
  const extra = bytes(...tlvs.map((tlv) => bytes(tlv.type, u16(tlv.value.length), tlv.value)));
  return bytes(V2_SIGNATURE, 0x21, v6 ? 0x21 : 0x11, u16(addresses.length + extra.length), addresses, extra);
}

/** Version 2, command LOCAL, no addresses: the receiver uses the real ones. Spoofs nothing, so the safest probe. */
export function proxyV2Local(): Uint8Array {
  return bytes(V2_SIGNATURE, 0x20, 0x00, u16(0));
}
