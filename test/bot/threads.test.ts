import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Judged } from '../../diagnostics/judge.ts';
import type { Finding, PathHop } from '../../diagnostics/types.ts';
import { closeRedis, connectRedis } from '../../workers/redis.ts';
import { plainJudge, row, until } from '../workers/stand-ins.ts';
import { FINAL, finished, ours, type Rig, rig, settled, TRIAGE } from './rig.ts';

const BOT = '@ingress-triage';

/** `edge` is at fault for whoever goes through it. */
function guiltyEdge(input: Judged) {
  const finding = {
    code: 'PROXY_HEADER_UNEXPECTED',
    hop: 'proxy',
    direction: 'implicates',
    about: { hop: 'edge', part: null },
    says: '9 of 9 connections fail.',
    reproduce: null,
  } as unknown as Finding;
  return {
    ...plainJudge(input),
    ...{ answer: 'ingress' as const, hop: 'proxy' as const, cause: 'proxy-protocol-unexpected' },
    headline: 'It is the ingress: edge rejects every connection.',
    because: ['PROXY_HEADER_UNEXPECTED'],
    findings: [finding],
  };
}
const throughEdge = (host: string) =>
  (host.startsWith('far') ? ['other'] : ['edge']).map((name) => ({ name, hop: 'proxy', kind: 'nginx' }) as PathHop);

/** As after the minute in which a finished case still answers for its host. */
async function forget(t: TestContext, { redis }: Rig, host: string): Promise<void> {
  const client = connectRedis(redis.url, 'worker');
  t.after(() => closeRedis(client));
  await until('the end of the case', async () => (await client.del(`{iti}:open:${host}`)) === 1);
}

