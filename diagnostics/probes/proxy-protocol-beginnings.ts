import type { Conversation, Io } from '../io/io.ts';
import { bytes, fromHex } from '../wire/bytes.ts';
import { padding, proxyV1, proxyV1Unknown, proxyV2, proxyV2Local, vpcEndpoint } from '../wire/proxy-header.ts';
import { answerIsWhole } from '../wire/tls-answer.ts';
import { clientHello, type TlsVersion } from '../wire/tls-hello.ts';

/** How one beginning of a connection was answered, in words that hold for every server (DESIGN 4.4). */
export type HeaderOutcome = 'tls' | 'http' | 'plaintext-error' | 'reset' | 'closed' | 'timeout' | 'alert';
/** What was sent before the payload (DESIGN 4.4). */
export type HeaderSent = 'none' | 'v1' | 'v2' | 'v2-local' | 'v2-tlv' | 'truncated' | 'delayed';
/**
 * What was unusual about it; left out for the plain form. `unknown`: "PROXY UNKNOWN"; `long`: more than 108 bytes;
 * `split`: cut after its signature into two segments; `twice`: two headers in a row; `late-payload`: the header, or
 * nothing, at once and the payload later; `cut-then-payload`: the rest of the header is missing.
 */
export type HeaderForm = 'unknown' | 'long' | 'split' | 'twice' | 'late-payload' | 'cut-then-payload';
export type Payload = 'get' | 'hello';

/** One way to begin a connection. */
export interface Beginning {
  sent: HeaderSent;
  payload: Payload;
  form?: HeaderForm;
  /** How long after the connection stood it was sent, ms; 0: at once. */
  delayMs: number;
}

/** One try: a beginning, and what came back. */
export interface HeaderTry {
  sent: HeaderSent;
  payload: Payload;
  form?: HeaderForm;
  delayMs?: number;
  outcome: HeaderOutcome;
  /** The first 64 bytes that came back, hex. */
  firstBytes: string;
  /** Status of an HTTP answer, else null. */
  status: number | null;
  /** To the first byte, or to the end where none came. */
  ms: number;
}

export interface ProbeTarget {
  /** ip:port. */
  address: string;
  /** SNI and Host. */
  host: string;
  tls: boolean;
}

/** An answer comes at once or not at all: measured servers answer within 5 ms, so this is distance, not thinking time. */
export const PATIENCE_MS = 2_500;
const KEEP = 1_024;
/** How far apart the two halves of a split header are sent: Traefik 2.10.7 gives up after 200 ms. */
const SPLIT_MS = 40;
/** A documentation address (RFC 5737) as the client's: nobody is impersonated. */
export const DOCUMENTED_CLIENT = '192.0.2.10';
const CLIENT = { source: DOCUMENTED_CLIENT, destination: '198.51.100.20', sourcePort: 51_234, destinationPort: 443 };
/** Longer than the 108 bytes that nginx's TLS listener takes, shorter than the 228 that Apache does (measured: lab 1b). */
const LONG_BY = 100;

/** Suites that any server of the last fifteen years shares one of, and those of TLS 1.3. */
const COMMON = [
  0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0xc009, 0xc00a, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
  0xc023, 0xc027, 0x003c, 0x003d, 0x009e, 0x009f, 0x0033, 0x0039, 0x1301, 0x1302, 0x1303,
];

const endpointTlv = vpcEndpoint('vpce-0');

/** The header of a beginning, in the segments it is sent in. */
function headerOf({ sent, form }: Beginning): Uint8Array[] {
  if (form === 'unknown') return [proxyV1Unknown()];
  if (form === 'split') return [proxyV2Local().subarray(0, 12), proxyV2Local().subarray(12)];
  if (form === 'twice') return [bytes(proxyV2Local(), proxyV2Local())];
  if (form === 'long') return [proxyV2(CLIENT, [endpointTlv, padding(LONG_BY)])];
  if (sent === 'none') return [];
  if (sent === 'v1') return [proxyV1(CLIENT)];
  if (sent === 'v2') return [proxyV2(CLIENT)];
  if (sent === 'v2-tlv') return [proxyV2(CLIENT, [endpointTlv])];
  return [sent === 'truncated' ? proxyV2(CLIENT).subarray(0, 20) : proxyV2Local()];
}

