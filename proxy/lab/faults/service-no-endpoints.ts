import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** Nothing stands behind the service: the selector matches nothing, so the controller has the edge answer 503 itself. */
export const serviceNoEndpoints: Fault = {
  name: 'service-no-endpoints',
  title: 'Metabase has no endpoints',
  hint: 'The inventory lists no endpoint, and the 503 has no upstream in the access log.',
  host: 'metabase.example.test',
  report:
    'metabase is returning 503 Service Temporarily Unavailable from nginx, nothing else. can someone restart the ingress?',
  expect: { answer: 'not-ingress', hop: 'service', cause: 'service-no-endpoints' },
  async inject(world) {
    const { edge, outside, notes, writeInventory } = world.parts;
    notes.endpoints.metabase = [];
    writeInventory();
    await outside.tell({ do: 'down', application: 'metabase' });
    await edge.apply({ sites: edge.changedSite('metabase', { endpoints: [] }) });
    await untilUsersSee(world, this.host, 'status 503', (saw) => saw.status === 503);
  },
  async heal(world) {
    const { edge, outside, notes, writeInventory } = world.parts;
    const endpoints = world.ports.endpoints.metabase ?? [];
    await outside.tell({ do: 'up', application: 'metabase' });
    await edge.apply({ sites: edge.changedSite('metabase', { endpoints }) });
    notes.endpoints.metabase = endpoints;
    writeInventory();
  },
};
