import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCases } from '../../workers/cases.ts';
import { startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { learntPriors } from '../../workers/priors.ts';
import { closeRedis, connectRedis, isUp } from '../../workers/redis.ts';
import { aCase, anAsk, plainJudge, quiet, until } from './stand-ins.ts';

test('what people say of a verdict is learnt for its cause, and forgotten when they take it back', async (t) => {
  const server = await startEmbeddedRedis();
  const redis = connectRedis(server.url, 'producer');
  redis.on('error', () => {});
  t.after(async () => {
    closeRedis(redis);
    await server.stop();
  });
  await until('redis', () => isUp(redis));
  const cases = createCases(redis);
  const now = Date.parse('2026-11-21T12:00:00Z');
  const one = aCase('shop.example.test', { id: 'c-20261121-aaaa' });
  const ask = anAsk({ case: one });
  await cases.claim(ask, now);
  const record = await cases.load(one.id);
  assert.ok(record);
  const plain = plainJudge({ case: one, path: ask.path, evidence: [], changes: [], durationMs: 1 });
  await cases.finish(record, { ...plain, answer: 'not-ingress', hop: 'app', cause: 'app-slow' }, [], [], now);
  const judged = await cases.load(one.id);
  assert.ok(judged);
  const learn = async () => {
    const priors = learntPriors(redis, quiet);
    await priors.first;
    priors.close();
    return priors.current();
  };
  assert.deepEqual(await learn(), {});
  const word = { user: 'U1', name: 'Maya', hop: null, cause: null, reason: '', at: new Date(now).toISOString() };
  await cases.votes.cast(judged, { ...word, said: 'right', source: 'one' });
  const [[cause, prior] = []] = Object.entries(await learn());
  assert.equal(cause, 'app-slow');
  assert.deepEqual([prior?.right, prior?.wrong], [1, 0]);
  await cases.votes.cast(judged, { ...word, said: 'none', source: 'two' });
  assert.deepEqual(await learn(), {});
});

test('without Redis nothing is learnt and nothing fails', async () => {
  const redis = connectRedis('redis://127.0.0.1:1', 'producer');
  redis.on('error', () => {});
  const priors = learntPriors(redis, quiet);
  await priors.first;
  priors.close();
  closeRedis(redis);
  assert.deepEqual(priors.current(), {});
});
