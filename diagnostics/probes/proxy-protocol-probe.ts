import type { Io } from '../io/io.ts';
import type { TlsVersion } from '../wire/tls-hello.ts';
import {
  type Beginning,
  begin,
  type HeaderForm,
  type HeaderSent,
  type HeaderTry,
  type Payload,
  type ProbeTarget,
} from './proxy-protocol-beginnings.ts';
import { softwareOf } from './proxy-protocol-software.ts';

export type { HeaderForm, HeaderOutcome, HeaderSent, HeaderTry } from './proxy-protocol-beginnings.ts';

export interface HeaderProbe {
  tries: HeaderTry[];
  /** Nobody listens, or nobody answers the connection: then there is nothing to say about headers. */
  unreachable: string | null;
  connections: number;
  /** Software that makes such answers, where the bytes leave no doubt; left out in rows of earlier versions. */
  software?: string | null;
  /** Hello of the version that the listener speaks, for what is tried later. */
  version?: TlsVersion;
}

/** What a listener expects before the request, as its answers show it. */
export type HeaderExpectation = 'none' | 'v1' | 'v2' | 'v1-or-v2' | 'optional' | 'unknown';

/** A header this late is what slow clients behind a balancer that withholds its header bring about (notes C.1, C.2). */
export const LATE_MS = 300;

const one = (sent: HeaderSent, payload: Payload, form?: HeaderForm, delayMs = 0): Beginning => ({
  sent,
  payload,
  delayMs,
  ...(form && { form }),
});

/** The beginnings of a triage: the four that separate a missing header from a stray one (lab 1d), v1, v2, and the late ones. */
function fewWays(fitting: Payload, other: Payload): Beginning[] {
  return [
    one('none', fitting),
    one('v2-local', fitting),
    one('none', other),
    one('v1', fitting),
    one('v2', fitting),
    one('delayed', fitting, undefined, LATE_MS),
    one('none', fitting, 'late-payload', LATE_MS),
  ];
}

/** What else tells listeners apart, where there is time: the fourth of lab 1d, TLVs, cut, split, twice, long. */
const moreWays = (fitting: Payload, other: Payload): Beginning[] => [
  one('v2-local', other),
  one('v2-tlv', fitting),
  one('truncated', fitting),
  one('v1', fitting, 'unknown'),
  one('v2-tlv', fitting, 'long'),
  one('v2-local', fitting, 'split'),
  one('v2-local', fitting, 'twice'),
  one('truncated', fitting, 'cut-then-payload'),
];

/**
 * Begins connections in all the ways that tell listeners apart, each on a connection of its own. `thorough`: also those
 * that no verdict needs. What the peer does is data; throws only BlindLook `not-allowed` and the signal's reason.
 */
export async function probeProxyProtocol(
  io: Io,
  to: ProbeTarget,
  signal: AbortSignal,
  options: { thorough: boolean },
): Promise<HeaderProbe> {
  const [fitting, other]: Payload[] = to.tls ? ['hello', 'get'] : ['get', 'hello'];
  const few = fewWays(fitting as Payload, other as Payload);
  const wanted = options.thorough ? [...few, ...moreWays(fitting as Payload, other as Payload)] : few;
  const [first, ...rest] = wanted as [Beginning, ...Beginning[]];
  const opening = await begin(io, to, first, signal);
  if ('unreachable' in opening) return { tries: [], unreachable: opening.unreachable, connections: 1, software: null };
  // A server that speaks TLS 1.3 alone refuses that hello with the very alert with which BoringSSL meets a stray header.
  const again = opening.outcome === 'alert' ? await begin(io, to, first, signal, 'TLSv1.3') : null;
  const only13 = again !== null && !('unreachable' in again) && again.outcome === 'tls';
  const version: TlsVersion = only13 ? 'TLSv1.3' : 'TLSv1.2';
  const others = await Promise.all(rest.map((beginning) => begin(io, to, beginning, signal, version)));
  const made = [only13 ? again : opening, ...others.flatMap((t) => ('unreachable' in t ? [] : [t]))];
  return {
    tries: made.map(({ text: _, ...kept }) => kept),
    unreachable: null,
    connections: wanted.length + (again ? 1 : 0),
    software: softwareOf(made.map(({ text }) => text)),
    version,
  };
}

/** The plain try of a kind, with the payload that fits unless said otherwise. */
export const tryOf = (probe: HeaderProbe, sent: HeaderSent, payload: Payload): HeaderTry | undefined =>
  probe.tries.find((t) => t.sent === sent && t.payload === payload && t.form === undefined);

/** A try of an unusual form. */
export const formOf = (probe: HeaderProbe, form: HeaderForm): HeaderTry | undefined =>
  probe.tries.find((t) => t.form === form);

/** Alerts that answer the hello itself (protocol_version, handshake_failure, unrecognized_name, illegal_parameter). */
const isAlertToHello = (t: HeaderTry): boolean => ['28', '46', '70', '2f'].includes(t.firstBytes.slice(12, 14));

/** Did this beginning get through to what the listener serves? */
const gotThrough = (t: HeaderTry | undefined, tls: boolean): boolean =>
  t !== undefined && (tls ? t.outcome === 'tls' || (t.outcome === 'alert' && isAlertToHello(t)) : t.outcome === 'http');

/**
 * A judge of one listener's tries. Where the bare hello is answered by a hello, an alert after a header is about the
 * header: so says BoringSSL (alert 70, measured on Envoy 1.40 without a TLS inspector; with one it just closes).
 */
export function throughOf(probe: HeaderProbe, tls: boolean): (t: HeaderTry | undefined) => boolean {
  const plain = tryOf(probe, 'none', tls ? 'hello' : 'get')?.outcome === 'tls';
  return (t) => gotThrough(t, tls) && !(plain && t?.outcome === 'alert');
}

/** Pure: what the listener expects, from its answers. */
export function expectationOf(probe: HeaderProbe, tls: boolean): HeaderExpectation {
  const through = throughOf(probe, tls);
  const passes = (sent: HeaderSent): boolean => through(tryOf(probe, sent, tls ? 'hello' : 'get'));
  const v1 = passes('v1');
  const v2 = passes('v2') || passes('v2-local');
  if (passes('none')) return v1 || v2 ? 'optional' : 'none';
  if (v1 && v2) return 'v1-or-v2';
  if (v1) return 'v1';
  return v2 ? 'v2' : 'unknown';
}
