import type { Fault } from '../types.ts';
import { until } from '../until.ts';

const EVERY_MS = 500;
/** Screens that hold the shop's live feed open: enough that most generations of workers have one to wait for. */
const SCREENS = 24;

/**
 * A controller writes the same endpoints in another order and reloads, twice a second. Every reload closes the kept
 * connections; live feeds hold the old workers, which shut down for seconds, and are cut at the end of the patience.
 */
export const reloadStorm: Fault = {
  name: 'reload-storm',
  title: 'nginx reloads all the time',
  hint: 'Workers that are "shutting down" pile up; between two reloads only the order of the endpoints differs.',
  host: 'shop.example.test',
  report:
    'live order screens (websocket) of shop drop every few seconds and reconnect, warehouse goes mad. single pages load fine',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'reload-storm' },
  async inject(world) {
    const { edge, outside, visits } = world.parts;
    const watched = visits.map((visit) => (visit.host === this.host ? { ...visit, live: SCREENS } : visit));
    await outside.tell({ do: 'visit', visits: watched, trust: world.trust });
    await outside.tell({ do: 'count-anew' });
    edge.storm(EVERY_MS);
    const cut = async (): Promise<boolean> => {
      const shop = (await outside.experience()).find(({ host }) => host === this.host);
      return (shop?.disconnects ?? 0) >= SCREENS / 3;
    };
    await until('live feeds are cut', cut, { withinMs: 15_000, everyMs: 100 });
  },
  async heal(world) {
    const { edge, outside, visits } = world.parts;
    await edge.calm();
    await outside.tell({ do: 'visit', visits, trust: world.trust });
  },
};
