import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** What the one who edited the file believed to be a directive. */
const MISSPELT = '  proxy_next_upstream_timeuot 10s;\n';

/**
 * The shop was deployed to new endpoints, and the edge's new configuration knows them; but the file has a mistake, nginx
 * refused all of it and goes on with the old one, whose endpoints are gone.
 */
export const reloadFailed: Fault = {
  name: 'reload-failed',
  title: 'nginx refused its new configuration',
  hint: 'The error log says [emerg]; the file on disk names the new endpoints, the traffic goes to the old ones.',
  host: 'shop.example.test',
  report:
    '502 Bad Gateway on shop.example.test right after the shop release. their pods look healthy, all green on their side.',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'reload-failed' },
  async inject(world) {
    const { edge, outside, notes, writeInventory, recordChange } = world.parts;
    const endpoints = ['shop-e', 'shop-f', 'shop-g', 'shop-h'].map((name, i) => ({
      name,
      port: world.ports.spare[i]!,
    }));
    recordChange({ kind: 'deploy', object: 'shop', summary: 'shop 4.18.0 on four new endpoints', by: 'ci' });
    recordChange({
      kind: 'config',
      object: 'edge',
      summary: 'new shop endpoints, upstream retry timeout',
      by: 'platform',
    });
    await edge.applyRefused({ sites: edge.changedSite('shop', { endpoints }), snippet: MISSPELT });
    await outside.tell({ do: 'move', application: 'shop', endpoints });
    notes.endpoints.shop = endpoints;
    writeInventory();
    await untilUsersSee(world, this.host, 'status 502', (saw) => saw.status === 502);
  },
  async heal(world) {
    const { edge, outside, notes, writeInventory, forgetChanges } = world.parts;
    const endpoints = world.ports.endpoints.shop ?? [];
    await outside.tell({ do: 'move', application: 'shop', endpoints });
    notes.endpoints.shop = endpoints;
    writeInventory();
    forgetChanges();
    await edge.apply({});
  },
};
