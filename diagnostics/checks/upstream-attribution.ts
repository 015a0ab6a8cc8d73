import { type Draft, defineCheck, type FindingSpec, type ReadScope } from '../define-check.ts';
import { instanceLooks, proxiesOf, questionOf, questionOn } from '../instance-looks.ts';
import type { ServedRequests } from '../io/proxy-reader.ts';
import { ENDED_FINDINGS, type EndedFacts, readEnded } from '../served/ended.ts';
import { ERROR_FINDINGS, type ErrorFacts, readErrors } from '../served/errors.ts';
import {
  LATENCY_FINDINGS,
  type LatencyFacts,
  readGivenUp,
  readLatency,
  readStalls,
  readTunnels,
} from '../served/latency.ts';
import { LIMIT_FINDINGS, type LimitFacts, readLimits } from '../served/limits.ts';
import { PLACE_FINDINGS, type PlaceFacts, readNeighbours, readOneEndpoint, readStrangers } from '../served/places.ts';
import { REPORTED_FINDINGS, type ReportedFacts, readReported } from '../served/reported.ts';
import { grepFor, statusPattern } from '../served/shared.ts';
import { plural, share } from '../wording.ts';

interface OwnFacts {
  NO_REQUESTS_LOGGED: { proxy: string; lines: number; now: string; source: string };
  NO_ROUTE_LOGGED: { proxy: string; kind: string; count: number; total: number; ofHost: boolean; source: string };
  PROXY_HEADER_LINES_LOGGED: { proxy: string; count: number; source: string };
}
type AttributionFacts = OwnFacts & EndedFacts & ErrorFacts & LatencyFacts & LimitFacts & PlaceFacts & ReportedFacts;

/** Each check of ours leaves a few such lines behind a balancer that sends headers; a fault writes one for every connection. */
const OURS = 10;

function read(served: ServedRequests, scope: ReadScope): Draft<AttributionFacts>[] {
  const proxy = scope.look.at.part ?? scope.look.at.hop;
  const kind = scope.hop?.kind ?? '';
  const { total, source } = served;
  const found: Draft<AttributionFacts>[] = [];
  if (served.proxyHeaderLines > 0)
    found.push({
      code: 'PROXY_HEADER_LINES_LOGGED',
      ...(served.proxyHeaderLines < OURS ? { direction: 'context' as const } : {}),
      facts: { proxy, count: served.proxyHeaderLines, source },
    });
  if (total === 0)
    return [
      ...found,
      { code: 'NO_REQUESTS_LOGGED', facts: { proxy, lines: served.lines, now: scope.case.at, source } },
    ];
  if (served.noRoute)
    found.push({
      code: 'NO_ROUTE_LOGGED',
      facts: { proxy, kind, count: served.noRoute, total, ofHost: !source.includes('names no hosts'), source },
    });
  return [
    ...found,
    ...readStrangers(served, scope, proxy),
    ...readLimits(served, scope, proxy),
    ...readReported(served, scope, proxy),
    ...readErrors(served, scope, proxy),
    ...readLatency(served, proxy),
    ...readStalls(served, proxy),
    ...readGivenUp(served, proxy, kind),
    ...readTunnels(served, proxy),
    ...readEnded(served, scope, proxy),
    ...readOneEndpoint(served, scope, proxy),
    ...readNeighbours(served, proxy),
  ];
}

const OWN_FINDINGS: { [K in keyof OwnFacts]: FindingSpec<OwnFacts[K]> } = {
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
      grepFor(f.source, f.kind.startsWith('haproxy') ? '<NOSRV>.* 503 ' : statusPattern(f.kind, '404'), 5),
  },
  PROXY_HEADER_LINES_LOGGED: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'PROXY headers stand in the log as if they were requests',
    says: (f) =>
      `${f.proxy}'s log has ${plural(f.count, 'line')} whose request is a PROXY protocol header: it does not parse what it gets.`,
    next: () => 'Switch PROXY protocol on at this listener, or off at the hop in front.',
    reproduce: (f) => grepFor(f.source, '"(\\\\x00|PROXY )', 5),
  },
};

/** Who made the errors: the proxy itself, or what is behind it? From the access log, for the time in question. */
export const upstreamAttribution = defineCheck<ServedRequests, AttributionFacts>({
  id: 'upstream-attribution',
  title: 'Who made the errors',
  asks: 'Did the proxy make the 5xx itself, or pass on what is behind it?',
  vantages: ['inside'],
  budgetMs: 6_000,
  plan: (scope) =>
    instanceLooks('upstream-attribution', proxiesOf(scope), (one) => one.accessLog ?? one.name, questionOn(scope)),
  look(io, look, _address, signal) {
    const { host, window } = questionOf(look);
    return io.proxy.requests(look.at, host, window, signal);
  },
  read,
  findings: {
    ...ENDED_FINDINGS,
    ...ERROR_FINDINGS,
    ...LATENCY_FINDINGS,
    ...LIMIT_FINDINGS,
    ...PLACE_FINDINGS,
    ...REPORTED_FINDINGS,
    ...OWN_FINDINGS,
  },
});
