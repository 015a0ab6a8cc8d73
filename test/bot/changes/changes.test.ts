import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gatherChanges } from '../../../bot/changes/gather.ts';
import { inventoryChanges, inventoryLog, outlineOf } from '../../../bot/changes/inventory-log.ts';
import { eventsOf } from '../../../bot/changes/recorded.ts';
import { decidedSince } from '../../../bot/changes/rollouts.ts';
import { knownText } from '../../../bot/changes/text.ts';
import { withoutTokens } from '../../../bot/rollouts/blocks/times.ts';
import { type Inventory, loadInventory } from '../../../proxy/inventory/inventory.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../../workers/embedded-redis.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../../workers/redis.ts';
import { aSample, at } from '../../proxy/history/samples.ts';
import { until } from '../../workers/stand-ins.ts';
import { INVENTORY } from '../home/seed.ts';
import { rig } from '../rig.ts';
import { running } from '../rollouts/stand-ins.ts';

let server: EmbeddedRedis;
let redis: RedisClient;
let inventory: Inventory;

before(async () => {
  server = await startEmbeddedRedis();
  redis = connectRedis(server.url, 'producer');
  redis.on('error', () => {});
  inventory = await loadInventory(INVENTORY);
  await until('redis', () => isUp(redis));
});

after(async () => {
  closeRedis(redis);
  await server.stop();
});

const reloads = (ok: number, failed: number, hash: string | null = null) => ({
  ...{ ok, failed, lastOk: failed === 0, lastAt: null, hash },
});
const process = (startedAt: string) => ({ ...aSample(0).process, startedAt });
const without = (name: string): Inventory => {
  const { [name]: _, ...hops } = inventory.hops;
  return { ...inventory, hops };
};

test('reloads, refusals, restarts and versions show between samples; breaks are nothing', () => {
  const samples = [
    aSample(0, { reloads: reloads(1, 0), process: process(at(-60)) }),
    aSample(15, { reloads: reloads(3, 0), process: process(at(-60)) }),
    aSample(30, { reloads: reloads(3, 1), process: process(at(-60)) }),
    aSample(45, { reloads: reloads(0, 0), process: process(at(40)), software: 'traefik 3.8.0' }),
    aSample(60, { reloads: reloads(9, 0), process: process(at(55)) }),
  ];
  const said = eventsOf('edge-1', 'traefik', samples, [at(60)]).map(({ kind, summary }) => `${kind}: ${summary}`);
  assert.deepEqual(said, [
    'reload: configuration reloaded 2 times',
    'reload: a reload was refused; the old configuration serves on',
    'restart: started anew',
    'version: traefik 3.7.9 → traefik 3.8.0',
  ]);
  assert.deepEqual(eventsOf('edge-1', 'traefik', samples.slice(0, 1)), []);
});

test('an inventory that changes is told once, whoever sees it; an older process does not take it back', async () => {
  const [one, other] = [inventoryLog(redis), inventoryLog(redis)];
  const now = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(await one.note(inventory, now), true);
  assert.equal(await other.note(inventory, now), false);
  assert.deepEqual(await one.since('2026-11-21T00:00:00Z'), [], 'the first one is no change');
  const changed = without('wiki-proxy');
  const both = await Promise.all([one.note(changed, now + 1_000), inventoryLog(redis).note(changed, now + 1_000)]);
  assert.deepEqual(both.sort(), [false, true]);
  assert.equal(await other.note(inventory, now + 2_000), false, 'it has nothing new to say');
  const told = await one.since('2026-11-21T00:00:00Z');
  assert.deepEqual(
    told.map(({ object, summary }) => `${object}: ${summary}`),
    ['wiki-proxy: gone from the inventory'],
  );
});

test('what a cluster adds is no change of the inventory', () => {
  const hops = {
    ...inventory.hops,
    pod: { ...inventory.hops.edge, name: 'pod', discovered: true },
  } as Inventory['hops'];
  assert.deepEqual(inventoryChanges(outlineOf(inventory), outlineOf({ ...inventory, hops }), at(0)), []);
});

