import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { featuresOf } from '../../bot/intake/features.ts';
import { placesIn } from '../../bot/intake/hosts.ts';
import { digestOf, teachingRows } from '../../bot/intake/learn.ts';
import { withMarks } from '../../bot/intake/marks.ts';
import { plainText } from '../../bot/intake/plain-text.ts';
import { sinceIn } from '../../bot/intake/since.ts';
import { tokensOf } from '../../bot/intake/tokens.ts';
import { parseWeights, weigh } from '../../bot/intake/weights.ts';
import { readReport } from '../../bot/intake.ts';
import { emptyInventory, type Inventory } from '../../proxy/inventory/inventory.ts';

const inventory: Inventory = {
  ...emptyInventory(),
  aliases: {
    shop: 'shop.one.test',
    bürgerportal: 'portal.one.test',
    wiki: 'wiki.one.test',
    billing: 'billing.one.test',
  },
  allow: ['*.one.test'],
};
const written = { at: '2026-07-08T12:05:00Z', tz: 'UTC' };
const hostsOf = (text: string): string[] =>
  readReport(text, written, inventory).hosts.map((host) => host.split('.')[0] as string);
const featuresFor = (text: string): Set<string> => {
  const plain = plainText(text);
  return featuresOf(plain.text, placesIn(plain, inventory).mentions, 0);
};

test('names and numbers teach nothing: another place, status or time has the same features', () => {
  assert.deepEqual(featuresFor('shop returns 502 since 14:10'), featuresFor('billing returns 504 since 9:30'));
  assert.deepEqual(featuresFor('is nginx slow?'), featuresFor('is envoy slow?'));
});

test('what a text names becomes a mark', () => {
  const text = 'shop: ECONNRESET, 502s behind traefik';
  const marked = withMarks(text, placesIn(plainText(text), inventory).mentions);
  assert.deepEqual(marked.match(/‹\w+›/g), ['‹place›', '‹error›', '‹status›', '‹proxy›']);
});

test('the same in other languages means the same', () => {
  const meant = tokensOf('‹place› does not work').meanings.filter((one) => one !== 'is');
  for (const text of [
    '‹place› funktioniert nicht',
    '‹place› ne marche pas',
    '‹place› не работает',
    '‹place› nie działa',
  ])
    assert.deepEqual(new Set(tokensOf(text).meanings), new Set(meant), text);
  assert.ok(tokensOf('‹place›が落ちてます').meanings.includes('bad'));
});

test('weights are read from text and summed', () => {
  const weights = parseWeights('# when\n1.5\tthreshold\n-0.5\tbias\n2\t"down"\n-1\t"not down"\n');
  assert.equal(weights.threshold, 1.5);
  assert.equal(weigh(new Set(['"down"', 'never seen']), weights), 1.5);
  assert.equal(weigh(new Set(), weights), -0.5);
});

test('the weights were learnt from what the tables and the corpora are now', async () => {
  const weights = await readFile(new URL('../../bot/intake/weights.tsv', import.meta.url), 'utf8');
  const digest = digestOf(await teachingRows());
  assert.equal(/^# Inputs: (\w+)$/m.exec(weights)?.[1], digest, 'run `node bot/intake/learn.ts --write`');
});

test('of several hosts, those that are said to be well, or are only shown, are left out', () => {
  const cases: [string, string[]][] = [
    ['shop.one.test 503, billing.one.test 503, wiki.one.test ok', ['shop', 'billing']],
    ['wiki works fine, but shop returns 500', ['shop']],
    ["wiki is ok, shop isn't", ['shop']],
    ['shop is down, wiki is not', ['shop']],
    ['not the wiki, but shop is what fails', ['shop']],
    ['only shop is affected, wiki and billing load normally', ['shop']],
    ['why does shop redirect me to the wiki?', ['shop']],
    ['shop.one.test shows the certificate of wiki', ['shop']],
    ['shop and wiki are both down', ['shop', 'wiki']],
  ];
  for (const [text, hosts] of cases) assert.deepEqual(hostsOf(text), hosts, text);
});

test('names are found with umlauts and beside signs without spaces', () => {
  assert.deepEqual(hostsOf('Das Bürgerportal lädt nicht'), ['portal']);
  assert.deepEqual(hostsOf('shopが落ちてます'), ['shop']);
});

test('since when, in languages of other orders and letters', () => {
  const cases: [string, string][] = [
    ['el shop va mal desde las 9', '2026-07-08T09:00:00.000Z'],
    ['shop wyrzuca 500 od 9 rano', '2026-07-08T09:00:00.000Z'],
    ['shop 9時から落ちています', '2026-07-08T09:00:00.000Z'],
    ['午後2時半から遅い', '2026-07-07T14:30:00.000Z'],
    ['从早上9点开始 502', '2026-07-08T09:00:00.000Z'],
    ['shop 挂了20分钟了', '2026-07-08T11:45:00.000Z'],
    ['9시부터 안돼요', '2026-07-08T09:00:00.000Z'],
    ['shop с 9 утра не работает', '2026-07-08T09:00:00.000Z'],
    ['уже 20 минут лежит', '2026-07-08T11:45:00.000Z'],
    ["saat 9'dan beri çalışmıyor", '2026-07-08T09:00:00.000Z'],
    ['20 dakikadır açılmıyor', '2026-07-08T11:45:00.000Z'],
  ];
  for (const [text, since] of cases) assert.equal(sinceIn(text, written.at, written.tz), since, text);
  assert.equal(sinceIn('с 502 ошибкой', written.at, written.tz), null);
});
