import assert from 'node:assert/strict';
import { test } from 'node:test';
import { submittedIn } from '../../../bot/rollouts/form/fields.ts';
import { readDetails, readSides } from '../../../bot/rollouts/form/read.ts';
import { detailsView } from '../../../bot/rollouts/form/views.ts';
import { readConfigFile } from '../../../workers/config.ts';
import { peopleSchema } from '../../../workers/people-rules.ts';
import { closeRedis, connectRedis } from '../../../workers/redis.ts';
import { until } from '../../workers/stand-ins.ts';
import { DETAILS, fillForm, ROLLOUTS, rolloutRig, said, submit } from '../rollouts/rollout-rig.ts';
import { aRollout } from '../rollouts/stand-ins.ts';

const ODD: unknown[] = [
  null,
  17,
  'text',
  [],
  {},
  { value: null },
  { value: 17 },
  { value: { value: 'x' } },
  { value: { value: 17 } },
  { value: { value: ['x'] } },
  { value: { value: 'x'.repeat(100_000) } },
  { value: { value: '\u202E\u0000<!channel> @here &amp;'.repeat(3000) } },
  { value: { selected_option: 'x', selected_date: 20261124, selected_time: [], selected_conversations: 'C0000001' } },
  { value: { selected_option: { value: {} }, selected_conversations: [1, null, '<!channel>', 'C1'.repeat(9000)] } },
  { value: { selected_date: '2026-13-45', selected_time: '99:99' } },
];

test('whatever a submitted form holds, it is read or refused at its fields', () => {
  const now = Date.UTC(2026, 10, 23);
  const fields = Object.keys({ title: 0, old: 0, fresh: 0, why: 0, notice: 0, old_clients: 0, undo: 0, hosts: 0 });
  const more = ['channels', 'stages', 'from_date', 'from_time', 'to_date', 'to_time', '__proto__', 'constructor'];
  for (const odd of ODD) {
    for (const values of [odd, Object.fromEntries([...fields, ...more].map((name) => [name, odd]))]) {
      const read = submittedIn(values);
      assert.ok('errors' in readSides(read, []));
      assert.ok('errors' in readDetails(read, null, now), JSON.stringify(odd)?.slice(0, 100));
    }
  }
});

test('hosts that do not fit into the field are not cut into others: all of them are meant, and it says so', () => {
  const hosts = Array.from({ length: 250 }, (_, i) => `application-number-${i}.example.test`);
  const known = { hosts, channels: [], always: [], zone: null, oldClients: '' };
  const draft = { user: 'U1', noticed: null, title: 'x', old: null, fresh: null, details: null, channel: null };
  const view = detailsView(draft, known);
  const field = view.blocks.find((one) => 'block_id' in one && one.block_id === 'hosts') as unknown as {
    element: { initial_value?: string };
    hint?: { text: string };
  };
  const shown = (field.element.initial_value ?? '').split('\n').filter((one) => one !== '');
  assert.ok(shown.length === 0 || shown.length === hosts.length, `${shown.length} of ${hosts.length}: ${shown.at(-1)}`);
  assert.match(field.hint?.text ?? '', /Left empty: all 250/);
});

test('a trigger that is too old is said, not swallowed', async (t) => {
  const { slack, desk } = await rolloutRig(t);
  await fillForm(slack, 'maya');
  await submit(slack, 'maya');
  const root = await slack.waitFor(() => said(slack)[0]);
  await slack.click('maya', ROLLOUTS, root.ts, 'rollout_begin');
  const stage = await slack.waitFor(() => said(slack, ROLLOUTS, root.ts).find((one) => /Stage 10 %/.test(one.text)));
  slack.fail('views.open', 'error:expired_trigger_id');
  const clicked = await slack.click('maya', ROLLOUTS, stage.ts, 'rollout_next');
  assert.equal(clicked.ok, true);
  await slack.waitFor(() => slack.ephemerals('maya').some(({ text }) => /took too long/.test(text)), {
    what: 'a word',
  });
  assert.equal((await desk.store.planned()).length, 0);
});

test('a rule about a channel and hosts holds in the form that was opened there', async (t) => {
  const { file } = readConfigFile(null);
  const made = await rolloutRig(t, { bot: false });
  const { slack, config, desk } = made;
  const rule = { deny: [slack.user('maya').id], in: ['#platform'], hosts: ['billing.*'] };
  const people = peopleSchema.parse({ rollouts: [rule] });
  Object.assign(config, { file: { ...file, channels: { ...file.channels, rollouts: [ROLLOUTS] }, people } });
  await made.startBot();
  const filled = await fillForm(slack, 'maya', { hosts: 'BILLING.example.test.' });
  assert.equal(filled.ok, true, JSON.stringify(filled.response));
  await submit(slack, 'maya');
  assert.match(JSON.stringify(slack.view('maya')?.blocks), /Only some people may announce a rollout for billing/);
  assert.equal((await desk.store.recent(10)).length, 0);
});

