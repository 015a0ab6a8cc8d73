import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { HomeFacts } from '../../../bot/home/facts.ts';
import { homeView } from '../../../bot/home/view.ts';
import { checkBlocks } from '../../../bot/local-slack/block-limits.ts';
import { readConfigFile } from '../../../workers/config.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../workers/redis.ts';
import { readScore } from '../../../workers/score.ts';
import { until } from '../../workers/stand-ins.ts';
import { finished, type Rig, rig, TRIAGE } from '../rig.ts';
import { aRecord } from '../rollouts/stand-ins.ts';
import { hopsOf, INVENTORY, judgeOf, looksOf, months, record } from './seed.ts';

const facts = (over: Partial<HomeFacts> = {}): HomeFacts => ({
  ...{ proxies: [], open: [], done: [], rollouts: [], changes: { happened: [], blind: [] } },
  ...{ score: readScore({}, [], Date.now()), hosts: 0, triage: 0, now: Date.parse('2026-11-21T12:00:00Z') },
  ...over,
});
const textOf = (one: HomeFacts) => JSON.stringify(homeView(one).blocks);

async function home(t: TestContext): Promise<Rig & { client: RedisClient; now: number }> {
  const now = Date.now();
  const { file } = readConfigFile(null);
  const channels = { ...file.channels, triage: [TRIAGE] };
  const system = await rig(t, {
    slack: { grantOptional: true },
    config: { inventory: INVENTORY, file: { ...file, channels } },
    intake: { looks: 4, hops: () => hops },
    workers: { look: looksOf(now), judge: judgeOf(now) },
  });
  const hops = await hopsOf();
  const client = connectRedis(system.redis.url, 'producer');
  client.on('error', () => {});
  t.after(() => closeRedis(client));
  await until('a connection', () => client.status === 'ready');
  return { ...system, client, now };
}

test('Home shows proxies with counts, cases with links, changes, and the score with its picture', async (t) => {
  const { slack, client, now } = await home(t);
  await Promise.all([record(client, now), months(client, now)]);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  await finished(slack, TRIAGE, report.ts);
  slack.openHome('maya');
  const shown = await slack.waitFor(() => {
    const view = slack.home('maya');
    return view?.blocks.some(({ type }) => type === 'image') ? view : null;
  });
  const text = JSON.stringify(shown.blocks);
  assert.match(text, /edge-1 \*\d+ of [\d,]+ failed\*, 4\.0\/s/);
  assert.match(text, /edge-2 0 of [\d,]+ failed/);
  assert.match(text, /wiki-1 not asked: neither `metrics` nor `admin` in the inventory/);
  assert.match(text, /configuration reloaded/);
  assert.match(text, /It is the ingress: edge-1 answers 502[^"]*\|thread>/);
  assert.match(text, /Blamed by name 45 times, guilty 3 times/);
  assert.doesNotMatch(text, /Three steps/);
  assert.equal(slack.apiCalls('views.publish').length, 2, 'in words at once, then with the picture');
  slack.openHome('ana');
  await slack.waitFor(() => slack.home('ana')?.blocks.some(({ type }) => type === 'image'));
  assert.equal(slack.apiCalls('files.getUploadURLExternal').length, 1, 'a picture is uploaded once');
});

test('a picture that Slack will not show any more is left out, and drawn anew the next time', async (t) => {
  const { slack, client, now } = await home(t);
  await months(client, now);
  const hasPicture = (who: string) => slack.home(who)?.blocks.some(({ type }) => type === 'image') ?? false;
  slack.openHome('maya');
  await slack.waitFor(() => hasPicture('maya'));
  const [key = ''] = await client.keys('{iti}:picture:*');
  await client.set(key, 'deleted');
  slack.openHome('ana');
  await slack.waitFor(() => slack.home('ana'));
  assert.equal(hasPicture('ana'), false);
  await until('it is forgotten', async () => (await client.get(key)) === null);
  slack.openHome('tom');
  await slack.waitFor(() => hasPicture('tom'));
});

test('without the scope for files Home and the evidence are words, and nobody is bothered', async (t) => {
  const { slack, client, now } = await home(t);
  await months(client, now);
  slack.setScopes(['app_mentions:read', 'channels:history', 'channels:read', 'chat:write', 'commands', 'users:read']);
  slack.openHome('maya');
  const view = await slack.waitFor(() => slack.home('maya'));
  assert.match(JSON.stringify(view.blocks), /Blamed by name 45 times/);
  await slack.waitFor(() => slack.apiCalls('files.getUploadURLExternal').length === 1);
  assert.equal(
    slack.home('maya')?.blocks.some(({ type }) => type === 'image'),
    false,
  );
});

test('Home is there while Redis does not answer, and says what it could not read', async (t) => {
  const { slack, client } = await home(t);
  await client.call('CLIENT', 'PAUSE', '60000', 'ALL');
  t.after(() => client.disconnect());
  slack.openHome('maya');
  const view = await slack.waitFor(() => slack.home('maya'), { what: 'Home', timeoutMs: 10_000 });
  assert.match(JSON.stringify(view.blocks), /Could not be read just now/);
});

test('a fresh install is told what to do next, and only what is left', () => {
  const empty = textOf(facts());
  assert.match(empty, /Three steps and I can answer/);
  assert.match(empty, /1\. \*Name your proxies/);
  assert.match(empty, /2\. \*Invite me/);
  const half = textOf(facts({ proxies: [{ name: 'edge', kind: 'nginx', instances: [] }], hosts: 3 }));
  assert.match(half, /1\. _Done:_ 1 proxy and 3 hosts/);
  assert.match(half, /2\. \*Invite me/);
  const score = readScore({ ingress: '1' }, [], Date.now());
  assert.doesNotMatch(textOf(facts({ score })), /Three steps/);
});

test('what cannot be read is neither good nor bad', () => {
  const blind = textOf(facts({ proxies: null, open: null, done: null, rollouts: null, changes: null, score: null }));
  assert.equal(blind.match(/Could not be read just now/g)?.length, 6);
  assert.doesNotMatch(blind, /None\.|No case yet|Three steps/);
});

test('hostile names neither ping, nor link, nor break the page', () => {
  const name = '<!channel> *x* <https://evil.test|click> @here &amp; `'.repeat(40);
  const long = facts({
    proxies: Array.from({ length: 60 }, () => ({
      ...{ name, kind: name },
      instances: Array.from({ length: 60 }, () => ({ name, is: 'not-asked' as const, why: name })),
    })),
    rollouts: Array.from({ length: 8 }, () => ({
      record: aRecord({ rollout: { ...aRecord().rollout, title: name, hosts: [name, name] } }),
      link: undefined,
    })),
    changes: {
      happened: Array.from({ length: 500 }, (_, i) => ({
        at: '2026-11-21T11:00:00Z',
        object: `${i}${name}`,
        kind: name,
        summary: name,
        by: name,
      })),
      blind: [name, name],
    },
  });
  const { blocks } = homeView(long);
  assert.equal(checkBlocks(blocks, 'home'), null);
  const text = JSON.stringify(blocks);
  assert.doesNotMatch(text, /<!channel>|<https:\/\/evil|@here/);
});
