import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestMessage, type Week } from '../../../bot/home/digest-text.ts';
import { dueNow, lastDue } from '../../../bot/home/digest-when.ts';
import { checkBlocks } from '../../../bot/local-slack/block-limits.ts';
import type { CaseRecord } from '../../../workers/cases.ts';
import { readConfigFile } from '../../../workers/config.ts';
import { closeRedis, connectRedis } from '../../../workers/redis.ts';
import { aCase, plainJudge, until } from '../../workers/stand-ins.ts';
import { rig, settled } from '../rig.ts';

const DAY = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString();
const MONDAY = { day: 'monday', at: '09:00', tz: 'Europe/Vienna' } as const;

test('the moment is a time of day in its zone, across changes of clocks', () => {
  const of = (now: string) => iso(lastDue(MONDAY, Date.parse(now)));
  assert.equal(of('2026-11-23T08:00:00Z'), '2026-11-23T08:00:00.000Z');
  assert.equal(of('2026-11-23T07:59:59Z'), '2026-11-16T08:00:00.000Z');
  assert.equal(of('2026-10-26T09:00:00Z'), '2026-10-26T08:00:00.000Z', 'winter since the day before');
  assert.equal(of('2026-10-25T09:00:00Z'), '2026-10-19T07:00:00.000Z', 'still summer then');
  assert.equal(of('2026-11-22T23:30:00Z'), '2026-11-16T08:00:00.000Z', 'Monday in Vienna, and before nine');
});

test('a missed digest is sent late within a day, else skipped and said with the next', () => {
  const due = Date.parse('2026-11-23T08:00:00Z');
  assert.deepEqual(dueNow(MONDAY, null, due + 5), { is: 'first', due });
  assert.deepEqual(dueNow(MONDAY, due, due + 5), { is: 'nothing' });
  assert.deepEqual(dueNow(MONDAY, due - 7 * DAY, due + DAY), { is: 'due', due, missed: [] });
  assert.deepEqual(dueNow(MONDAY, due - 7 * DAY, due + DAY + 1), { is: 'too-late', due });
  assert.deepEqual(dueNow(MONDAY, due - 21 * DAY, due), { is: 'due', due, missed: [due - 14 * DAY, due - 7 * DAY] });
});

test('a wrong digest stops the start, named', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'digest-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'config.yaml');
  for (const [wrong, named] of [
    ['tz: Europe/Atlantis', /digest\.tz: an IANA zone/],
    ['at: "9"', /digest\.at: a time of day/],
    ['day: caturday', /digest\.day/],
  ] as const) {
    await writeFile(path, `digest: { channel: "#platform", ${wrong} }\n`);
    assert.throws(() => readConfigFile(path), named);
  }
  await writeFile(path, 'digest: { channel: "#platform" }\n');
  assert.deepEqual(readConfigFile(path).file.digest, { channel: '#platform', day: 'monday', at: '09:00', tz: 'UTC' });
  assert.equal(readConfigFile(null).file.digest, null, 'off by default');
});

test('a digest is sent once over all processes and restarts, and names the one that was missed', async (t) => {
  const due = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000;
  const day = new Date(due).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' }).toLowerCase() as 'monday';
  const { file } = readConfigFile(null);
  const digest = { channel: '#platform', day, at: iso(due).slice(11, 16), tz: 'UTC' };
  const system = await rig(t, { bot: false, config: { file: { ...file, digest } } });
  const { slack } = system;
  const redis = connectRedis(system.redis.url, 'producer');
  redis.on('error', () => {});
  t.after(() => closeRedis(redis));
  await until('a connection', () => redis.status === 'ready');
  await redis.set('{iti}:digest:last', String(due - 14 * DAY));
  const bots = await Promise.all([system.startBot(), system.startBot()]);
  const sent = () => slack.messages('#platform').filter((one) => one.bot_id === slack.botId);
  await slack.waitFor(() => sent().length > 0);
  await bots[0]?.stop();
  await redis.set('{iti}:digest:last', String(due - 7 * DAY));
  await system.startBot();
  await until('it is looked at again', async () => (await redis.get('{iti}:digest:last')) === String(due));
  await settled(slack);
  const [only, ...more] = sent();
  assert.equal(more.length, 0);
  assert.match(only?.text ?? '', /^\*Nobody asked whether it is the ingress/);
  assert.match(only?.text ?? '', /was not sent: no bot was running/);
});

test('a full week reads as text alone, within the limits, whatever its names hold', () => {
  const to = Date.parse('2026-11-23T08:00:00Z');
  const name = '<!channel> *evil* `x`';
  const record = (i: number, answer: string): CaseRecord => {
    const one = aCase(`${name}${i % 30}.example.test`);
    one.symptoms.suspects.push({ name: 'traefik' } as never);
    const startedAt = to - (i % 7) * DAY - 3_600_000;
    const judged = plainJudge({ case: one, path: null as never, evidence: [], changes: [], durationMs: 1 });
    const verdict = { ...judged, answer, headline: `${name} ${answer}` };
    return {
      case: one,
      state: 'finished',
      startedAt,
      finishedAt: startedAt,
      verdict,
      earlier: [],
      next: null,
      message: { permalink: null },
    } as never;
  };
  const week: Week = {
    from: iso(to - 7 * DAY),
    to: iso(to),
    cases: Array.from({ length: 200 }, (_, i) =>
      record(i, i % 10 === 0 ? 'inconclusive' : i % 25 === 3 ? 'ingress' : 'not-ingress'),
    ),
    ...{ more: 12, people: [], rollouts: [], missed: [] },
    changes: {
      happened: Array.from({ length: 300 }, (_, i) => ({
        at: iso(to - i),
        object: `${name}${i}`,
        kind: 'edit',
        summary: name,
      })),
      blind: [name],
    },
  };
  const { text, blocks } = digestMessage(week);
  assert.match(
    text,
    /^\*The ingress was blamed 200 times and guilty 8 times \(the week of Mon 16 Nov to Mon 23 Nov\)\*/,
  );
  assert.match(text, /200 cases \(12 more are not looked into here\): the ingress in 8/);
  assert.match(text, /\*What stayed open\*/);
  assert.doesNotMatch(
    text + JSON.stringify(blocks.filter(({ type }) => (type as string) !== 'data_visualization')),
    /<!channel>/,
  );
  assert.equal(checkBlocks(blocks, 'message'), null);
  assert.equal(blocks.filter(({ type }) => (type as string) === 'data_visualization').length, 1);
});
