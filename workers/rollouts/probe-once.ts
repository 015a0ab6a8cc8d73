import { isIP } from 'node:net';
import { joinAddress, splitAddress } from '../../diagnostics/io/address.ts';
import type { Attempt, Io, RequestSpec } from '../../diagnostics/io/io.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { CLIENT_PROFILES } from '../../diagnostics/probes/client-profiles.ts';
import type { SideCounts } from '../../diagnostics/rollout/types.ts';
import { bytes, fromHex } from '../../diagnostics/wire/bytes.ts';
import { proxyV1, proxyV2Local } from '../../diagnostics/wire/proxy-header.ts';
import { answerIsWhole, readTlsAnswer } from '../../diagnostics/wire/tls-answer.ts';
import { clientHello, GROUPS, type TlsVersion } from '../../diagnostics/wire/tls-hello.ts';
import type { SidePart } from './sides.ts';

/** Old clients that still knock on doors: those whose loss nobody sees in a browser. */
const OLD_CLIENTS = [
  'java-6',
  'java-7',
  'java-8-early',
  'android-4.0',
  'schannel-xp',
  'dotnet-4',
  'schannel-win7',
  'openssl-0.9.8',
  'openssl-1.0.1',
  'sap-ccl',
];
export const PROFILES = CLIENT_PROFILES.filter(({ profile }) => OLD_CLIENTS.includes(profile));
/** Upper bounds of our own histogram, s. */
const LE = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PATIENCE_MS = 4_000;
/** Version 1 has no LOCAL; a documentation address impersonates nobody (RFC 5737). */
const V1 = { source: '192.0.2.10', destination: '198.51.100.20', sourcePort: 51_234, destinationPort: 443 };
/** The highest version that a client offers. */
const ORDER: TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'];

/** Where one probe goes. */
export interface Target {
  part: SidePart;
  /** host:port. */
  address: string;
  header: RequestSpec['proxyHeader'];
}

async function addressOf(io: Io, address: string, signal: AbortSignal): Promise<string> {
  const place = splitAddress(address);
  if (!place || place.port === null) throw new BlindLook('not-configured', `${address} is no address`);
  if (isIP(place.host)) return address;
  const { addresses, error } = await io.resolve(place.host, signal);
  const [first] = addresses;
  if (!first) throw new BlindLook('resolver', `${place.host} does not resolve here (${error ?? 'no address'})`);
  return joinAddress(first, place.port);
}

/** One request, counted as whoever sends it would count: a handshake that fails is no request. */
export async function request(
  io: Io,
  to: Target,
  host: string,
  counts: SideCounts,
  signal: AbortSignal,
): Promise<void> {
  const attempt = await io.request(
    {
      address: await addressOf(io, to.address, signal),
      scheme: 'https',
      host,
      path: '/',
      proxyHeader: to.header,
      patienceMs: PATIENCE_MS,
    },
    signal,
  );
  count(attempt, counts);
}

/** Pure: adds one attempt to what a side did. */
function count(attempt: Attempt, counts: SideCounts): void {
  counts.connections++;
  // `CLOSED` before TLS stands is a reset too: Node has one word for both (diagnostics/io/secure.ts). A refusal has an alert.
  const cut = attempt.phase === 'tls' && attempt.error === 'CLOSED';
  const reset = cut || ['RESET', 'ECONNRESET', 'EPIPE'].includes(attempt.error ?? '');
  if (reset) counts.resets++;
  const at = Object.hasOwn(counts.handshakes, 'probe') ? counts.handshakes.probe : undefined;
  const handshake = at ?? { tried: 0, failed: 0 };
  if (attempt.phase !== 'connect') counts.handshakes.probe = handshake;
  if (attempt.phase !== 'connect') handshake.tried++;
  if (attempt.phase === 'tls') {
    handshake.failed++;
    return;
  }
  counts.requests++;
  if (attempt.phase !== 'done' || (attempt.status !== null && attempt.status >= 500)) {
    counts.errors++;
    return;
  }
  // How long failures took says nothing about how long answers take.
  counts.latency ??= { le: LE, counts: [...LE, 0].map(() => 0) };
  const bucket = LE.findIndex((le) => attempt.ms.total / 1000 <= le);
  const index = bucket < 0 ? LE.length : bucket;
  counts.latency.counts[index] = (counts.latency.counts[index] as number) + 1;
}

/**
 * Begins a handshake as this client does and hangs up at the server's answer: a ServerHello with what was offered is
 * success, an alert or an end without a word is failure; silence is neither.
 */
export async function knock(
  io: Io,
  to: Target,
  host: string,
  profile: (typeof PROFILES)[number],
  counts: SideCounts,
  signal: AbortSignal,
): Promise<void> {
  const header = to.header === 'none' ? new Uint8Array(0) : to.header === 'v1' ? proxyV1(V1) : proxyV2Local();
  const version = ORDER.find((one) => profile.versions.includes(one)) as TlsVersion;
  const hello = clientHello({
    version,
    suites: profile.suites,
    serverName: profile.sni ? host : null,
    ...(profile.groups && { groups: profile.groups.map((name) => GROUPS[name] as number) }),
  });
  const seen = await io.converse(
    {
      address: await addressOf(io, to.address, signal),
      send: [{ bytes: bytes(header, hello) }],
      keep: 16_384,
      enough: answerIsWhole,
      patienceMs: PATIENCE_MS,
    },
    signal,
  );
  const answer = readTlsAnswer(fromHex(seen.bytes));
  const isIn = answer.is === 'hello' && profile.versions.includes(answer.version);
  const isOut =
    answer.is === 'alert' || (answer.is === 'incomplete' && (seen.ending === 'fin' || seen.ending === 'rst'));
  if (!isIn && !isOut && answer.is !== 'hello')
    throw new BlindLook('unreadable', `${profile.title}: no answer to its handshake (${seen.ending})`);
  const before = Object.hasOwn(counts.handshakes, profile.profile) ? counts.handshakes[profile.profile] : undefined;
  const { tried, failed } = before ?? { tried: 0, failed: 0 };
  counts.handshakes[profile.profile] = { tried: tried + 1, failed: failed + (isIn ? 0 : 1) };
}
