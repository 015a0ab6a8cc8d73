import type { CertificateSeen, HandshakeSeen, Io, RequestSpec } from '../io/io.ts';
import { bytes, fromHex } from '../wire/bytes.ts';
import { proxyV1, proxyV2Local } from '../wire/proxy-header.ts';
import {
  answerIsWhole,
  asksForCertificate,
  flightIsDone,
  flightIsWhole,
  keyExchangeGroup,
  readTlsAnswer,
  type TlsAnswer,
} from '../wire/tls-answer.ts';
import { clientHello, GROUPS, groupName, type Hello, type TlsVersion } from '../wire/tls-hello.ts';
import { CLASSIC_SUITES, suiteId, suiteName, TLS13_SUITES } from '../wire/tls-suites.ts';
import { CLIENT_PROFILES, type ClientResult, meet } from './client-profiles.ts';

/** What a TLS listener speaks: DESIGN 4.3. */
export interface TlsProbe {
  address: string;
  servername: string | null;
  reachable: boolean;
  plaintext: { firstBytes: string; looksLike: string } | null;
  versions: TlsVersion[];
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
}

interface TlsProbeTarget {
  /** ip:port. */
  address: string;
  servername: string | null;
  proxyHeader: RequestSpec['proxyHeader'];
}

/** Servers choke on more suites in one offer (measured: 128 are taken everywhere). */
const OFFER = 128;
const PATIENCE_MS = 4_000;
const KEEP = 24_576;

/** Key exchanges and ciphers that servers of the last 25 years really speak come first: one offer mostly finds all. */
const widespread = (id: number): boolean =>
  !/NULL|EXPORT|KRB5|anon|PSK|SRP|ARIA|CAMELLIA|SM4|SEED|FORTEZZA|DH_(RSA|DSS)_|ECDH_|ESTREAM|SALSA|GOST|ECCPWD|ECJPAKE|FIPS|CCM/.test(
    suiteName(id).replace('ECDHE_', 'X_').replace('DHE_', 'X_'),
  );

const CHUNKS: readonly (readonly number[])[] = (() => {
  const ordered = [...CLASSIC_SUITES].sort((a, b) => Number(widespread(b)) - Number(widespread(a)));
  return Array.from({ length: Math.ceil(ordered.length / OFFER) }, (_, i) => ordered.slice(i * OFFER, (i + 1) * OFFER));
})();

interface Offered {
  answer: TlsAnswer;
  data: Uint8Array;
  ending: string;
}

const isUnanswered = ({ answer, ending }: Offered): boolean =>
  (answer.is === 'incomplete' || answer.is === 'unknown') && ending !== 'open' && ending !== 'refused';

/** Bounded and counted conversation with one listener. */
class Prober {
  connections = 0;
  unanswered = 0;
  readonly io: Io;
  readonly to: TlsProbeTarget;
  readonly signal: AbortSignal;

  constructor(io: Io, to: TlsProbeTarget, signal: AbortSignal) {
    this.io = io;
    this.to = to;
    this.signal = signal;
  }

  /** One ClientHello on a connection of its own, and what came back. */
  /** One offer; asked once more when it got no usable answer, so that one lost connection hides nothing. */
  async offer(hello: Omit<Hello, 'serverName'>, enough = answerIsWhole): Promise<Offered> {
    const first = await this.offerOnce(hello, enough);
    if (!isUnanswered(first)) return first;
    const second = await this.offerOnce(hello, enough);
    if (isUnanswered(second)) this.unanswered++;
    return second;
  }

  private async offerOnce(hello: Omit<Hello, 'serverName'>, enough: (data: Uint8Array) => boolean): Promise<Offered> {
    this.connections++;
    const header =
      this.to.proxyHeader === 'none' ? new Uint8Array(0) : this.to.proxyHeader === 'v1' ? LOOPBACK_V1 : proxyV2Local();
    const conversation = await this.io.converse(
      {
        address: this.to.address,
        send: [{ bytes: bytes(header, clientHello({ ...hello, serverName: this.to.servername })) }],
        keep: KEEP,
        enough,
        patienceMs: PATIENCE_MS,
      },
      this.signal,
    );
    const data = fromHex(conversation.bytes);
    const answer = readTlsAnswer(data);
    return { answer, data, ending: conversation.ending };
  }
}

/** Version 1 has no LOCAL; a documentation address impersonates nobody (RFC 5737). */
const LOOPBACK_V1 = proxyV1({
  source: '192.0.2.10',
  destination: '198.51.100.20',
  sourcePort: 51_234,
  destinationPort: 443,
});

/**
 * Offers all, takes the server's pick off the list, offers the rest, until it refuses. The order of picks is the
 * server's own where it has one. Costs one connection for each suite found and one refusal.
 */
async function eliminate(
  prober: Prober,
  version: TlsVersion,
  suites: readonly number[],
): Promise<{ found: number[]; last: Offered }> {
  const found: number[] = [];
  let remaining = [...suites];
  for (;;) {
    const last = await prober.offer({ version, suites: remaining });
    const { answer } = last;
    if (answer.is !== 'hello' || answer.version !== version || !remaining.includes(answer.suite))
      return { found, last };
    found.push(answer.suite);
    remaining = remaining.filter((id) => id !== answer.suite);
    if (remaining.length === 0) return { found, last };
  }
}

interface VersionFound {
  version: TlsVersion;
  suites: number[];
  preference: boolean | null;
  last: Offered;
}

