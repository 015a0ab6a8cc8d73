import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Judged } from '../../diagnostics/judge.ts';
import { plainJudge, until } from '../workers/stand-ins.ts';
import { FINAL, finished, ours, rig, settled, TRIAGE } from './rig.ts';

const BOT = '@ingress-triage';

/** A finished case in the thread of tom's report; `judge` says what each run finds. */
async function finishedCase(t: TestContext, judge: (input: Judged, run: number) => ReturnType<typeof plainJudge>) {
  let runs = 0;
  const system = await rig(t, { workers: { judge: (input) => judge(input, ++runs) } });
  const report = system.slack.say('tom', TRIAGE, 'shop.example.test is down');
  const message = await finished(system.slack, TRIAGE, report.ts);
  const reply = (who: string, text: string) => system.slack.say(who, TRIAGE, text, { thread_ts: report.ts });
  const notes = () => ours(system.slack).filter((one) => one.ts !== message.ts);
  return { ...system, report, message, reply, notes };
}

const recovered = (input: Judged, run: number) =>
  run === 1
    ? { ...plainJudge(input), onset: { at: new Date(Date.now() - 18 * 60_000).toISOString(), from: 'metrics' } }
    : { ...plainJudge(input), hop: 'none' as const, headline: 'Nothing wrong with shop.example.test that I can see.' };

test('"works now" is checked, and answered with how long it failed', async (t) => {
  const { slack, reply, notes, message } = await finishedCase(t, recovered);
  reply('tom', 'works now, thanks!');
  const note = await slack.waitFor(() => notes()[0]);
  assert.match(note.text, /^\*Recovered: all my looks are fine at \d\d:\d\d UTC\.\* It failed for at most 18 min/);
  const changed = slack.messages(TRIAGE, { thread: message.thread_ts ?? '' }).find((one) => one.ts === message.ts);
  assert.match(changed?.text ?? '', /^\*Nothing wrong/, 'it did not change its mind');
  await settled(slack);
  assert.equal(notes().length, 1);
});

test('"still broken" is another run in the same message, and said so', async (t) => {
  const { slack, reply, notes, message } = await finishedCase(t, plainJudge);
  reply('ana', 'still broken for us');
  const note = await slack.waitFor(() => notes()[0]);
  assert.match(note.text, /^Looked again at \d\d:\d\d UTC: the answer above stands\.$/);
  const again = ours(slack).find((one) => one.ts === message.ts);
  assert.match(again?.text ?? '', FINAL);
  assert.match(JSON.stringify(again?.blocks), /looked again/);
});

test('questions are answered once each from what is stored; talk is not answered, and no case is opened', async (t) => {
  const { slack, reply, notes } = await finishedCase(t, (input) => ({
    ...plainJudge(input),
    blind: [{ check: 'x', reason: 'denied' as const, detail: 'no access log', hop: 'proxy' as const }],
  }));
  for (const text of ['thanks', 'looking into it', 'I asked the wiki.example.test team', 'lunch?']) reply('ana', text);
  reply('tom', 'what did you not see?');
  await slack.waitFor(() => notes()[0]);
  reply('tom', 'what should I do?');
  await slack.waitFor(() => notes()[1]);
  reply('ana', 'what about wiki.example.test?');
  await slack.waitFor(() => notes()[2]);
  reply('ana', 'who changed what?');
  await slack.waitFor(() => notes()[3]);
  await settled(slack);
  const texts = notes().map((one) => one.text);
  assert.equal(texts.length, 4, texts.join('\n'));
  assert.match(texts[0] ?? '', /no access log/);
  assert.match(texts[1] ?? '', /^\*Next:\* Read its log/);
  assert.match(texts[2] ?? '', /wiki\.example\.test/);
  assert.match(texts[3] ?? '', /change/);
  for (const text of texts) assert.doesNotMatch(text, FINAL);
});

test('a mention under a case is a question about it; one that names another host is a question of its own', async (t) => {
  const { slack, reply, notes } = await finishedCase(t, plainJudge);
  reply('ana', `${BOT} why?`);
  await slack.waitFor(() => notes()[0]);
  reply('ana', `${BOT} what about wiki.example.test?`);
  const other = await slack.waitFor(() => notes().find((one) => FINAL.test(one.text)));
  assert.match(other.text, /wiki\.example\.test/);
  await settled(slack);
  assert.equal(notes().length, 2);
});

