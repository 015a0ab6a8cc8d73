import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createCases } from '../../workers/cases.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { createDesk, type Desk } from '../../workers/open-case.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../workers/redis.ts';
import { startWorkers, type WorkerParts } from '../../workers/run-workers.ts';
import { aCase, anAsk, plainJudge, quickLook, quiet, row, until } from './stand-ins.ts';

let server: EmbeddedRedis;
let redis: RedisClient;
let producer: RedisClient;
let desk: Desk;

before(async () => {
  server = await startEmbeddedRedis();
  redis = connectRedis(server.url, 'worker');
  producer = connectRedis(server.url, 'producer');
  for (const client of [redis, producer]) client.on('error', () => {});
  await until('redis', () => isUp(redis) && isUp(producer));
  desk = createDesk(producer);
});

after(async () => {
  await desk.close();
  closeRedis(redis);
  closeRedis(producer);
  await server.stop();
});

function workers(over: Partial<WorkerParts> = {}) {
  return startWorkers({
    redis,
    producer,
    look: quickLook,
    judge: plainJudge,
    readChanges: async () => ({ changes: [], blind: [] }),
    metrics: createMetrics({ process: false }),
    log: quiet,
    ...over,
  });
}

const verdictOf = (id: string) => until(`a verdict for ${id}`, async () => (await desk.cases.load(id))?.verdict);

test('a case becomes one verdict, from the rows of all its looks', async (t) => {
  const running = workers();
  t.after(() => running.close());
  const ask = anAsk({ looks: 8 });
  assert.deepEqual(await desk.open(ask), { is: 'opened', case: ask.case.id });
  const verdict = await verdictOf(ask.case.id);
  assert.deepEqual(verdict.says, ['8 of 8 looks saw it.']);
});

test('a case without any look is judged too', async (t) => {
  const running = workers();
  t.after(() => running.close());
  const ask = anAsk({ looks: 0 });
  await desk.open(ask);
  assert.deepEqual((await verdictOf(ask.case.id)).says, ['0 of 0 looks saw it.']);
});

test('a look that throws, or never ends, is blind; the verdict comes all the same', async (t) => {
  const running = workers({
    look: async (planned) => {
      if (planned.look.at.part === 'shop-0') throw new Error('a mishap of ours');
      return [row(planned)];
    },
  });
  t.after(() => running.close());
  const ask = anAsk({ looks: 3 });
  await desk.open(ask);
  assert.deepEqual((await verdictOf(ask.case.id)).says, ['2 of 3 looks saw it.']);
});

test('a judge that throws ends in a case that says so', async (t) => {
  const running = workers({
    judge: () => {
      throw new Error('no such cause');
    },
  });
  t.after(() => running.close());
  const ask = anAsk();
  await desk.open(ask);
  const verdict = await verdictOf(ask.case.id);
  assert.equal(verdict.answer, 'inconclusive');
  assert.match(verdict.headline, /^Can't tell yet/);
});

test('five people who ask about the same host at once make one case', async () => {
  const host = 'five.example.test';
  const claims = await Promise.all(Array.from({ length: 5 }, () => desk.open(anAsk({ case: aCase(host) }))));
  assert.equal(claims.filter((claim) => claim.is === 'opened').length, 1);
  assert.equal(claims.filter((claim) => claim.is === 'joined').length, 4);
  assert.equal(new Set(claims.map((claim) => claim.case)).size, 1);
});

test('the same event again opens nothing and points nowhere', async () => {
  const ask = anAsk({ sources: ['event:Ev1', 'message:C1:1.2'] });
  await desk.open(ask);
  const again = await desk.open(anAsk({ sources: ['event:Ev2', 'message:C1:1.2'] }));
  assert.deepEqual(again, { is: 'seen', case: ask.case.id });
});

test('a case that was claimed by a process that died is taken up', async (t) => {
  const ask = anAsk();
  const long = Date.now() - 10_000;
  await createCases(redis).claim(ask, long);
  const running = workers();
  t.after(() => running.close());
  await verdictOf(ask.case.id);
});

test('a finished case can be run again, and remembers what it said', async (t) => {
  const running = workers();
  t.after(() => running.close());
  const ask = anAsk();
  await desk.open(ask);
  await verdictOf(ask.case.id);
  assert.equal(await desk.again({ ...ask, sources: ['trigger:1'] }), 'started');
  assert.equal(await desk.again({ ...ask, sources: ['trigger:1'] }), 'seen');
  await verdictOf(ask.case.id);
  const record = await desk.cases.load(ask.case.id);
  assert.equal(record?.run, 2);
  assert.equal(record?.earlier[0]?.answer, 'not-ingress');
});
