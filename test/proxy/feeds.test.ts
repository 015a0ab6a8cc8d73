import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Case } from '../../diagnostics/types.ts';
import { samples } from '../../proxy/adapters/metrics/prometheus.ts';
import { ingressNginxReloads, metricReloads } from '../../proxy/adapters/reloads/reload-metrics.ts';
import { readChanges } from '../../proxy/changes.ts';
import { blankHop, blankInstance } from '../../proxy/inventory/blank.ts';
import { emptyInventory } from '../../proxy/inventory/inventory.ts';
import { scratch } from '../diagnostics/real-servers.ts';

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const signal = AbortSignal.timeout(20_000);
const serving = (page: string) => ({ page: async () => page });
const instance = {
  ...blankInstance('traefik-1'),
  metrics: 'http://m/',
  admin: 'http://a/',
};
const hop = (kind: string) => ({
  ...blankHop('edge', 'proxy', kind),
  instances: [instance],
});

test('reloads from real metrics pages', async () => {
  const traefik = (name: string) =>
    metricReloads(hop('traefik'), instance, serving(fixture(`traefik/${name}`)), signal);
  const weight = await traefik('2.10.7/json.metrics.after-weight-reload.txt');
  assert.deepEqual(weight.reloads, [
    { at: new Date(1_795_274_999_000).toISOString(), ok: true, error: null, where: null },
  ]);
  assert.equal(weight.lastRefused, null, 'this page cannot tell');
  const before = await traefik('3.7.9/json.metrics.after-weight-reload.txt');
  const broken = await traefik('3.7.9/json.metrics.after-broken-reload.txt');
  const mended = await traefik('3.7.9/json.metrics.after-mended-reload.txt');
  assert.ok(Date.parse(mended.servingSince ?? '') >= Date.parse(broken.servingSince ?? ''));
  assert.ok(Date.parse(broken.servingSince ?? '') >= Date.parse(before.servingSince ?? ''));
  const controller = (name: string) =>
    ingressNginxReloads(instance, serving(fixture(`ingress-nginx/${name}.prom`)), signal);
  assert.equal((await controller('05-many-ingresses-before-traffic'))?.lastRefused, false);
  const refused = await controller('10-failed-reload-bad-snippet');
  assert.deepEqual([refused?.lastRefused, refused?.servingSince], [true, new Date(1_795_276_833_000).toISOString()]);
  assert.equal((await controller('11-recovered'))?.lastRefused, false);
  await assert.rejects(metricReloads(hop('traefik'), instance, serving('# nothing\n'), signal), /no page of counters/);
  await assert.rejects(metricReloads(hop('caddy'), instance, serving(''), signal), /no page of counters/);
  await assert.rejects(
    metricReloads(hop('traefik'), { ...instance, metrics: null }, serving(''), signal),
    /name it as metrics:/,
  );
});

test('the exposition format: labels with everything in them, odd numbers, broken lines', () => {
  const page = `# HELP a b
# TYPE a counter
a 1
a{x="1",y="with \\"quotes\\" and \\\\ and \\n"} 2 1395066363000
a{x="}"} +Inf
b NaN
{} 4
a
 a 5
a{} 1e3
c 7`;
  const read = [...samples(page, () => true)];
  assert.deepEqual(
    read.map((s) => [s.name, s.value]),
    [
      ['a', 1],
      ['a', 2],
      ['a', Number.POSITIVE_INFINITY],
      ['a', 5],
      ['a', 1000],
      ['c', 7],
    ],
  );
  assert.deepEqual(read[1]?.labels, { x: '1', y: 'with "quotes" and \\ and \n' });
  assert.deepEqual([...samples(page, (name) => name === 'c')].length, 1);
  assert.equal(
    [
      ...samples(fixture('ingress-nginx/10-failed-reload-bad-snippet.prom'), (n) =>
        n.endsWith('_last_reload_successful'),
      ),
    ][0]?.value,
    0,
  );
});

const triage = { at: '2026-11-21T12:00:00.000Z', since: null } as unknown as Case;

test('a change feed: what is in the window, in order; broken lines are counted, not fatal', async (t) => {
  const file = join(scratch(t), 'changes.ndjson');
  const line = (at: string, more: object = {}): string =>
    JSON.stringify({ at, kind: 'deploy', object: 'shop', summary: 's', ...more });
  writeFileSync(
    file,
    [
      line('2026-11-21T11:00:00+01:00', { by: 'somebody' }),
      line('2026-11-21T09:00:00Z', { extra: 1 }),
      line('2026-11-21T12:00:01Z', { summary: 'after the report' }),
      line('2026-11-19T09:00:00Z', { summary: 'long before' }),
      'not json',
      '{"at":"2026-11-21T09:00:00Z"}',
      line('yesterday'),
      line('2026-11-21T09:30:00Z', { summary: 'x'.repeat(3_000) }),
      'null',
      '[]',
      '',
      '   ',
      line('2026-11-21T09:40:00Z').slice(0, 30),
    ].join('\n'),
  );
  const { changes, blind } = await readChanges({ ...emptyInventory(), changes: file }, triage);
  assert.deepEqual(
    changes.map((c) => c.at),
    ['2026-11-21T09:00:00.000Z', '2026-11-21T10:00:00.000Z'],
  );
  assert.deepEqual(Object.keys(changes[0] ?? {}), ['at', 'kind', 'object', 'summary']);
  assert.equal(changes[1]?.by, 'somebody');
  assert.match(blind[0]?.blind?.detail ?? '', /7 of 13 lines are no changes/);
});

test('a change feed that is away, a folder, or huge', async (t) => {
  const dir = scratch(t);
  const read = (changes: string | null) => readChanges({ ...emptyInventory(), changes }, triage);
  assert.deepEqual(await read(null), { changes: [], blind: [] });
  assert.equal((await read(join(dir, 'gone'))).blind[0]?.blind?.reason, 'not-configured');
  assert.equal((await read(dir)).blind[0]?.blind?.reason, 'unreadable');
  const huge = join(dir, 'huge');
  const one = `${JSON.stringify({ at: '2026-11-21T11:59:00Z', kind: 'k', object: 'o', summary: 'x'.repeat(200) })}\n`;
  writeFileSync(huge, one.repeat(40_000));
  const began = performance.now();
  const { changes } = await read(huge);
  assert.equal(changes.length, 200);
  assert.ok(performance.now() - began < 3_000);
});
