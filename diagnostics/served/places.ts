import type { Draft, FindingSpec, ReadScope } from '../define-check.ts';
import type { ServedRequests } from '../io/proxy-reader.ts';
import { clock, share } from '../wording.ts';
import { grepText, sum } from './shared.ts';

/** At which endpoints, and on which hosts, requests failed: one or all, known or strange. Pure. */

interface Stranger {
  proxy: string;
  service: string;
  address: string;
  errors: number;
  requests: number;
  total: number;
  source: string;
  [key: string]: string | number;
}
export interface PlaceFacts {
  FORMER_ENDPOINT_FAILED: Stranger & { first: string; last: string; now: string; astray: string };
  UPSTREAM_NOT_AN_ENDPOINT: Stranger;
  ERRORS_AT_ONE_ENDPOINT: Stranger & { others: number };
  ERRORS_ON_THIS_HOST_ONLY: Neighbours;
  ERRORS_ON_OTHER_HOSTS_TOO: Neighbours;
}
interface Neighbours {
  proxy: string;
  errors: number;
  total: number;
  otherErrors: number;
  otherTotal: number;
  source: string;
  [key: string]: string | number;
}

/** An address counts as still in use when it was used this shortly before the newest request, ms. */
const STILL_USED_MS = 60_000;

/** nginx logs a group's name in place of an address when none of its servers could be chosen. */
const isAddress = (text: string): boolean => /^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+$/i.test(text);
const worst = <T extends { errors: number }>(list: T[]): T | undefined =>
  [...list].sort((a, b) => b.errors - a.errors)[0];

/**
 * For a while every request went to an address that never answered one, and before and after that to the endpoints there are:
 * that address was none of those that come and go with a rollout, of which each has its time of doing well.
 */
function wentAstray(
  { steps = [], upstreams, statuses }: ServedRequests,
  stranger: ServedRequests['upstreams'][number],
  known: Set<string | null | undefined>,
): boolean {
  const all = sum(Object.fromEntries(Object.entries(statuses).filter(([status]) => Number(status) >= 500)));
  const alone = upstreams.every((u) => u === stranger || known.has(u.address));
  if (!alone || stranger.errors < ENOUGH_ERRORS || stranger.errors !== stranger.requests || all !== stranger.errors)
    return false;
  const first = steps.findIndex((step) => step.errors > 0);
  const last = steps.findLastIndex((step) => step.errors > 0);
  const well = (part: typeof steps): boolean => part.reduce((n, step) => n + step.requests, 0) >= ENOUGH_ERRORS;
  const during = steps.slice(first, last + 1);
  // Only in its first and its last step it may have begun, or ended.
  const whole = during.slice(1, -1).every((step) => step.errors === step.requests);
  return during.length > 2 && whole && well(steps.slice(0, first)) && well(steps.slice(last + 1));
}

/**
 * Requests that went, and failed, to an address that is no endpoint of the service. Still in use: the proxy's list is
 * an old one. Not any more: it was an endpoint then, and left while requests were on their way to it.
 */
export function readStrangers(served: ServedRequests, scope: ReadScope, proxy: string): Draft<PlaceFacts>[] {
  const service = scope.path.hops.find((hop) => hop.hop === 'service' || hop.hop === 'app');
  if (!service?.endpoints?.length) return [];
  const known = new Set([service.address, ...service.endpoints.map((e) => e.address)]);
  const failing = served.upstreams.filter((u) => u.errors > 0 && isAddress(u.address) && !known.has(u.address));
  const newest = Date.parse(served.to ?? scope.case.at);
  const born = Math.max(0, ...service.endpoints.map((e) => Date.parse(e.startedAt ?? '') || 0));
  const used = (u: ServedRequests['upstreams'][number]): boolean =>
    !u.last || (Date.parse(u.last) >= newest - STILL_USED_MS && Date.parse(u.last) >= born);
  const stale = worst(failing.filter(used));
  const former = worst(failing.filter((u) => !used(u)));
  const facts = (u: NonNullable<typeof stale>): Stranger => ({
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
            facts: {
              ...facts(former),
              first: served.firstError ?? former.last,
              last: former.last,
              now: scope.case.at,
              astray: wentAstray(served, former, known) ? 'yes' : 'no',
            },
          },
        ]
      : []),
  ];
}

/** Errors, and requests to others, from which on a comparison says something. */
const ENOUGH_ERRORS = 3;
const ENOUGH_OTHERS = 10;

