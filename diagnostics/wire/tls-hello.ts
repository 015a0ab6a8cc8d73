import { bytes, u16, vector } from './bytes.ts';

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

/** Supported groups by their IANA numbers (registry "TLS Supported Groups"), the ones that servers use. */
export const GROUPS: { readonly [name: string]: number } = {
  X25519MLKEM768: 0x11ec,
  SecP256r1MLKEM768: 0x11eb,
  SecP384r1MLKEM1024: 0x11ed,
  x25519: 0x001d,
  secp256r1: 0x0017,
  secp384r1: 0x0018,
  secp521r1: 0x0019,
  x448: 0x001e,
  brainpoolP256r1: 0x001a,
  brainpoolP384r1: 0x001b,
  brainpoolP512r1: 0x001c,
  secp256k1: 0x0016,
  ffdhe2048: 0x0100,
  ffdhe3072: 0x0101,
  ffdhe4096: 0x0102,
};

const GROUP_NAMES = new Map(Object.entries(GROUPS).map(([name, id]) => [id, name]));
export const groupName = (id: number): string => GROUP_NAMES.get(id) ?? `0x${id.toString(16).padStart(4, '0')}`;

/** Signature algorithms offered by default: everything from PSS and ECDSA down to SHA-1, so that none is the reason. */
const SIGNATURE_ALGORITHMS = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601,
  0x0203, 0x0201, 0x0402, 0x0202,
];

export interface Hello {
  version: TlsVersion;
  /** Cipher suites in the order offered; servers choke on more than 128 of them. */
  suites: readonly number[];
  /** SNI; null leaves the extension out. Addresses are no names and never sent (RFC 6066 section 3). */
  serverName: string | null;
  groups?: readonly number[];
  alpn?: readonly string[];
  /** 32 bytes; random unless given. */
  random?: Uint8Array;
}

const extension = (type: number, content: Uint8Array): Uint8Array => bytes(u16(type), vector(2, content));
const list16 = (values: readonly number[]): Uint8Array => vector(2, bytes(...values.map(u16)));

/**
 * One record with one ClientHello. For TLS 1.3 the key_share list is empty on purpose: the server then answers
 * HelloRetryRequest, which already names suite and group and costs it no key exchange (RFC 8446 section 4.1.4).
 */
export function clientHello(hello: Hello): Uint8Array {
  const number = VERSIONS[hello.version];
  const is13 = hello.version === 'TLSv1.3';
  const legacy = Math.min(number, VERSIONS['TLSv1.2']);
  const random = hello.random ?? crypto.getRandomValues(new Uint8Array(32));
  const session = is13 ? crypto.getRandomValues(new Uint8Array(32)) : new Uint8Array(0);
  const extensions: Uint8Array[] = [];
  if (hello.version !== 'SSLv3') {
    if (hello.serverName) {
      const name = new TextEncoder().encode(hello.serverName);
      extensions.push(extension(0x0000, vector(2, bytes(0, vector(2, name)))));
    }
    extensions.push(extension(0x000a, list16(hello.groups ?? Object.values(GROUPS))));
    extensions.push(extension(0x000b, Uint8Array.of(1, 0)));
    if (number >= VERSIONS['TLSv1.2']) extensions.push(extension(0x000d, list16(SIGNATURE_ALGORITHMS)));
    if (hello.alpn?.length) {
      extensions.push(extension(0x0010, vector(2, bytes(...hello.alpn.map((name) => vector(1, bytes(name)))))));
    }
    if (!is13) extensions.push(extension(0xff01, Uint8Array.of(0)));
    if (is13) {
      extensions.push(extension(0x002b, vector(1, u16(number))));
      extensions.push(extension(0x002d, Uint8Array.of(1, 1)));
      extensions.push(extension(0x0033, vector(2, new Uint8Array(0))));
    }
  }
  const body = bytes(
    u16(legacy),
    random,
    vector(1, session),
    list16(hello.suites),
    Uint8Array.of(1, 0),
    extensions.length ? vector(2, bytes(...extensions)) : [],
  );
  const record = Math.min(number, VERSIONS.TLSv1);
  return bytes(0x16, u16(record), vector(2, bytes(0x01, vector(3, body))));
}
