import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { Complaint, Complaints } from '../io/proxy-reader.ts';
import { type Window, windowOf } from '../window.ts';
import { clock, plural, shellWord } from '../wording.ts';

interface Base {
  proxy: string;
  count: number;
  sample: string;
  last: string;
  now: string;
  source: string;
  [key: string]: string | number | null;
}
interface ComplaintFacts {
  UPSTREAM_REFUSED_PROXY: Base & { upstream: string };
  UPSTREAM_UNREACHABLE_FOR_PROXY: Base & { upstream: string };
  UPSTREAM_TIMED_OUT: Base & { upstream: string };
  UPSTREAM_CLOSED_EARLY: Base & { upstream: string };
  STALE_UPSTREAM_LOGGED: Base & { upstream: string; service: string };
  NO_LIVE_UPSTREAM: Base;
  ANSWER_HEADER_TOO_BIG: Base;
  BODY_TOO_LARGE: Base;
  RATE_LIMIT_LOGGED: Base;
  AUTH_REQUEST_FAILED: Base;
  PROXY_HEADER_BROKEN: Base;
  HANDSHAKES_REFUSED: Base;
  OUT_OF_CONNECTIONS: Base;
  ACCESS_FORBIDDEN_BY_RULE: Base & { oneClient: string };
  NO_COMPLAINTS: { proxy: string; source: string };
}

const CODES: {
  [kind in Complaint['kind']]: Exclude<keyof ComplaintFacts, 'STALE_UPSTREAM_LOGGED' | 'NO_COMPLAINTS'> | null;
} = {
  'upstream-refused': 'UPSTREAM_REFUSED_PROXY',
  'upstream-unreachable': 'UPSTREAM_UNREACHABLE_FOR_PROXY',
  'upstream-timeout': 'UPSTREAM_TIMED_OUT',
  'upstream-closed': 'UPSTREAM_CLOSED_EARLY',
  'no-live-upstream': 'NO_LIVE_UPSTREAM',
  'header-too-big': 'ANSWER_HEADER_TOO_BIG',
  'body-too-large': 'BODY_TOO_LARGE',
  'rate-limited': 'RATE_LIMIT_LOGGED',
  'auth-failed': 'AUTH_REQUEST_FAILED',
  'proxy-header-missing': 'PROXY_HEADER_BROKEN',
  'no-shared-suite': 'HANDSHAKES_REFUSED',
  'handshake-failed': 'HANDSHAKES_REFUSED',
  'out-of-connections': 'OUT_OF_CONNECTIONS',
  'access-forbidden': 'ACCESS_FORBIDDEN_BY_RULE',
  'not-found-on-disk': null,
};

/** A complaint older than this need not be about the endpoints of now, ms. */
const RECENT_MS = 300_000;

function read(data: Complaints, scope: ReadScope): Draft<ComplaintFacts>[] {
  const proxy = scope.look.at.part ?? scope.look.at.hop;
  const service = scope.path.hops.find((hop) => hop.hop === 'service' || hop.hop === 'app');
  const known = new Set([service?.address, ...(service?.endpoints ?? []).map((e) => e.address)]);
  const born = Math.max(0, ...(service?.endpoints ?? []).map((e) => Date.parse(e.startedAt ?? '') || 0));
  const found: Draft<ComplaintFacts>[] = [];
  for (const complaint of data.complaints) {
    const code = CODES[complaint.kind];
    if (!code) continue;
    const base = {
      proxy,
      count: complaint.count,
      sample: complaint.sample,
      last: complaint.last,
      now: scope.case.at,
      source: data.source,
    };
    const upstream = complaint.address ?? 'an upstream';
    // The log names the address that was tried: if the service has endpoints and this is none of them, the list is old.
    const recent =
      complaint.last === '' || Date.parse(complaint.last) >= Math.max(born, Date.parse(scope.case.at) - RECENT_MS);
    if (
      recent &&
      complaint.kind.startsWith('upstream-') &&
      complaint.address &&
      service?.endpoints?.length &&
      /:\d+$/.test(complaint.address) &&
      !known.has(complaint.address)
    ) {
      found.push({ code: 'STALE_UPSTREAM_LOGGED', facts: { ...base, upstream, service: service.name } });
    } else
      found.push({
        code,
        facts: { ...base, upstream, oneClient: complaint.oneClient ? 'yes' : 'no' },
      } as Draft<ComplaintFacts>);
  }
  return found.length ? found : [{ code: 'NO_COMPLAINTS', facts: { proxy, source: data.source } }];
}

const when = (f: Base): string => (f.last ? `, last ${clock(f.last, f.now)}` : '');
const tail = (pattern: string) => (f: Base) =>
  f.source.startsWith('/') ? `grep -aE ${shellWord(pattern)} ${shellWord(f.source)} | tail -n 5` : null;
const complained = (f: Base, of: string): string =>
  `${f.proxy} complained ${plural(f.count, 'time')}${when(f)}: ${of}.`;

