import { type Draft, defineCheck, type Planned } from '../define-check.ts';
import type { EndpointShares } from '../io/proxy-reader.ts';
import { spreadOf } from '../stats.ts';
import { type Window, windowOf } from '../window.ts';

import { duration, percent } from '../wording.ts';

/** By chance less often than this: then shares differ, not the draw. */
const ALPHA = 0.001;
/** A difference that nobody would feel is none: the busiest endpoint gets at least this many times the mean. */
const FELT = 1.5;

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
  };
  TOO_FEW_REQUESTS_FOR_BALANCE: { service: string; requests: number; needed: number };
}

/** Rule of thumb for 90 % power at alpha 0.01 (simulated): n = 58 / d², here for a share that is 50 % off. */
const needed = (endpoints: number): number => Math.ceil((58 / 0.25) * (endpoints / 4));

function read(data: { service: string; shares: EndpointShares }): Draft<BalanceFacts>[] {
  const { service, shares } = data;
  const spread = spreadOf(shares.endpoints.map((e) => e.requests));
  const base = { service, requests: spread.total };
  if (shares.endpoints.length < 2) return [];
  if (spread.pValue === null || spread.maxOverMean === null) {
    return [{ code: 'TOO_FEW_REQUESTS_FOR_BALANCE', facts: { ...base, needed: needed(shares.endpoints.length) } }];
  }
  if (spread.pValue >= ALPHA || spread.maxOverMean < FELT) {
    return [
      {
        code: 'ENDPOINTS_SHARE_EVENLY',
        facts: { ...base, endpoints: shares.endpoints.length, maxOverMean: spread.maxOverMean },
      },
    ];
  }
  const sorted = [...shares.endpoints].sort((a, b) => b.requests - a.requests);
  const busiest = sorted[0] as EndpointShares['endpoints'][number];
  const rest = sorted.slice(1).filter((e) => e.seconds !== null);
  const others = rest.length
    ? rest.reduce((sum, e) => sum + (e.seconds as number) * e.requests, 0) /
      Math.max(
        1,
        rest.reduce((sum, e) => sum + e.requests, 0),
      )
    : null;
  return [
    {
      code: 'ENDPOINT_SHARE_SKEWED',
      facts: {
        ...base,
        busiest: busiest.address,
        share: busiest.requests / spread.total,
        fair: 1 / shares.endpoints.length,
        maxOverMean: spread.maxOverMean,
        idle: sorted.filter((e) => e.requests === 0).map((e) => e.address),
        seconds: busiest.seconds,
        others,
      },
    },
  ];
}

/** Do the endpoints behind a proxy get the shares that they should? Counted from the proxy's own log, first try of each request. */
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
        `${f.requests} requests to ${f.service} went evenly to its ${f.endpoints} endpoints (busiest ${f.maxOverMean.toFixed(1)} times the mean).`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
    ENDPOINT_SHARE_SKEWED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'One endpoint gets far more than its share',
      says: (f) =>
        `${f.busiest} got ${percent(f.share)} of ${f.requests} requests to ${f.service}; a fair share is ${percent(f.fair)}${f.idle.length ? ` (nothing at all: ${f.idle.join(', ')})` : ''}${
          f.seconds !== null && f.seconds > 0.2
            ? `. It needs ${duration(f.seconds * 1000)} each${f.others !== null ? `, the others ${duration(f.others * 1000)}` : ''}`
            : ''
        }.`,
      next: (f) =>
        `Look at how the proxy chooses endpoints of ${f.service}: hashing or sticky settings, weights, one service address behind it, few long connections.`,
      reproduce: () => null,
    },
    TOO_FEW_REQUESTS_FOR_BALANCE: {
      hop: 'proxy',
      direction: 'context',
      title: 'Too few requests to judge the balance',
      says: (f) =>
        `Only ${f.requests} requests to ${f.service} are in the log: too few to judge how they are shared (about ${f.needed} are).`,
      next: () => 'Look again when there was more traffic.',
      reproduce: () => null,
    },
  },
});
