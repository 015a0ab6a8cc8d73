import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue } from 'bullmq';
import { readSharedConfig } from '../../workers/config.ts';
import { startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { startWorkersProcess } from '../../workers/main.ts';
import { createDesk } from '../../workers/open-case.ts';
import { QUEUES } from '../../workers/queues.ts';
import { closeRedis, connectRedis, isUp } from '../../workers/redis.ts';
import { anAsk, plainJudge, quickLook, quiet, until } from './stand-ins.ts';

test('readiness follows Redis, metrics name what is counted, a poison payload fails once', async (t) => {
  const server = await startEmbeddedRedis();
  const config = { ...readSharedConfig({ REDIS_URL: server.url }), metricsPort: 0 };
  const parts = {
    look: quickLook,
    judge: plainJudge,
    readChanges: async () => ({ changes: [], blind: [] }),
    log: quiet,
  };
  const process = await startWorkersProcess(config, parts);
  const producer = connectRedis(server.url, 'producer');
  producer.on('error', () => {});
  t.after(async () => {
    closeRedis(producer);
    await process.stop();
    await server.stop();
  });
  const get = async (path: string) => fetch(`http://127.0.0.1:${process.metricsPort}${path}`);
  await until('ready', async () => (await get('/readyz')).status === 200);
  assert.equal((await get('/healthz')).status, 200);
  assert.equal((await get('/nothing')).status, 404);

  await until('a connection', () => isUp(producer));
  const desk = createDesk(producer);
  const ask = anAsk({ looks: 2 });
  await desk.open(ask);
  await until('a verdict', async () => (await desk.cases.load(ask.case.id))?.verdict);
  const poison = new Queue(QUEUES.look, { connection: producer, prefix: '{iti}' });
  await poison.add('look', { v: 2, surprise: true }, { attempts: 5 });
  await until('the poison failed', async () => (await poison.getFailedCount()) === 1);
  const page = await until('the page', async () => {
    const text = await (await get('/metrics')).text();
    return text.includes('iti_jobs_failed_total{queue="look",final="true"} 1') ? text : null;
  });
  for (const line of [
    'iti_cases_total{answer="not-ingress"} 1',
    'iti_looks_total{check="stand-in",outcome="seen"} 2',
    'iti_queue_jobs{queue="look",state="wait"} 0',
    'iti_queue_wait_seconds_count{queue="verdict"} 1',
    'nodejs_eventloop_lag_seconds',
  ]) {
    assert.ok(page.includes(line), line);
  }

  await server.stop();
  await until('not ready', async () => (await get('/readyz')).status === 503);
  assert.match(await (await get('/readyz')).text(), /redis is away/);
});
