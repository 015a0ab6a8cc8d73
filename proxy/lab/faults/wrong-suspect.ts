import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** Metabase answers 500 since its own deploy. Traefik, the usual suspect, does not even serve that host. */
export const wrongSuspect: Fault = {
  name: 'wrong-suspect',
  title: 'Metabase is down, and Traefik is blamed',
  hint: "The host goes through the edge; Traefik is not on its path. The errors began with Metabase's own deploy.",
  host: 'metabase.example.test',
  report: 'Metabase is down again. Is it Traefik? All dashboards just say 500.',
  expect: { answer: 'not-ingress', hop: 'app', cause: 'app-errors' },
  async inject(world) {
    const { outside, recordChange } = world.parts;
    recordChange({ kind: 'deploy', object: 'metabase', summary: 'metabase 1.52.2', by: 'ci' });
    await outside.tell({ do: 'behave', application: 'metabase', behaviour: { errorRate: 1, errorStatus: 500 } });
    await untilUsersSee(world, this.host, 'status 500', (saw) => saw.status === 500);
  },
  async heal(world) {
    const { outside, forgetChanges } = world.parts;
    await outside.tell({ do: 'behave', application: 'metabase', behaviour: { errorRate: 0 } });
    forgetChanges();
  },
};
