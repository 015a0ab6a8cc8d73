import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { whichHostText } from '../../bot/blocks/help.ts';
import { openCase, readReport } from '../../bot/intake.ts';
import { startBotProcess } from '../../bot/main.ts';
import { emptyInventory, type Inventory } from '../../proxy/inventory/inventory.ts';
import { ours, rig, settled, TRIAGE } from '../bot/rig.ts';
import { quiet, until } from '../workers/stand-ins.ts';

const inventory: Inventory = {
  ...emptyInventory(),
  aliases: { 'partner portal': 'b2b.one.test', 'customer portal': 'my.one.test', wiki: 'wiki.one.test' },
  routes: ['shop.eu.one.test', 'shop.us.one.test'].map((host) => ({ host, path: '/', via: [] })),
  allow: ['*.one.test'],
};
const written = { at: '2026-07-08T12:05:00Z', tz: 'UTC' };
const read = (text: string) => readReport(text, written, inventory);

test('a name that two hosts share is asked about, and opens no case', () => {
  const portal = read('the portal is down');
  assert.deepEqual([portal.report, portal.hosts, portal.ambiguous], [true, [], ['b2b.one.test', 'my.one.test']]);
  const options = { id: 'c-1', at: written.at, report: null, inventory, deadlineMs: 1000 };
  assert.deepEqual(openCase(portal, options), { missing: 'host' });
  assert.deepEqual(read('shop throws 502').ambiguous, ['shop.eu.one.test', 'shop.us.one.test']);
});

test('another word tells them apart, and whatever else is named is meant', () => {
  assert.deepEqual(read('the portal is down for every partner').hosts, ['b2b.one.test']);
  assert.deepEqual(read('US: the shop throws 502').hosts, ['shop.us.one.test']);
  for (const text of ['customer portal down', 'wiki is down, the portal too', 'the ingress is down', 'all is down'])
    assert.equal(read(text).ambiguous, undefined, text);
});

test('what all hosts share, or too many, is no name', () => {
  const many = { ...emptyInventory(), allow: ['*.one.test'] };
  many.routes = Array.from({ length: 9 }, (_, i) => ({ host: `shop-${i}.one.test`, path: '/', via: [] }));
  assert.equal(readReport('shop is down', written, many).ambiguous, undefined);
  assert.equal(readReport('one test is down', written, inventory).ambiguous, undefined);
});

test('the question back names the hosts and nobody', () => {
  const text = whichHostText(inventory, ['a.one.test', 'b.one.test']);
  assert.match(text, /`a\.one\.test` or `b\.one\.test`\?/);
  assert.doesNotMatch(whichHostText(inventory, ['<!here>', 'b.one.test']), /<!here>/);
});

test('under a report that fits two hosts there is one question that names both', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'iti-which-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'inventory.yaml');
  const aliases = '{ partner portal: b2b.one.test, customer portal: my.one.test }';
  await writeFile(file, `version: 1\naliases: ${aliases}\nallow: ['*.one.test']\n`);
  const { slack, config } = await rig(t, { bot: false, workers: false });
  const bot = await startBotProcess({ ...config, inventory: file }, new AbortController().signal, { log: quiet });
  try {
    const report = slack.say('tom', TRIAGE, 'the portal is down, everybody gets 502');
    await until('an answer', () => ours(slack).length > 0);
    await settled(slack);
    assert.equal(ours(slack).length, 1);
    const [asked] = ours(slack);
    assert.match(asked?.text ?? '', /`b2b\.one\.test` or `my\.one\.test`/);
    assert.equal(asked?.thread_ts, report.ts);
  } finally {
    await bot.stop();
  }
});
