import { defineCheck } from '../define-check.ts';
import type { Io } from '../io/io.ts';
import { begin, type ProbeTarget } from '../probes/proxy-protocol-beginnings.ts';
import { expectationOf, type HeaderProbe, probeProxyProtocol, throughOf } from '../probes/proxy-protocol-probe.ts';
import { headerPatience } from '../probes/proxy-protocol-timeout.ts';
import {
  type LateSeen,
  lateFailure,
  type ProxyProtocolData,
  type ProxyProtocolFacts,
  readProxyProtocol,
} from '../readings/proxy-protocol.ts';
import { stepFor } from '../readings/proxy-protocol-sides.ts';
import { rawRequest, withHeader } from '../reproduce.ts';
import type { PathHop } from '../types.ts';
import { postsOf } from '../vantages.ts';
import { duration } from '../wording.ts';

/** What failed for being late is tried again this often: one late answer of a busy machine proves nothing. */
const AGAIN = 2;

/** Once more, equally late; then how late a header may be. */
async function confirmLate(
  io: Io,
  to: ProbeTarget,
  probe: HeaderProbe,
  signal: AbortSignal,
): Promise<LateSeen | undefined> {
  const seen = lateFailure(probe, to.tls);
  if (!seen) return undefined;
  const { version = 'TLSv1.2' } = probe;
  const through = throughOf(probe, to.tls);
  const { sent, payload, form, delayMs = 0 } = seen.made;
  const beginning = { sent, payload, delayMs, ...(form && { form }) };
  const [patience, ...made] = await Promise.all([
    seen.what === 'header'
      ? headerPatience({ io, to, version, signal }, { lateMs: delayMs, taken: false, through }, 0)
      : null,
    ...Array.from({ length: AGAIN }, () => begin(io, to, beginning, signal, version)),
  ]);
  // The same way each time: an answer of another kind is another fault.
  const failed = made.filter((t) => !('unreachable' in t) && !through(t) && t.outcome === seen.made.outcome).length;
  return { what: seen.what, failed: failed + 1, total: AGAIN + 1, timeoutMs: patience?.timeoutMs ?? null };
}

const WORDS: { [expects: string]: string } = {
  none: 'expects none',
  v1: 'demands one (version 1)',
  v2: 'demands one (version 2)',
  'v1-or-v2': 'demands one',
  optional: 'takes one if it is there',
};

/**
 * Both sides of a boundary must agree about the PROXY header (the caller's address, put before the request). Begins
 * connections in several ways, at each replica and through the balancer; the answers tell what the listener parses.
 */