test('a form about something that is over by then announces nothing; sent twice it is announced once', async (t) => {
  const { slack, desk } = await rolloutRig(t);
  const noticed = { by: null, noticed: 'The image of traefik changed to 3.7 at 10:02 UTC', channels: [] };
  await desk.create(aRollout({ ...noticed, id: 'r-20261124-0000bbbb' }), ['one']);
  const message = await slack.waitFor(() => said(slack)[0]);
  const fill = async (user: string) => {
    await slack.click(user, ROLLOUTS, message.ts, 'rollout_announce');
    await slack.waitFor(() => slack.view(user)?.blocks.some((block) => block.block_id === 'fresh'));
    await submit(slack, user, {});
    await submit(slack, user, { why: DETAILS.why ?? '', undo: DETAILS.undo ?? '' });
  };
  await fill('maya');
  await fill('tom');
  await submit(slack, 'maya');
  await slack.waitFor(() => said(slack).some((one) => /announced by Maya/.test(JSON.stringify(one.blocks))));
  // Somebody else announced it meanwhile.
  await submit(slack, 'tom');
  assert.match(JSON.stringify(slack.view('tom')?.blocks), /decided already.*by Maya/);
  assert.equal((await desk.store.load('r-20261124-0000bbbb'))?.rollout.by, slack.user('maya').id);

  await desk.create(aRollout({ ...noticed, id: 'r-20261124-0000cccc' }), ['two']);
  const second = await slack.waitFor(() => said(slack).find((one) => one.ts !== message.ts));
  await slack.click('maya', ROLLOUTS, second.ts, 'rollout_announce');
  await slack.waitFor(() => slack.view('maya')?.blocks.some((block) => block.block_id === 'fresh'));
  await submit(slack, 'maya', {});
  await submit(slack, 'maya', { why: DETAILS.why ?? '', undo: DETAILS.undo ?? '' });
  await slack.click('tom', ROLLOUTS, second.ts, 'rollout_nothing');
  await slack.waitFor(() => said(slack).some((one) => /It is nothing/.test(one.text)));
  await submit(slack, 'maya');
  assert.match(JSON.stringify(slack.view('maya')?.blocks), /called off|cancelled/);
  assert.equal((await desk.store.load('r-20261124-0000cccc'))?.rollout.by, null);
});

test('what somebody else wrote over our keys stops no message and no process', async (t) => {
  const { slack, desk, redis: server } = await rolloutRig(t);
  const redis = connectRedis(server.url, 'producer');
  redis.on('error', () => {});
  await until('a connection', () => redis.status === 'ready');
  t.after(() => closeRedis(redis));
  const maya = slack.user('maya').id;
  await redis.lpush(`{iti}:name:${maya}`, 'not', 'a', 'name');
  const spoilt = [
    (key: string) => redis.set(key, '{"half'),
    (key: string) => redis.del(key).then(() => redis.sadd(key, 'x')),
  ];
  for (const spoil of spoilt) {
    await slack.command('maya', '#platform', '/ingress-rollout');
    await slack.waitFor(() => slack.view('maya')?.blocks.some((block) => block.block_id === 'fresh'));
    await spoil(`{iti}:rollout-draft:${(slack.view('maya') as unknown as { id: string }).id}`);
    const { ok } = await submit(slack, 'maya', { title: 'x' });
    assert.equal(ok, true);
    assert.match(JSON.stringify(slack.view('maya')?.blocks), /This form is too old/);
    slack.closeView('maya');
  }
  await desk.create(aRollout({ by: maya, channels: [] }), ['test']);
  await slack.waitFor(() => said(slack)[0], { what: 'the announcement, though nobody knows her name' });
});

test('the button of a rollout that is gone says so, and a name cannot speak', async (t) => {
  const { slack, desk, redis: server } = await rolloutRig(t);
  await desk.create(aRollout({ channels: [] }), ['test']);
  const root = await slack.waitFor(() => said(slack)[0]);
  const redis = connectRedis(server.url, 'producer');
  redis.on('error', () => {});
  await until('a connection', () => redis.status === 'ready');
  t.after(() => closeRedis(redis));
  await redis.del('{iti}:rollout:r-20261124-0000aaaa');
  await slack.click('maya', ROLLOUTS, root.ts, 'rollout_begin');
  await slack.waitFor(() => slack.ephemerals('maya').some(({ text }) => /do not have this rollout/.test(text)));
  const noticed = { by: null, noticed: 'The image changed', channels: [], id: 'r-20261124-0000dddd' };
  await desk.create(aRollout(noticed), ['two']);
  const second = await slack.waitFor(() => said(slack).find((one) => /nobody announced/.test(one.text)));
  const by = slack.user('maya').id;
  await redis.set(`{iti}:name:${by}`, '<!channel> <@U0000001>');
  await desk.store.update('r-20261124-0000dddd', async (was) => ({
    to: { ...was, rollout: { ...was.rollout, by } },
    tell: false,
  }));
  await slack.click('tom', ROLLOUTS, second.ts, 'rollout_announce');
  const [word] = await slack.waitFor(() => {
    const found = slack.ephemerals('tom').filter(({ text }) => /decided already/.test(text));
    return found.length > 0 ? found : null;
  });
  assert.doesNotMatch(word?.text ?? '', /<[!@]/);
});
