import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { ServedRequests } from '../io/proxy-reader.ts';
import { type Window, windowOf } from '../window.ts';
import { clock, plural, share, shellWord } from '../wording.ts';

interface AttributionFacts {
  ERRORS_MADE_UPSTREAM: {
    proxy: string;
    errors: number;
    total: number;
    statuses: string[];
    last: string;
    first: string;
    now: string;
    source: string;
  };
  ERRORS_MADE_BY_PROXY: {
    proxy: string;
    errors: number;
    total: number;
    statuses: string[];
    last: string;
    first: string;
    now: string;
    source: string;
  };
  ERRORS_LOGGED: {
    proxy: string;
    errors: number;
    total: number;
    statuses: string[];
    last: string;
    first: string;
    now: string;
    source: string;
  };
  SLOW_UPSTREAM: { proxy: string; slow: number; total: number; source: string };
  SLOW_IN_PROXY: { proxy: string; slow: number; total: number; source: string };
  NO_ERRORS_LOGGED: { proxy: string; total: number; from: string; now: string; source: string; covers: boolean };
  NO_REQUESTS_LOGGED: { proxy: string; lines: number; now: string; source: string };
  NO_ROUTE_LOGGED: { proxy: string; count: number; total: number; ofHost: boolean; source: string };
  REQUESTS_TOO_LARGE: { proxy: string; count: number; total: number; statuses: string[]; source: string };
  REQUESTS_LIMITED: { proxy: string; count: number; total: number; source: string };
  FORMER_ENDPOINT_FAILED: {
    proxy: string;
    service: string;
    address: string;
    errors: number;
    requests: number;
    total: number;
    last: string;
    now: string;
    source: string;
  };
  UPSTREAM_NOT_AN_ENDPOINT: {
    proxy: string;
    service: string;
    address: string;
    errors: number;
    requests: number;
    total: number;
    source: string;
  };
  PROXY_HEADER_LINES_LOGGED: { proxy: string; count: number; source: string };
}

const sum = (counts: { [status: string]: number }): number => Object.values(counts).reduce((a, b) => a + b, 0);
const listed = (counts: { [status: string]: number }): string[] =>
  Object.entries(counts).map(([status, count]) => `${count} x ${status}`);
/** Each check of ours leaves a few such lines behind a balancer that sends headers; a fault writes one for every connection. */
const OURS = 10;
/** Fewer slow requests than this share is what every site has. */
const SLOW_SHARE = 0.1;
const SLOW_COUNT = 3;

/** An address counts as still in use when it was used this shortly before the newest request, ms. */
const STILL_USED_MS = 60_000;

/**
 * Requests that went, and failed, to an address that is no endpoint of the service. Still in use: the proxy's list is
 * an old one. Not any more: it was an endpoint then, and left while requests were on their way to it.
 */
function strangers(served: ServedRequests, scope: ReadScope, proxy: string): Draft<AttributionFacts>[] {
  const service = scope.path.hops.find((hop) => hop.hop === 'service' || hop.hop === 'app');
  if (!service?.endpoints?.length) return [];
  const known = new Set([service.address, ...service.endpoints.map((e) => e.address)]);
  const failing = served.upstreams.filter((u) => u.errors > 0 && isAddress(u.address) && !known.has(u.address));
  const newest = Date.parse(served.to ?? scope.case.at);
  const born = Math.max(0, ...service.endpoints.map((e) => Date.parse(e.startedAt ?? '') || 0));
  const used = (u: ServedRequests['upstreams'][number]): boolean =>
    !u.last || (Date.parse(u.last) >= newest - STILL_USED_MS && Date.parse(u.last) >= born);
  const worst = (list: typeof failing) => [...list].sort((a, b) => b.errors - a.errors)[0];
  const stale = worst(failing.filter(used));
  const former = worst(failing.filter((u) => !used(u)));
  const facts = (u: NonNullable<typeof stale>) => ({
    proxy,
    service: service.name,
    address: u.address,
    errors: u.errors,
    requests: u.requests,
    total: served.total,
    source: served.source,
  });
  return [
    ...(stale ? [{ code: 'UPSTREAM_NOT_AN_ENDPOINT' as const, facts: facts(stale) }] : []),
    ...(former?.last
      ? [
          {
            code: 'FORMER_ENDPOINT_FAILED' as const,
            facts: { ...facts(former), last: former.last, now: scope.case.at },
          },
        ]
      : []),
  ];
}

