import type { Draft, FindingSpec } from '../define-check.ts';
import type { ServedRequests } from '../io/proxy-reader.ts';
import { duration, plural, share } from '../wording.ts';
import { grepFor, slowBehind, statusPattern } from './shared.ts';

/** Where slow requests spent their time: behind the proxy, in its queue, or waiting for the client. Pure. */

interface Slow {
  proxy: string;
  slow: number;
  total: number;
  source: string;
  [key: string]: string | number | string[];
}
export interface LatencyFacts {
  SLOW_UPSTREAM: Slow;
  SLOW_IN_PROXY: Slow & { large: number; held: number; untold: number };
  SLOW_CLIENTS: Slow;
  ENDPOINT_STOOD_STILL: Slow & {
    times: number;
    endpoints: string[];
    expected: number;
    answered: number;
    others: number;
  };
  REQUESTS_QUEUED: Slow;
  PROXY_GAVE_UP_AFTER: {
    proxy: string;
    kind: string;
    count: number;
    total: number;
    leastMs: number;
    mostMs: number;
    source: string;
  };
  TUNNELS_CUT_FOR_SILENCE: {
    proxy: string;
    cut: number;
    ended: number;
    leastMs: number;
    mostMs: number;
    source: string;
  };
}

/** Fewer slow requests than this share is what every site has. */
const SLOW_SHARE = 0.1;
const SLOW_COUNT = 3;

/** A share of slow requests that is worth a word where people say that it hangs, though most sites have as many. */
const SOME_SHARE = 0.02;

/** So often, so many answers missing, and so many answered elsewhere meanwhile: then it was no chance, and not the proxy. */
const STALLS = { times: 2, expected: 10, answered: 0.1, others: 5 };

/** Endpoints that answered nobody while slow requests waited for them, again and again, as others behind the same proxy went on. */
export function readStalls({ stalls, slow, total, source }: ServedRequests, proxy: string): Draft<LatencyFacts>[] {
  if (!stalls || stalls.times < STALLS.times || stalls.expected < STALLS.expected || stalls.others < STALLS.others)
    return [];
  if (stalls.answered > STALLS.answered * stalls.expected) return [];
  return [{ code: 'ENDPOINT_STOOD_STILL', facts: { proxy, slow, total, source, ...stalls } }];
}

/** Gateway timeouts and after how long they came: what the proxy's own limits are held against. */
export function readGivenUp(
  { gaveUp, total, source }: ServedRequests,
  proxy: string,
  kind: string,
): Draft<LatencyFacts>[] {
  return gaveUp ? [{ code: 'PROXY_GAVE_UP_AFTER', facts: { proxy, kind, ...gaveUp, total, source } }] : [];
}

/** Tunnels that the proxy cut since nothing was said on them. */
export function readTunnels({ tunnels, source }: ServedRequests, proxy: string): Draft<LatencyFacts>[] {
  return tunnels?.cut ? [{ code: 'TUNNELS_CUT_FOR_SILENCE', facts: { proxy, ...tunnels, source } }] : [];
}

export function readLatency(served: ServedRequests, proxy: string): Draft<LatencyFacts>[] {
  const { slow, total, source, slowUpstream, slowClient = 0, slowQueue = 0, slowLarge = 0, slowHeld = 0 } = served;
  const { slowUntold = 0 } = served;
  if (slow < SLOW_COUNT || slow < total * SOME_SHARE) return [];
  const facts = { proxy, slow, total, source };
  if (slow < total * SLOW_SHARE)
    return slowUpstream * 2 >= slow ? [{ code: 'SLOW_UPSTREAM', direction: 'context', facts }] : [];
  if (slowQueue * 2 >= slow)
    return [
      {
        code: 'REQUESTS_QUEUED',
        ...(slowBehind(served) ? { direction: 'context' as const } : {}),
        facts: { ...facts, slow: slowQueue },
      },
    ];
  if (slowUpstream * 2 >= slow) return [{ code: 'SLOW_UPSTREAM', facts }];
  if (slowClient * 2 >= slow) return [{ code: 'SLOW_CLIENTS', facts: { ...facts, slow: slowClient } }];
  return [{ code: 'SLOW_IN_PROXY', facts: { ...facts, large: slowLarge, held: slowHeld, untold: slowUntold } }];
}

