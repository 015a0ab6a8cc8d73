import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { startEmbeddedRedis } from '../../../workers/embedded-redis.ts';
import { closeRedis, connectRedis, isUp } from '../../../workers/redis.ts';
import { rolloutDesk } from '../../../workers/rollouts/desk.ts';
import { until } from '../stand-ins.ts';
import { aDecision, aRollout } from './stand-ins.ts';

const EVERY = 400;

test('two processes watch one rollout, one is killed in the middle: each slot once, nothing between them lost', async (t) => {
  const server = await startEmbeddedRedis();
  const redis = connectRedis(server.url, 'producer');
  redis.on('error', () => {});
  const children: ChildProcess[] = [];
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    closeRedis(redis);
    await server.stop();
  });
  await until('redis', () => isUp(redis));
  const start = (hang: boolean) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'rollouts-process.ts')], {
      env: { ...process.env, REDIS_URL: server.url, EVERY_MS: String(EVERY), HANG: hang ? '1' : '' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  };
  const desk = rolloutDesk(redis);
  t.after(() => desk.close());
  const { id } = await desk.create(aRollout(), []);
  await desk.decide(id, aDecision('begin', -1, { at: new Date().toISOString() }));
  const read = () => desk.store.intervals.read(id, 0);

  // This one never gets an answer: it is killed while it reads, and its slot is another's, or nobody's.
  const hanging = start(true);
  assert.ok(hanging.stdout);
  await once(hanging.stdout, 'data');
  hanging.kill('SIGKILL');
  const two = [start(false), start(false)];
  await until('some slots', async () => (await read()).length >= 4);
  two[0]?.kill('SIGKILL');
  const before = (await read()).length;
  await until('more slots', async () => (await read()).length >= before + 3);
  const all = await read();
  for (const [i, one] of all.entries()) {
    // One after another, none over another.
    if (i > 0) assert.ok(one.from >= (all[i - 1]?.to ?? ''), `${one.from} after ${all[i - 1]?.to}`);
  }
  const span = Date.parse(all.at(-1)?.to ?? '') - Date.parse(all[0]?.from ?? '');
  const counted = all.reduce((sum, one) => sum + one.fresh.requests, 0);
  // One request for each millisecond: twice counted would be more than the time there was.
  assert.ok(counted > 0 && counted <= span + EVERY, `${counted} requests in ${span} ms`);
  const record = await desk.store.load(id);
  assert.notEqual(record?.stages[0]?.judgement, null);
  assert.equal(record?.stage, 0);
});