/**
 * What is written when. Header and payload go in one write, since a version 2 header that is split after its signature
 * is refused by nginx, HAProxy and hitch (measured: lab section 1).
 */
function segmentsOf(
  beginning: Beginning,
  host: string,
  version: TlsVersion,
): { bytes: Uint8Array; afterMs?: number }[] {
  const header = headerOf(beginning);
  const bare = beginning.sent === 'truncated' && beginning.form !== 'cut-then-payload';
  const payload = bare ? new Uint8Array(0) : payloadOf(beginning.payload, host, version);
  if (beginning.form === 'late-payload')
    return [...header.map((part) => ({ bytes: part })), { bytes: payload, afterMs: beginning.delayMs }];
  const [first, second] = header;
  if (first && second) return [{ bytes: first }, { bytes: bytes(second, payload), afterMs: SPLIT_MS }];
  return [{ bytes: bytes(first ?? [], payload), afterMs: beginning.delayMs }];
}

/** A request or a hello that any server of its kind answers. */
export function payloadOf(payload: Payload, host: string, version: TlsVersion): Uint8Array {
  if (payload === 'hello') return clientHello({ version, suites: COMMON, serverName: host });
  return bytes(`GET / HTTP/1.1\r\nHost: ${host.replace(/[^\x21-\x7e]/g, '')}\r\nConnection: close\r\n\r\n`);
}

/** Pure: what the first bytes and the end of a conversation come to. */
export function outcomeOf(conversation: Pick<Conversation, 'bytes' | 'ending'>): {
  outcome: HeaderOutcome;
  status: number | null;
} {
  const data = fromHex(conversation.bytes);
  const text = Buffer.from(data.subarray(0, 512)).toString('latin1');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text);
  if (data[0] === 0x16) return { outcome: 'tls', status: null };
  if (data[0] === 0x15) return { outcome: 'alert', status: null };
  if (status) return { outcome: status[1] === '400' ? 'plaintext-error' : 'http', status: Number(status[1]) };
  if (data.length) return { outcome: 'plaintext-error', status: null };
  if (conversation.ending === 'rst') return { outcome: 'reset', status: null };
  return { outcome: conversation.ending === 'open' ? 'timeout' : 'closed', status: null };
}

const NOT_THERE = new Set(['refused', 'unreachable', 'connect-timeout']);

/** One beginning of a connection. What the peer does is data; throws only BlindLook `not-allowed` and the signal. */
export async function begin(
  io: Io,
  to: Pick<ProbeTarget, 'address' | 'host'>,
  beginning: Beginning,
  signal: AbortSignal,
  version: TlsVersion = 'TLSv1.2',
): Promise<(HeaderTry & { text: string }) | { unreachable: string }> {
  const conversation = await io.converse(
    {
      address: to.address,
      send: segmentsOf(beginning, to.host, version),
      keep: KEEP,
      enough: (data) => answerIsWhole(data) || (data[0] === 0x48 && Buffer.from(data).includes('\r\n\r\n')),
      patienceMs: PATIENCE_MS + beginning.delayMs,
    },
    signal,
  );
  if (NOT_THERE.has(conversation.ending)) return { unreachable: conversation.ending };
  const { sent, payload, form, delayMs } = beginning;
  return {
    sent,
    payload,
    ...(form && { form }),
    ...(delayMs > 0 && { delayMs }),
    ...outcomeOf(conversation),
    firstBytes: conversation.bytes.slice(0, 128),
    ms: Math.round(conversation.ms),
    text: Buffer.from(conversation.bytes, 'hex').toString('latin1'),
  };
}
