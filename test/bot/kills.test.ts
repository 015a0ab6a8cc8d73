import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { until } from '../workers/stand-ins.ts';
import { type Child, startProcess } from './processes.ts';
import { FINAL, finished, ours, type Rig, rig, TRIAGE } from './rig.ts';

function worker(t: TestContext, { redis }: Rig, lookMs = 300): Child {
  const child = startProcess('../workers/worker-process.ts', {
    REDIS_URL: redis.url,
    LOOK_MS: String(lookMs),
    LOG_LEVEL: 'warn',
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

function bot(t: TestContext, { redis, slack }: Rig): Child {
  const child = startProcess('./bot-process.ts', {
    REDIS_URL: redis.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

const done = ({ slack }: Rig, channel: string) => ours(slack, channel).filter((message) => FINAL.test(message.text));

test('a worker killed in mid-case, ten times: ten verdicts, ten messages', async (t) => {
  const system = await rig(t, { workers: false });
  let current = worker(t, system);
  for (let i = 0; i < 10; i++) {
    const host = `kill-${i}.example.test`;
    await system.slack.command('maya', '#platform', `/ingress-check ${host}`);
    await current.prints(`looking ${host}`);
    await current.kill('SIGKILL');
    current = worker(t, system);
  }
  const restarted = Date.now();
  await until('ten verdicts', () => done(system, '#platform').length === 10, 60_000);
  t.diagnostic(`the last verdict came ${Date.now() - restarted} ms after the last restart`);
  assert.equal(ours(system.slack, '#platform').length, 10);
});

test('a bot killed in mid-case: its successor ends the case in the same message', async (t) => {
  const system = await rig(t, { bot: false, workers: false });
  for (let i = 0; i < 3; i++) {
    const first = bot(t, system);
    await first.prints('"ready":true', 'err');
    await system.slack.command('maya', '#platform', `/ingress-check bot-${i}.example.test`);
    await system.slack.waitFor(() => ours(system.slack, '#platform').length === i + 1);
    await first.kill('SIGKILL');
  }
  worker(t, system, 10);
  const last = bot(t, system);
  await last.prints('"ready":true', 'err');
  await until('three verdicts', () => done(system, '#platform').length === 3, 60_000);
  assert.equal(ours(system.slack, '#platform').length, 3);
});

test('SIGTERM in mid-case: the worker ends with 0 in time, and the next one finishes the case', async (t) => {
  const system = await rig(t, { workers: false });
  const first = worker(t, system, 20_000);
  const report = system.slack.say('tom', TRIAGE, 'term.example.test is down');
  await first.prints('looking term.example.test');
  const told = Date.now();
  assert.equal(await first.kill('SIGTERM'), 0);
  assert.ok(Date.now() - told < 15_000, `took ${Date.now() - told} ms`);
  worker(t, system, 10);
  const message = await finished(system.slack, TRIAGE, report.ts);
  assert.match(message.text, /3 of 3 looks saw it/);
  assert.equal(ours(system.slack).length, 1);
});

test('SIGTERM ends a bot with 0', async (t) => {
  const system = await rig(t, { bot: false, workers: false });
  const one = bot(t, system);
  await one.prints('"ready":true', 'err');
  assert.equal(await one.kill('SIGTERM'), 0);
});

test('two bots at once make one message', async (t) => {
  const system = await rig(t);
  await system.startBot();
  const report = system.slack.say('tom', TRIAGE, '@ingress-triage two.example.test is down');
  await finished(system.slack, TRIAGE, report.ts);
  await until('nothing on its way', () => system.slack.stats().pending === 0);
  assert.equal(ours(system.slack).length, 1);
});
