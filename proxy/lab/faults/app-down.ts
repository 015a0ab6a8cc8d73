import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** Every endpoint of Metabase refuses connections; nginx can only say 502. */
export const appDown: Fault = {
  name: 'app-down',
  title: 'Metabase refuses connections',
  hint: 'No endpoint listens any more. The 502 is written by nginx, which tried all it could.',
  host: 'metabase.example.test',
  report: 'metabase.example.test gives me "502 Bad Gateway nginx/1.22.1" on every page, is the ingress broken again?',
  expect: { answer: 'not-ingress', hop: 'app', cause: 'app-down' },
  async inject(world) {
    await world.parts.outside.tell({ do: 'down', application: 'metabase' });
    await untilUsersSee(world, this.host, 'status 502', (saw) => saw.status === 502);
  },
  async heal(world) {
    await world.parts.outside.tell({ do: 'up', application: 'metabase' });
  },
};
