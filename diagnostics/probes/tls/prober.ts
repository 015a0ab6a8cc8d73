import type { Ending, Io, RequestSpec } from '../../io/io.ts';
import { bytes, fromHex } from '../../wire/bytes.ts';
import { proxyV1, proxyV2Local } from '../../wire/proxy-header.ts';
import { answerIsWhole, readTlsAnswer, type TlsAnswer } from '../../wire/tls-answer.ts';
import { clientHello, type Hello } from '../../wire/tls-hello.ts';

/** Which listener is asked, and how. */
export interface TlsProbeTarget {
  /** ip:port. */
  address: string;
  servername: string | null;
  proxyHeader: RequestSpec['proxyHeader'];
}

/** What came back to one hello. */
export interface Offered {
  answer: TlsAnswer;
  data: Uint8Array;
  ending: Ending;
  /** How long the connection took, ms: about one round trip; null when none was made. */
  connectMs: number | null;
  /** Until its first byte, or its end, once connected, ms. */
  ms: number;
}

/** What connections were spent on, as shown with the result. */
export type Purpose =
  | 'suites'
  | 'order'
  | 'groups'
  | 'signatures'
  | 'certificates'
  | 'alpn'
  | 'names'
  | 'clients'
  | 'resumption';

export const PATIENCE_MS = 4_000;
/** Most bytes of one answer that are kept: a flight with a long chain and a staple. */
const KEEP = 49_152;
/** Most connections at once to one listener: more is a flood, not a question. */
const AT_ONCE = 12;

/** Bounded and counted conversations with one listener. */
export interface Prober {
  readonly io: Io;
  readonly to: TlsProbeTarget;
  readonly signal: AbortSignal;
  /** One hello on a connection of its own; asked once more where it got no usable answer. */
  offer(
    hello: Omit<Hello, 'serverName'> & { serverName?: string | null },
    purpose: Purpose,
    enough?: Enough,
    patienceMs?: number,
  ): Promise<Offered>;
  /** The same with bytes made elsewhere. */
  say(hello: Uint8Array, purpose: Purpose, enough?: Enough, patienceMs?: number): Promise<Offered>;
  /** Counts connections that something else makes. */
  count(purpose: Purpose, connections: number): void;
  /** Servers that choke on long offers get short ones: no optional extensions. */
  modest: boolean;
  readonly spent: { [purpose: string]: number };
  /** Offers that got no usable answer: what they might have shown is unknown. */
  readonly unanswered: () => number;
}

type Enough = (data: Uint8Array) => boolean;

/** Version 1 has no LOCAL; a documentation address impersonates nobody (RFC 5737). */
const DOCUMENTATION_V1 = proxyV1({
  source: '192.0.2.10',
  destination: '198.51.100.20',
  sourcePort: 51_234,
  destinationPort: 443,
});

const isUnanswered = ({ answer, ending }: Offered): boolean =>
  (answer.is === 'incomplete' || answer.is === 'unknown') && ending !== 'open' && ending !== 'refused';

/** A prober of one listener. Its functions throw only what `io` throws (not allowed, aborted). */
export function proberFor(io: Io, to: TlsProbeTarget, signal: AbortSignal): Prober {
  const header = to.proxyHeader === 'none' ? null : to.proxyHeader === 'v1' ? DOCUMENTATION_V1 : proxyV2Local();
  const spent: { [purpose: string]: number } = {};
  let unanswered = 0;
  let free = AT_ONCE;
  const waiting: (() => void)[] = [];
  const count = (purpose: Purpose, connections: number): void => {
    spent[purpose] = (spent[purpose] ?? 0) + connections;
  };
  async function sayOnce(
    hello: Uint8Array,
    purpose: Purpose,
    enough: Enough,
    patienceMs = PATIENCE_MS,
  ): Promise<Offered> {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    count(purpose, 1);
    try {
      const {
        bytes: hex,
        ending,
        connectMs,
        ms,
      } = await io.converse(
        {
          address: to.address,
          send: [{ bytes: header ? bytes(header, hello) : hello }],
          keep: KEEP,
          enough,
          patienceMs,
        },
        signal,
      );
      const data = fromHex(hex);
      return { answer: readTlsAnswer(data), data, ending, connectMs, ms };
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  }
  const prober: Prober = {
    io,
    to,
    signal,
    modest: false,
    spent,
    unanswered: () => unanswered,
    count,
    async say(hello, purpose, enough = answerIsWhole, patienceMs) {
      const first = await sayOnce(hello, purpose, enough, patienceMs);
      if (!isUnanswered(first)) return first;
      const second = await sayOnce(hello, purpose, enough, patienceMs);
      if (isUnanswered(second)) unanswered++;
      return second;
    },
    offer: (hello, purpose, enough, patienceMs) =>
      prober.say(
        clientHello({ bare: prober.modest, serverName: to.servername, ...hello }),
        purpose,
        enough,
        patienceMs,
      ),
  };
  return prober;
}