test('under a pointer the same is answered about the case that it points to', async (t) => {
  const { slack, notes } = await finishedCase(t, plainJudge);
  const second = slack.say('ana', TRIAGE, 'shop.example.test is down');
  await slack.waitFor(() => notes().find((one) => one.thread_ts === second.ts));
  slack.say('ana', TRIAGE, 'what should I do?', { thread_ts: second.ts });
  const answer = await slack.waitFor(() => notes().find((one) => /^\*Next:\*/.test(one.text)));
  assert.equal(answer.thread_ts, second.ts);
});

test('the same reply delivered again is answered once', async (t) => {
  const { slack, reply, notes } = await finishedCase(t, plainJudge);
  reply('tom', 'why?');
  await slack.waitFor(() => notes()[0]);
  const event = slack
    .deliveries()
    .findLast((one) => one.kind === 'event' && one.what === 'message' && one.attempt <= 1);
  slack.deliverAgain(event?.id ?? '');
  await settled(slack);
  assert.equal(notes().length, 1);
});

test('"what changed?" as a command is answered privately', async (t) => {
  const { slack } = await rig(t);
  await slack.command('maya', '#platform', '/ingress-check changes since=4h');
  await slack.command('maya', '#platform', '/ingress-check changes shop.example.test since=nonsense');
  const said = slack.ephemerals('maya').map((one) => one.text);
  assert.match(said[0] ?? '', /I know of no change since .*\n\*Not seen:\* no change feed/);
  assert.match(said[1] ?? '', /I do not understand/);
});

test('a mention deep in a long thread answers there, about its root', async (t) => {
  const { slack } = await rig(t);
  const root = slack.say('ana', '#platform', 'shop.example.test is down');
  for (let i = 0; i < 1000; i++) slack.say('tom', '#platform', `reply ${i}`, { thread_ts: root.ts });
  const asked = slack.say('maya', '#platform', `${BOT} is it the ingress?`, { thread_ts: root.ts });
  const message = await finished(slack, '#platform', root.ts);
  assert.ok(message.ts > asked.ts);
  assert.match(message.text, /shop\.example\.test/);
});

test('a mention under the alert of another bot means that alert', async (t) => {
  const { slack } = await rig(t);
  slack.addBot('alertmanager');
  const root = slack.say('alertmanager', '#platform', '[FIRING:1] HighErrorRate shop.example.test 502');
  slack.say('maya', '#platform', `${BOT} is it the ingress?`, { thread_ts: root.ts });
  const message = await finished(slack, '#platform', root.ts);
  assert.match(message.text, /shop\.example\.test/);
});

test('the shortcut on a reply answers in its thread; its root may be gone by then', async (t) => {
  const { slack, startWorkers } = await rig(t, { workers: false });
  const root = slack.say('ana', '#platform', 'help');
  const reply = slack.say('tom', '#platform', 'wiki.example.test is down', { thread_ts: root.ts });
  slack.fail('chat.postMessage', '429', 1, { retryAfter: 1 });
  await slack.shortcut('maya', '#platform', reply.ts);
  slack.deleteMessage('#platform', root.ts);
  startWorkers();
  const message = await finished(slack, '#platform');
  assert.match(message.text, /wiki\.example\.test/);
  assert.equal(ours(slack, '#platform').length, 1);
});

test('the shortcut in a channel that the bot is not in: the person is told, whoever else is there', async (t) => {
  const { slack } = await rig(t);
  const root = slack.say('ana', '#random', 'shop.example.test is down');
  await slack.shortcut('maya', '#random', root.ts);
  const told = await slack.waitFor(() => slack.ephemerals('maya').find((one) => FINAL.test(one.text)));
  assert.match(told.text, /\/invite/);
  assert.equal(ours(slack, '#random').length, 0);
});

test('a mention whose root was deleted asks which host, and one that names it is answered', async (t) => {
  const { slack } = await rig(t);
  const root = slack.say('ana', '#platform', 'shop.example.test is down');
  slack.say('tom', '#platform', 'same here', { thread_ts: root.ts });
  slack.deleteMessage('#platform', root.ts);
  await until('a deletion', () => slack.messages('#platform').every((one) => one.text !== 'shop.example.test is down'));
  const alone = slack.say('maya', '#platform', `${BOT} wiki.example.test is down`);
  await finished(slack, '#platform', alone.ts);
});
