import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCases } from '../../workers/cases.ts';
import { startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { closeRedis, connectRedis, isUp } from '../../workers/redis.ts';
import { readScore } from '../../workers/score.ts';
import { aCase, anAsk, plainJudge, until } from './stand-ins.ts';

test('a verdict is counted once in its month and in all, and people move what is guilty', async (t) => {
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
  const finish = async (id: string, answer: 'ingress' | 'not-ingress') => {
    const one = aCase(`${id.slice(-4)}.example.test`, { id });
    one.symptoms.suspects.push('traefik' as never);
    const ask = anAsk({ case: one });
    await cases.claim(ask, now);
    const record = await cases.load(id);
    assert.ok(record);
    const verdict = { ...plainJudge({ case: one, path: ask.path, evidence: [], changes: [], durationMs: 1 }), answer };
    assert.equal(await cases.finish(record, verdict, [], [], now), true);
    assert.equal(await cases.finish(record, verdict, [], [], now), false, 'a repeated job counts nothing');
    return cases.load(id);
  };
  await finish('c-20260930-aaaa', 'ingress');
  const cleared = await finish('c-20261121-bbbb', 'not-ingress');
  assert.ok(cleared);
  const months = (score: Awaited<ReturnType<typeof cases.score>>) =>
    score.months.map((one) => [one.month, one.cases, one.blamed, one.guilty, one.guiltyByPeople]);
  assert.deepEqual(months(await cases.score(now)), [
    ['2026-09', 1, 1, 1, 1],
    ['2026-10', 0, 0, 0, 0],
    ['2026-11', 1, 1, 0, 0],
  ]);
  const word = {
    user: 'U1',
    name: 'Maya',
    said: 'ingress' as const,
    hop: null,
    cause: null,
    reason: '',
    at: new Date(now).toISOString(),
  };
  await cases.votes.cast(cleared, { ...word, source: 'one' });
  const after = await cases.score(now);
  assert.deepEqual([after.cases, after.guilty, after.guiltyByPeople, after.said, after.overturned], [2, 1, 2, 1, 1]);
  assert.deepEqual(months(after).at(-1), ['2026-11', 1, 1, 0, 1]);
});

test('counts from before months were kept stay in the total; a year is shown at most', () => {
  const now = Date.parse('2026-11-30T23:59:59Z');
  const hash = { ingress: '9', blamed: '20', guilty: '9', '2024-01:ingress': '1', '2026-11:not-ingress': '4' };
  const score = readScore(hash, [], now);
  assert.deepEqual([score.cases, score.blamed, score.months.length], [9, 20, 12]);
  assert.deepEqual(
    [score.months[0]?.month, score.months.at(-1)?.month, score.months.at(-1)?.cases],
    ['2025-12', '2026-11', 4],
  );
  assert.deepEqual(readScore({}, [], now).months, []);
});
