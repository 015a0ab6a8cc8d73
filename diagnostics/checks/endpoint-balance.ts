import { type BalanceGroup, balanceOf } from '../balance/balance.ts';
import { type Draft, defineCheck, type Planned } from '../define-check.ts';
import type { EndpointShares } from '../io/proxy-reader.ts';
import { type Window, windowOf } from '../window.ts';
import { duration, percent, plural } from '../wording.ts';

/** A difference that nobody would feel is none: the busiest endpoint gets at least this many times its share. */
const FELT = 1.5;
/** A skew of half the share is what complaints are about; a smaller one needs more requests than most logs have. */
const MATTERS = 0.5;
/** From here on one slow endpoint is what people would call slow, s. */
const SLOW_SECONDS = 1;

interface BalanceFacts {
  ENDPOINTS_SHARE_EVENLY: { service: string; requests: number; endpoints: number; maxOverMean: number };
  ENDPOINT_SHARE_SKEWED: {
    service: string;
    requests: number;
    busiest: string;
    share: number;
    fair: number;
    maxOverMean: number;
    idle: string[];
    seconds: number | null;
    others: number | null;
    kind: string;
    says: string;
  };
  ONE_ENDPOINT_SLOW: { service: string; address: string; seconds: number; others: number | null; says: string };
  ONE_ENDPOINT_FAILS: { service: string; address: string; errors: number; requests: number; says: string };
  PINNED_CONNECTIONS: {
    service: string;
    requests: number;
    connections: number;
    busiest: string;
    share: number;
    fair: number;
    maxOverMean: number;
  };
  LATE_JOINER: { service: string; address: string | null; says: string };
  ZONE_IMBALANCE: { service: string; requests: number; maxOverMean: number; says: string };
  TOO_FEW_REQUESTS_FOR_BALANCE: { service: string; requests: number; needed: number; unit: string; says: string };
}
type Found = Draft<BalanceFacts>;
type EndpointOf = BalanceGroup['endpoints'][number];

function read(data: { service: string; shares: EndpointShares }): Found[] {
  const { service, shares } = data;
  if (shares.endpoints.length < 2) return [];
  const group = balanceOf(
    service,
    shares.endpoints.map((e) => ({ ...e, weight: e.weight ?? null })),
    { ...shares, matters: MATTERS },
  );
  const { requests } = group;
  const endpoints = group.endpoints.filter((e) => !e.aside);
  const even: Found = {
    code: 'ENDPOINTS_SHARE_EVENLY',
    facts: { service, requests, endpoints: endpoints.length, maxOverMean: group.maxOverMean ?? 1 },
  };
  const odd = oddOf(service, group);
  if (odd) return group.verdict === 'even' && group.kind !== 'pinned-connections' ? [even, odd] : [odd];
  if (group.verdict === 'even') return endpoints.length > 1 ? [even] : [];
  if (group.verdict === 'skewed') return [skewed(service, group, endpoints)];
  return [
    {
      code: 'TOO_FEW_REQUESTS_FOR_BALANCE',
      facts: { service, requests, needed: group.needed ?? 0, unit: group.unit, says: group.says },
    },
  ];
}

/** What is odd about single endpoints, connections, times or zones, whatever the counts say. */
function oddOf(service: string, group: BalanceGroup): Found | null {
  const { requests, says } = group;
  const one = group.endpoints.find((e) => e.address === group.endpoint);
  const maxOverMean = group.maxOverMean ?? 1;
  const felt = maxOverMean >= FELT ? 'implicates' : 'context';
  if (group.kind === 'one-endpoint-slow' && one) {
    const seconds = one.seconds ?? 0;
    const facts = { service, address: one.address, seconds, others: group.cost?.others ?? null, says };
    return { code: 'ONE_ENDPOINT_SLOW', facts, direction: seconds >= SLOW_SECONDS ? 'implicates' : 'context' };
  }
  if (group.kind === 'one-endpoint-fails' && one) {
    const facts = { service, address: one.address, errors: one.errors ?? 0, requests: one.requests, says };
    return { code: 'ONE_ENDPOINT_FAILS', facts };
  }
  if (group.kind === 'pinned-connections') {
    const busiest = byRequests(group.endpoints)[0] as EndpointOf;
    const { share, fair } = busiest;
    const connections = group.connections ?? 0;
    const facts = { service, requests, connections, busiest: busiest.address, share, fair, maxOverMean };
    return { code: 'PINNED_CONNECTIONS', facts, direction: felt };
  }
  if (group.kind === 'late-joiner')
    return { code: 'LATE_JOINER', facts: { service, address: group.endpoint ?? null, says } };
  if (group.kind === 'zone-imbalance')
    return { code: 'ZONE_IMBALANCE', facts: { service, requests, maxOverMean, says } };
  return null;
}

const byRequests = (endpoints: EndpointOf[]): EndpointOf[] => [...endpoints].sort((a, b) => b.requests - a.requests);

