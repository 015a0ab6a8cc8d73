import { type ChainSeen, describeChain, parseChain, type Trusted } from '../../wire/chain.ts';
import { answerIsWhole, flightIsDone, readTlsAnswer } from '../../wire/tls-answer.ts';
import { groupName, keyOfSignature } from '../../wire/tls-groups.ts';
import type { TlsVersion } from '../../wire/tls-hello.ts';
import { isTls13Suite, suiteId, suiteName } from '../../wire/tls-suites.ts';
import {
  CLIENT_PROFILES,
  type ClientResult,
  judgeCertificate,
  meet,
  type Spoken,
  sharedSuites,
  tooLarge,
} from '../client-profiles.ts';
import { authOf } from './enumerate.ts';
import { readPlainFlight } from './flight.ts';
import type { Prober } from './prober.ts';
import type { ClientProfile } from './profiles/recorded.ts';

/** What is known of a listener, and how surely: enough to say of most clients what they would get. */
export interface Known extends Spoken {
  /** Versions whose whole order was seen. */
  firm: ReadonlySet<TlsVersion>;
  /** Versions where ChaCha goes first for a client that puts it first. */
  bending: ReadonlySet<TlsVersion>;
  /** Groups that were really seen in TLS 1.2 and older. */
  olderGroups: readonly string[];
  /** Names of signature algorithms that it signs with; empty: not asked. */
  signatures: readonly number[];
  alpn: readonly string[];
  servername: string | null;
  /** Offers got lost: nothing is proved by an enumeration with holes. */
  holes: boolean;
}

/** Sends this client's hello even where the result is known: it has everything that servers may stumble over. */
const ALWAYS = new Set(['browser']);

/**
 * Is what `meet` computes proved by what was seen? Not for a client whose hello differs in something that was not asked:
 * no name where the probe names one, SSL 2.0's format, a suite order that bends, a group or signature never seen.
 */
function isProved(client: ClientProfile, known: Known): boolean {
  if (known.holes || client.v2 || ALWAYS.has(client.profile)) return false;
  if (known.servername !== null && !client.sni) return false;
  const shared = sharedSuites(client, known);
  // What the server never picked out of everything, it does not pick out of less.
  if (!shared || shared.suites.length === 0) return true;
  const { version, suites } = shared;
  if (client.alpn.length && known.alpn.length && !client.alpn.some((name) => known.alpn.includes(name))) return false;
  if (suites.length > 1 && !known.firm.has(version)) return false;
  if (known.bending.has(version) && !isSettled(client, suites)) return false;
  const suite = suites[0] as number;
  const groups = version === 'TLSv1.3' ? known.groups : known.olderGroups;
  const curves = isTls13Suite(suite) || /_ECDHE?_/.test(suiteName(suite));
  if (curves && !client.groups?.some((name) => groups.includes(name))) return false;
  if (client.signatures && known.signatures.length) {
    const kind = isTls13Suite(suite) ? null : authOf(suite);
    const mine = client.signatures.filter((id) => kind === null || keyOfSignature(id) === kind);
    if (/DHE|^TLS_[AC]/.test(suiteName(suite)) && !mine.some((id) => known.signatures.includes(id))) return false;
  }
  const curve = known.chains?.get('ec')?.keyType;
  const named = curve === 'EC prime256v1' ? 'secp256r1' : (curve ?? '').replace('EC ', '');
  return !curve || version === 'TLSv1.3' || authOf(suite) !== 'ec' || client.groups?.includes(named) === true;
}

/**
 * Where a server bends between ChaCha and AES-GCM: is its choice sure all the same? Yes where both like the same suite
 * best, and where neither puts a ChaCha suite before one of AES-GCM.
 */
function isSettled(client: ClientProfile, shared: readonly number[]): boolean {
  const own = client.suites.filter((id) => shared.includes(id));
  const chachaFirst = (list: readonly number[]): boolean => {
    const names = list.map(suiteName);
    const chacha = names.findIndex((name) => name.includes('CHACHA'));
    return chacha >= 0 && names.slice(chacha).some((name) => name.includes('GCM'));
  };
  return own[0] === shared[0] || !(chachaFirst(own) || chachaFirst(shared));
}

/** Sends a client's own hello and reads what it gets. */
async function replayClient(
  prober: Prober,
  client: ClientProfile,
  known: Known,
  trusted: Trusted | null,
): Promise<ClientResult> {
  const offered = await prober.say(client.replay(known.servername), 'clients', (data) => {
    if (!answerIsWhole(data)) return false;
    const answer = readTlsAnswer(data);
    return answer.is !== 'hello' || answer.version === 'TLSv1.3' || flightIsDone(data);
  });
  const { answer, ending } = offered;
  const base = { profile: client.profile, title: client.title, how: 'replayed' as const };
  if (answer.is !== 'hello') {
    const alert = answer.is === 'alert' ? answer.number : null;
    const computed = meet(client, known).result;
    const why = computed === 'ok' || computed.startsWith('certificate') ? 'refused' : computed;
    const silent = answer.is === 'incomplete' && ending === 'open';
    return { ...base, result: silent ? 'unknown' : byAlert(alert, why), negotiated: null, alert };
  }
  if (!client.versions.includes(answer.version) || !client.suites.includes(answer.suite))
    return {
      ...base,
      result: client.versions.includes(answer.version) ? 'no-shared-cipher' : 'no-shared-version',
      negotiated: null,
      alert: null,
    };
  if (tooLarge(client, answer.suite, known.dhBits))
    return { ...base, result: 'no-shared-group', negotiated: null, alert: null };
  const negotiated = {
    version: answer.version,
    cipher: suiteName(answer.suite),
    id: suiteId(answer.suite),
    group: answer.group === null ? null : groupName(answer.group),
  };
  const chain = chainOf(offered, known, answer.suite, trusted);
  const result = chain ? judgeCertificate(client, chain, answer.version) : 'ok';
  return { ...base, result, negotiated, alert: null };
}

/** Alert 70 is about versions whatever was computed; any other leaves the computed reason. */
const byAlert = (alert: number | null, why: ClientResult['result']): ClientResult['result'] =>
  alert === 70 ? 'no-shared-version' : why;

function chainOf(
  offered: Parameters<typeof readPlainFlight>[0],
  known: Known,
  suite: number,
  trusted: Trusted | null,
): ChainSeen | null {
  const { certificates } = readPlainFlight(offered);
  if (certificates.length) return describeChain(parseChain(certificates), trusted, known.servername);
  const kind = authOf(suite);
  return (kind && known.chains?.get(kind)) ?? null;
}

/** Every client at this listener: computed where that is proved, replayed elsewhere (or everywhere, if wanted). */
export async function askClients(
  prober: Prober,
  known: Known,
  trusted: Trusted | null,
  everyone = false,
): Promise<ClientResult[]> {
  return Promise.all(
    CLIENT_PROFILES.map((client) =>
      everyone || !isProved(client, known) ? replayClient(prober, client, known, trusted) : meet(client, known),
    ),
  );
}