/** nginx logs a group's name in place of an address when none of its servers could be chosen. */
const isAddress = (text: string): boolean => /^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+$/i.test(text);

/** Statuses that a proxy gives requests that are too large: body, line, headers. */
const TOO_LARGE = ['413', '414', '431'];

/** Requests that the proxy refused for a limit of its own, before anything behind it was asked. */
function limits(served: ServedRequests, proxy: string): Draft<AttributionFacts>[] {
  const { madeByProxy, total, source } = served;
  const found: Draft<AttributionFacts>[] = [];
  const large = Object.fromEntries(Object.entries(madeByProxy).filter(([status]) => TOO_LARGE.includes(status)));
  if (sum(large))
    found.push({
      code: 'REQUESTS_TOO_LARGE',
      facts: { proxy, count: sum(large), total, statuses: listed(large), source },
    });
  const limited = madeByProxy['429'] ?? 0;
  if (limited) found.push({ code: 'REQUESTS_LIMITED', facts: { proxy, count: limited, total, source } });
  return found;
}

function read(served: ServedRequests, scope: ReadScope): Draft<AttributionFacts>[] {
  const proxy = scope.look.at.part ?? scope.look.at.hop;
  const now = scope.case.at;
  const { total, source } = served;
  const found: Draft<AttributionFacts>[] = [];
  if (served.proxyHeaderLines > 0)
    found.push({
      code: 'PROXY_HEADER_LINES_LOGGED',
      ...(served.proxyHeaderLines < OURS ? { direction: 'context' as const } : {}),
      facts: { proxy, count: served.proxyHeaderLines, source },
    });
  if (total === 0)
    return [...found, { code: 'NO_REQUESTS_LOGGED', facts: { proxy, lines: served.lines, now, source } }];
  found.push(...strangers(served, scope, proxy));
  const times = { first: served.firstError ?? now, last: served.lastError ?? now };
  const upstream = sum(served.madeByUpstream);
  const ownErrors = Object.fromEntries(Object.entries(served.madeByProxy).filter(([status]) => Number(status) >= 500));
  const own = sum(ownErrors);
  if (served.noRoute)
    found.push({
      code: 'NO_ROUTE_LOGGED',
      facts: { proxy, count: served.noRoute, total, ofHost: !served.source.includes('names no hosts'), source },
    });
  found.push(...limits(served, proxy));
  if (upstream)
    found.push({
      code: 'ERRORS_MADE_UPSTREAM',
      facts: { proxy, errors: upstream, total, statuses: listed(served.madeByUpstream), ...times, now, source },
    });
  if (own)
    found.push({
      code: 'ERRORS_MADE_BY_PROXY',
      facts: { proxy, errors: own, total, statuses: listed(ownErrors), ...times, now, source },
    });
  if (served.slow >= SLOW_COUNT && served.slow >= total * SLOW_SHARE) {
    const code = served.slowUpstream * 2 >= served.slow ? 'SLOW_UPSTREAM' : 'SLOW_IN_PROXY';
    found.push({ code, facts: { proxy, slow: served.slow, total, source } });
  }
  const serverErrors = Object.fromEntries(Object.entries(served.statuses).filter(([status]) => Number(status) >= 500));
  const untold = sum(serverErrors) - upstream - own;
  if (untold > 0)
    found.push({
      code: 'ERRORS_LOGGED',
      facts: { proxy, errors: untold, total, statuses: listed(serverErrors), ...times, now, source },
    });
  if (sum(serverErrors) === 0) {
    const since = scope.case.since;
    const covers =
      since !== null &&
      served.from !== null &&
      !served.truncated &&
      Date.parse(served.from) <= Date.parse(since) + 60_000;
    found.push({ code: 'NO_ERRORS_LOGGED', facts: { proxy, total, from: served.from ?? now, now, source, covers } });
  }
  return found;
}

