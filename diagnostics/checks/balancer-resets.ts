import { defineCheck } from '../define-check.ts';
import type { BalancerCounters } from '../io/balancer-reader.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import { type Base, type CounterFacts, readCounters } from '../readings/balancer-resets.ts';
import { asksCloud } from '../settings/balancers.ts';
import { type Window, windowOf } from '../window.ts';
import { clock, percent, plural } from '../wording.ts';

/** "84 connections (4.0 % of 2100)", "9 connections (of 60)". */
function amount(f: Base, noun: string): string {
  const count = plural(f.count, noun);
  if (f.of === null) return count;
  const of = Math.round(f.of);
  if (of < f.count) return `${count} (${of} were new in that time)`;
  return of >= 100 ? `${count} (${percent(f.count / of)} of ${of})` : `${count} (of ${of})`;
}
const when = (f: Base): string => `from ${clock(f.first, f.now)} to ${clock(f.last, f.now)}${f.late}`;

/** Which side reset connections or made errors, as the balancer counted it? */
export const balancerResets = defineCheck<BalancerCounters, CounterFacts>({
  id: 'balancer-resets',
  title: "The balancer's counters",
  asks: 'Who reset connections or made errors in the time in question, as the balancer counted it?',
  vantages: ['inside'],
  budgetMs: 12_000,
  plan: ({ case: triage, path }) =>
    path.hops.filter(asksCloud).map((hop) => ({
      look: {
        check: 'balancer-resets',
        vantage: 'inside' as const,
        hop: 'load-balancer' as const,
        at: { hop: hop.name, part: null },
        address: hop.arn ?? hop.address ?? '',
        with: { window: { ...windowOf(triage) } },
      },
    })),
  look(io, look, _address, signal) {
    if (!io.balancer) throw new BlindLook('not-configured', 'no cloud can be asked here');
    return io.balancer.counters(look.at.hop, (look.with as unknown as { window: Window }).window, signal);
  },
  read: readCounters,
  findings: {
    RESETS_BY_BALANCER: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer itself reset connections',
      says: (f) =>
        `${f.balancer} itself reset ${amount(f, 'connection')} ${when(f)}: idle ones that it had forgotten, or those of targets that left or became unhealthy.`,
      next: (f) =>
        `Hold the idle timeout of ${f.balancer} against how long callers keep connections, and look at what left at that time.`,
      reproduce: () => null,
    },
    RESETS_BY_TARGETS: {
      hop: 'proxy',
      direction: 'context',
      title: 'What is behind the balancer reset connections',
      says: (f) => `Targets of ${f.balancer} reset ${amount(f, 'connection')} ${when(f)}.`,
      next: () => 'Look at the proxies and their nodes: restarts, refused handshakes, full queues at that time.',
      reproduce: () => null,
    },
    RESETS_BY_CLIENTS: {
      hop: 'client',
      direction: 'context',
      title: 'Callers reset connections',
      says: (f) => `Callers of ${f.balancer} reset ${amount(f, 'connection')} ${when(f)}.`,
      next: () => 'Look at what callers wait for, and how long: many give up on slow answers.',
      reproduce: () => null,
    },
    BALANCER_FAILS_OPEN: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer sent to targets that it counts as unhealthy',
      says: (f) =>
        `${f.balancer} sent ${amount(f, 'connection')} to unhealthy targets ${when(f)}, since it had too few healthy ones.`,
      next: (f) => `See what the health check of ${f.balancer} asks, and what the targets answer to that.`,
      reproduce: () => null,
    },
    BALANCER_OUT_OF_PORTS: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer had no port left towards a target',
      says: (f) =>
        `${f.balancer} could not open ${amount(f, 'connection')} to its targets ${when(f)}: it had no port left (about 55,000 for each target).`,
      next: (f) => `Add targets to ${f.balancer}, or keep client addresses (preserve_client_ip.enabled).`,
      reproduce: () => null,
    },
    BALANCER_REFUSES_NEW: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer refused new connections',
      says: (f) => `${f.balancer} refused ${amount(f, 'connection')} ${when(f)}: ${f.why}.`,
      next: (f) => `See whether ${f.balancer} has targets enough, and which security group it has.`,
      reproduce: () => null,
    },
    BALANCER_MADE_ERRORS: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer answered with errors of its own',
      says: (f) =>
        `${f.balancer} made ${amount(f, 'error')} itself ${when(f)}${f.statuses ? ` (${f.statuses})` : ''}; ${f.behind} came from behind it.`,
      next: (f) =>
        `See which of ${f.balancer}'s own errors it was: 502, a target closed or reset; 503, it had no target; 504, no connection in 10 s or no answer in the idle timeout.`,
      reproduce: () => null,
    },
    TARGETS_MADE_ERRORS: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'Errors were made behind the balancer',
      says: (f) => `${amount(f, 'error')} came from behind ${f.balancer} ${when(f)}, ${f.own} from itself.`,
      next: () => 'Look behind it: at the proxy and the application.',
      reproduce: () => null,
    },
    TARGETS_REFUSE_BALANCER: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer could not connect to targets',
      says: (f) => `${f.balancer} failed to connect to a target ${amount(f, 'time')} ${when(f)}.`,
      next: () => 'See which target refuses, and whether it is one of ours still.',
      reproduce: () => null,
    },
    HANDSHAKES_FAIL_AT_BALANCER: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'TLS handshakes with the balancer failed',
      says: (f) => `${amount(f, 'handshake')} with ${f.balancer} failed ${when(f)}.`,
      next: (f) => `Hold the TLS policy of ${f.balancer} against what the callers offer.`,
      reproduce: () => null,
    },
    ZONE_TRAFFIC_UNEVEN: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'Zones of the balancer get unequal traffic',
      says: (f) =>
        `${f.balancer} took ${f.mostCount} ${f.what} in ${f.most} and ${f.leastCount} in ${f.least}: ${f.ratio} times as many.`,
      next: () => 'See which addresses callers use: fixed ones, or an old answer of DNS.',
      reproduce: () => null,
    },
    BALANCER_COUNTS_NO_TROUBLE: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'The balancer counted no trouble',
      says: (f) =>
        `${f.balancer} counted ${f.total} ${f.what} until ${clock(f.until, f.now)}, with no resets or errors worth a word.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
    BALANCER_COUNTED_NOTHING: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'There are no counters of the balancer for this time',
      says: (f) =>
        `CloudWatch has no counters of ${f.balancer} for this time: there was no traffic, or they are not delivered yet (some minutes).`,
      next: () => 'Ask again in five minutes.',
      reproduce: () => null,
    },
  },
});