/** What does the proxy's own error log complain of, in the time in question, about this host? */
export const proxyComplaints = defineCheck<Complaints, ComplaintFacts>({
  id: 'proxy-complaints',
  title: "The proxy's own complaints",
  asks: 'What does the proxy itself log as wrong with these requests?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: ({ case: triage, path }) =>
    path.hops
      .filter(
        (hop) => hop.hop === 'proxy' && ['nginx', 'ingress-nginx', 'haproxy', 'haproxy-ingress'].includes(hop.kind),
      )
      .flatMap((hop) =>
        hop.instances.map((instance) => ({
          look: {
            check: 'proxy-complaints',
            vantage: 'inside' as const,
            hop: 'proxy' as const,
            at: { hop: hop.name, part: instance.name },
            address: instance.errorLog ?? instance.accessLog ?? instance.name,
            with: { host: triage.target.host, window: { ...windowOf(triage) } },
          },
        })),
      ),
  look(io, look, _address, signal) {
    const { host, window } = look.with as unknown as { host: string; window: Window };
    return io.proxy.complaints(look.at, host, window, signal);
  },
  read,
  findings: {
    UPSTREAM_REFUSED_PROXY: {
      hop: 'app',
      direction: 'implicates',
      title: 'An endpoint refused the proxy',
      says: (f) => complained(f, `${f.upstream} refuses its connections`),
      next: (f) => `See whether the application on ${f.upstream} is running.`,
      reproduce: tail('111: Connection refused'),
    },
    UPSTREAM_UNREACHABLE_FOR_PROXY: {
      hop: 'service',
      direction: 'context',
      title: 'The proxy gets no connection to an endpoint',
      says: (f) => complained(f, `it gets no connection to ${f.upstream}`),
      next: () => 'Try the same connection from the proxy itself: a network policy or a firewall between them?',
      reproduce: tail('while connecting to upstream'),
    },
    UPSTREAM_TIMED_OUT: {
      hop: 'app',
      direction: 'context',
      title: 'The proxy gave up waiting for an endpoint',
      says: (f) => complained(f, `${f.upstream} did not answer in the time the proxy allows`),
      next: () => "Compare the proxy's read timeout with what the application needs.",
      reproduce: tail('upstream timed out'),
    },
    UPSTREAM_CLOSED_EARLY: {
      hop: 'app',
      direction: 'context',
      title: 'An endpoint closed the connection before it answered',
      says: (f) => complained(f, `${f.upstream} closed connections before it answered`),
      next: () =>
        "Compare the application's keep-alive time with the proxy's: the application's must be the longer one; else look for crashes.",
      reproduce: tail('prematurely closed|reset by peer'),
    },
    STALE_UPSTREAM_LOGGED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy sends to an address that is no endpoint of the service',
      says: (f) => complained(f, `it gets no answer from ${f.upstream}, which is no endpoint of ${f.service}`),
      next: (f) =>
        `See why ${f.proxy} still uses ${f.upstream}: a missing or refused reload, or an old list of endpoints.`,
      reproduce: (f) =>
        f.source.startsWith('/') ? `grep -aF ${shellWord(f.upstream)} ${shellWord(f.source)} | tail -n 5` : null,
    },
    NO_LIVE_UPSTREAM: {
      hop: 'service',
      direction: 'context',
      title: 'The proxy counts every endpoint as dead',
      says: (f) => complained(f, 'it counts all endpoints of this service as dead'),
      next: () => 'Ask the endpoints directly: if they answer, the proxy marked them dead too quickly.',
      reproduce: tail('no live upstreams'),
    },
    ANSWER_HEADER_TOO_BIG: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'An answer had larger headers than the proxy takes',
      says: (f) => complained(f, 'the application sent larger headers than it takes'),
      next: () => 'Raise proxy_buffer_size for this host, or send smaller cookies and headers.',
      reproduce: tail('too big header'),
    },
    BODY_TOO_LARGE: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'A request had a larger body than the proxy takes',
      says: (f) => complained(f, 'clients wanted to send larger bodies than it takes'),
      next: () => 'Raise client_max_body_size for this host.',
      reproduce: tail('too large'),
    },
    RATE_LIMIT_LOGGED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy held back or refused requests for a limit',
      says: (f) => complained(f, 'it held back or refused requests for a rate limit of its own'),
      next: () => 'Look at the limit for this host, and at who sends that much.',
      reproduce: tail('limiting (requests|connections)'),
    },
    AUTH_REQUEST_FAILED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The authentication sub-request failed',
      says: (f) => complained(f, 'the authentication service that it asks first answered wrongly'),
      next: () => 'Look at the authentication service: no request gets past it.',
      reproduce: tail('auth request unexpected status'),
    },
    PROXY_HEADER_BROKEN: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'Connections come without the PROXY header that is demanded',
      says: (f) => complained(f, 'connections come without the PROXY header that it demands'),
      next: () => 'Switch PROXY protocol on at the hop in front, or off at this listener. Both sides must agree.',
      reproduce: tail('PROXY protocol'),
    },
    HANDSHAKES_REFUSED: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy refused TLS handshakes',
      says: (f) => complained(f, 'TLS handshakes fail'),
      next: () => 'See which clients these are, and what they offer.',
      reproduce: tail('handshake'),
    },
    OUT_OF_CONNECTIONS: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy ran out of connections or files',
      says: (f) => complained(f, 'it ran out of connections or files'),
      next: () => 'Raise worker_connections and the file limit, or add replicas.',
      reproduce: tail('not enough|24: Too many open files'),
    },
    ACCESS_FORBIDDEN_BY_RULE: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy refuses callers by an allow-list',
      says: (f) =>
        complained(
          f,
          `its allow-list refuses callers${f.oneClient === 'yes' && f.count > 1 ? ', all of them under one and the same address' : ''}`,
        ),
      next: () =>
        'See which address the proxy takes for the caller: it must be the real one (PROXY protocol or X-Forwarded-For from trusted hops).',
      reproduce: tail('forbidden by rule'),
    },
    NO_COMPLAINTS: {
      hop: 'proxy',
      direction: 'clears',
      title: 'The proxy complains of nothing',
      says: (f) => `${f.proxy}'s error log has no complaint about this host in the time in question.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
  },
});