export const proxyProtocol = defineCheck<ProxyProtocolData, ProxyProtocolFacts>({
  id: 'proxy-protocol',
  title: 'PROXY protocol on both sides',
  asks: 'Does each listener get the PROXY header that it parses, and no other?',
  vantages: ['public', 'load-balancer', 'proxy-replica'],
  budgetMs: 8_000,
  plan: ({ case: triage, path }) =>
    postsOf(path, triage.target)
      // On no known path nobody can say what should arrive.
      .filter((post) => path.routed && (post.hop === 'proxy' || post.hop === 'load-balancer'))
      .map((post) => ({
        look: {
          check: 'proxy-protocol',
          vantage: post.vantage,
          hop: post.hop,
          at: post.at,
          address: post.address,
          with: {
            tls: post.scheme === 'https',
            host: triage.target.host,
            sends: post.declaredSends,
            expects: post.declaredExpects,
          },
        },
      })),
  async look(io, look, address, signal) {
    const { tls, host, sends, expects } = look.with as {
      tls: boolean;
      host: string;
      sends: PathHop['sends'];
      expects: PathHop['expects'];
    };
    const to = { address, host, tls };
    const probe = await probeProxyProtocol(io, to, signal, { thorough: false });
    const late = await confirmLate(io, to, probe, signal);
    return {
      tls,
      host,
      probe,
      expects: expectationOf(probe, tls),
      declaredSends: sends,
      declaredExpects: expects,
      ...(late && { late }),
    };
  },
  read: readProxyProtocol,
  findings: {
    PROXY_HEADER_UNEXPECTED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'A PROXY header arrives at a listener that does not parse it',
      says: (f) =>
        f.seenFrom === 'outside'
          ? `Every connection through ${f.address} is answered with ${f.answer}, also a correct one: the balancer puts a PROXY protocol header before it that the proxy does not parse, or that comes too late for it.`
          : `${f.address} does not parse a PROXY protocol header and answers one with ${f.answer}; ${f.sender ?? 'the hop in front'} sends one (declared: ${f.declared}).`,
      next: (f) => stepFor(f, 'unexpected'),
      reproduce: (f) => (f.seenFrom === 'outside' && f.tls ? rawRequest(f) : withHeader(f)),
    },
    PROXY_HEADER_MISSING: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'A listener demands a PROXY header that its peer does not send',
      says: (f) =>
        f.seenFrom === 'outside'
          ? `Connections through ${f.address} are closed without an answer; with a PROXY protocol header put before them they work: the proxy demands a header that ${f.sender ?? 'the hop in front'} does not send.`
          : `${f.address} demands a PROXY protocol header (${f.expects}); ${f.sender ?? 'the hop in front'} sends none (declared).`,
      next: (f) => stepFor(f, 'missing'),
      reproduce: withHeader,
    },
    PROXY_HEADER_WOULD_BREAK: {
      hop: 'proxy',
      direction: 'context',
      title: 'The listener parses no PROXY header, and nobody said whether one is sent',
      says: (f) =>
        `${f.address} parses no PROXY protocol header and answers one with ${f.answer}; whether ${f.sender} sends one is not declared.`,
      next: (f) => `Say in the inventory what ${f.sender} sends (sends: proxy-v2 or none).`,
      reproduce: withHeader,
    },
    PROXY_HEADERS_AGREE: {
      hop: 'proxy',
      direction: 'clears',
      title: 'Both sides agree about the PROXY header',
      says: (f) => `${f.address} ${WORDS[f.expects] ?? f.expects}, as the hop in front is declared to send.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
    PROXY_EXPECTATION_DIFFERS: {
      hop: 'proxy',
      direction: 'context',
      title: 'The listener expects another PROXY header than declared',
      says: (f) => `${f.address} ${WORDS[f.expects] ?? f.expects}; the inventory declares ${f.declared}.`,
      next: () => 'Correct whichever is wrong: the listener or the inventory.',
      reproduce: () => null,
    },
    LATE_PROXY_HEADER_MISTAKEN: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'A late PROXY header is taken for a request in clear text',
      says: (f) =>
        f.seenFrom === 'outside'
          ? `Through ${f.address} a client that speaks ${duration(f.lateMs)} after it connected is answered in clear text, ${f.failed} of ${f.total} times, and a quick one is not: ${f.sender ?? 'the balancer'} holds its PROXY header back until then, and the proxy has stopped waiting for it.`
          : `${f.address} answers a PROXY header that is ${duration(f.lateMs)} late in clear text, ${f.failed} of ${f.total} times${f.timeoutMs === null ? '' : ` (it waits about ${duration(f.timeoutMs)})`}, and takes the same one at once: slow clients, and all clients in a rush, fail.`,
      next: () =>
        'Update the proxy: Traefik from 2.11.0 and 3.0.0 on waits for the header. Until then have the balancer send it with its first packet.',
      reproduce: (f) =>
        `for late in 0 0.4; do ${rawRequest(f, { header: f.seenFrom !== 'outside', late: true })} | head -n 1; done`,
    },
    LATE_PROXY_HEADER_REFUSED: {
      hop: 'proxy',
      direction: 'context',
      title: 'A listener waits very shortly for its PROXY header',
      says: (f) =>
        `${f.address} closes connections whose PROXY header is ${duration(f.lateMs)} late, ${f.failed} of ${f.total} times${f.timeoutMs === null ? '' : ` (it waits about ${duration(f.timeoutMs)})`}.`,
      next: () => "Give the listener's timeout for the header or the handshake at least a few seconds.",
      reproduce: (f) => `for late in 0 0.4; do ${rawRequest(f, { header: true, late: true })} | head -n 1; done`,
    },
  },
});