function skewed(service: string, group: BalanceGroup, endpoints: EndpointOf[]): Found {
  const sorted = byRequests(endpoints);
  const busiest = sorted[0] as EndpointOf;
  const rest = sorted.slice(1).filter((e) => e.seconds !== undefined);
  const restRequests = rest.reduce((sum, e) => sum + e.requests, 0);
  const restSeconds = rest.reduce((sum, e) => sum + (e.seconds as number) * e.requests, 0);
  const maxOverMean = group.maxOverMean ?? 1;
  return {
    code: 'ENDPOINT_SHARE_SKEWED',
    direction: maxOverMean >= FELT ? 'implicates' : 'context',
    facts: {
      service,
      requests: group.requests,
      busiest: busiest.address,
      share: busiest.share,
      fair: busiest.fair,
      maxOverMean,
      idle: sorted.filter((e) => e.requests === 0).map((e) => e.address),
      seconds: busiest.seconds ?? null,
      others: rest.length ? restSeconds / Math.max(1, restRequests) : null,
      kind: group.kind ?? 'uneven',
      says: group.says,
    },
  };
}

/** Do the endpoints behind a proxy get the shares that they should? The same judgement as `./dev balance`. */
export const endpointBalance = defineCheck<{ service: string; shares: EndpointShares }, BalanceFacts>({
  id: 'endpoint-balance',
  title: 'Requests per endpoint',
  asks: 'Do endpoints that should share evenly get even shares?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: ({ case: triage, path }) => {
    const looks: Planned[] = [];
    for (const [i, hop] of path.hops.entries()) {
      const service = path.hops.slice(i + 1).find((next) => next.hop === 'service' || next.hop === 'app');
      if (hop.hop !== 'proxy' || !service?.endpoints || service.endpoints.length < 2) continue;
      for (const instance of hop.instances) {
        looks.push({
          look: {
            check: 'endpoint-balance',
            vantage: 'inside',
            hop: 'proxy',
            at: { hop: hop.name, part: instance.name },
            address: instance.accessLog ?? instance.name,
            with: { service: service.name, window: { ...windowOf(triage) } },
          },
        });
      }
    }
    return looks;
  },
  async look(io, look, _address, signal) {
    const { service, window } = look.with as unknown as { service: string; window: Window };
    return { service, shares: await io.proxy.shares(look.at, service, window, signal) };
  },
  read,
  findings: {
    ENDPOINTS_SHARE_EVENLY: {
      hop: 'proxy',
      direction: 'clears',
      title: 'Endpoints get even shares',
      says: (f) =>
        `${f.requests} requests to ${f.service} went evenly to its ${f.endpoints} endpoints (busiest ${f.maxOverMean.toFixed(1)} times its share).`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
    ENDPOINT_SHARE_SKEWED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'One endpoint gets far more than its share',
      says: (f) =>
        `${f.busiest} got ${f.requests >= 100 ? `${percent(f.share)} of ${f.requests}` : `${Math.round(f.share * f.requests)} of ${f.requests}`} requests to ${f.service}; a fair share is ${percent(f.fair)}${f.idle.length ? ` (nothing at all: ${f.idle.join(', ')})` : ''}${
          f.seconds !== null && f.seconds > 0.2
            ? `. It needs ${duration(f.seconds * 1000)} each${f.others !== null ? `, the others ${duration(f.others * 1000)}` : ''}`
            : ''
        }.`,
      next: (f) =>
        `Look at how the proxy chooses endpoints of ${f.service}: hashing or sticky settings, weights, one service address behind it, few long connections.`,
      reproduce: () => null,
    },
    ONE_ENDPOINT_SLOW: {
      hop: 'app',
      direction: 'implicates',
      title: 'One endpoint is slow, the others are not',
      says: (f) => `${f.service}: ${f.says}`,
      next: (f) => `Look at ${f.address} alone: its load, its node, its last restart; or take it out and see.`,
      reproduce: () => null,
    },
    ONE_ENDPOINT_FAILS: {
      hop: 'app',
      direction: 'context',
      title: 'One endpoint fails, the others do not',
      says: (f) => `${f.service}: ${f.says}`,
      next: (f) => `Look at ${f.address} alone; until it is well, a readiness probe that sees this would take it out.`,
      reproduce: () => null,
    },
    PINNED_CONNECTIONS: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'Requests are pinned to few connections',
      says: (f) =>
        `${f.busiest} answered ${percent(f.share)} of ${f.requests} requests to ${f.service} (a fair share is ${percent(f.fair)}): the proxy sends them over at most ${plural(f.connections, 'connection')} to one service address, and each stays on the endpoint it was drawn for.`,
      next: (f) =>
        `Send to the endpoints of ${f.service} instead of its service address (ingress-nginx: service-upstream off), or let connections end sooner (nginx: keepalive_requests, keepalive_time).`,
      reproduce: () => null,
    },
    LATE_JOINER: {
      hop: 'service',
      direction: 'context',
      title: 'An endpoint joined later',
      says: (f) => `${f.service}: ${f.says}`,
      next: () => 'Nothing to do: look again when it has been there for as long as the others.',
      reproduce: () => null,
    },
    ZONE_IMBALANCE: {
      hop: 'proxy',
      direction: 'context',
      title: 'Zones get unequal shares',
      says: (f) => `${f.service}: ${f.says}`,
      next: (f) =>
        `If nobody meant it: topology-aware routing of ${f.service}, and cross-zone balancing in front of the proxies.`,
      reproduce: () => null,
    },
    TOO_FEW_REQUESTS_FOR_BALANCE: {
      hop: 'proxy',
      direction: 'context',
      title: 'Too few requests to judge the balance',
      says: (f) =>
        `How ${f.service} is shared can't be told from ${plural(f.requests, 'request')}. ${f.says ?? ''}`.trim(),
      next: () => 'Look again when there was more traffic.',
      reproduce: () => null,
    },
  },
});
