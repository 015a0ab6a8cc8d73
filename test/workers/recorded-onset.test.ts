import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { trafficOverTime } from '../../diagnostics/checks/traffic-over-time.ts';
import { readRows } from '../../diagnostics/findings.ts';
import { runLook } from '../../diagnostics/run-look.ts';
import { findPath, loadInventory } from '../../proxy/inventory/inventory.ts';
import { ioFor } from '../../proxy/triage.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { startRecorder } from '../../workers/recorder/schedule.ts';
import { recorderStore, streamOf } from '../../workers/recorder/store.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../workers/redis.ts';
import { listen } from '../diagnostics/peers.ts';
import { freePorts, scratch, startHaproxy } from '../diagnostics/real-servers.ts';
import { aCase, quiet, until } from './stand-ins.ts';

const EVERY = 200;
let server: EmbeddedRedis;
let redis: RedisClient;
let producer: RedisClient;

before(async () => {
  server = await startEmbeddedRedis();
  redis = connectRedis(server.url, 'worker');
  producer = connectRedis(server.url, 'producer');
  for (const client of [redis, producer]) client.on('error', () => {});
  await until('redis', () => isUp(redis) && isUp(producer));
});

after(async () => {
  closeRedis(redis);
  closeRedis(producer);
  await server.stop();
});

test('what a real HAProxy counted while nobody looked tells when the application began to fail, and that it was the application', async (t) => {
  const dir = scratch(t);
  const ports = await freePorts(t, 'web', 'metrics');
  let failing = false;
  const app = createServer((_, answer) => {
    answer.statusCode = failing ? 500 : 200;
    answer.end('.');
  });
  const appPort = await listen(app);
  t.after(() => app.close());
  await startHaproxy(
    t,
    dir,
    [ports.web, ports.metrics],
    `
frontend web
  mode http
  bind 127.0.0.1:${ports.web}
  default_backend shop
backend shop
  mode http
  server shop-a 127.0.0.1:${appPort}
frontend metrics
  mode http
  bind 127.0.0.1:${ports.metrics}
  http-request use-service prometheus-exporter if { path /metrics }
`,
  );
  const file = join(dir, 'inventory.yaml');
  writeFileSync(
    file,
    `version: 1
routes: [ { host: shop.example.test, via: [edge, shop] } ]
hops:
  edge: { hop: proxy, kind: haproxy, scheme: http, address: 127.0.0.1:${ports.web},
          instances: [ { name: edge-1, http: 127.0.0.1:${ports.web}, metrics: "http://127.0.0.1:${ports.metrics}/metrics" } ] }
  shop: { hop: service, endpoints: [ { name: shop-a, address: 127.0.0.1:${appPort} } ] }
`,
  );
  const inventory = await loadInventory(file);
  const io = ioFor(inventory, 'shop.example.test');
  const store = recorderStore(producer, { everyMs: EVERY, keepMs: 600_000, maxBytesPerProxy: 1 << 20 });
  const recorder = startRecorder({
    redis,
    producer,
    store,
    inventory: { proxies: async () => inventory },
    sample: (of, signal) => io.proxy.sample(of, signal),
    everyMs: EVERY,
    metrics: createMetrics({ process: false }),
    log: quiet,
  });
  t.after(() => recorder.close(200));

  const held = () => redis.xlen(streamOf('edge', 'edge-1'));
  const asOften = async (what: string, samples: number): Promise<void> => {
    const enough = (await held()) + samples;
    await until(what, async () => {
      await new Promise<void>((resolve) => {
        get({ port: ports.web, host: '127.0.0.1' }, (answer) => answer.resume().on('end', resolve)).on('error', () =>
          resolve(),
        );
      });
      return (await held()) >= enough;
    });
  };
  const since = new Date();
  await asOften('samples of good times', 8);
  failing = true;
  const began = Date.now();
  await asOften('samples of bad times', 8);

  const triage = {
    ...aCase('shop.example.test', { since: since.toISOString() }),
    at: new Date().toISOString(),
    target: { host: 'shop.example.test', port: ports.web, path: '/', scheme: 'http' as const },
  };
  const path = findPath(inventory, triage.target);
  const [planned] = trafficOverTime.plan({ case: triage, path });
  assert.ok(planned);
  const rows = await runLook(planned, ioFor(inventory, 'shop.example.test', store), { budgetMs: 6_000 });
  const { findings, blind } = readRows(rows, triage, path);
  assert.deepEqual(blind, []);
  const onset = findings.find((one) => one.code === 'ERRORS_BEGAN');
  assert.equal(onset?.facts.source, 'recorder');
  assert.ok(Math.abs(Date.parse(String(onset?.facts.at)) - began) <= 10 * EVERY, `began ${onset?.facts.at}`);
  assert.equal(findings.find((one) => one.code === 'ERRORS_COUNTED_UPSTREAM')?.hop, 'app');
});
