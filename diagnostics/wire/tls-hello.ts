import { bytes, u16, vector } from './bytes.ts';
import { GROUPS, SIGNATURES } from './tls-groups.ts';

export { GROUPS, groupName } from './tls-groups.ts';

/**
 * Writes a ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2; SSL 3.0: RFC 6101 section 5.6.1.2).
 *
 *   record  16 | version16 | length16 | handshake 01 length24 | version16 random32 session8 suites16 compression8 extensions16
 */
export const VERSIONS = {
  SSLv3: 0x0300,
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
} as const;
export type TlsVersion = keyof typeof VERSIONS;

/** Offered by default: everything from PSS and ECDSA down to SHA-1, so that none is the reason of a refusal. */
const SIGNATURE_ALGORITHMS: readonly number[] = Object.values(SIGNATURES).slice(0, 18);

export interface Hello {
  version: TlsVersion;
  /** Cipher suites in the order offered; servers choke on more than 128 of them. */
  suites: readonly number[];
  /** SNI; null leaves the extension out. Addresses are no names and never sent (RFC 6066 section 3). */
  serverName: string | null;
  groups?: readonly number[];
  signatures?: readonly number[];
  alpn?: readonly string[];
  /** TLS 1.3 key shares, public keys as sent; none: the server answers HelloRetryRequest. */
  shares?: readonly { group: number; key: Uint8Array }[];
  /** Asks for an OCSP staple and says that tickets and extended master secrets are known: an old server ignores both. */
  curious?: boolean;
  /** Leaves out every extension that is not needed, for servers that choke on more. */
  bare?: boolean;
  /** 32 bytes; random unless given. */
  random?: Uint8Array;
}

/** One extension: type, length, content. */
export const extension = (type: number, content: Uint8Array): Uint8Array => bytes(u16(type), vector(2, content));
/** Numbers of 16 bits with the length of the list before them. */
const list16 = (values: readonly number[]): Uint8Array => vector(2, bytes(...values.map(u16)));

/** server_name with one host name (RFC 6066 section 3). */
export const serverNameExtension = (name: string): Uint8Array =>
  extension(0x0000, vector(2, bytes(0, vector(2, new TextEncoder().encode(name)))));
/** application_layer_protocol_negotiation (RFC 7301). */
const alpnExtension = (names: readonly string[]): Uint8Array =>
  extension(0x0010, vector(2, bytes(...names.map((name) => vector(1, bytes(name))))));
/** key_share of a client (RFC 8446 section 4.2.8). */
export const keyShareExtension = (shares: readonly { group: number; key: Uint8Array }[]): Uint8Array =>
  extension(0x0033, vector(2, bytes(...shares.map(({ group, key }) => bytes(u16(group), vector(2, key))))));

/** A ClientHello from its parts, in a record of its own. `extensions` null: none at all, not even their length. */
export function helloRecord(parts: {
  record: number;
  version: number;
  random: Uint8Array;
  session: Uint8Array;
  suites: readonly number[];
  compression: readonly number[];
  extensions: readonly Uint8Array[] | null;
}): Uint8Array {
  const body = bytes(
    u16(parts.version),
    parts.random,
    vector(1, parts.session),
    list16(parts.suites),
    vector(1, Uint8Array.from(parts.compression)),
    parts.extensions ? vector(2, bytes(...parts.extensions)) : [],
  );
  return bytes(0x16, u16(parts.record), vector(2, bytes(0x01, vector(3, body))));
}

function extensionsOf(hello: Hello, number: number): Uint8Array[] {
  const is13 = hello.version === 'TLSv1.3';
  const list: Uint8Array[] = [];
  if (hello.serverName) list.push(serverNameExtension(hello.serverName));
  list.push(extension(0x000a, list16(hello.groups ?? Object.values(GROUPS).slice(0, hello.bare ? 14 : 22))));
  list.push(extension(0x000b, Uint8Array.of(1, 0)));
  if (number >= VERSIONS['TLSv1.2']) list.push(extension(0x000d, list16(hello.signatures ?? SIGNATURE_ALGORITHMS)));
  if (hello.alpn?.length) list.push(alpnExtension(hello.alpn));
  if (hello.curious && !hello.bare) {
    list.push(extension(0x0005, Uint8Array.of(1, 0, 0, 0, 0)));
    if (!is13) list.push(extension(0x0023, new Uint8Array(0)), extension(0x0017, new Uint8Array(0)));
  }
  if (!is13) list.push(extension(0xff01, Uint8Array.of(0)));
  if (is13) {
    list.push(extension(0x002b, vector(1, u16(number))));
    list.push(extension(0x002d, Uint8Array.of(1, 1)));
    list.push(keyShareExtension(hello.shares ?? []));
  }
  return list;
}

/**
 * One record with one ClientHello. For TLS 1.3 the key_share list is empty unless `shares` says otherwise: the server then
 * answers HelloRetryRequest, which already names suite and group and costs it no key exchange (RFC 8446 section 4.1.4).
 */
export function clientHello(hello: Hello): Uint8Array {
  const number = VERSIONS[hello.version];
  return helloRecord({
    record: Math.min(number, VERSIONS.TLSv1),
    version: Math.min(number, VERSIONS['TLSv1.2']),
    random: hello.random ?? crypto.getRandomValues(new Uint8Array(32)),
    session: hello.version === 'TLSv1.3' ? crypto.getRandomValues(new Uint8Array(32)) : new Uint8Array(0),
    suites: hello.suites,
    compression: [0],
    extensions: hello.version === 'SSLv3' ? null : extensionsOf(hello, number),
  });
}
