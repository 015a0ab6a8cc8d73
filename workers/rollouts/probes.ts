import { isIP } from 'node:net';
import { reasonOf } from '../../diagnostics/errors.ts';
import { joinAddress, splitAddress } from '../../diagnostics/io/address.ts';
import type { Attempt, Io, RequestSpec } from '../../diagnostics/io/io.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { CLIENT_PROFILES } from '../../diagnostics/probes/client-profiles.ts';
import type { Interval, SideCounts } from '../../diagnostics/rollout/types.ts';
import { bytes, fromHex } from '../../diagnostics/wire/bytes.ts';
import { proxyV1, proxyV2Local } from '../../diagnostics/wire/proxy-header.ts';
import { answerIsWhole, readTlsAnswer } from '../../diagnostics/wire/tls-answer.ts';
import { clientHello, GROUPS, type TlsVersion } from '../../diagnostics/wire/tls-hello.ts';
import { nothing } from './merge.ts';
import type { SidePart, Sides } from './sides.ts';

/** How much our own probes may do. Both are limits for one side; the other side gets as much at the same time. */
export interface ProbeRates {
  /** Requests a second. */
  perSecond: number;
  /** Handshakes of old clients a minute. */
  clientsPerMinute: number;
}

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
]; // prettier-ignore
const PROFILES = CLIENT_PROFILES.filter(({ profile }) => OLD_CLIENTS.includes(profile));
/** Upper bounds of our own histogram, s. */
const LE = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PATIENCE_MS = 4_000;
/** Whatever is configured: requests to one side in one slot. */
const MOST_REQUESTS = 100;
const MOST_HOSTS = 5;
/** What the probes of one slot may take, as a share of the slot. */
const SPREAD = 0.6;

/** Version 1 has no LOCAL; a documentation address impersonates nobody (RFC 5737). */
const V1 = { source: '192.0.2.10', destination: '198.51.100.20', sourcePort: 51_234, destinationPort: 443 };
/** The highest version that a client offers. */
const ORDER: TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'];

interface Target {
  part: SidePart;
  /** host:port. */
  address: string;
  header: RequestSpec['proxyHeader'];
}

const headerOf = (expects: SidePart['hop']['expects']): RequestSpec['proxyHeader'] =>
  expects === 'proxy-v1' ? 'v1' : expects === 'proxy-v2' ? 'local' : 'none';

function targetsOf(parts: readonly SidePart[]): Target[] {
  return parts.flatMap((part) =>
    part.instance.https === null ? [] : [{ part, address: part.instance.https, header: headerOf(part.hop.expects) }],
  );
}

/** Hosts that can be asked for: a pattern is no name. */
const askable = (hosts: readonly string[]): string[] =>
  hosts.filter((host) => !host.includes('*')).slice(0, MOST_HOSTS);

/**
 * Sends a slot's probes to both sides at the same time: requests through every instance's own TLS listener with the hosts'
 * names, and handshakes of old clients, the same ones to both sides. `slot` (ms) says whose turn it is, so that all get
 * theirs. The interval is null where nothing could be asked on one of the sides.
 */
export async function probeSides(
  sides: Sides,
  hosts: readonly string[],
  slot: number,
  rates: ProbeRates,
  parts: { io: Io; everyMs: number; from: string | null; now: () => number; signal: AbortSignal },
): Promise<{ interval: Interval | null; blind: string[] }> {
  const { io, everyMs, now, signal } = parts;
  const names = askable(hosts);
  const targets = { old: targetsOf(sides.old), fresh: targetsOf(sides.fresh) };
  const blind = new Set<string>();
  if (names.length === 0) return { interval: null, blind: ['no host is known to ask for'] };
  for (const side of ['old', 'fresh'] as const)
    if (targets[side].length === 0) blind.add(`${side} side: no TLS listener of an instance is known`);
  if (blind.size > 0) return { interval: null, blind: [...blind] };

  const began = now();
  const turn = Math.floor(slot / everyMs);
  const requests = quota(rates.perSecond * (everyMs / 1000), turn, MOST_REQUESTS);
  const clients = quota(rates.clientsPerMinute * (everyMs / 60_000), turn, PROFILES.length);
  const pause = requests.count > 1 ? (SPREAD * everyMs) / requests.count : 0;
  const counts = { old: nothing(), fresh: nothing() };
  const asked = { old: 0, fresh: 0 };

  const one = async (side: 'old' | 'fresh', work: (target: Target, host: string) => Promise<void>, nth: number) => {
    const target = targets[side][nth % targets[side].length] as Target;
    const host = names[Math.floor(nth / targets[side].length) % names.length] as string;
    try {
      await work(target, host);
      asked[side]++;
    } catch (error) {
      if (signal.aborted) throw error;
      const why = error instanceof BlindLook ? error.message : reasonOf(error);
      if (blind.size < 10) blind.add(`${target.part.hop.name}/${target.part.instance.name}: ${why.slice(0, 160)}`);
    }
  };
  const both = (work: (side: 'old' | 'fresh') => Promise<void>) => Promise.all([work('old'), work('fresh')]);
  const loop = async () => {
    const started: Promise<unknown>[] = [];
    for (let i = 0; i < requests.count; i++) {
      if (i > 0) await sleep(pause, signal);
      const asking = both((side) =>
        one(side, (to, host) => request(io, to, host, counts[side], signal), requests.first + i),
      );
      // A process that is told to stop leaves the loop above: what is under way then fails with nobody listening.
      asking.catch(() => {});
      started.push(asking);
    }
    await Promise.all(started);
  };
  const handshakes = async () => {
    for (let i = 0; i < clients.count; i++) {
      const nth = clients.first + i;
      const profile = PROFILES[nth % PROFILES.length] as (typeof PROFILES)[number];
      // Each client visits all instances in turn.
      const round = Math.floor(nth / PROFILES.length);
      await both((side) => one(side, (to, host) => knock(io, to, host, profile, counts[side], signal), round));
    }
  };
  await Promise.all([loop(), handshakes()]);
  if (asked.old === 0 || asked.fresh === 0) return { interval: null, blind: [...blind] };
  const start = new Date(began).toISOString();
  const from = parts.from !== null && parts.from > start ? parts.from : start;
  const to = new Date(Math.max(now(), Date.parse(from) + 1)).toISOString();
  // The balance of what we spread ourselves says nothing.
  const interval: Interval = { from, to, source: 'probes', ...counts, blind: [...blind], unread: ['balance'] };
  return { interval, blind: [...blind] };
}

/** How many belong to this turn, where a rate leaves fractions: over many turns exactly the rate. */
function quota(perTurn: number, turn: number, most: number): { first: number; count: number } {
  const each = Math.min(perTurn, most);
  const first = Math.floor(turn * each);
  return { first, count: Math.floor((turn + 1) * each) - first };
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
async function request(io: Io, to: Target, host: string, counts: SideCounts, signal: AbortSignal): Promise<void> {
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
export function count(attempt: Attempt, counts: SideCounts): void {
  counts.connections++;
  const reset = attempt.error === 'ECONNRESET' || attempt.error === 'EPIPE';
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
async function knock(
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

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => reject(signal.reason);
  signal.throwIfAborted();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  });
}
