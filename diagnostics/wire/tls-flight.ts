import { readUint } from './bytes.ts';
import { handshakeMessages } from './tls-answer.ts';

/** Longest certificate and longest chain that are read, bytes and number: real ones are a tenth of it. */
const MAX_CERTIFICATE = 65_536;
const MAX_CERTIFICATES = 20;

/** What a server's flight shows in clear, TLS 1.2 and older (RFC 5246 section 7.4); every part may be missing. */
interface ServerFlight {
  /** DER, in the order sent. */
  certificates: Uint8Array[];
  /** An OCSP response, DER, as it was stapled (RFC 6066 section 8); null: none. */
  staple: Uint8Array | null;
  exchange: KeyExchange | null;
  asksForCertificate: boolean;
  /** ServerHello: length of the session id, and the types of its extensions. */
  session: number;
  extensions: number[];
}

/** The key exchange that was signed: its group, or the size of its own finite field, bits. */
interface KeyExchange {
  group: number | null;
  dhBits: number | null;
  /** IANA number of the signature algorithm; null before TLS 1.2, and for anonymous exchanges. */
  signature: number | null;
}

/** A list of certificates, each with its length in 24 bits; in TLS 1.3 each is followed by extensions. */
export function certificateList(body: Uint8Array, from: number, with13: boolean): CertificateEntry[] {
  const total = readUint(body, from, 3);
  if (total === null) return [];
  const end = Math.min(body.length, from + 3 + total);
  const list: CertificateEntry[] = [];
  for (let at = from + 3; at + 3 <= end && list.length < MAX_CERTIFICATES; ) {
    const length = readUint(body, at, 3) as number;
    if (length > MAX_CERTIFICATE || at + 3 + length > end) break;
    const der = body.slice(at + 3, at + 3 + length);
    at += 3 + length;
    const more = with13 ? readUint(body, at, 2) : 0;
    if (more === null) break;
    list.push({ der, extensions: with13 ? body.slice(at + 2, at + 2 + more) : new Uint8Array(0) });
    if (with13) at += 2 + more;
  }
  return list;
}

interface CertificateEntry {
  der: Uint8Array;
  extensions: Uint8Array;
}

/** The response in a CertificateStatus: type 1, then 24 bits of length (RFC 6066 section 8). */
export function stapleIn(body: Uint8Array): Uint8Array | null {
  const length = readUint(body, 1, 3);
  return body[0] === 1 && length !== null && length > 0 && 4 + length <= body.length ? body.slice(4, 4 + length) : null;
}

function readExchange(body: Uint8Array, suiteName: string, is12: boolean): KeyExchange {
  if (suiteName.startsWith('TLS_ECDH')) {
    const group = body[0] === 3 ? readUint(body, 1, 2) : null;
    const point = body[3] ?? 0;
    return { group, dhBits: null, signature: is12 ? readUint(body, 4 + point, 2) : null };
  }
  const p = readUint(body, 0, 2) ?? 0;
  const g = readUint(body, 2 + p, 2) ?? 0;
  const y = readUint(body, 4 + p + g, 2) ?? 0;
  const lead = body[2] ?? 0;
  const dhBits = p > 0 && 2 + p <= body.length ? (p - 1) * 8 + (lead === 0 ? 0 : 32 - Math.clz32(lead)) : null;
  return { group: null, dhBits, signature: is12 ? readUint(body, 6 + p + g + y, 2) : null };
}

function extensionTypes(hello: Uint8Array): { session: number; extensions: number[] } {
  const session = hello[34] ?? 0;
  const extensions: number[] = [];
  const from = 35 + session + 3;
  const total = readUint(hello, from, 2) ?? 0;
  for (let at = from + 2; at + 4 <= Math.min(hello.length, from + 2 + total); ) {
    extensions.push(readUint(hello, at, 2) as number);
    at += 4 + (readUint(hello, at + 2, 2) as number);
  }
  return { session, extensions };
}

/** Reads a flight of TLS 1.2 and older as far as it arrived. Any bytes in, a flight out; never throws. */
export function readFlight(data: Uint8Array, suiteName: string): ServerFlight {
  const flight: ServerFlight = {
    certificates: [],
    staple: null,
    exchange: null,
    asksForCertificate: false,
    session: 0,
    extensions: [],
  };
  let is12 = false;
  for (const { type, body } of handshakeMessages(data)) {
    if (type === 2) {
      is12 = readUint(body, 0, 2) === 0x0303;
      Object.assign(flight, extensionTypes(body));
    } else if (type === 11) flight.certificates = certificateList(body, 0, false).map(({ der }) => der);
    else if (type === 22) flight.staple = stapleIn(body);
    else if (type === 12) flight.exchange = readExchange(body, suiteName, is12 && !suiteName.includes('_anon_'));
    else if (type === 13) flight.asksForCertificate = true;
  }
  return flight;
}
