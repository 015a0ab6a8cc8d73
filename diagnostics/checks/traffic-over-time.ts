import { defineCheck } from '../define-check.ts';
import { instanceLooks, questionOf, questionOn } from '../instance-looks.ts';
import type { ProxyHistory } from '../io/proxy-sample.ts';
import { type Base, readTraffic, type TrafficFacts } from '../readings/traffic-over-time.ts';
import { clock, duration, plural, share, shellWord, times } from '../wording.ts';

const page = (f: Base): string | null => (/^https?:/.test(f.address) ? `curl -s ${shellWord(f.address)}` : null);

/** What did the proxies' counters do over the time in question: when did errors begin, who made them, what stopped? */
export const trafficOverTime = defineCheck<ProxyHistory, TrafficFacts>({
  id: 'traffic-over-time',
  title: 'Counters over time',
  asks: 'When did errors or slowness begin, as the counters of the proxy show it?',
  vantages: ['inside'],
  budgetMs: 6_000,
  plan: (scope) =>
    instanceLooks(
      'traffic-over-time',
      scope.path.hops.filter((hop) => hop.hop === 'proxy' || hop.hop === 'load-balancer'),
      (one) => one.metrics ?? one.admin ?? (scope.path.prometheus ? one.name : null),
      questionOn(scope),
    ),
  look(io, look, _address, signal) {
    const { host, window } = questionOf(look);
    return io.proxy.history(look.at, host, window, signal);
  },
  read: readTraffic,
  findings: {
    ERRORS_BEGAN: {
      hop: 'proxy',
      direction: 'context',
      title: 'Errors began at a certain time',
      says: (f) =>
        `${f.proxy} counted ${share(f.errors, f.requests)} requests for ${f.counted} as 5xx ${
          f.at === null ? `from before ${clock(f.earliest, f.now)} on` : `from ${clock(f.at, f.now)}`
        }${f.until ? ` to ${clock(f.until, f.now)}` : ' until now'}, ${share(f.otherErrors, f.otherRequests)} at other times.`,
      next: (f) => `See what changed shortly before ${clock(f.at ?? f.earliest, f.now)}.`,
      reproduce: page,
    },
    NO_ERRORS_COUNTED: {
      hop: 'proxy',
      direction: 'clears',
      title: 'No 5xx was counted in the time in question',
      says: (f) =>
        `${f.proxy} counted no 5xx among ${plural(f.requests, 'request')} for ${f.counted} since ${clock(f.from, f.now)}.`,
      next: () => 'Nothing to do here.',
      reproduce: page,
    },
    SLOWNESS_BEGAN: {
      hop: 'proxy',
      direction: 'context',
      title: 'Requests became slower at a certain time',
      says: (f) =>
        `Requests for ${f.counted} through ${f.proxy} took ${f.beforeMs < 1 ? 'less than 1 ms' : duration(f.beforeMs)} on average until ${clock(f.at, f.now)}, ${duration(f.afterMs)} since${
          f.upstream === null
            ? ''
            : f.upstream
              ? '; the time is spent behind it'
              : '; its upstreams did not become slower'
        }.`,
      next: (f) => `See what changed shortly before ${clock(f.at, f.now)}.`,
      reproduce: page,
    },
    ERRORS_COUNTED_UPSTREAM: {
      hop: 'app',
      direction: 'implicates',
      title: 'By its counters the proxy only passed the errors on',
      says: (f) =>
        `Of ${plural(f.errors, 'server error')} among ${plural(f.requests, 'request')} for ${f.counted}, ${f.made} came from endpoints; ${f.proxy} passed them on.`,
      next: (f) => `Look at the application's own log: ${f.proxy} only relays these answers.`,
      reproduce: page,
    },
    ERRORS_COUNTED_IN_PROXY: {
      hop: 'proxy',
      direction: 'context',
      title: 'By its counters the proxy made the errors itself',
      says: (f) =>
        `Of ${plural(f.errors, 'server error')} among ${plural(f.requests, 'request')} for ${f.counted}, ${f.proxy} made ${f.made} itself: no endpoint had answered them.`,
      next: (f) => `See why ${f.proxy} got no answer: its log names the endpoint and the reason.`,
      reproduce: page,
    },
    ONE_OF_SEVERAL_FAILED: {
      hop: 'app',
      direction: 'implicates',
      title: 'One of several fails, and the others do not',
      says: (f) =>
        `By all that ${f.proxy} counted since it began ${clock(f.since, f.now)}, ${share(f.errors, f.requests)} ${f.statuses.length ? 'requests' : 'tries'} failed at ${f.one} itself, of the others ${share(f.otherErrors, f.otherRequests)}${f.retries ? `; it tried again ${times(f.retries)}` : ''}.`,
      next: (f) => `Look at ${f.one} alone: its log, its version, what it depends on; or take it out and see.`,
      reproduce: (f) => page({ ...f, address: f.counters }),
    },
    CONNECTIONS_DROPPED_BY_PROXY: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy drops connections that it accepted',
      says: (f) =>
        `${f.proxy} dropped ${plural(f.dropped, 'connection')} of ${f.accepted} that it accepted${f.active === null ? '' : ` (${f.active} open now)`}: it has no room for them.`,
      next: (f) => `Raise ${f.proxy}'s connection limit (worker_connections, maxconn), or add a replica.`,
      reproduce: page,
    },
    COUNTERS_BEGAN_ANEW: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy began anew in the time in question',
      says: (f) =>
        `${f.proxy} ${f.why === 'restart' ? 'was started anew' : 'lost its counters'} ${f.times === 1 ? `at ${clock(f.last, f.now)}` : `${f.times} times, last at ${clock(f.last, f.now)}`}.`,
      next: (f) => `See why ${f.proxy} ended: its last log lines, and whether it was killed for memory.`,
      reproduce: () => null,
    },
    TRAFFIC_STOPPED: {
      hop: 'proxy',
      direction: 'context',
      title: 'Requests stopped coming to the proxy',
      says: (f) =>
        `${f.proxy} got about ${Math.round(f.perMinute)} requests a minute for ${f.counted} until ${clock(f.at, f.now)}, and none since.`,
      next: () => 'Look in front of the proxy: the balancer, its targets, the name.',
      reproduce: page,
    },
    HISTORY_HAS_GAPS: {
      hop: 'proxy',
      direction: 'context',
      title: 'The history of the counters has gaps',
      says: (f) =>
        `${f.minutes > 0 ? `${f.minutes} min of the time in question are missing from the counters of ${f.proxy} (${f.why})` : `The clock of ${f.proxy} differs from ours`}${
          f.clockMs === null
            ? ''
            : `; its clock is ${duration(Math.abs(f.clockMs))} ${f.clockMs > 0 ? 'ahead' : 'behind'}`
        }.`,
      next: () => 'Nothing to do here; what fell into the gap is not seen.',
      reproduce: () => null,
    },
  },
});
