import type { Conversation, Io } from '../io/io.ts';
import { bytes, fromHex, toHex } from '../wire/bytes.ts';
import { proxyV1, proxyV2, proxyV2Local, TLV_AWS } from '../wire/proxy-header.ts';
import { answerIsWhole } from '../wire/tls-answer.ts';
import { clientHello, type TlsVersion } from '../wire/tls-hello.ts';
import { CLASSIC_SUITES, TLS13_SUITES } from '../wire/tls-suites.ts';

/** How one beginning of a connection was answered, in words that hold for every server. */
type HeaderOutcome = 'tls' | 'http' | 'plaintext-error' | 'reset' | 'closed' | 'timeout' | 'alert';
export type HeaderSent = 'none' | 'v1' | 'v2' | 'v2-local' | 'v2-tlv' | 'truncated' | 'delayed';

/** One try: a header (or none), then a payload, in one write. */
export interface HeaderTry {
  sent: HeaderSent;
  payload: 'get' | 'hello';
  outcome: HeaderOutcome;
  firstBytes: string;
  /** Status of an HTTP answer, else null. */
  status: number | null;
  ms: number;
}

export interface HeaderProbe {
  tries: HeaderTry[];
  /** Nobody listens, or nobody answers the connection: then there is nothing to say about headers. */
  unreachable: string | null;
  connections: number;
}

/** What a listener expects before the request, as its answers show it. */
export type HeaderExpectation = 'none' | 'v1' | 'v2' | 'v1-or-v2' | 'optional' | 'unknown';

/** An answer comes at once or not at all: measured servers answer within 5 ms, so this is distance, not thinking time. */
const PATIENCE_MS = 2_500;
const KEEP = 1_024;
/** A documentation address (RFC 5737) as the client's: nobody is impersonated. */
const CLIENT = { source: '192.0.2.10', destination: '198.51.100.20', sourcePort: 51_234, destinationPort: 443 };

/** A hello that any server of the last fifteen years can answer, or one for those that speak TLS 1.3 alone. */
const modernHello = (serverName: string | null, version: TlsVersion): Uint8Array =>
  clientHello({
    version,
    suites: [...CLASSIC_SUITES.filter((id) => COMMON.has(id)), ...TLS13_SUITES.filter((id) => COMMON.has(id))],
    serverName,
  });
const COMMON = new Set([
  0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0xc009, 0xc00a, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
  0xc023, 0xc027, 0x003c, 0x003d, 0x009e, 0x009f, 0x0033, 0x0039, 0x1301, 0x1302, 0x1303,
]);

/** TLS 1.3-only servers refuse the hello above with alert 70: a TLS answer all the same, which is what counts here. */
const HEADERS: { [sent in HeaderSent]: () => Uint8Array } = {
  none: () => new Uint8Array(0),
  v1: () => proxyV1(CLIENT),
  v2: () => proxyV2(CLIENT),
  'v2-local': () => proxyV2Local(),
  'v2-tlv': () => proxyV2(CLIENT, [{ type: TLV_AWS, value: bytes(1, 'vpce-0') }]),
  truncated: () => proxyV2(CLIENT).subarray(0, 20),
  delayed: () => proxyV2Local(),
};