export const LATENCY_FINDINGS: { [K in keyof LatencyFacts]: FindingSpec<LatencyFacts[K]> } = {
  SLOW_UPSTREAM: {
    hop: 'app',
    direction: 'implicates',
    title: 'Slow requests were slow behind the proxy',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.slow, f.total)} requests took over a second, and the time was spent behind the proxy.`,
    next: () => 'Look at what the application waits for: its database, a lock, another service, CPU.',
    reproduce: () => null,
  },
  ENDPOINT_STOOD_STILL: {
    hop: 'app',
    direction: 'implicates',
    title: 'An endpoint stood still again and again, while others went on',
    says: (f) =>
      `${f.proxy}'s log: ${plural(f.times, 'time')} ${f.endpoints.length === 1 ? f.endpoints[0] : plural(f.endpoints.length, 'endpoint')} answered ${f.answered || 'nobody'} for a second or longer, where about ${f.expected} answers were due; ${f.others} requests to others were answered at once meanwhile.`,
    next: () => 'Look at what stops the application as a whole: garbage collection, a lock, its processor limit.',
    reproduce: () => null,
  },
  SLOW_IN_PROXY: {
    hop: 'proxy',
    direction: 'context',
    title: 'Slow requests are not known to have been slow behind the proxy',
    says: (f) =>
      f.untold * 2 >= f.slow
        ? `${f.proxy}'s log: ${share(f.slow, f.total)} requests took over a second, and its format does not say where the time went.`
        : `${f.proxy}'s log: ${share(f.slow, f.total)} requests took over a second though what is behind it was quick: ${f.held * 2 >= f.slow ? `${f.held === f.slow ? 'all' : f.held} of them were GETs with small answers, which no client is long about` : 'a slow client, or queueing in the proxy'}${f.large * 2 >= f.slow ? `; ${f.large} of them were answers of over a megabyte, which slow lines make slow` : ''}.`,
    next: (f) =>
      f.untold * 2 >= f.slow
        ? 'Add how long the upstream took to the log format (nginx: $upstream_response_time): then the log tells.'
        : f.held * 2 >= f.slow
          ? 'Look for what makes requests wait in the proxy: a limit that spaces them out, a queue, an authentication, its CPU.'
          : 'Compare with the clients: large answers to slow lines look the same.',
    reproduce: () => null,
  },
  SLOW_CLIENTS: {
    hop: 'client',
    direction: 'context',
    title: 'The proxy waited for slow clients',
    says: (f) =>
      `${f.proxy}'s log: in ${share(f.slow, f.total)} requests it waited over half of the time for the client itself to send its request.`,
    next: () =>
      'Look at where these clients are: slow lines, or programs that open a connection long before they use it.',
    reproduce: () => null,
  },
  PROXY_GAVE_UP_AFTER: {
    hop: 'proxy',
    direction: 'context',
    title: 'After how long requests ended in a gateway timeout',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests ended with 504 after ${duration(f.leastMs)}${duration(f.leastMs) === duration(f.mostMs) ? '' : ` to ${duration(f.mostMs)}`}.`,
    next: () => 'Hold these times against the timeouts that the proxy is set to, for the very path that was asked for.',
    reproduce: (f) => grepFor(f.source, statusPattern(f.kind, '504')),
  },
  TUNNELS_CUT_FOR_SILENCE: {
    hop: 'proxy',
    direction: 'context',
    title: 'The proxy cut long connections on which nothing was said',
    says: (f) =>
      `${f.proxy}'s log: it cut ${share(f.cut, f.ended)} WebSockets that ended, after ${duration(f.leastMs)}${duration(f.leastMs) === duration(f.mostMs) ? '' : ` to ${duration(f.mostMs)}`}, since nothing was said on them.`,
    next: () => "Raise HAProxy's `timeout tunnel`, or let the application send a ping more often than that.",
    reproduce: (f) => grepFor(f.source, ' 101 [0-9]+ .* (sD|cD)', 10),
  },
  REQUESTS_QUEUED: {
    hop: 'proxy',
    direction: 'implicates',
    title: "Slow requests waited in the proxy's own queue",
    says: (f) =>
      `${f.proxy}'s log: ${share(f.slow, f.total)} requests spent most of over a second in the proxy's own queue, waiting for a free connection to an endpoint.`,
    next: () => "Compare the servers' maxconn with how many requests are under way at once, and why they take so long.",
    reproduce: () => null,
  },
};
