import type { Draft, FindingSpec, ReadScope } from '../define-check.ts';
import type { ServedRequests } from '../io/proxy-reader.ts';
import { duration, share } from '../wording.ts';
import { grepFor, listed, reasonsOf, slowBehind, statusPattern, sum } from './shared.ts';

/** Requests that the proxy refused for a limit or a rule of its own, before anything behind it was asked. Pure. */

interface Refused {
  proxy: string;
  kind: string;
  count: number;
  total: number;
  source: string;
  [key: string]: string | number | string[];
}
export interface LimitFacts {
  REQUESTS_TOO_LARGE: Refused & { statuses: string[] };
  TOO_LARGE_PASSED_ON: Refused & {
    told: string;
    page: string;
    next: string;
    first: string;
  };
  REQUESTS_LIMITED: Refused;
  APP_LIMITS_REQUESTS: Refused;
  REQUESTS_DENIED: Refused & { statuses: string[]; asReported: number; passedOn: number };
  AUTH_SERVICE_FAILED_LOGGED: Refused;
  PROXY_QUEUE_FULL: Refused & { queue: number; upstreamMs: number };
}

/** Statuses that a proxy gives requests that are too large: body, line, headers. */
const TOO_LARGE = ['413', '414', '431'];
/** Statuses of a rule: an allow-list, an authentication, a deny. */
const DENIED = ['401', '403'];

const some = (counts: { [status: string]: number }, which: string[]): { [status: string]: number } =>
  Object.fromEntries(Object.entries(counts).filter(([status]) => which.includes(status)));

/** Nearly all of them, or nearly none. */
const NEARLY = 0.8;
const pageOf = ({ sized, asNginx }: NonNullable<ServedRequests['tooLarge']>): string =>
  sized === 0 ? 'unknown' : asNginx >= NEARLY * sized ? 'nginx' : asNginx === 0 ? 'other' : 'mixed';

/** 413 that came from behind, or that nobody says who made: of interest to whoever met one. */
function readTooLarge(
  { tooLarge }: ServedRequests,
  { case: { symptoms }, path, look }: ReadScope,
  base: (count: number) => Refused,
): Draft<LimitFacts>[] {
  if (!tooLarge || !(symptoms.kinds.includes('too-large') || symptoms.statuses.includes(413))) return [];
  const here = path.hops.findIndex((hop) => hop.name === look.at.hop && hop.hop === 'proxy');
  const next = path.hops[here + 1]?.name ?? 'what is behind it';
  const told = tooLarge.behind >= tooLarge.untold ? 'behind' : 'no';
  const facts = { told, page: pageOf(tooLarge), next, first: tooLarge.first ?? '' };
  return [{ code: 'TOO_LARGE_PASSED_ON', facts: { ...base(tooLarge.behind + tooLarge.untold), ...facts } }];
}

export function readLimits(served: ServedRequests, scope: ReadScope, proxy: string): Draft<LimitFacts>[] {
  const { madeByProxy, total, source } = served;
  const kind = scope.hop?.kind ?? '';
  const base = (count: number): Refused => ({ proxy, kind, count, total, source });
  const found: Draft<LimitFacts>[] = [];
  const large = some(madeByProxy, TOO_LARGE);
  if (sum(large)) found.push({ code: 'REQUESTS_TOO_LARGE', facts: { ...base(sum(large)), statuses: listed(large) } });
  found.push(...readTooLarge(served, scope, base));
  const limited = madeByProxy['429'] ?? 0;
  if (limited) found.push({ code: 'REQUESTS_LIMITED', facts: base(limited) });
  if (served.limitedUpstream) found.push({ code: 'APP_LIMITS_REQUESTS', facts: base(served.limitedUpstream) });
  // Every login page makes 401s: they matter only to somebody who was refused.
  const denied = some(madeByProxy, DENIED);
  const { kinds, statuses } = scope.case.symptoms;
  if (sum(denied) && (kinds.includes('forbidden') || statuses.some((s) => DENIED.includes(String(s))))) {
    const named = statuses.map(String).filter((status) => DENIED.includes(status));
    const which = named.length ? named : ['403'];
    const asReported = sum(some(madeByProxy, which));
    const passedOn = sum(some(served.statuses, which)) - asReported;
    const facts = { ...base(sum(denied)), statuses: listed(denied), asReported, passedOn };
    found.push({ code: 'REQUESTS_DENIED', facts });
  }
  if (served.authFailed) found.push({ code: 'AUTH_SERVICE_FAILED_LOGGED', facts: base(served.authFailed) });
  const queue = reasonsOf(served, 'queue-full');
  const full = queue + reasonsOf(served, 'out-of-resources');
  if (full)
    found.push({
      code: 'PROXY_QUEUE_FULL',
      // Slow endpoints fill any queue: then the limit only shows what they do.
      ...(slowBehind(served) ? { direction: 'context' as const } : {}),
      facts: { ...base(full), queue, upstreamMs: Math.round((served.upstreamSeconds ?? 0) * 1000) },
    });
  return found;
}