function outcomeOf(conversation: Conversation): { outcome: HeaderOutcome; status: number | null } {
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

/** One beginning of a connection. */
async function tryOne(
  io: Io,
  to: { address: string; host: string },
  sent: HeaderSent,
  payload: 'get' | 'hello',
  signal: AbortSignal,
  delayMs = 0,
  version: TlsVersion = 'TLSv1.2',
): Promise<HeaderTry | { unreachable: string }> {
  const body =
    payload === 'get'
      ? bytes(`GET / HTTP/1.1\r\nHost: ${to.host}\r\nConnection: close\r\n\r\n`)
      : modernHello(to.host, version);
  // Header and payload go in one write: a v2 header split after its signature is refused by nginx, HAProxy and hitch.
  const conversation = await io.converse(
    {
      address: to.address,
      send: [{ bytes: bytes(HEADERS[sent](), sent === 'truncated' ? new Uint8Array(0) : body), afterMs: delayMs }],
      keep: KEEP,
      enough: (data) => answerIsWhole(data) || (data[0] === 0x48 && toHex(data).includes('0d0a0d0a')),
      patienceMs: PATIENCE_MS + delayMs,
    },
    signal,
  );
  if (
    conversation.ending === 'refused' ||
    conversation.ending === 'unreachable' ||
    conversation.ending === 'connect-timeout'
  ) {
    return { unreachable: conversation.ending };
  }
  return {
    sent,
    payload,
    ...outcomeOf(conversation),
    firstBytes: conversation.bytes.slice(0, 128),
    ms: Math.round(conversation.ms),
  };
}

/**
 * Begins connections in all the ways that tell listeners apart: without a header, v1, v2, LOCAL, with TLVs, cut, late;
 * each before a payload that fits the listener, and both payloads without a header and after LOCAL, the four probes
 * that separate a missing header from a stray one.
 */
export async function probeProxyProtocol(
  io: Io,
  to: { address: string; host: string; tls: boolean },
  signal: AbortSignal,
  options: { thorough: boolean },
): Promise<HeaderProbe> {
  const fitting = to.tls ? 'hello' : 'get';
  const wanted: [HeaderSent, 'get' | 'hello', number][] = [
    ['none', fitting, 0],
    ['v2-local', fitting, 0],
    ['none', to.tls ? 'get' : 'hello', 0],
    ['v1', fitting, 0],
    ['v2', fitting, 0],
  ];
  if (options.thorough) {
    wanted.push(
      ['v2-local', to.tls ? 'get' : 'hello', 0],
      ['v2-tlv', fitting, 0],
      ['truncated', fitting, 0],
      ['delayed', fitting, 300],
    );
  }
  const [first, ...rest] = wanted as [(typeof wanted)[0], ...typeof wanted];
  const opening = await tryOne(io, to, first[0], first[1], signal, first[2]);
  if ('unreachable' in opening) return { tries: [], unreachable: opening.unreachable, connections: 1 };
  // A server that speaks TLS 1.3 alone refuses that hello with the very alert with which BoringSSL meets a stray header.
  const again = opening.outcome === 'alert' ? await tryOne(io, to, first[0], first[1], signal, 0, 'TLSv1.3') : null;
  const only13 = again !== null && !('unreachable' in again) && again.outcome === 'tls';
  const version = only13 ? 'TLSv1.3' : 'TLSv1.2';
  const others = await Promise.all(
    rest.map(([sent, payload, delay]) => tryOne(io, to, sent, payload, signal, delay, version)),
  );
  const tries = [only13 ? again : opening, ...others.filter((t): t is HeaderTry => !('unreachable' in t))];
  return { tries, unreachable: null, connections: wanted.length + (again ? 1 : 0) };
}

/** Did this beginning get through to what the listener serves? */
const gotThrough = (t: HeaderTry | undefined, tls: boolean): boolean =>
  t !== undefined &&
  (tls ? t.outcome === 'tls' || (t.outcome === 'alert' && t.ms >= 0 && isAlertToHello(t)) : t.outcome === 'http');

/** An alert that answers the hello itself (protocol_version, handshake_failure, unrecognized_name): TLS was reached. */
const isAlertToHello = (t: HeaderTry): boolean => ['28', '46', '70', '2f'].includes(t.firstBytes.slice(12, 14));

/** Pure: what the listener expects, from its answers. */
export function expectationOf(probe: HeaderProbe, tls: boolean): HeaderExpectation {
  const fitting = tls ? 'hello' : 'get';
  const tryOf = (sent: HeaderSent) => probe.tries.find((t) => t.sent === sent && t.payload === fitting);
  // Where the bare hello is answered by a hello, an alert after a header is about the header: so says BoringSSL
  // (alert 70, measured on Envoy 1.40 without a TLS inspector; with one it just closes).
  const plain = tryOf('none')?.outcome === 'tls';
  const through = (sent: HeaderSent): boolean => {
    const made = tryOf(sent);
    return gotThrough(made, tls) && !(plain && made?.outcome === 'alert');
  };
  const v1 = through('v1');
  const v2 = through('v2') || through('v2-local');
  if (through('none')) return v1 || v2 ? 'optional' : 'none';
  if (v1 && v2) return 'v1-or-v2';
  if (v1) return 'v1';
  return v2 ? 'v2' : 'unknown';
}
