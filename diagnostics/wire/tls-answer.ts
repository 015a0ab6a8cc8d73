import { readUint, toHex } from './bytes.ts';
import { type TlsVersion, VERSIONS } from './tls-hello.ts';

/** What a server's first bytes after a ClientHello mean. Any bytes in, a typed result out; never throws. */
export type TlsAnswer =
  | { is: 'hello'; version: TlsVersion; suite: number; retry: boolean; group: number | null; alpn: string | null }
  | { is: 'alert'; level: number; number: number }
  | { is: 'plaintext'; looksLike: string }
  | { is: 'incomplete' }
  | { is: 'unknown' };

/** ServerHello.random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3). */
const RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';
/** A record carries at most 2^14 bytes plus what encryption adds; a ServerHello fits far below this. */
const MAX_RECORD = 18_432;

const VERSION_NAMES = new Map<number, TlsVersion>(
  Object.entries(VERSIONS).map(([name, number]) => [number, name as TlsVersion]),
);

/** Which software or protocol answers in clear text, told from the first bytes (measured on real servers). */
export function looksLike(text: string): string {
  const status = /^HTTP\/1\.([01]) (\d{3})([^\r\n]*)/.exec(text);
  if (status) {
    const said = `HTTP ${status[2]}`;
    if (status[1] === '0' || /Client sent an HTTP request to an HTTPS server/.test(text))
      return `${said} of a Go TLS listener`;
    if (/\r\nServer: nginx/i.test(text) || /<center>nginx/.test(text)) return `${said} of nginx`;
    if (/\r\nServer: Apache/i.test(text)) return `${said} of Apache`;
    if (/ 400 Bad request\r\n/.test(text) && /Content-length/.test(text)) return `${said} of HAProxy`;
    if (/Content-Type: text\/plain; charset=utf-8\r\nConnection: close/.test(text))
      return `${said} of a Go server such as Traefik`;
    return said;
  }
  if (/^SSH-/.test(text)) return 'SSH';
  if (/^220[ -]/.test(text)) return 'SMTP or FTP';
  if (/^\+OK/.test(text)) return 'POP3';
  if (/^-ERR|^\+PONG/.test(text)) return 'Redis';
  if (/^[\x20-\x7e\r\n\t]{4,}/.test(text)) return 'clear text';
  return 'bytes that are no TLS record';
}

/** Greetings of protocols that speak first: their first line is all that will come. */
const GREETING = /^(SSH-|220[ -]|\+OK|\* OK|-ERR)[^\n]*\n/;

/** True once the bytes can be judged: a whole first record, an alert, or something that is no TLS at all. */
export function answerIsWhole(data: Uint8Array): boolean {
  if (data.length > 6 && data[0] !== 0x16 && GREETING.test(Buffer.from(data.subarray(0, 300)).toString('latin1')))
    return true;
  if (data.length < 6) return data.length > 0 && data[0] !== 0x16 && data[0] !== 0x15 && data.length >= 512;
  if (data[0] === 0x15) return data.length >= 7;
  if (data[0] !== 0x16) return data.length >= 512;
  const length = readUint(data, 3, 2) ?? 0;
  return length > MAX_RECORD || data.length >= 5 + Math.min(length, 4 + (readUint(data, 6, 3) ?? 0));
}

