import { answerIsWhole, flightIsDone, readTlsAnswer } from '../../wire/tls-answer.ts';
import type { TlsVersion } from '../../wire/tls-hello.ts';
import { suiteName } from '../../wire/tls-suites.ts';
import { CHUNKS, OFFER, OFFER_13, slices } from './offers.ts';
import type { Offered, Prober } from './prober.ts';

/** A server's flight that was seen on the way: it holds the certificate for that kind of suite. */
interface Sighting {
  version: TlsVersion;
  suite: number;
  data: Uint8Array;
}

/** What one version was found to have. */
export interface VersionFound {
  version: TlsVersion;
  /** Suites in lists that are each in the server's order, if it has one; `order.ts` makes one list of them. */
  lists: number[][];
  /** The answer that ended the first list: why there is no more. */
  last: Offered;
}

/** Far servers are asked in parallel slices: from this round trip on, ms, time counts more than connections. */
const FAR_MS = 6;

/** Which certificate a suite is authenticated by; null: none, or none that is sent. */
export function authOf(suite: number): 'rsa' | 'ec' | 'dsa' | null {
  const name = suiteName(suite);
  if (/_anon_|PSK|KRB5|SRP_SHA_WITH/.test(name) && !/RSA_PSK/.test(name)) return null;
  if (/ECDSA_/.test(name)) return 'ec';
  if (/DSS_/.test(name)) return 'dsa';
  return /RSA/.test(name) ? 'rsa' : null;
}

export type Sightings = Map<string, Sighting>;

/** Waits for the whole flight where it may hold a certificate that was not seen yet. */
function enoughFor(sightings: Sightings): (data: Uint8Array) => boolean {
  return (data) => {
    if (!answerIsWhole(data)) return false;
    const answer = readTlsAnswer(data);
    if (answer.is !== 'hello' || answer.version === 'TLSv1.3') return true;
    const auth = authOf(answer.suite);
    return auth === null || sightings.has(auth) || flightIsDone(data);
  };
}

export function remember(sightings: Sightings, { answer, data }: Offered): void {
  if (answer.is !== 'hello' || answer.version === 'TLSv1.3') return;
  const auth = authOf(answer.suite);
  if (auth && !sightings.has(auth) && flightIsDone(data))
    sightings.set(auth, { version: answer.version, suite: answer.suite, data });
}

/**
 * Offers all, takes the server's pick off the list, offers the rest, until it refuses. The order of picks is the server's
 * own where it has one. Costs one connection for each suite found and one refusal.
 */
async function eliminate(
  prober: Prober,
  version: TlsVersion,
  suites: readonly number[],
  sightings: Sightings,
): Promise<{ found: number[]; last: Offered }> {
  const found: number[] = [];
  let remaining = [...suites];
  const enough = enoughFor(sightings);
  for (;;) {
    const last = await prober.offer({ version, suites: remaining, curious: true }, 'suites', enough);
    const { answer } = last;
    remember(sightings, last);
    if (answer.is !== 'hello' || answer.version !== version || !remaining.includes(answer.suite))
      return { found, last };
    found.push(answer.suite);
    remaining = remaining.filter((id) => id !== answer.suite);
    if (remaining.length === 0) return { found, last };
  }
}

/** True when the answer says that this version is not spoken at all: alert 70, or another version. */
const isOtherVersion = ({ answer }: Offered, version: TlsVersion): boolean =>
  answer.is === 'hello' ? answer.version !== version : answer.is === 'alert' && answer.number === 70;

export interface Pace {
  /** Most suites in one offer; less than 128 where a server choked. */
  offer: number;
  rttMs: number;
}

/** Every suite of one version. `first`: an answer to the first offer of this version that is already there. */
export async function enumerate(
  prober: Prober,
  version: TlsVersion,
  pace: Pace,
  sightings: Sightings,
  first?: Offered,
): Promise<VersionFound> {
  const is13 = version === 'TLSv1.3';
  const main = (is13 ? OFFER_13 : (CHUNKS[0] as readonly number[])).slice();
  const rest = is13 ? [] : CHUNKS.slice(1);
  if (pace.offer < OFFER) return enumerateInSmall(prober, version, pace.offer, sightings);
  const opening =
    first ?? (await prober.offer({ version, suites: main, curious: true }, 'suites', enoughFor(sightings)));
  remember(sightings, opening);
  if (isOtherVersion(opening, version)) return { version, lists: [], last: opening };
  const { answer } = opening;
  const pick = answer.is === 'hello' && main.includes(answer.suite) ? answer.suite : null;
  const remaining = main.filter((id) => id !== pick);
  const far = pace.rttMs >= FAR_MS && pick !== null && !is13;
  const parts = far ? slices(remaining, version === 'TLSv1.2' ? 6 : 3, version !== 'TLSv1.2') : [remaining];
  const [own, others] = await Promise.all([
    Promise.all(
      pick === null ? [{ found: [], last: opening }] : parts.map((part) => eliminate(prober, version, part, sightings)),
    ),
    Promise.all(rest.map((chunk) => eliminate(prober, version, chunk, sightings))),
  ]);
  const lists = own.map((part) => part.found);
  // The first pick of all is the server's favourite, wherever it stood in the offer.
  if (pick !== null) lists.length === 1 ? (lists[0] as number[]).unshift(pick) : lists.unshift([pick]);
  return {
    version,
    lists: [...lists, ...others.map((part) => part.found)].filter((list) => list.length > 0),
    last: (own.at(-1) as { last: Offered }).last,
  };
}

/** The same for a server that chokes on long offers. */
async function enumerateInSmall(
  prober: Prober,
  version: TlsVersion,
  size: number,
  sightings: Sightings,
): Promise<VersionFound> {
  const all = version === 'TLSv1.3' ? OFFER_13 : CHUNKS.flat();
  const parts: { found: number[]; last: Offered }[] = [];
  for (let from = 0; from < all.length; from += size) {
    const part = await eliminate(prober, version, all.slice(from, from + size), sightings);
    parts.push(part);
    if (part.found.length === 0 && isOtherVersion(part.last, version)) break;
  }
  return {
    version,
    lists: parts.map((part) => part.found).filter((list) => list.length > 0),
    last: (parts[0] as { last: Offered }).last,
  };
}
