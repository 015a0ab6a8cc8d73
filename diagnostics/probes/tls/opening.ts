import { answerIsWhole } from '../../wire/tls-answer.ts';
import { clientHello, type Hello } from '../../wire/tls-hello.ts';
import { CHUNKS, FEW, OFFER, OFFER_13 } from './offers.ts';
import type { Offered, Prober } from './prober.ts';

/** A server that takes short hellos and none of usual length. */
export interface Choke {
  /** What the long hello got: an alert's number, or how the connection ended. */
  got: string;
  /** Suites and bytes of the hello that failed, and of the largest that was taken. */
  suites: number;
  bytes: number;
  works: { suites: number; bytes: number };
}

/** What one ordinary hello showed, before anything else is asked. */
interface Opening {
  first: Offered;
  /** Nobody there, mute, or clear text: nothing more is asked. */
  over: boolean;
  choke: Choke | null;
  /** Suites that one offer may have. */
  offer: number;
}

const isGone = ({ ending }: Offered): boolean =>
  ending === 'refused' || ending === 'unreachable' || ending === 'connect-timeout';

/** Alerts that a server gives for what it does not want; others may come of a hello that it cannot read. */
const PLAIN_REFUSALS = new Set([40, 70, 71, 112, 120, 116]);

/** Could the length or the novelty of the hello be the reason of this answer? */
function isOdd({ answer }: Offered): boolean {
  if (answer.is === 'hello' || answer.is === 'plaintext') return false;
  return answer.is !== 'alert' || !PLAIN_REFUSALS.has(answer.number);
}

/** How long a server may be silent before it is asked with less beside, ms. */
const SILENCE_MS = 1_200;
/** How long it may be silent to less: together no longer than one ordinary wait. */
const LESS_PATIENCE_MS = 2_600;
const after = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(resolve, ms, null).unref());

const SIZES = [
  { suites: 12, bare: true },
  { suites: 32, bare: false },
  { suites: 64, bare: false },
];

const few = (size: number): readonly number[] =>
  [...FEW, ...(CHUNKS[0] as number[]).filter((id) => !FEW.includes(id))].slice(0, size);

const smallHello = ({ suites, bare }: (typeof SIZES)[number]): Omit<Hello, 'serverName'> => ({
  version: 'TLSv1.2',
  suites: few(suites),
  bare,
  curious: !bare,
});

/** TLS 1.3 alone, and the shortest hello that nearly every server understands. */
const shorter = (prober: Prober): Promise<[Offered, Offered]> =>
  Promise.all([
    prober.offer({ version: 'TLSv1.3', suites: OFFER_13 }, 'suites', answerIsWhole, LESS_PATIENCE_MS),
    prober.offer(smallHello(SIZES[0] as (typeof SIZES)[number]), 'suites', answerIsWhole, LESS_PATIENCE_MS),
  ]);

/**
 * One ordinary hello first: a listener that is away, mute or no TLS at all is not asked sixty times. One that gives no
 * plain answer is asked with less, until the reason is known.
 */
export async function openWith(prober: Prober): Promise<Opening> {
  const suites = CHUNKS[0] as readonly number[];
  const hello: Omit<Hello, 'serverName'> = { version: 'TLSv1.2', suites, curious: true };
  const long = prober.offer(hello, 'suites', answerIsWhole);
  // Who is silent for so long is asked with less meanwhile: waiting for one silence after the other takes too long.
  const early = await Promise.race([long, after(SILENCE_MS)]);
  const others = early ? null : shorter(prober);
  others?.catch(() => {}); // told where it is awaited; the long one may have answered by then
  const first = early ?? (await long);
  const plain = { first, over: false, choke: null, offer: OFFER };
  if (first.answer.is === 'plaintext' || isGone(first)) return { ...plain, over: true };
  if (!isOdd(first)) return plain;
  const [modern, small] = await (others ?? shorter(prober));
  if (modern.answer.is === 'hello') return plain;
  let works: Choke['works'] | null = null;
  let answer: Offered | null = null;
  for (const size of SIZES) {
    const asked = smallHello(size);
    const tried = size === SIZES[0] ? small : await prober.offer(asked, 'suites');
    if (tried.answer.is !== 'hello') break;
    answer ??= tried;
    works = { suites: size.suites, bytes: clientHello({ ...asked, serverName: prober.to.servername }).length };
  }
  if (!works || !answer) return { ...plain, over: first.data.length === 0 && modern.data.length === 0 };
  prober.modest = works.suites === SIZES[0]?.suites;
  const choke: Choke = {
    got:
      first.answer.is === 'alert' ? `alert ${first.answer.number}` : first.ending === 'open' ? 'silence' : first.ending,
    suites: suites.length,
    bytes: clientHello({ ...hello, serverName: prober.to.servername }).length,
    works,
  };
  return { first: answer, over: false, choke, offer: works.suites };
}
