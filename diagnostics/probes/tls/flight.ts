import { readUint } from '../../wire/bytes.ts';
import { type KeyShare, keyShare, SHARED_GROUPS } from '../../wire/key-share.ts';
import { answerIsWhole, flightIsDone, readServerShare, readTlsAnswer } from '../../wire/tls-answer.ts';
import { readFlight } from '../../wire/tls-flight.ts';
import { clientHello, type Hello, type TlsVersion } from '../../wire/tls-hello.ts';
import { suiteName } from '../../wire/tls-suites.ts';
import { READABLE_13, readFlight13 } from '../../wire/tls13-flight.ts';
import { OFFER } from './offers.ts';
import type { Offered, Prober, Purpose } from './prober.ts';

/** What a server says to a hello up to the end of its flight, whichever version it chose. */
export interface FlightSeen {
  version: TlsVersion | null;
  suite: number | null;
  alert: number | null;
  ending: Offered['ending'];
  /** DER, leaf first, as sent. */
  certificates: Uint8Array[];
  staple: Uint8Array | null;
  alpn: string | null;
  signature: number | null;
  asksForCertificate: boolean;
}

export interface Question {
  version: TlsVersion;
  suites: readonly number[];
  serverName?: string | null;
  signatures?: readonly number[];
  alpn?: readonly string[];
  /** Groups that the server is known to have, for TLS 1.3. */
  groups?: readonly number[];
}

/** Asks with one hello and reads the whole flight: in clear up to TLS 1.2, with keys of its own in TLS 1.3. */
export async function flight(prober: Prober, question: Question, purpose: Purpose): Promise<FlightSeen> {
  if (question.version === 'TLSv1.3') return flight13(prober, question, purpose);
  const { groups: _, ...hello } = question;
  const offered = await prober.offer(
    { ...hello, suites: question.suites.slice(0, OFFER), curious: true },
    purpose,
    flightIsDone,
  );
  return readPlainFlight(offered);
}

/** A flight of TLS 1.2 and older that is already there. */
export function readPlainFlight({ answer, data, ending }: Pick<Offered, 'answer' | 'data' | 'ending'>): FlightSeen {
  const seen = nothing(ending);
  if (answer.is === 'alert') return { ...seen, alert: answer.number };
  if (answer.is !== 'hello') return seen;
  const read = readFlight(data, suiteName(answer.suite));
  return {
    ...seen,
    version: answer.version,
    suite: answer.suite,
    certificates: read.certificates,
    staple: read.staple,
    alpn: answer.alpn,
    signature: read.exchange?.signature ?? null,
    asksForCertificate: read.asksForCertificate,
  };
}

async function flight13(prober: Prober, question: Question, purpose: Purpose): Promise<FlightSeen> {
  const group = SHARED_GROUPS.find((id) => !question.groups || question.groups.includes(id));
  let share = group === undefined ? null : keyShare(group);
  const suites = question.suites.filter((id) => READABLE_13.includes(id));
  for (let tries = 0; share && suites.length && tries < 2; tries++) {
    const hello = helloWith(prober, question, suites, share);
    const opened = share;
    const offered = await prober.say(hello, purpose, (data) => isDone13(data, hello, opened));
    const { answer } = offered;
    if (answer.is === 'hello' && answer.retry && answer.group !== null) {
      share = keyShare(answer.group);
      continue;
    }
    return readFlightOf13(offered, hello, opened);
  }
  return nothing('fin');
}

function helloWith(prober: Prober, question: Question, suites: readonly number[], share: KeyShare): Uint8Array {
  const hello: Hello = {
    version: 'TLSv1.3',
    suites,
    serverName: question.serverName === undefined ? prober.to.servername : question.serverName,
    shares: [share],
    curious: true,
    ...(question.signatures ? { signatures: question.signatures } : {}),
    ...(question.alpn ? { alpn: question.alpn } : {}),
    // Only what a share can be made for: a server that likes a hybrid better would ask for that one.
    groups: SHARED_GROUPS.filter((id) => !question.groups || question.groups.includes(id)),
  };
  return clientHello(hello);
}

function opening(data: Uint8Array, hello: Uint8Array, share: KeyShare) {
  const answer = readTlsAnswer(data);
  const theirs = answer.is === 'hello' ? readServerShare(data) : null;
  const secret = theirs && theirs.group === share.group ? share.secret(theirs.key) : null;
  return answer.is === 'hello' && secret ? readFlight13(data, hello, answer.suite, secret) : null;
}

function isDone13(data: Uint8Array, hello: Uint8Array, share: KeyShare): boolean {
  if (!answerIsWhole(data)) return false;
  const answer = readTlsAnswer(data);
  if (answer.is !== 'hello' || answer.version !== 'TLSv1.3' || answer.retry) return true;
  if (!endsWithRecord(data)) return false;
  const read = opening(data, hello, share);
  return read === null || read.whole || read.alert !== null;
}

/** True when the last record is there to its end: only then is it worth opening. */
function endsWithRecord(data: Uint8Array): boolean {
  let at = 0;
  while (at + 5 <= data.length) at += 5 + (readUint(data, at + 3, 2) as number);
  return at === data.length;
}

/** What a TLS 1.3 answer to `hello` holds, opened with `share`. */
function readFlightOf13(offered: Offered, hello: Uint8Array, share: KeyShare): FlightSeen {
  const { answer, data, ending } = offered;
  if (answer.is !== 'hello' || answer.version !== 'TLSv1.3') return readPlainFlight(offered);
  const read = opening(data, hello, share);
  return {
    ...nothing(ending),
    version: 'TLSv1.3',
    suite: answer.suite,
    ...(read && {
      alert: read.alert,
      certificates: read.certificates,
      staple: read.staple,
      alpn: read.alpn,
      signature: read.signature,
      asksForCertificate: read.asksForCertificate,
    }),
  };
}

const nothing = (ending: Offered['ending']): FlightSeen => ({
  version: null,
  suite: null,
  alert: null,
  ending,
  certificates: [],
  staple: null,
  alpn: null,
  signature: null,
  asksForCertificate: false,
});
