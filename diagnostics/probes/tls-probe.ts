import type { CertificateSeen, HandshakeSeen, Io } from '../io/io.ts';
import type { ResumptionSeen } from '../io/resumption.ts';
import type { TlsVersion } from '../wire/tls-hello.ts';
import { suiteId, suiteName } from '../wire/tls-suites.ts';
import type { ClientResult } from './client-profiles.ts';
import type { CertificateFound } from './tls/certificates.ts';
import { enumerate, remember, type Sightings, type VersionFound } from './tls/enumerate.ts';
import type { NamesSeen } from './tls/names.ts';
import { askSslv2 } from './tls/oldest.ts';
import { type Choke, openWith } from './tls/opening.ts';
import { type Ordered, order } from './tls/order.ts';
import { type Offered, type Prober, proberFor, type TlsProbeTarget } from './tls/prober.ts';
import { askMore } from './tls/rest.ts';

/** What a TLS listener speaks: DESIGN 4.3. */
export interface TlsProbe {
  address: string;
  servername: string | null;
  reachable: boolean;
  plaintext: { firstBytes: string; looksLike: string } | null;
  /** SSLv2 too, which has suites of its own kind. */
  versions: (TlsVersion | 'SSLv2')[];
  ciphers: { [version: string]: { id: string; name: string }[] };
  serverPreference: { [version: string]: boolean | null };
  groups: string[];
  alpn: string[];
  certificates: CertificateSeen[];
  chain: HandshakeSeen['chain'];
  nameMatches: boolean | null;
  clients: ClientResult[];
  /** TLS 1.2 and older: the server asks for a client certificate; null where that is encrypted or was not seen. */
  asksForCertificate: boolean | null;
  /** Alert that refused every offer, `how it ended` otherwise: why no version was found. */
  refusal: string | null;
  /** Offers that got no usable answer: what they might have shown is unknown. */
  unanswered: number;
  connections: number;
  durationMs: number;
  /** How versions that are not spoken were refused: the alert's number, or how the connection ended. */
  refusals?: { [version: string]: string };
  /** Versions whose suites are listed in the server's order to the last; others only in parts. */
  sorted?: { [version: string]: boolean };
  /** Signature algorithms that handshakes are signed with, in the server's order for each kind of key. */
  signatures?: string[];
  /** Each kind of key that it holds, with its chain. */
  chains?: CertificateFound[];
  names?: NamesSeen | null;
  resumption?: { [version: string]: ResumptionSeen };
  /** Size of its own finite field for DHE, bits. */
  dhBits?: number | null;
  /** It takes short hellos and none of usual length. */
  choke?: Choke | null;
  /** What the connections were spent on. */
  spent?: { [purpose: string]: number };
}

export interface TlsProbeOptions {
  /** `suites`: versions, suites and their order only, as a scanner of suites does. */
  only?: 'suites';
  /** Sends every client's hello, also where its result is known. */
  replay?: boolean;
}

/** What a server may need for its answer besides the way, ms: a signature, on a busy machine. */
const THINKING_MS = 8;

export const ORDER: TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'];

function nothingYet(to: TlsProbeTarget): TlsProbe {
  return {
    address: to.address,
    servername: to.servername,
    reachable: true,
    plaintext: null,
    versions: [],
    ciphers: {},
    serverPreference: {},
    groups: [],
    alpn: [],
    certificates: [],
    chain: null,
    nameMatches: null,
    clients: [],
    asksForCertificate: null,
    refusal: null,
    unanswered: 0,
    connections: 0,
    durationMs: 0,
  };
}

/** How an offer was turned down, in one word. */
export const refusalOf = ({ answer, ending }: Pick<Offered, 'answer' | 'ending'>): string =>
  answer.is === 'alert'
    ? `alert ${answer.number}`
    : answer.is === 'hello'
      ? `answers ${answer.version}`
      : ending === 'open'
        ? 'silence'
        : ending;