const grep = (f: { source: string }): string | null =>
  f.source.startsWith('/')
    ? `grep -aE '" 5[0-9][0-9] |"(status|DownstreamStatus)": ?"?5' ${shellWord(f.source.split(' (')[0] as string)} | tail -n 20`
    : null;

const grep4 = (f: { source: string }): string | null =>
  f.source.startsWith('/')
    ? `grep -aE '" 4[0-9][0-9] |"(status|DownstreamStatus)": ?"?4' ${shellWord(f.source.split(' (')[0] as string)} | tail -n 20`
    : null;

/** Who made the errors: the proxy itself, or what is behind it? From the access log, for the time in question. */
export const upstreamAttribution = defineCheck<ServedRequests, AttributionFacts>({
  id: 'upstream-attribution',
  title: 'Who made the errors',
  asks: 'Did the proxy make the 5xx itself, or pass on what is behind it?',
  vantages: ['inside'],
  budgetMs: 6_000,
  plan: ({ case: triage, path }) =>
    path.hops
      .filter((hop) => hop.hop === 'proxy')
      .flatMap((hop) =>
        hop.instances.map((instance) => ({
          look: {
            check: 'upstream-attribution',
            vantage: 'inside' as const,
            hop: 'proxy' as const,
            at: { hop: hop.name, part: instance.name },
            address: instance.accessLog ?? instance.name,
            with: { host: triage.target.host, window: { ...windowOf(triage) } },
          },
        })),
      ),
  look(io, look, _address, signal) {
    const { host, window } = look.with as unknown as { host: string; window: Window };
    return io.proxy.requests(look.at, host, window, signal);
  },
  read,
  findings: {
    ERRORS_MADE_UPSTREAM: {
      hop: 'app',
      direction: 'implicates',
      title: 'The errors in the log were made behind the proxy and passed on',
      says: (f) =>
        `${f.proxy}'s log: ${share(f.errors, f.total)} requests were answered 5xx by what is behind it (${f.statuses.join(', ')}; last ${clock(f.last, f.now)}).`,
      next: () => "Look at the application's log for the same time.",
      reproduce: grep,
    },
    ERRORS_MADE_BY_PROXY: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy made errors itself, since nothing behind it answered',
      says: (f) =>
        `${f.proxy}'s log: ${share(f.errors, f.total)} requests got a 5xx that it made itself (${f.statuses.join(', ')}; last ${clock(f.last, f.now)}).`,
      next: () => 'See whether what is behind it was down or could not be reached from the proxy.',
      reproduce: grep,
    },
    ERRORS_LOGGED: {
      hop: 'proxy',
      direction: 'context',
      title: 'The log has errors, and does not say who made them',
      says: (f) =>
        `${f.proxy}'s log: ${share(f.errors, f.total)} requests got a 5xx (${f.statuses.join(', ')}; last ${clock(f.last, f.now)}); its format does not say who made them.`,
      next: () =>
        'Add $upstream_addr, $upstream_status and $upstream_response_time to the log format: then the log tells.',
      reproduce: grep,
    },
    SLOW_UPSTREAM: {
      hop: 'app',
      direction: 'implicates',
      title: 'Slow requests were slow behind the proxy',
      says: (f) =>
        `${f.proxy}'s log: ${share(f.slow, f.total)} requests took over a second, and the time was spent behind the proxy.`,
      next: () => 'Look at what the application waits for.',
      reproduce: () => null,
    },
    SLOW_IN_PROXY: {
      hop: 'proxy',
      direction: 'context',
      title: 'Slow requests were not slow behind the proxy',
      says: (f) =>
        `${f.proxy}'s log: ${share(f.slow, f.total)} requests took over a second though what is behind it was quick: a slow client, or queueing in the proxy.`,
      next: () => 'Compare with the clients: large answers to slow lines look the same.',
      reproduce: () => null,
    },
    NO_ERRORS_LOGGED: {
      hop: 'proxy',
      direction: 'clears',
      title: 'No 5xx in the log',
      says: (f) =>
        `${f.proxy}'s log has no 5xx for this host: ${plural(f.total, 'request')} since ${clock(f.from, f.now)}.`,
      next: () => 'Nothing to do here.',
      reproduce: grep,
    },
    NO_REQUESTS_LOGGED: {
      hop: 'proxy',
      direction: 'context',
      title: 'The log has no request for this host',
      says: (f) =>
        `${f.proxy}'s log has no request for this host in the time in question (${plural(f.lines, 'line')} read).`,
      next: () => 'Nobody asked, or the requests never got this far: look at the hops in front.',
      reproduce: () => null,
    },
    NO_ROUTE_LOGGED: {
      hop: 'proxy',
      direction: 'context',
      title: 'The log has requests for which the proxy had no route',
      says: (f) =>
        `${f.proxy}'s log: ${share(f.count, f.total)} requests${f.ofHost ? '' : ' (of any host)'} found no route at all.`,
      next: (f) => `Look for the rule that should take these requests in ${f.proxy}'s configuration.`,
      reproduce: (f) =>
        f.source.startsWith('/')
          ? `grep -aF '<NOSRV>' ${shellWord(f.source.split(' (')[0] as string)} | tail -n 5`
          : null,
    },
    REQUESTS_TOO_LARGE: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy itself refused requests as too large',
      says: (f) =>
        `${f.proxy}'s log: ${share(f.count, f.total)} requests were refused by the proxy itself as too large (${f.statuses.join(', ')}).`,
      next: () =>
        'Raise the limit for this host (nginx: client_max_body_size, large_client_header_buffers), or send less.',
      reproduce: grep4,
    },
    REQUESTS_LIMITED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy itself refused requests for a rate limit',
      says: (f) =>
        `${f.proxy}'s log: ${share(f.count, f.total)} requests were refused by the proxy itself for a rate limit (429).`,
      next: () => 'Look at the rate limits for this host, and at who sends that much.',
      reproduce: grep4,
    },
    FORMER_ENDPOINT_FAILED: {
      hop: 'app',
      direction: 'context',
      title: 'Requests failed at an endpoint that has left since',
      says: (f) =>
        `${f.proxy}'s log: ${f.errors} requests failed at ${f.address}, last ${clock(f.last, f.now)}; it was an endpoint of ${f.service} then and is none any more.`,
      next: (f) =>
        `See how endpoints of ${f.service} leave: a preStop pause, so that nobody sends to them any more when they stop.`,
      reproduce: (f) =>
        f.source.startsWith('/')
          ? `grep -aF ${shellWord(f.address)} ${shellWord(f.source.split(' (')[0] as string)} | tail -n 5`
          : null,
    },
    UPSTREAM_NOT_AN_ENDPOINT: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy sends requests to an address that is no endpoint of the service',
      says: (f) =>
        `${f.proxy} sent ${f.requests} requests to ${f.address}, which is no endpoint of ${f.service} (any more); ${f.errors} of them failed.`,
      next: (f) =>
        `See why ${f.proxy} still uses ${f.address}: a refused or missing reload, or a stale list of endpoints.`,
      reproduce: (f) =>
        f.source.startsWith('/')
          ? `grep -aF ${shellWord(f.address)} ${shellWord(f.source.split(' (')[0] as string)} | tail -n 5`
          : null,
    },
    PROXY_HEADER_LINES_LOGGED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'PROXY headers stand in the log as if they were requests',
      says: (f) =>
        `${f.proxy}'s log has ${plural(f.count, 'line')} whose request is a PROXY protocol header: it does not parse what it gets.`,
      next: () => 'Switch PROXY protocol on at this listener, or off at the hop in front.',
      reproduce: (f) =>
        f.source.startsWith('/')
          ? `grep -aE '"(\\\\x00|PROXY )' ${shellWord(f.source.split(' (')[0] as string)} | tail -n 5`
          : null,
    },
  },
});
