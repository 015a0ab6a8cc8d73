import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import {
  expectationOf,
  type HeaderExpectation,
  type HeaderProbe,
  type HeaderTry,
  probeProxyProtocol,
} from '../probes/proxy-protocol-probe.ts';
import type { PathHop } from '../types.ts';
import { postsOf } from '../vantages.ts';
import { shellWord } from '../wording.ts';

interface ProxyProtocolData {
  tls: boolean;
  host: string;
  probe: HeaderProbe;
  expects: HeaderExpectation;
  declaredSends: PathHop['sends'];
  declaredExpects: PathHop['expects'];
}

interface ProxyProtocolFacts {
  PROXY_HEADER_UNEXPECTED: {
    address: string;
    sender: string | null;
    declared: string | null;
    seenFrom: string;
    answer: string;
    host: string;
    tls: boolean;
  };
  PROXY_HEADER_MISSING: {
    address: string;
    sender: string | null;
    declared: string | null;
    seenFrom: string;
    expects: string;
    host: string;
    tls: boolean;
  };
  PROXY_HEADER_WOULD_BREAK: { address: string; sender: string; answer: string; host: string; tls: boolean };
  PROXY_HEADERS_AGREE: { address: string; expects: string };
  PROXY_EXPECTATION_DIFFERS: { address: string; expects: string; declared: string };
}

const tryOf = (probe: HeaderProbe, sent: HeaderTry['sent'], payload: HeaderTry['payload']): HeaderTry | undefined =>
  probe.tries.find((t) => t.sent === sent && t.payload === payload);

/** What nginx says to any connection that begins with a header it does not know, told from its bare 400. */
const isBare400 = (t: HeaderTry | undefined): boolean => t?.outcome === 'plaintext-error' && t.status === 400;

const wants = (expects: HeaderExpectation): boolean => expects === 'v1' || expects === 'v2' || expects === 'v1-or-v2';

/** Name of the hop that sends to this one. */
function senderBefore(scope: ReadScope): string | null {
  const i = scope.path.hops.findIndex((hop) => hop.name === scope.look.at.hop);
  return i > 0 ? (scope.path.hops[i - 1]?.name ?? null) : null;
}

function readAtBalancer(data: ProxyProtocolData, scope: ReadScope): Draft<ProxyProtocolFacts>[] {
  const { probe, tls, host } = data;
  const base = {
    address: scope.address,
    sender: scope.look.at.hop,
    declared: scope.hop?.sends ?? null,
    seenFrom: 'outside',
    host,
    tls,
  };
  const payload = tls ? 'hello' : 'get';
  const bare = tryOf(probe, 'none', payload);
  const other = tryOf(probe, 'none', tls ? 'get' : 'hello');
  const local = tryOf(probe, 'v2-local', payload);
  const through = (t: HeaderTry | undefined): boolean => t?.outcome === (tls ? 'tls' : 'http');
  // LOCAL cures it: the listener behind wants a header and the balancer sends none (provable from outside everywhere).
  if (!through(bare) && through(local))
    return [{ code: 'PROXY_HEADER_MISSING', hop: 'proxy', facts: { ...base, expects: data.expects } }];
  // Every beginning, a correct one too, gets the same bare 400 in clear: something before it spoils each connection.
  if (tls && isBare400(bare) && isBare400(other) && isBare400(local) && sameBytes(bare, other)) {
    return [{ code: 'PROXY_HEADER_UNEXPECTED', hop: 'proxy', facts: { ...base, answer: 'HTTP 400 in clear text' } }];
  }
  return [];
}

/** The status line and Server header decide; a Date in the bytes may differ. */
const sameBytes = (a: HeaderTry | undefined, b: HeaderTry | undefined): boolean =>
  a?.firstBytes.slice(0, 72) === b?.firstBytes.slice(0, 72);

function describeAnswer(data: ProxyProtocolData): string {
  const t = tryOf(data.probe, 'v2-local', data.tls ? 'hello' : 'get');
  if (t?.outcome === 'plaintext-error')
    return data.tls ? `HTTP ${t.status ?? 400} in clear text on its TLS port` : `HTTP ${t.status ?? 400}`;
  return t?.outcome === 'reset' ? 'a reset' : 'closing the connection';
}