async function enumerate(prober: Prober, version: TlsVersion): Promise<VersionFound> {
  const chunks = version === 'TLSv1.3' ? [TLS13_SUITES] : CHUNKS;
  const parts = await Promise.all(chunks.map((chunk) => eliminate(prober, version, chunk)));
  const suites = parts.flatMap((part) => part.found);
  const last = (parts[0] as { last: Offered }).last;
  if (suites.length < 2) return { version, suites, preference: null, last };
  // Offered backwards, a server with an order of its own still picks its first; one without takes our first.
  const reversed = await prober.offer({ version, suites: [...suites].reverse().slice(0, OFFER) });
  const preference = reversed.answer.is === 'hello' ? reversed.answer.suite === suites[0] : null;
  return { version, suites, preference, last };
}

/** Groups by elimination: TLS 1.3 names its pick in HelloRetryRequest, older versions in the key exchange. */
async function enumerateGroups(prober: Prober, found: VersionFound[]): Promise<string[]> {
  const best = found.find((f) => f.version === 'TLSv1.3') ?? found.find((f) => f.suites.some(isEphemeral));
  if (!best) return [];
  const suites = best.version === 'TLSv1.3' ? best.suites : best.suites.filter(isEphemeral);
  const groups: string[] = [];
  let remaining = Object.values(GROUPS);
  while (remaining.length) {
    const { answer, data } = await prober.offer(
      { version: best.version, suites, groups: remaining },
      best.version === 'TLSv1.3' ? answerIsWhole : flightIsWhole,
    );
    if (answer.is !== 'hello') break;
    const group = answer.group ?? keyExchangeGroup(data);
    if (group === null || !remaining.includes(group)) break;
    groups.push(groupName(group));
    remaining = remaining.filter((id) => id !== group);
  }
  return groups;
}

const isEphemeral = (id: number): boolean => suiteName(id).startsWith('TLS_ECDHE_');

async function applicationProtocols(
  io: Io,
  prober: Prober,
  signal: AbortSignal,
): Promise<{ seen: HandshakeSeen; alpn: string[] }> {
  const spec = { ...prober.to, patienceMs: PATIENCE_MS };
  prober.connections += 2;
  const [seen, http1] = await Promise.all([
    io.handshake(spec, signal),
    io.handshake({ ...spec, alpn: ['http/1.1'] }, signal),
  ]);
  return { seen, alpn: [...new Set([seen.alpn, http1.alpn].filter((name) => name !== null))] };
}

const ORDER: TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'];

/**
 * The whole TLS probe of one address: versions, suites, order, groups, ALPN, certificates and which clients get in.
 * Everything the peer does is data. Throws only what `io` throws (not allowed, aborted).
 */
export async function probeTls(io: Io, to: TlsProbeTarget, signal: AbortSignal): Promise<TlsProbe> {
  const began = performance.now();
  const prober = new Prober(io, to, signal);
  const result: TlsProbe = {
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
  const done = (more: Partial<TlsProbe>): TlsProbe => ({
    ...result,
    ...more,
    unanswered: prober.unanswered,
    connections: prober.connections,
    durationMs: Math.round(performance.now() - began),
  });

  // One ordinary hello first: a listener that is away, mute or no TLS at all is not asked sixty times.
  const first = await prober.offer({ version: 'TLSv1.2', suites: CHUNKS[0] as number[] });
  if (first.answer.is === 'plaintext') {
    const { looksLike } = first.answer;
    return done({ plaintext: { firstBytes: Buffer.from(first.data.subarray(0, 64)).toString('hex'), looksLike } });
  }
  if (first.answer.is === 'incomplete' && first.data.length === 0) {
    const reachable =
      first.ending !== 'refused' && first.ending !== 'unreachable' && first.ending !== 'connect-timeout';
    const again =
      reachable && first.ending !== 'open' ? await prober.offer({ version: 'TLSv1.3', suites: TLS13_SUITES }) : first;
    if (again.data.length === 0) return done({ reachable, refusal: again.ending });
  }
  const found = await Promise.all(ORDER.map((version) => enumerate(prober, version)));
  const spoken = found.filter((f) => f.suites.length > 0);
  if (spoken.length === 0) {
    const { answer, ending } = first;
    return done({ refusal: answer.is === 'alert' ? `alert ${answer.number}` : ending });
  }
  const [groups, { seen, alpn }] = await Promise.all([
    enumerateGroups(prober, spoken),
    applicationProtocols(io, prober, signal),
  ]);
  // Suites are shared and yet the whole handshake is refused: a demand for a client certificate looks like that.
  const older = spoken.find((f) => f.version !== 'TLSv1.3');
  const asked =
    seen.error !== null && older
      ? await prober.offer({ version: older.version, suites: older.suites.slice(0, OFFER) }, flightIsDone)
      : null;
  const versions = spoken.map((f) => f.version).reverse();
  const offered = new Map(spoken.map((f) => [f.version, f.suites]));
  return done({
    versions,
    ciphers: Object.fromEntries(
      spoken.map((f) => [f.version, f.suites.map((id) => ({ id: suiteId(id), name: suiteName(id) }))]),
    ),
    serverPreference: Object.fromEntries(spoken.map((f) => [f.version, f.preference])),
    groups,
    alpn,
    asksForCertificate: asked ? asksForCertificate(asked.data) : null,
    certificates: seen.certificates,
    chain: seen.chain,
    nameMatches: seen.nameMatches,
    clients: CLIENT_PROFILES.map((profile) =>
      meet(profile, {
        suites: offered,
        groups,
        preference: new Map(spoken.map((f) => [f.version, f.preference])),
        keyType: seen.certificates[0]?.keyType ?? null,
      }),
    ),
  });
}
