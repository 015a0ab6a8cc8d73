import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** People in the shop at its peak. Four endpoints serve them at once; one, with 20 pages a second, lets them wait for three seconds. */
const PEAK = { perSecond: 6, crowd: 45 };

/**
 * The edge keeps every client address on one endpoint, and all users come through one address: one endpoint of four gets
 * everything. At the peak its queue is seconds long, while its siblings are idle.
 */
export const endpointImbalance: Fault = {
  name: 'endpoint-imbalance',
  title: 'One shop endpoint gets everything',
  hint: 'Four endpoints, one busy: compare their counters, or the upstream addresses in the access log.',
  host: 'shop.example.test',
  report:
    'shop is crawling, every page takes 3 s or more. the shop team says just one of their four pods is at 100% CPU ' +
    'and the others do nothing, so it is not the app?',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'endpoint-imbalance' },
  async inject(world) {
    const { edge, outside, visits } = world.parts;
    await edge.apply({ sites: edge.changedSite('shop', { balance: 'ip-hash' }) });
    const busy = visits.map((visit) => (visit.host === this.host ? { ...visit, ...PEAK } : visit));
    await outside.tell({ do: 'visit', visits: busy, trust: world.trust });
    const slow = { times: 2, request: { patienceMs: 8000 }, withinMs: 20_000 };
    await untilUsersSee(world, this.host, 'a slow page', (saw) => saw.ms > 1500, slow);
  },
  async heal(world) {
    const { edge, outside, visits } = world.parts;
    await edge.apply({ sites: edge.changedSite('shop', { balance: 'round-robin' }) });
    await outside.tell({ do: 'visit', visits, trust: world.trust });
  },
};
