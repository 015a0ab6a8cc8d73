import { bytes, readUint, u16 } from './bytes.ts';

/**
 * SSL 2.0 (draft-hickman-netscape-ssl-00) and the hello in its format that Java 6 and IE 6 sent (RFC 5246 appendix E.2).
 *
 *   80 length8 | 01 | version16 | specs length16 | session length16 | challenge length16 | specs 3 bytes each | challenge
 */
export const SSLV2_CIPHERS: { readonly [name: string]: number } = {
  SSL_CK_RC4_128_WITH_MD5: 0x010080,
  SSL_CK_RC4_128_EXPORT40_WITH_MD5: 0x020080,
  SSL_CK_RC2_128_CBC_WITH_MD5: 0x030080,
  SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5: 0x040080,
  SSL_CK_IDEA_128_CBC_WITH_MD5: 0x050080,
  SSL_CK_DES_64_CBC_WITH_MD5: 0x060040,
  SSL_CK_DES_192_EDE3_CBC_WITH_MD5: 0x0700c0,
};

/**
 * A hello in SSL 2.0's format. `version`: 0x0002 asks for SSL 2.0 itself, 0x0301 for TLS 1.0 by an old client.
 * `suites`: cipher specs of 24 bits; those of SSL 3.0 and later are their 16-bit numbers.
 */
export function sslv2Hello(version: number, suites: readonly number[], challenge?: Uint8Array): Uint8Array {
  const dare = challenge ?? crypto.getRandomValues(new Uint8Array(16));
  const specs = bytes(...suites.map((id) => Uint8Array.of((id >> 16) & 0xff, (id >> 8) & 0xff, id & 0xff)));
  const body = bytes(1, u16(version), u16(specs.length), u16(0), u16(dare.length), specs, dare);
  return bytes(u16(0x8000 | body.length), body);
}

/** What answers a hello of SSL 2.0: its own ServerHello, or nothing of the kind. Never throws. */
export function readSslv2Answer(
  data: Uint8Array,
): { is: 'hello'; suites: number[]; certificate: Uint8Array } | { is: 'error'; number: number } | { is: 'other' } {
  const head = readUint(data, 0, 2);
  if (head === null || !(head & 0x8000)) return { is: 'other' };
  // MSG-ERROR 0: an error code of 16 bits; MSG-SERVER-HELLO 4.
  if (data[2] === 0 && (head & 0x7fff) === 3) return { is: 'error', number: readUint(data, 3, 2) ?? 0 };
  if (data[2] !== 4 || readUint(data, 5, 2) !== 0x0002) return { is: 'other' };
  const certificate = readUint(data, 7, 2) ?? 0;
  const specs = readUint(data, 9, 2) ?? 0;
  const from = 13 + certificate;
  if (from + specs > data.length || from + specs > 2 + (head & 0x7fff)) return { is: 'other' };
  const suites: number[] = [];
  for (let at = from; at + 3 <= from + specs; at += 3) suites.push(readUint(data, at, 3) as number);
  return { is: 'hello', suites, certificate: data.slice(13, from) };
}

/** True once an answer in SSL 2.0's format, or any other, can be judged. */
export function sslv2AnswerIsWhole(data: Uint8Array): boolean {
  const head = readUint(data, 0, 2);
  if (head === null) return false;
  if (data[0] === 0x15) return data.length >= 7;
  if (data[0] === 0x16) return data.length >= 11;
  return !(head & 0x8000) || data.length >= 2 + (head & 0x7fff);
}

const SPEC_NAMES = new Map(Object.entries(SSLV2_CIPHERS).map(([name, id]) => [id, name]));
/** Name of a cipher of SSL 2.0; unknown ones show their number. */
export const sslv2CipherName = (id: number): string =>
  SPEC_NAMES.get(id) ?? `SSL_CK_${id.toString(16).padStart(6, '0').toUpperCase()}`;