/**
 * The whole TLS probe of one address: versions, suites, order, groups, ALPN, certificates and which clients get in.
 * Everything the peer does is data. Throws only what `io` throws (not allowed, aborted).
 */
export async function probeTls(
  io: Io,
  to: TlsProbeTarget,
  signal: AbortSignal,
  options: TlsProbeOptions = {},
): Promise<TlsProbe> {
  const began = performance.now();
  const prober = proberFor(io, to, signal);
  const done = (more: Partial<TlsProbe>): TlsProbe => ({
    ...nothingYet(to),
    ...more,
    unanswered: prober.unanswered(),
    connections: Object.values(prober.spent).reduce((sum, n) => sum + n, 0),
    durationMs: Math.round(performance.now() - began),
    spent: prober.spent,
  });
  const opening = await openWith(prober);
  const { first, choke } = opening;
  if (first.answer.is === 'plaintext') {
    const { looksLike } = first.answer;
    return done({ plaintext: { firstBytes: Buffer.from(first.data.subarray(0, 64)).toString('hex'), looksLike } });
  }
  if (opening.over) {
    const reachable = !['refused', 'unreachable', 'connect-timeout'].includes(first.ending);
    return done({ reachable, refusal: first.ending });
  }
  const sightings: Sightings = new Map();
  remember(sightings, first);
  const pace = { offer: opening.offer, rttMs: Math.max(first.connectMs ?? 0, first.ms - THINKING_MS) };
  const [found, sslv2] = await Promise.all([
    Promise.all(ORDER.map((version) => askVersion(prober, version, pace, sightings, first))),
    askSslv2(prober),
  ]);
  const spoken = found.filter((one) => one.lists.length > 0);
  const refusals = Object.fromEntries(
    found.filter((one) => one.lists.length === 0).map((one) => [one.version, refusalOf(one.last)]),
  );
  if (spoken.length === 0 && !sslv2)
    return done({
      refusal: first.answer.is === 'alert' ? `alert ${first.answer.number}` : first.ending,
      refusals,
      choke,
    });
  const ordering = Promise.all(spoken.map((one) => order(prober, one)));
  if (options.only === 'suites') return done({ ...suitesOf(await ordering, sslv2), refusals, choke });
  const [ordered, more] = await askMore(prober, spoken, ordering, sightings, options.replay === true);
  return done({ ...suitesOf(ordered, sslv2), ...more, refusals, choke });
}

/** A version in the light of the first answer, which was to an offer of TLS 1.2. */
async function askVersion(
  prober: Prober,
  version: TlsVersion,
  pace: Parameters<typeof enumerate>[2],
  sightings: Sightings,
  first: Offered,
): Promise<VersionFound> {
  if (version === 'TLSv1.2') return enumerate(prober, version, pace, sightings, first);
  const { answer } = first;
  // Who answers TLS 1.2 with an older version speaks nothing in between (RFC 5246 appendix E.1).
  const between =
    answer.is === 'hello' && version !== 'TLSv1.3' && ORDER.indexOf(version) < ORDER.indexOf(answer.version);
  return between ? { version, lists: [], last: first } : enumerate(prober, version, pace, sightings);
}

function suitesOf(
  ordered: Ordered[],
  sslv2: { id: string; name: string }[] | null,
): Pick<TlsProbe, 'versions' | 'ciphers' | 'serverPreference' | 'sorted'> {
  const named = ordered.map(
    (one) => [one.version, one.suites.map((id) => ({ id: suiteId(id), name: suiteName(id) }))] as const,
  );
  return {
    versions: [...(sslv2 ? (['SSLv2'] as const) : []), ...ordered.map((one) => one.version).reverse()],
    ciphers: Object.fromEntries([...named, ...(sslv2 ? [['SSLv2', sslv2] as const] : [])]),
    serverPreference: Object.fromEntries(ordered.map((one) => [one.version, one.preference])),
    sorted: Object.fromEntries(ordered.map((one) => [one.version, one.sorted])),
  };
}