test('changes are grouped by object, the newest first, with UTC where no dates are drawn', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  const one = (minutes: number, object: string, summary: string) => ({
    ...{ at: new Date(now - minutes * 60_000).toISOString(), object, kind: 'reload', summary },
  });
  const happened = [one(50, 'edge-1', 'a'), one(40, 'edge-2', 'b'), one(5, 'edge-1', 'c.')];
  const from = new Date(now - 3_600_000).toISOString();
  const text = knownText({ happened, blind: ['no change feed'] }, { host: null, from, now });
  assert.match(text, /<!date\^\d+\^\{time\}\|11:00 UTC>/);
  assert.equal(
    withoutTokens(text),
    [
      '*3 changes since 11:00 UTC, newest first:*',
      ...['*edge-1*', '• 11:55 UTC reload: c', '• 11:10 UTC reload: a'],
      ...['*edge-2*', '• 11:20 UTC reload: b', '*Not seen:* no change feed.'],
    ].join('\n'),
  );
  const none = { host: 'shop.example.test', from, now };
  assert.match(
    knownText({ happened: [], blind: [] }, none),
    /^\*Nothing changed on the path of shop\.example\.test since/,
  );
  assert.match(knownText({ happened: [], blind: ['x'] }, none), /^\*I know of no change.*\n\*Not seen:\* x/);
});

test('a thousand hostile changes make one answer that pings nobody', () => {
  const name = '<!channel> <@U1> `*_ \n'.repeat(30);
  const happened = Array.from({ length: 1_000 }, (_, i) => ({
    at: at(i),
    object: `${i}${name}`,
    kind: name,
    summary: name,
    by: name,
  }));
  const text = knownText(
    { happened, blind: Array.from({ length: 50 }, () => name) },
    { host: name, from: at(0), now: Date.parse(at(2_000)) },
  );
  assert.ok(text.length < 6_000, String(text.length));
  assert.doesNotMatch(text, /<!channel>|<@U1>/);
  assert.match(text, /and changes of \d+ more/);
});

test('decisions about rollouts of other hosts are left out', () => {
  const record = running(1);
  const said = decidedSince([record], '2026-11-24T00:00:00.000Z', 'shop.example.test', { UMAYA: 'Maya' });
  assert.deepEqual(
    said.map(({ summary, by }) => `${summary} ${by}`),
    ['began at 10 % Maya', 'went on at 50 % Maya'],
  );
  assert.deepEqual(decidedSince([record], '2026-11-24T00:00:00.000Z', 'wiki.example.test', {}), []);
  assert.equal(decidedSince([record], '2026-11-24T10:10:00.000Z', null, {}).length, 1);
});

test('a source that hangs or fails is named, and the others are told', async () => {
  const never = new Promise<never>(() => {});
  const found = await gatherChanges(at(0), null, inventory, {
    changesSince: () => Promise.reject(new Error('away')),
    rolloutParts: { desk: { store: { recent: () => never } } } as never,
    intake: {} as never,
    now: () => Date.parse(at(60)),
    changeSources: {
      ...{ recorder: null, keepMs: 0 },
      inventoryLog: { since: async () => [{ at: at(30), object: 'edge', kind: 'inventory', summary: 'x' }] },
    },
  });
  assert.equal(found.happened.length, 1);
  assert.deepEqual(found.blind, [
    'edits and deploys: could not be read just now',
    'reloads and restarts: the recorder is off (`recorder: false` in CONFIG)',
    'rollouts: could not be read just now',
  ]);
});

test('`/ingress-check changes` is answered to the one who asked, with what it cannot see', async (t) => {
  const { slack } = await rig(t, { workers: false, config: { inventory: INVENTORY } });
  const answer = await slack.command('maya', '#platform', '/ingress-check changes since=2h');
  const text = JSON.stringify(answer);
  assert.match(text, /I know of no change since/);
  assert.match(text, /Not seen:\* no change feed is configured/);
  assert.match(text, /edge-1, edge-2: nothing was recorded/);
  assert.equal(slack.messages('#platform').filter((one) => one.bot_id === slack.botId).length, 0);
});
