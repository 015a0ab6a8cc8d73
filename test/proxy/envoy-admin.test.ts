import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { expectationOf, probeProxyProtocol } from '../../diagnostics/probes/proxy-protocol-probe.ts';
import type { Path } from '../../diagnostics/types.ts';
import { envoyRoutes } from '../../proxy/adapters/envoy/routes.ts';
import { envoyTargets } from '../../proxy/adapters/envoy/targets.ts';
import { envoyUpdates } from '../../proxy/adapters/envoy/updates.ts';
import { reachOf } from '../../proxy/adapters/metrics/page.ts';
import { blankInstance } from '../../proxy/inventory/blank.ts';
import { emptyInventory } from '../../proxy/inventory/inventory.ts';
import { startEnvoy } from '../../proxy/lab/envoy.ts';
import type { EnvoyPlan } from '../../proxy/lab/envoy-plan.ts';
import { until } from '../../proxy/lab/until.ts';
import { ioFor } from '../../proxy/triage.ts';
import { freePorts, scratch } from '../diagnostics/real-servers.ts';
import { application, ask, certificateIn, envoy, WITHOUT_ENVOY } from './envoy-world.ts';

const reach = reachOf(async (host) => [host], { check: () => {} } as never);
const signal = (t: TestContext): AbortSignal => AbortSignal.any([t.signal, AbortSignal.timeout(10_000)]);
const instanceAt = (admin: string): Path['hops'][number]['instances'][number] => ({
  ...blankInstance('envoy-0'),
  admin,
});

test('updates that a real Envoy takes and refuses, and what it believes of endpoints', {
  skip: WITHOUT_ENVOY,
}, async (t) => {
  const dir = scratch(t);
  const p = await freePorts(t, 'admin', 'web', 'closed');
  const [well, sick, errors] = (await Promise.all(
    (['well', 'sick', 'errors'] as const).map((manner) => application(t, manner)),
  )) as [number, number, number];
  const plan: EnvoyPlan = {
    admin: p.admin,
    dynamic: true,
    listeners: [{ name: 'web', port: p.web }],
    clusters: {
      shop: { endpoints: [well] },
      checked: { endpoints: [well, sick], health: { path: '/healthz', everyMs: 100 } },
      watched: { endpoints: [well, errors], outlier: { consecutive5xx: 1, ejectSeconds: 60, mostPercent: 100 } },
    },
    sites: [
      { name: 'shop', domains: ['shop.example.test'] },
      { name: 'watched', domains: ['watched.example.test'] },
    ],
  };
  const running = await envoy(t, join(dir, 'envoy'), plan);
  const instance = instanceAt(running.admin);
  const updates = () => envoyUpdates(instance, reach, signal(t));
  const fresh = await updates();
  assert.deepEqual([fresh.reloads, fresh.lastRefused], [[], false], 'what it began with is no reload');
  assert.ok(fresh.servingSince);

  const other = { ...plan, sites: [{ name: 'shop', domains: ['shop.example.org'] }] };
  running.replace(
    { ...other, listeners: [{ name: 'web', port: p.web, certificate: { chain: '/nope', key: '/nope' } }] },
    '2',
  );
  await until('the refusal shows', async () => (await updates()).lastRefused === true);
  const refused = (await updates()).reloads.at(-1);
  assert.equal(refused?.ok, false);
  assert.match(refused?.error ?? '', /^listener web: .*\/nope/);
  const routes = (host: string) => envoyRoutes(instance, host, '/', reach, signal(t));
  assert.equal((await routes('shop.example.test')).matching[0]?.service, 'shop', 'the old routes serve');

  running.replace(other, '3');
  await until('the new routes are taken', async () => (await routes('shop.example.org')).matching.length === 1);
  assert.deepEqual((await routes('shop.example.test')).matching, []);
  assert.equal((await updates()).lastRefused, null, 'its counter still tells of a refusal, and not when it was');

  running.replace(plan, '4');
  await until('watched is served', async () => (await ask(p.web, 'watched.example.test')).status !== 404);
  const group = async (name: string) =>
    (await envoyTargets(instance, reach, signal(t))).groups.find((one) => one.name === name);
  await until('the sick one is out', async () => (await group('checked'))?.down.length === 1);
  const at = (port: number): string => `127.0.0.1:${port}`;
  assert.deepEqual(await group('checked'), {
    name: 'checked',
    up: [at(well)],
    down: [at(sick)],
    why: { [at(sick)]: 'failed its health check' },
  });
  await until('the failing one is ejected', async () => {
    await ask(p.web, 'watched.example.test');
    return (await group('watched'))?.down.length === 1;
  });
  assert.deepEqual((await group('watched'))?.why, { [at(errors)]: 'ejected as an outlier' });
});

test('what listeners of a real Envoy expect before a request', { skip: WITHOUT_ENVOY }, async (t) => {
  const dir = scratch(t);
  const p = await freePorts(t, 'admin', 'web', 'tls', 'tls13', 'required', 'optional', 'webRequired', 'webOptional');
  const certificate = certificateIn(dir);
  await envoy(t, join(dir, 'envoy'), {
    admin: p.admin,
    listeners: [
      { port: p.web },
      { port: p.tls, certificate },
      { port: p.tls13, certificate, minimumTls: 'TLSv1_3' },
      { port: p.required, certificate, proxyHeader: 'required' },
      { port: p.optional, certificate, proxyHeader: 'optional' },
      { port: p.webRequired, proxyHeader: 'required' },
      { port: p.webOptional, proxyHeader: 'optional' },
    ],
    clusters: {},
    sites: [{ name: 'all', domains: ['*'], routes: [{ answer: { status: 200, body: 'here' } }] }],
  });
  const io = ioFor({ ...emptyInventory(), allow: ['127.0.0.0/8'] } as never, 'shop.example.test');
  const rows = [
    [p.web, false, 'none'],
    [p.tls, true, 'none'],
    [p.tls13, true, 'none'],
    [p.required, true, 'v1-or-v2'],
    [p.optional, true, 'optional'],
    [p.webRequired, false, 'v1-or-v2'],
    [p.webOptional, false, 'optional'],
  ] as const;
  const found = await Promise.all(
    rows.map(async ([port, tls]) => {
      const to = { address: `127.0.0.1:${port}`, host: 'shop.example.test', tls };
      return expectationOf(await probeProxyProtocol(io, to, signal(t), { thorough: false }), tls);
    }),
  );
  assert.deepEqual(
    found,
    rows.map(([, , expected]) => expected),
  );
});

test('an Envoy that is not here, or that refuses its configuration, is told', async (t) => {
  const dir = scratch(t);
  const { admin } = await freePorts(t, 'admin');
  const plan: EnvoyPlan = { admin, listeners: [], clusters: {}, sites: [] };
  await assert.rejects(startEnvoy(dir, plan, null), /Envoy is not here/);
  if (WITHOUT_ENVOY) return;
  const wrong = { ...plan, clusters: { x: { endpoints: [1], breaker: { requests: -1 } } } };
  await assert.rejects(startEnvoy(dir, wrong), /envoy ended/);
});