const of4xx = (f: { source: string; kind: string }): string | null => grepFor(f.source, statusPattern(f.kind, '4xx'));

export const LIMIT_FINDINGS: { [K in keyof LimitFacts]: FindingSpec<LimitFacts[K]> } = {
  REQUESTS_TOO_LARGE: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy itself refused requests as too large',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests were refused by the proxy itself as too large (${f.statuses.join(', ')}).`,
    next: () =>
      'Raise the limit for this host (nginx: client_max_body_size, large_client_header_buffers), or send less.',
    reproduce: of4xx,
  },
  TOO_LARGE_PASSED_ON: {
    hop: 'proxy',
    direction: 'context',
    title: 'Requests were refused as too large, and the proxy is not known to have done it',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests got a 413${f.told === 'behind' ? ` from ${f.next}, passed on as it was` : ', and it does not say who made it'}${f.page === 'nginx' ? "; by their size these are nginx' own pages" : f.page === 'other' ? "; by their size none of these is nginx' own page" : ''}.`,
    next: (f) => `Look at the limit on bodies of ${f.next}.`,
    reproduce: (f) => grepFor(f.source, statusPattern(f.kind, '413')),
  },
  REQUESTS_LIMITED: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy itself refused requests for a rate limit',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests were refused by the proxy itself for a rate limit (429).`,
    next: () => 'Look at the rate limits for this host, and at who sends that much.',
    reproduce: of4xx,
  },
  APP_LIMITS_REQUESTS: {
    hop: 'app',
    direction: 'context',
    title: 'What is behind the proxy refused requests for a limit',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests got a 429 from what is behind it, passed on as it was.`,
    next: () => "Look at the application's own limit or quota, and at who sends that much.",
    reproduce: (f) => grepFor(f.source, statusPattern(f.kind, '429')),
  },
  REQUESTS_DENIED: {
    hop: 'proxy',
    direction: 'context',
    title: 'The proxy itself refused requests by a rule',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests were refused by the proxy itself (${f.statuses.join(', ')}): an allow-list, a deny rule or the authentication in front${f.passedOn > 0 ? `; ${f.passedOn} more were passed on as they came from behind it` : ''}.`,
    next: () => 'See which rule refuses them, and which client address the proxy sees.',
    reproduce: of4xx,
  },
  AUTH_SERVICE_FAILED_LOGGED: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy refused requests since the authorization that it asks first failed',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests were refused by the proxy itself since the authorization service that it asks first failed or was too late; it did not say no.`,
    next: () =>
      'Look at the authorization service, and compare how long it takes for these callers with how long the proxy waits for it.',
    reproduce: (f) => grepFor(f.source, 'ext_authz_error'),
  },
  PROXY_QUEUE_FULL: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy turned requests away at a limit of its own',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests were turned away by the proxy itself: ${f.queue === f.count ? 'they waited too long in its queue, or its circuit breaker was open' : 'its connections, memory or queue were used up'}${f.upstreamMs >= 1_000 ? `, while endpoints took ${duration(f.upstreamMs)} to answer` : ''}.`,
    next: () =>
      'Compare the limit (maxconn, circuit breaker) with how many requests are under way at once, and why they take so long.',
    reproduce: (f) =>
      f.kind.startsWith('haproxy')
        ? grepFor(f.source, ' (sQ|PQ|PC|R[A-Z])[A-Z-]* [0-9]+/', 10)
        : grepFor(f.source, ' (UO|OM) |"response_flags": ?"[^"]*(UO|OM)', 10),
  },
};
