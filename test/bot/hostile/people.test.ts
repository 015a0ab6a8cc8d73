import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peopleFinder } from '../../../bot/people.ts';
import { rig, settled, TRIAGE } from '../rig.ts';

test('more new people in a minute than Slack may be asked for: its limit holds, and nobody is lost', async (t) => {
  const { slack } = await rig(t, { slack: { limits: 'real' } });
  const users = Array.from({ length: 130 }, (_, i) => slack.addUser({ name: `new-${i}` }).id);
  for (const user of users) slack.say(user, TRIAGE, 'good morning everybody');
  await settled(slack);
  const asked = slack.apiCalls('users.info');
  assert.ok(asked.length >= 10 && asked.length <= 100, `${asked.length} calls`);
  const seen = new Set(asked.map((call) => call.args?.user));
  assert.equal(seen.size, asked.length, 'each at most once');
});

test('whoever Slack does not tell is not asked for again with every word', async () => {
  let calls = 0;
  let now = 0;
  const answers: (() => Promise<unknown>)[] = [
    async () => Promise.reject(new Error('missing_scope')),
    async () => ({ ok: true, user: { tz: 17, real_name: { no: 'text' } } }),
    async () => ({ ok: true, user: { tz: 'Europe/Vienna', real_name: '@\u202EMaya\n<!here>' } }),
  ];
  const info = () => answers[calls++]?.() ?? Promise.reject(new Error('too often'));
  const people = peopleFinder({ users: { info } } as never, { take: async () => 0 }, () => now);
  for (let i = 0; i < 5; i++) assert.equal(await people.zoneOf('U1'), null);
  assert.equal(calls, 1);
  now += 61_000;
  assert.deepEqual([await people.zoneOf('U1'), await people.nameOf('U1')], [null, null]);
  now += 13 * 60 * 60 * 1000;
  assert.deepEqual([await people.zoneOf('U1'), await people.nameOf('U1')], ['Europe/Vienna', 'Maya <!here>']);
  assert.equal(calls, 3);
  const paced = peopleFinder({ users: { info } } as never, { take: async () => 500 }, () => now);
  assert.equal(await paced.zoneOf('U2'), null);
  const away = peopleFinder(
    { users: { info } } as never,
    { take: () => Promise.reject(new Error('redis')) },
    () => now,
  );
  assert.equal(await away.nameOf('U2'), null);
  assert.equal(calls, 3);
});
