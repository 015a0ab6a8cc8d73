import type { Draft, FindingSpec, ReadScope } from '../define-check.ts';
import type { ServedRequests } from '../io/proxy-reader.ts';
import { onsetOf } from '../onset.ts';
import { clock, plural, share } from '../wording.ts';
import { grepFor, listed, reasonsListed, reasonsOf, statusPattern, sum } from './shared.ts';

/** Who made the errors in an access log, and why, as far as the log says. Pure. */

interface Errors {
  proxy: string;
  kind: string;
  errors: number;
  total: number;
  statuses: string[];
  last: string;
  first: string;
  /** When the rate of errors rose, as the counts over time show it; null: they show no begin. */
  began: string | null;
  now: string;
  source: string;
  [key: string]: string | number | string[] | boolean | null;
}
export interface ErrorFacts {
  ERRORS_MADE_UPSTREAM: Errors;
  ERRORS_MADE_BY_PROXY: Errors & { why: string[]; main: string; closedAtOnce: number };
  ERRORS_LOGGED: Errors & { told: number };
  NO_ERRORS_LOGGED: {
    proxy: string;
    kind: string;
    total: number;
    from: string;
    now: string;
    source: string;
    covers: boolean;
  };
  NO_HEALTHY_ENDPOINT_LOGGED: { proxy: string; kind: string; count: number; total: number; source: string };
  CONNECTIONS_LOGGED: { proxy: string; count: number; failed: number; why: string[]; source: string };
}

const only5xx = (counts: { [status: string]: number }): { [status: string]: number } =>
  Object.fromEntries(Object.entries(counts).filter(([status]) => Number(status) >= 500));

/** What is left of `all` when the parts are taken out, by status. */
const without = (
  all: { [status: string]: number },
  ...parts: { [status: string]: number }[]
): { [status: string]: number } =>
  Object.fromEntries(
    Object.entries(all)
      .map(([status, count]): [string, number] => [status, count - parts.reduce((n, one) => n + (one[status] ?? 0), 0)])
      .filter(([, count]) => count > 0),
  );

export function readErrors(served: ServedRequests, scope: ReadScope, proxy: string): Draft<ErrorFacts>[] {
  const { total, source } = served;
  const kind = scope.hop?.kind ?? '';
  const now = scope.case.at;
  const onset = onsetOf(
    (served.steps ?? []).map((step) => ({ at: Date.parse(step.at), ms: step.ms, n: step.requests, k: step.errors })),
  );
  const times = {
    first: served.firstError ?? now,
    last: served.lastError ?? now,
    // The first error of a log may be a lone one, hours before the trouble.
    began: onset?.at ? new Date(onset.at).toISOString() : null,
  };
  const all = only5xx(served.statuses);
  const own = only5xx(served.madeByProxy);
  const untold = without(all, own, served.madeByUpstream);
  const base = (counts: { [status: string]: number }): Errors => ({
    proxy,
    kind,
    errors: sum(counts),
    total,
    statuses: listed(counts),
    ...times,
    now,
    source,
  });
  const found: Draft<ErrorFacts>[] = [];
  if (sum(served.madeByUpstream)) found.push({ code: 'ERRORS_MADE_UPSTREAM', facts: base(served.madeByUpstream) });
  if (sum(own)) {
    const [main = ''] = Object.entries(served.reasons ?? {}).sort((a, b) => b[1] - a[1])[0] ?? [];
    found.push({
      code: 'ERRORS_MADE_BY_PROXY',
      facts: { ...base(own), why: reasonsListed(served), main, closedAtOnce: served.closedAtOnce ?? 0 },
    });
  }
  if (sum(untold)) found.push({ code: 'ERRORS_LOGGED', facts: { ...base(untold), told: sum(all) - sum(untold) } });
  const none = reasonsOf(served, 'no-endpoint');
  if (none) found.push({ code: 'NO_HEALTHY_ENDPOINT_LOGGED', facts: { proxy, kind, count: none, total, source } });
  const bare = served.connections ?? 0;
  if (bare > 0) {
    const failed = sum(served.reasons ?? {}) - sum(all);
    found.push({
      code: 'CONNECTIONS_LOGGED',
      facts: { proxy, count: bare, failed: Math.max(0, failed), why: reasonsListed(served), source },
    });
  }
  if (sum(all) === 0 && total > bare) {
    const since = scope.case.since;
    const covers =
      since !== null &&
      served.from !== null &&
      !served.truncated &&
      Date.parse(served.from) <= Date.parse(since) + 60_000;
    found.push({
      code: 'NO_ERRORS_LOGGED',
      facts: { proxy, kind, total, from: served.from ?? now, now, source, covers },
    });
  }
  return found;
}