test('the case says how many people in how many channels asked, and notifies none of them', async (t) => {
  const { slack, config, startBot } = await rig(t, { bot: false });
  config.file.channels.triage.push('#platform');
  await startBot();
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  await finished(slack, TRIAGE, report.ts);
  const others = [
    slack.say('ana', TRIAGE, 'shop.example.test is broken for us'),
    slack.say('priya', '#platform', 'shop.example.test 502'),
    slack.say('jonas', '#platform', 'shop.example.test is down'),
  ];
  const message = await slack.waitFor(() => ours(slack).find((one) => /4 people, 2 channels/.test(one.text)), {
    timeoutMs: 20_000,
  });
  assert.match(message.text, /4 people, 2 channels \(<#C\w+>, <#C\w+>\) asked/);
  assert.doesNotMatch(message.text, /<@U/);
  const pointers = [...ours(slack), ...ours(slack, '#platform')].filter((one) => /One case for all/.test(one.text));
  assert.deepEqual(pointers.map((one) => one.thread_ts).sort(), others.map((one) => one.ts).sort());
});

test('a report about another host behind the convicted hop joins; one that goes another way does not', async (t) => {
  const { slack } = await rig(t, { intake: { hops: throughEdge }, workers: { judge: guiltyEdge } });
  const first = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, first.ts);
  const second = slack.say('ana', TRIAGE, 'wiki.example.test is down');
  const pointer = await slack.waitFor(() => ours(slack).find((one) => one.thread_ts === second.ts));
  assert.match(pointer.text, /^\*wiki\.example\.test goes through edge too/);
  assert.ok(pointer.text.includes(slack.permalink(TRIAGE, message.ts)));
  const far = slack.say('priya', TRIAGE, 'far.example.test is down');
  await finished(slack, TRIAGE, far.ts);
  // Who asks for a look gets one.
  await slack.command('maya', '#platform', '/ingress-check wiki.example.test');
  await finished(slack, '#platform');
});

test('a recurrence within hours is a reply to the old answer, linked both ways, and the reporter is pointed there', async (t) => {
  const system = await rig(t);
  const { slack } = system;
  const first = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const old = await finished(slack, TRIAGE, first.ts);
  await forget(t, system, 'shop.example.test');
  const second = slack.say('ana', TRIAGE, 'shop.example.test is down');
  const fresh = await slack.waitFor(() => ours(slack).find((one) => one.ts !== old.ts && FINAL.test(one.text)));
  assert.equal(fresh.thread_ts, first.ts);
  assert.match(fresh.text, /It happened before, at \d\d:\d\d UTC\._ I said: Not the ingress/);
  assert.ok(fresh.text.includes(slack.permalink(TRIAGE, old.ts)));
  const pointer = await slack.waitFor(() => ours(slack).find((one) => one.thread_ts === second.ts));
  assert.ok(pointer.text.includes(slack.permalink(TRIAGE, fresh.ts)), pointer.text);
  const linked = await slack.waitFor(() => ours(slack).find((one) => /\*Again at \d\d:\d\d UTC\*/.test(one.text)));
  assert.equal(linked.ts, old.ts);
  assert.ok(linked.text.includes(slack.permalink(TRIAGE, fresh.ts)));
  assert.match(linked.text, FINAL);
});

test('a command about what was answered hours ago is still a message that all see', async (t) => {
  const system = await rig(t);
  const { slack } = system;
  await slack.command('maya', '#platform', '/ingress-check shop.example.test');
  const old = await finished(slack, '#platform');
  await forget(t, system, 'shop.example.test');
  await slack.command('maya', '#platform', '/ingress-check shop.example.test');
  const fresh = await slack.waitFor(() =>
    ours(slack, '#platform').find((one) => one.ts !== old.ts && FINAL.test(one.text)),
  );
  assert.equal(fresh.thread_ts, undefined);
  assert.match(fresh.text, /It happened before/);
});

test('who asks more than a minute allows is told so privately, with when to try again; cases that are open go on', async (t) => {
  const { slack, config, startBot, botMetrics } = await rig(t, { bot: false });
  config.file.limits = { ...config.file.limits, perPerson: 2 };
  await startBot();
  for (const host of ['a', 'b', 'c']) await slack.command('maya', '#platform', `/ingress-check ${host}.example.test`);
  const refused = await slack.waitFor(() =>
    slack.ephemerals('maya').find((one) => /ask again in \d+ s/.test(one.text)),
  );
  assert.match(refused.text, /you have asked more this minute/);
  await slack.command('tom', '#platform', '/ingress-check c.example.test');
  await until('three cases', () => ours(slack, '#platform').filter((one) => FINAL.test(one.text)).length === 3);
  assert.match(await botMetrics.registry.metrics(), /iti_cases_opened_total\{way="command",result="limited"\} 1/);
});

test('a mention over the limit is refused privately, once', async (t) => {
  const { slack, config, startBot } = await rig(t, { bot: false });
  config.file.limits = { ...config.file.limits, perPerson: 1 };
  await startBot();
  for (const host of ['a', 'b']) slack.say('tom', '#platform', `${BOT} ${host}.example.test is down`);
  await slack.waitFor(() => slack.ephemerals('tom').length === 1);
  await settled(slack);
  assert.equal(slack.ephemerals('tom').length, 1);
});

test('a case that waits says how many go before it', async (t) => {
  const held: (() => void)[] = [];
  const { slack } = await rig(t, {
    intake: { looks: 1 },
    workers: {
      concurrency: 1,
      look: (planned) => new Promise((resolve) => held.push(() => resolve([row(planned)]))),
    },
  });
  const reports = ['a', 'b', 'c'].map((host) => slack.say('tom', TRIAGE, `${host}.example.test is down`));
  await slack.waitFor(() => ours(slack).find((one) => /2 cases before you/.test(one.text)));
  await until('all of them', async () => {
    for (const go of held.splice(0)) go();
    return ours(slack).filter((one) => FINAL.test(one.text)).length === reports.length;
  });
});

test("a channel's first case goes before another channel's second", async (t) => {
  const order: string[] = [];
  const held: (() => void)[] = [];
  const { slack } = await rig(t, {
    intake: { looks: 1 },
    workers: {
      concurrency: 1,
      look: (planned, host) => {
        order.push(host);
        return new Promise((resolve) => held.push(() => resolve([row(planned)])));
      },
    },
  });
  for (const host of ['a', 'b', 'c']) {
    await slack.command('maya', '#platform', `/ingress-check ${host}.example.test`);
    if (host === 'a') await until('the first look', () => order.length === 1);
  }
  await slack.command('tom', '#rollouts', '/ingress-check d.example.test');
  await until('all looks', async () => {
    for (const go of held.splice(0)) go();
    return order.length === 4;
  });
  for (const go of held) go();
  assert.deepEqual(
    order,
    ['a', 'd', 'b', 'c'].map((name) => `${name}.example.test`),
  );
});

test('a storm: the first ones get cases, the rest one case that counts them, nothing is lost or doubled', async (t) => {
  const { slack, config, startBot } = await rig(t, {
    bot: false,
    intake: { hops: throughEdge },
    slack: { limits: 'real' },
  });
  config.file.limits = { ...config.file.limits, storm: { inAll: 3, perChannel: 3 } };
  await startBot();
  const people = ['maya', 'tom', 'priya', 'jonas', 'ana'];
  const reports = Array.from({ length: 24 }, (_, i) =>
    slack.say(people[i % 5] ?? '', TRIAGE, `app-${i % 8}.example.test is down`),
  );
  // Three cases of their own and the storm's; who is in a case for the first time is pointed to it.
  const cases = () => ours(slack).filter((one) => FINAL.test(one.text));
  await until('four verdicts', () => cases().length === 4, 40_000);
  const storm = await slack.waitFor(() => ours(slack).find((one) => /reports about \d hosts in/.test(one.text)), {
    timeoutMs: 30_000,
  });
  assert.match(storm.text, /\*15 reports about 5 hosts in \d+ s\* from 5 people, 1 channel; all hosts share `edge`/);
  const threads = ours(slack).map((one) => one.thread_ts);
  assert.equal(new Set(threads).size, threads.length, 'no thread is answered twice');
  assert.ok(threads.every((ts) => reports.some((one) => one.ts === ts)));
  assert.equal(slack.stats().limitsBroken, 0);
});