function readExtensions(data: Uint8Array, from: number, until: number): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = from; at + 4 <= until; ) {
    const type = readUint(data, at, 2) as number;
    const length = readUint(data, at + 2, 2) as number;
    if (at + 4 + length > until) break;
    found.set(type, data.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

/** Reads the answer to a ClientHello: ServerHello, HelloRetryRequest, alert, or what else it is. */
export function readTlsAnswer(data: Uint8Array): TlsAnswer {
  if (data.length === 0) return { is: 'incomplete' };
  const type = data[0];
  if (type === 0x15) {
    const level = data[5];
    const number = data[6];
    return level === undefined || number === undefined ? { is: 'incomplete' } : { is: 'alert', level, number };
  }
  if (type !== 0x16) {
    return { is: 'plaintext', looksLike: looksLike(Buffer.from(data.subarray(0, 1024)).toString('latin1')) };
  }
  if (data.length < 9) return { is: 'incomplete' };
  if (data[1] !== 3) return { is: 'unknown' };
  if (data[5] !== 0x02) return { is: 'unknown' };
  const length = readUint(data, 6, 3) as number;
  const legacy = readUint(data, 9, 2);
  const session = data[43];
  if (legacy === null || session === undefined) return { is: 'incomplete' };
  const suite = readUint(data, 44 + session, 2);
  if (suite === null) return { is: 'incomplete' };
  const end = Math.min(9 + length, data.length);
  const extensions = readExtensions(data, 44 + session + 5, end);
  const supported = extensions.get(0x002b);
  const number = supported && supported.length === 2 ? (readUint(supported, 0, 2) as number) : legacy;
  const version = VERSION_NAMES.get(number);
  if (!version) return { is: 'unknown' };
  const share = extensions.get(0x0033);
  const alpn = extensions.get(0x0010);
  return {
    is: 'hello',
    version,
    suite,
    retry: toHex(data.subarray(11, 43)) === RETRY_RANDOM,
    group: share ? readUint(share, 0, 2) : null,
    alpn: alpn && alpn.length > 3 ? Buffer.from(alpn.subarray(3)).toString('latin1').slice(0, 40) : null,
  };
}

/** The server's key share of TLS 1.3 (RFC 8446 section 4.2.8): group and public key; null where there is none. */
export function readServerShare(data: Uint8Array): { group: number; key: Uint8Array } | null {
  const session = data[43];
  if (data[0] !== 0x16 || data[5] !== 0x02 || session === undefined) return null;
  const length = readUint(data, 6, 3) as number;
  const share = readExtensions(data, 44 + session + 5, Math.min(9 + length, data.length)).get(0x0033);
  const size = share ? readUint(share, 2, 2) : null;
  if (!share || size === null || 4 + size !== share.length) return null;
  return { group: readUint(share, 0, 2) as number, key: share.slice(4) };
}

/** Alert numbers that decide verdicts, in words (RFC 8446 section 6, RFC 5246 section 7.2). */
const ALERTS: { readonly [number: number]: string } = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  42: 'bad_certificate',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  109: 'missing_extension',
  112: 'unrecognized_name',
  116: 'certificate_required',
  120: 'no_application_protocol',
};
export const alertName = (number: number): string => ALERTS[number] ?? `alert ${number}`;

/** Handshake messages of a server's flight, as far as they arrived, put together across records. */
export function handshakeMessages(data: Uint8Array): { type: number; body: Uint8Array }[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 5 <= data.length && data[at] === 0x16; ) {
    const length = readUint(data, at + 3, 2) as number;
    parts.push(data.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const stream = Buffer.concat(parts);
  const messages: { type: number; body: Uint8Array }[] = [];
  for (let at = 0; at + 4 <= stream.length; ) {
    const length = readUint(stream, at + 1, 3) as number;
    if (at + 4 + length > stream.length) break;
    messages.push({ type: stream[at] as number, body: stream.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return messages;
}

/** Group of an ECDHE ServerKeyExchange: curve type 3 = named_curve, then its number (RFC 8422 section 5.4). */
export function keyExchangeGroup(data: Uint8Array): number | null {
  const exchange = handshakeMessages(data).find((message) => message.type === 12);
  return exchange && exchange.body[0] === 3 ? readUint(exchange.body, 1, 2) : null;
}

/** Does the server's flight ask for a client certificate (message 13, RFC 5246 section 7.4.4)? */
export const asksForCertificate = (data: Uint8Array): boolean =>
  handshakeMessages(data).some((message) => message.type === 13);

/** True once a flight of TLS 1.2 and older is there to its end (message 14, ServerHelloDone). */
export function flightIsDone(data: Uint8Array): boolean {
  if (data[0] !== 0x16) return answerIsWhole(data);
  return handshakeMessages(data).some((message) => message.type === 14);
}

/** True once the flight of TLS 1.2 and older is there up to its key exchange or its end (messages 12 and 14). */
export function flightIsWhole(data: Uint8Array): boolean {
  if (data[0] !== 0x16) return answerIsWhole(data);
  return handshakeMessages(data).some((message) => message.type === 12 || message.type === 14);
}
