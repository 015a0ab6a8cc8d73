import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { knownHosts } from '../../proxy/inventory/inventory.ts';
import { watchInventory } from '../../workers/inventory-watch.ts';
import { quiet } from './stand-ins.ts';

test('a file that changes is known as it is now, without a cluster too', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'iti-inventory-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'inventory.yaml');
  const write = (host: string) =>
    writeFileSync(file, `version: 1\nroutes:\n  - { host: ${host}, via: [edge] }\nhops:\n  edge: { hop: proxy }\n`);
  write('old.example.test');
  const source = await watchInventory(file, quiet, { everyMs: 3_600_000 });
  t.after(() => source.close());
  assert.deepEqual(knownHosts(source.current()), ['old.example.test']);
  write('another.example.test');
  assert.deepEqual(knownHosts(await source.fresh()), ['another.example.test']);
  assert.deepEqual(knownHosts(source.current()), ['another.example.test']);
});