/** One endpoint has nearly all errors, and the others are used as well and fare well. */
export function readOneEndpoint(served: ServedRequests, scope: ReadScope, proxy: string): Draft<PlaceFacts>[] {
  const first = worst(served.upstreams);
  const others = served.upstreams.filter((u) => u !== first);
  const otherRequests = others.reduce((n, u) => n + u.requests, 0);
  const otherErrors = others.reduce((n, u) => n + u.errors, 0);
  if (!first || first.errors < ENOUGH_ERRORS || otherRequests < ENOUGH_OTHERS) return [];
  const rate = first.errors / first.requests;
  if (rate < 0.1 || otherErrors / otherRequests > rate / 10) return [];
  const service = scope.path.hops.find((hop) => hop.hop === 'service' || hop.hop === 'app');
  const facts = {
    proxy,
    service: service?.name ?? '',
    address: first.address,
    errors: first.errors,
    requests: first.requests,
    total: served.total,
    others: otherRequests,
    source: served.source,
  };
  return [{ code: 'ERRORS_AT_ONE_ENDPOINT', facts }];
}

/** Does this host fail alone, or with its neighbours in the same log? */
export function readNeighbours(served: ServedRequests, proxy: string): Draft<PlaceFacts>[] {
  const { others, total, source } = served;
  const errors = sum(Object.fromEntries(Object.entries(served.statuses).filter(([status]) => Number(status) >= 500)));
  if (!others || errors < ENOUGH_ERRORS || others.requests < ENOUGH_OTHERS) return [];
  const facts = { proxy, errors, total, otherErrors: others.errors, otherTotal: others.requests, source };
  const mine = errors / total;
  const theirs = others.errors / others.requests;
  if (theirs < mine / 10) return [{ code: 'ERRORS_ON_THIS_HOST_ONLY', facts }];
  return theirs > mine / 3 && others.errors >= ENOUGH_ERRORS ? [{ code: 'ERRORS_ON_OTHER_HOSTS_TOO', facts }] : [];
}

export const PLACE_FINDINGS: { [K in keyof PlaceFacts]: FindingSpec<PlaceFacts[K]> } = {
  FORMER_ENDPOINT_FAILED: {
    hop: 'app',
    direction: 'context',
    title: 'Requests failed at an endpoint that has left since',
    says: (f) =>
      f.astray === 'yes'
        ? `${f.proxy}'s log: from ${clock(f.first, f.now)} to ${clock(f.last, f.now)} all ${f.errors} requests went to ${f.address} and failed; it is no endpoint of ${f.service} and never answered, while those that there are did well before and after.`
        : `${f.proxy}'s log: ${f.errors} requests failed at ${f.address}, last ${clock(f.last, f.now)}; it was an endpoint of ${f.service} then and is none any more.`,
    next: (f) =>
      f.astray === 'yes'
        ? `See which change led ${f.proxy} to ${f.address} then, and what took it back.`
        : `See how endpoints of ${f.service} leave: a preStop pause, so that nobody sends to them any more when they stop.`,
    reproduce: (f) => grepText(f.source, f.address),
  },
  UPSTREAM_NOT_AN_ENDPOINT: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy sends requests to an address that is no endpoint of the service',
    says: (f) =>
      `${f.proxy} sent ${f.requests} requests to ${f.address}, which is no endpoint of ${f.service} (any more); ${f.errors} of them failed.`,
    next: (f) =>
      `See why ${f.proxy} still uses ${f.address}: a refused or missing reload, or a stale list of endpoints.`,
    reproduce: (f) => grepText(f.source, f.address),
  },
  ERRORS_AT_ONE_ENDPOINT: {
    hop: 'app',
    direction: 'context',
    title: 'One endpoint has the errors, the others have not',
    says: (f) =>
      `${f.proxy}'s log: the errors are those of one endpoint, ${f.address}: ${share(f.errors, f.requests)} requests failed there; the others took ${f.others} and did well.`,
    next: (f) => `Look at ${f.address} itself: its log, its node, when it started.`,
    reproduce: (f) => grepText(f.source, f.address),
  },
  ERRORS_ON_THIS_HOST_ONLY: {
    hop: 'proxy',
    direction: 'context',
    title: 'Other hosts on the same proxy do well',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.errors, f.total)} requests to this host failed, and ${share(f.otherErrors, f.otherTotal)} to all others on the same proxy.`,
    next: () => 'Look at what only this host has: its route, its service, its application.',
    reproduce: () => null,
  },
  ERRORS_ON_OTHER_HOSTS_TOO: {
    hop: 'proxy',
    direction: 'context',
    title: 'Other hosts on the same proxy fail too',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.errors, f.total)} requests to this host failed, and ${share(f.otherErrors, f.otherTotal)} to others on the same proxy too.`,
    next: () => 'Look for what they share: the proxy, its node, a service behind all of them.',
    reproduce: () => null,
  },
};