function read(data: ProxyProtocolData, scope: ReadScope): Draft<ProxyProtocolFacts>[] {
  if (data.probe.unreachable) return [];
  if (scope.look.hop !== 'proxy') return readAtBalancer(data, scope);
  const { expects, declaredSends: sends, declaredExpects, host, tls } = data;
  const base = { address: scope.address, sender: senderBefore(scope), declared: sends, seenFrom: 'replica', host, tls };
  const found: Draft<ProxyProtocolFacts>[] = [];
  const sendsHeader = sends === 'proxy-v1' || sends === 'proxy-v2';
  if (expects === 'none' && sendsHeader)
    found.push({ code: 'PROXY_HEADER_UNEXPECTED', facts: { ...base, answer: describeAnswer(data) } });
  if (expects === 'none' && sends === null && base.sender !== null) {
    found.push({
      code: 'PROXY_HEADER_WOULD_BREAK',
      facts: { address: base.address, sender: base.sender, answer: describeAnswer(data), host, tls },
    });
  }
  if (wants(expects) && sends === 'none') found.push({ code: 'PROXY_HEADER_MISSING', facts: { ...base, expects } });
  const fits =
    declaredExpects === null ||
    (declaredExpects === 'none' && expects === 'none') ||
    (declaredExpects === 'optional' && expects === 'optional') ||
    (declaredExpects === 'proxy-v1' && (expects === 'v1' || expects === 'v1-or-v2')) ||
    (declaredExpects === 'proxy-v2' && (expects === 'v2' || expects === 'v1-or-v2'));
  if (expects !== 'unknown' && !fits)
    found.push({
      code: 'PROXY_EXPECTATION_DIFFERS',
      facts: { address: scope.address, expects, declared: declaredExpects as string },
    });
  const agrees = expects === 'optional' || (expects === 'none' && sends === 'none') || (wants(expects) && sendsHeader);
  if (agrees) found.push({ code: 'PROXY_HEADERS_AGREE', facts: { address: scope.address, expects } });
  return found;
}

const withHeader = (f: { address: string; host: string; tls: boolean }): string =>
  `curl -skv --haproxy-protocol -o /dev/null --connect-to ${shellWord(`::${f.address}`)} ${shellWord(`${f.tls ? 'https' : 'http'}://${f.host}/`)}`;

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
    const probe = await probeProxyProtocol(io, { address, host, tls }, signal, { thorough: false });
    return { tls, host, probe, expects: expectationOf(probe, tls), declaredSends: sends, declaredExpects: expects };
  },
  read,
  findings: {
    PROXY_HEADER_UNEXPECTED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'A PROXY header arrives at a listener that does not parse it',
      says: (f) =>
        f.seenFrom === 'outside'
          ? `Every connection through ${f.address} is answered with ${f.answer}, also a correct one: the balancer puts a PROXY protocol header before it that the proxy does not parse.`
          : `${f.address} does not parse a PROXY protocol header and answers one with ${f.answer}; ${f.sender ?? 'the hop in front'} sends one (declared: ${f.declared}).`,
      next: (f) =>
        `Switch PROXY protocol on at the proxy's listener, or off on ${f.sender ?? 'the hop in front'}. Both sides must agree.`,
      reproduce: (f) => {
        const [, host, port] = /^(.*):(\d+)$/.exec(f.address) ?? [];
        if (f.seenFrom === 'outside' && f.tls)
          return `printf 'GET / HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' ${shellWord(f.host)} | nc -w 3 ${shellWord(host ?? '')} ${port}`;
        return withHeader(f);
      },
    },
    PROXY_HEADER_MISSING: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'A listener demands a PROXY header that its peer does not send',
      says: (f) =>
        f.seenFrom === 'outside'
          ? `Connections through ${f.address} are closed without an answer; with a PROXY protocol header put before them they work: the proxy demands a header that ${f.sender ?? 'the hop in front'} does not send.`
          : `${f.address} demands a PROXY protocol header (${f.expects}); ${f.sender ?? 'the hop in front'} sends none (declared).`,
      next: (f) =>
        `Switch PROXY protocol on at ${f.sender ?? 'the hop in front'}, or off at the proxy's listener. Both sides must agree.`,
      reproduce: (f) => withHeader(f),
    },
    PROXY_HEADER_WOULD_BREAK: {
      hop: 'proxy',
      direction: 'context',
      title: 'The listener parses no PROXY header, and nobody said whether one is sent',
      says: (f) =>
        `${f.address} parses no PROXY protocol header and answers one with ${f.answer}; whether ${f.sender} sends one is not declared.`,
      next: (f) => `Say in the inventory what ${f.sender} sends (sends: proxy-v2 or none).`,
      reproduce: (f) => withHeader(f),
    },
    PROXY_HEADERS_AGREE: {
      hop: 'proxy',
      direction: 'clears',
      title: 'Both sides agree about the PROXY header',
      says: (f) => `${f.address} ${WORDS[f.expects] ?? f.expects}: what the hop in front is declared to send fits.`,
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
  },
});
