import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Instance } from '../../diagnostics/types.ts';
import { changedSince, newestWrite } from '../../proxy/adapters/reloads/config-versions.ts';
import { reloadsOf } from '../../proxy/adapters/reloads/reload-metrics.ts';
import { scratch } from '../diagnostics/real-servers.ts';

test('what an edit changed is told from the version beside the file, or the one that the inventory names', async (t) => {
  const dir = scratch(t);
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const config = write('nginx.conf', 'http { server { server_name a; keepalive_timeout 9s; } include more.inc; }');
  const instance = (more: Instance['more'] = {}): Instance => ({ config, more }) as Instance;
  write('more.inc', 'server { server_name b; }');
  assert.equal(await changedSince(instance()), null, 'no version before is known');
  write('nginx.conf.bak', 'http { include more.inc; server { server_name a; keepalive_timeout 5s; } }');
  const edited = await changedSince(instance());
  assert.deepEqual(
    [edited?.before, edited?.orderOnly, edited?.changes],
    [`${config}.bak`, false, ['changed directive a > keepalive_timeout: 5s -> 9s']],
  );
  write('moved.conf', 'http { include more.inc; server { server_name a; keepalive_timeout 9s; } }');
  assert.equal((await changedSince(instance({ previousConfig: './moved.conf' })))?.orderOnly, true);
  write('broken.conf', 'http {');
  assert.equal(
    await changedSince(instance({ previousConfig: 'broken.conf' })),
    null,
    'what cannot be read tells nothing',
  );

  const day = (n: number): Date => new Date(Date.UTC(2026, 10, n));
  utimesSync(config, day(1), day(1));
  utimesSync(join(dir, 'more.inc'), day(2), day(2));
  assert.equal(await newestWrite(config), day(2).getTime(), 'an included file was edited after the main one');
  assert.equal(await newestWrite(join(dir, 'gone.conf')), null);
});

test('the first configuration that a process takes is its start, not a reload', () => {
  const sample = (lastAt: string, startedAt: string | null): ProxySample =>
    ({ reloads: { lastAt, lastOk: null }, process: { startedAt } }) as unknown as ProxySample;
  const of = (lastAt: string, startedAt: string | null) => reloadsOf(sample(lastAt, startedAt)).reloads[0]?.of;
  assert.equal(of('2026-11-21T10:00:02.000Z', '2026-11-21T10:00:01.000Z'), 'start');
  assert.equal(of('2026-11-21T10:09:02.000Z', '2026-11-21T10:00:01.000Z'), undefined);
  assert.equal(of('2026-11-21T10:00:02.000Z', null), undefined);
});
