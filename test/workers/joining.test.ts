import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../../diagnostics/types.ts';
import { createCases } from '../../workers/cases.ts';
import { startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { PREFIX } from '../../workers/queues.ts';
import { closeRedis, connectRedis, isUp } from '../../workers/redis.ts';
import { aCase, anAsk, plainJudge, until } from './stand-ins.ts';

test('a found fault answers those who ask within a minute; "nothing wrong" and "can\'t tell" only those who wrote meanwhile', async (t) => {
  const server = await startEmbeddedRedis();
  const redis = connectRedis(server.url, 'producer');
  redis.on('error', () => {});
  t.after(async () => {
    closeRedis(redis);
    await server.stop();
  });
  await until('redis', () => isUp(redis));
  const cases = createCases(redis);
  const now = Date.now();
  const joinableMs = async (name: string, over: Partial<Verdict>) => {
    const one = aCase(`${name}.example.test`, { id: `c-20261121-${name}` });
    const ask = anAsk({ case: one });
    await cases.claim(ask, now);
    const record = await cases.load(one.id);
    assert.ok(record);
    const plain = plainJudge({ case: one, path: ask.path, evidence: [], changes: [], durationMs: 1 });
    await cases.finish(record, { ...plain, ...over }, [], [], now);
    return redis.pttl(`${PREFIX}:open:${name}.example.test`);
  };
  const fault = await joinableMs('aaaa', { answer: 'not-ingress', hop: 'app' });
  assert.ok(fault > 50_000 && fault <= 60_000, `${fault}`);
  for (const [name, over] of [
    ['bbbb', { answer: 'not-ingress', hop: 'none' }],
    ['cccc', { answer: 'inconclusive', hop: null }],
  ] as const) {
    const left = await joinableMs(name, over);
    assert.ok(left > 0 && left <= 5_000, `${name}: ${left}`);
  }
});
