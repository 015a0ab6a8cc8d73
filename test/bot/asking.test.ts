import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../workers/stand-ins.ts';
import { FINAL, finished, ours, rig, settled, TRIAGE } from './rig.ts';

test('a report in a triage channel gets one message in its thread, edited until it is the verdict', async (t) => {
  const { slack } = await rig(t);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down, 502 everywhere');
  const message = await finished(slack, TRIAGE, report.ts);
  assert.match(message.text, /^\*Not the ingress: shop\.example\.test answers 500 itself\.\*/);
  assert.match(message.text, /\*Next:\* Read its log\./);
  assert.equal(message.thread_ts, report.ts);
  assert.equal(ours(slack).length, 1);
});

test('a message that reports nothing gets no answer', async (t) => {
  const { slack } = await rig(t);
  slack.say('tom', TRIAGE, 'good morning, shop.example.test looks nice today');
  const report = slack.say('tom', TRIAGE, 'wiki.example.test is down');
  await finished(slack, TRIAGE, report.ts);
  assert.equal(ours(slack).length, 1);
});

test('a command makes a message of the channel that all see', async (t) => {
  const { slack } = await rig(t);
  const result = await slack.command('maya', '#platform', '/ingress-check shop.example.test');
  const message = await finished(slack, '#platform');
  assert.equal(message.thread_ts, undefined);
  assert.deepEqual(slack.ephemerals('maya'), [], JSON.stringify(result));
});

test('help and an empty command are answered privately, a wrong since= too', async (t) => {
  const { slack } = await rig(t);
  for (const line of ['/ingress-check help', '/ingress-check', '/ingress-check shop.example.test since=tomorrow']) {
    await slack.command('maya', '#platform', line);
  }
  const said = slack.ephemerals('maya').map((one) => one.text);
  assert.equal(said.length, 3);
  assert.match(said[0] ?? '', /Is it the ingress\?/);
  assert.match(said[2] ?? '', /I do not understand `since=tomorrow`/);
  assert.equal(ours(slack, '#platform').length, 0);
});

test('the message shortcut answers in the thread of any message', async (t) => {
  const { slack } = await rig(t);
  const message = slack.say('ana', '#platform', 'customers say shop.example.test is odd');
  await slack.shortcut('maya', '#platform', message.ts);
  await finished(slack, '#platform', message.ts);
});

test('a mention is answered once, though it arrives as two events', async (t) => {
  const { slack } = await rig(t);
  const message = slack.say('tom', TRIAGE, '@ingress-triage shop.example.test is down');
  await finished(slack, TRIAGE, message.ts);
  await settled(slack);
  assert.equal(ours(slack).length, 1);
});

test('a mention under a report means that report', async (t) => {
  const { slack } = await rig(t);
  const report = slack.say('ana', '#platform', 'shop.example.test is down');
  slack.say('tom', '#platform', '@ingress-triage is it the ingress?', { thread_ts: report.ts });
  await finished(slack, '#platform', report.ts);
});

test('five people who ask about one host make one case; each gets one pointer to it', async (t) => {
  const { slack } = await rig(t);
  const people = ['maya', 'tom', 'priya', 'jonas', 'ana'];
  await Promise.all(people.map((who) => slack.command(who, '#platform', '/ingress-check shop.example.test')));
  const message = await finished(slack, '#platform');
  await slack.waitFor(() => slack.ephemerals().length === 4, { what: 'four pointers' });
  const link = slack.permalink('#platform', message.ts);
  for (const pointer of slack.ephemerals()) assert.ok(pointer.text.includes(link), pointer.text);
  assert.equal(ours(slack, '#platform').length, 1);
});

test('the same event delivered again does nothing', async (t) => {
  const { slack } = await rig(t);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  await finished(slack, TRIAGE, report.ts);
  const event = slack.deliveries().find((one) => one.kind === 'event' && one.what === 'message');
  slack.deliverAgain(event?.id ?? '');
  await until('the second delivery', () => slack.deliveries().filter((one) => one.id === event?.id).length >= 2);
  await settled(slack);
  assert.equal(ours(slack).length, 1);
});

test('edits, deletions, other bots, replies and our own echo open nothing; files count', async (t) => {
  const { slack } = await rig(t);
  slack.addBot('alertmanager');
  slack.say('alertmanager', TRIAGE, 'a.example.test is down');
  const hello = slack.say('tom', TRIAGE, 'hello');
  slack.say('tom', TRIAGE, 'b.example.test is down', { thread_ts: hello.ts });
  slack.editMessage(TRIAGE, hello.ts, 'c.example.test is down');
  slack.deleteMessage(TRIAGE, slack.say('tom', TRIAGE, 'nothing').ts);
  const report = slack.say('ana', TRIAGE, 'd.example.test is down', { files: [{ name: 'screen.png', content: 'x' }] });
  await finished(slack, TRIAGE, report.ts);
  await settled(slack);
  assert.equal(ours(slack).length, 1);
});

test('a bot that the configuration trusts is heard', async (t) => {
  const { slack, config, startBot } = await rig(t, { bot: false });
  const bot = slack.addBot('alertmanager');
  config.file.channels.alerts = [bot.botId ?? ''];
  await startBot();
  const alert = slack.say('alertmanager', TRIAGE, 'e.example.test is down');
  await finished(slack, TRIAGE, alert.ts);
});

test('a refusal is private, whatever the way of asking', async (t) => {
  const { slack } = await rig(t, { intake: { refuse: 'secret.example.test' } });
  await slack.command('maya', '#platform', '/ingress-check secret.example.test');
  slack.say('tom', '#platform', '@ingress-triage secret.example.test is down');
  slack.say('ana', TRIAGE, 'secret.example.test is down');
  await slack.waitFor(() => slack.ephemerals().length === 3, { what: 'three private refusals' });
  for (const one of slack.ephemerals()) assert.match(one.text, /allow/);
  assert.equal(ours(slack, '#platform').length + ours(slack).length, 0);
});

test('no text but the finished one begins like an answer', async (t) => {
  const { slack } = await rig(t);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const first = await slack.waitFor(() => ours(slack)[0]);
  assert.doesNotMatch(first.text, FINAL);
  await finished(slack, TRIAGE, report.ts);
});