const because = (why: string[]): string => (why.length ? `: ${why.join(', ')}` : '');
const NEXT: { [main: string]: string } = {
  refused: 'See whether what listens there is running, and on this port.',
  'connect-timeout': 'Try the same connection from the proxy: a dead address, a network policy or a firewall?',
  'connect-failed': 'Try the same connection from the proxy: is anything listening there?',
  'proxy-timeout': "Compare the proxy's timeout with what the application needs.",
  'closed-early': 'See whether the application crashes, or closes idle connections sooner than the proxy does.',
  'no-answer-once':
    'Compare how long the application keeps idle connections with how long the proxy does: the application must keep them longer.',
  'queue-full': 'Compare the limit (maxconn, circuit breaker) with how many requests are under way at once.',
  'out-of-resources': "Raise the proxy's own limit of connections, or add replicas.",
  'no-endpoint': "Ask the endpoints directly; if they answer, look at the proxy's own health check.",
  'name-not-found': "Resolve the endpoint's name from the proxy.",
  'bad-answer':
    'Ask an endpoint directly and read the headers of its answer: repeated ones, or ones that contradict each other.',
  'no-room':
    'Leave more room for the headers that its rules add (HAProxy: tune.maxrewrite, and tune.bufsize with it), or make these headers shorter.',
};
const errorsOf = (f: { source: string; kind: string }): string | null =>
  grepFor(f.source, statusPattern(f.kind, '5xx'));

export const ERROR_FINDINGS: { [K in keyof ErrorFacts]: FindingSpec<ErrorFacts[K]> } = {
  ERRORS_MADE_UPSTREAM: {
    hop: 'app',
    direction: 'implicates',
    title: 'The errors in the log were made behind the proxy and passed on',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.errors, f.total)} requests were answered 5xx by what is behind it (${f.statuses.join(', ')}; last ${clock(f.last, f.now)}).`,
    next: () => "Look at the application's log for the same time.",
    reproduce: errorsOf,
  },
  ERRORS_MADE_BY_PROXY: {
    hop: 'proxy',
    direction: 'context',
    title: 'The proxy made errors itself, since nothing behind it answered',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.errors, f.total)} requests got a 5xx that it made itself (${f.statuses.join(', ')}; last ${clock(f.last, f.now)})${because(f.why)}.`,
    next: (f) => NEXT[f.main] ?? 'See whether what is behind it was down or could not be reached from the proxy.',
    reproduce: errorsOf,
  },
  ERRORS_LOGGED: {
    hop: 'proxy',
    direction: 'context',
    title: 'The log has errors, and does not say who made them',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.errors, f.total)} requests got a 5xx (${f.statuses.join(', ')}; last ${clock(f.last, f.now)})${f.told ? `, and does not say who made these; of ${f.told} more it does` : '; its format does not say who made them'}.`,
    next: (f) =>
      f.kind === 'nginx' || f.kind === 'ingress-nginx' || f.kind === ''
        ? `Add ${f.told ? '$upstream_header_time' : '$upstream_addr, $upstream_status and $upstream_header_time'} to the log format: then the log tells.`
        : "Add the upstream's address and status to the log format: then the log tells.",
    reproduce: errorsOf,
  },
  NO_ERRORS_LOGGED: {
    hop: 'proxy',
    direction: 'clears',
    title: 'No 5xx in the log',
    says: (f) =>
      `${f.proxy}'s log has no 5xx for this host: ${plural(f.total, 'request')} since ${clock(f.from, f.now)}.`,
    next: () => 'Nothing to do here.',
    reproduce: errorsOf,
  },
  NO_HEALTHY_ENDPOINT_LOGGED: {
    hop: 'service',
    direction: 'context',
    title: 'The proxy had no endpoint that it counts as healthy',
    says: (f) => `${f.proxy}'s log: ${share(f.count, f.total)} requests found no endpoint that it counts as healthy.`,
    next: () => "Ask the endpoints directly: if they answer, the proxy's own health check is wrong or too strict.",
    reproduce: (f) =>
      grepFor(f.source, f.kind.startsWith('haproxy') ? '/<NOSRV> .* S[CQ]' : statusPattern(f.kind, '503'), 5),
  },
  CONNECTIONS_LOGGED: {
    hop: 'proxy',
    direction: 'context',
    title: 'The log has connections only: no requests, no statuses',
    says: (f) =>
      `${f.proxy}'s log (TCP mode: no requests, no statuses): ${f.failed ? `${share(f.failed, f.count)} connections came to nothing${because(f.why)}` : `${plural(f.count, 'connection')}, none came to nothing`}.`,
    next: (f) =>
      f.failed
        ? 'Try the same connection from the proxy to what is behind it.'
        : 'Look at the hop behind it: what was said on these connections stands in its log.',
    reproduce: (f) => grepFor(f.source, '/(<NOSRV>|[^ ]+) [0-9/+-]+ [+]?[0-9]+ [^- ][CQ-] ', 10),
  },
};
