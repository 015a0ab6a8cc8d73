import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openCase, readReport, readTarget } from '../../bot/intake.ts';
import { blankHop } from '../../proxy/inventory/blank.ts';
import { emptyInventory, type Inventory } from '../../proxy/inventory/inventory.ts';

const AT = '2026-11-21T10:00:00.000Z';
const hop = (name: string) => ({
  ...blankHop(name, 'proxy', 'nginx'),
  address: '127.0.0.1:8443',
  listeners: [{ address: '127.0.0.1:8443', scheme: 'https' as const }],
});
const inventory: Inventory = {
  ...emptyInventory(),
  file: '/etc/inventory.yaml',
  aliases: { metabase: 'metabase.example.test', 'the shop': 'shop.example.test' },
  allow: ['*.example.test'],
  routes: [
    { host: 'shop.example.test', path: '/', via: ['edge'] },
    { host: 'metabase.example.test', path: '/', via: ['edge'] },
  ],
  hops: { edge: hop('edge') },
};

/** Text, is it a report, hosts, since (null: not said), zone of the writer. */
const MESSAGES: [string, boolean, string[], string | null, string?][] = [
  ['Metabase is down again. Is it Traefik?', true, ['metabase.example.test'], null],
  [
    'getting 502 Bad Gateway on https://shop.example.test/cart since 09:30',
    true,
    ['shop.example.test'],
    '2026-11-21T09:30:00Z',
  ],
  [
    'getting 502 Bad Gateway on <https://shop.example.test/cart|shop.example.test/cart> for 20 minutes',
    true,
    ['shop.example.test'],
    '2026-11-21T09:40:00Z',
  ],
  [
    'shop.example.test: curl: (35) error:0A00010B:SSL routines::wrong version number',
    true,
    ['shop.example.test'],
    null,
  ],
  [
    'shop.example.test ERR_SSL_VERSION_OR_CIPHER_MISMATCH from SAP since 2 hours',
    true,
    ['shop.example.test'],
    '2026-11-21T08:00:00Z',
  ],
  [
    'ECONNRESET from shop.example.test since 10:15',
    true,
    ['shop.example.test'],
    '2026-11-21T09:15:00Z',
    'Europe/Berlin',
  ],
  [
    'shop.example.test returned 504 Gateway Timeout yesterday at 18:00',
    true,
    ['shop.example.test'],
    '2026-11-20T18:00:00Z',
  ],
  [
    'shop.example.test and metabase.example.test both answer 503',
    true,
    ['shop.example.test', 'metabase.example.test'],
    null,
  ],
  [
    'metabase.example.test answers 504 since 4:45 am',
    true,
    ['metabase.example.test'],
    '2026-11-21T09:45:00Z',
    'America/New_York',
  ],
  ['who wants lunch?', false, [], null],
  ['thanks, shop.example.test works again', false, ['shop.example.test'], null],
  ['we will deploy shop.example.test tonight', false, ['shop.example.test'], null],
  ['how do I add a route for shop.example.test?', false, ['shop.example.test'], null],
  ['PR #502 is ready for review', false, [], null],
  ['postmortem of the shop.example.test outage is on the wiki', false, ['shop.example.test'], null],
];

test('messages as people write them', async (t) => {
  for (const [text, report, hosts, since, tz] of MESSAGES) {
    await t.test(text, () => {
      const read = readReport(text, { at: AT, tz: tz ?? null }, inventory);
      assert.equal(read.report, report);
      if (!report) return;
      assert.deepEqual([...read.hosts].sort(), [...hosts].sort());
      if (since === null) assert.equal(read.since, null);
      else
        assert.ok(
          read.since && Math.abs(Date.parse(read.since) - Date.parse(since)) <= 600_000,
          `${read.since} is not ${since}`,
        );
    });
  }
});

test('any text is read without an exception, in little time; hosts are hosts', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom(
      '502',
      'down',
      '<@U1>',
      '<https://',
      '|',
      '>',
      'since ',
      '10:',
      'shop.example.test',
      '&amp;',
      '\n',
      ' '.repeat(300),
      'a.'.repeat(60),
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (parts) => {
      const read = readReport(parts.join(''), { at: AT, tz: 'Europe/Berlin' }, inventory);
      for (const host of read.hosts) assert.match(host, /^[^\s/]+$/);
      assert.ok(read.since === null || Date.parse(read.since) <= Date.parse(AT));
    }),
    { numRuns: 300, seed: 5 },
  );
  const began = performance.now();
  for (const long of [
    'a'.repeat(200_000),
    'a.'.repeat(100_000),
    '<'.repeat(100_000),
    'since '.repeat(30_000),
    '1:'.repeat(50_000),
    'is it '.repeat(20_000),
  ])
    readReport(long, { at: AT, tz: null }, inventory);
  assert.ok(performance.now() - began < 4_000, `${performance.now() - began} ms`);
});

test('targets of the command line', () => {
  const rows: [string, [string, number | null, string, string | null] | null][] = [
    ['shop.example.test', ['shop.example.test', null, '/', null]],
    ['SHOP.example.test.', ['shop.example.test', null, '/', null]],
    ['shop.example.test:8443/a/b?secret=1', ['shop.example.test', 8443, '/a/b', null]],
    ['https://shop.example.test/x?y#z', ['shop.example.test', null, '/x', 'https']],
    ['http://shop.example.test:8080', ['shop.example.test', 8080, '/', 'http']],
    ['metabase', ['metabase.example.test', null, '/', null]],
    ['127.0.0.1:9', ['127.0.0.1', 9, '/', null]],
    ['[::1]:9', ['::1', 9, '/', null]],
    ['ftp://x.test', null],
    ['a b', null],
    ['', null],
    ['-x', null],
    ['$(id)', null],
    ['a'.repeat(64), null],
  ];
  for (const [text, expected] of rows) {
    const place = readTarget(text, inventory)?.places[0];
    assert.deepEqual(place ? [place.host, place.port, place.path, place.scheme] : null, expected, text);
  }
});

test('a case: what nobody said comes from the path; what may not be probed is refused', () => {
  const open = (text: string, from = inventory) => {
    const reading = readTarget(text, from);
    assert.ok(reading, text);
    return openCase(reading, { id: 'c-1', at: AT, report: null, inventory: from, deadlineMs: 1_000 });
  };
  const opened = open('shop.example.test/x');
  assert.deepEqual('case' in opened && opened.case.target, {
    host: 'shop.example.test',
    port: 8443,
    path: '/x',
    scheme: 'https',
  });
  for (const text of ['evil.test', '127.0.0.9', '169.254.169.254']) assert.ok('refused' in open(text), text);
  assert.ok('refused' in open('169.254.169.254', emptyInventory()), 'never, whoever asks');
  const nothing = readReport('it is down', { at: AT, tz: null }, inventory);
  assert.deepEqual(openCase(nothing, { id: 'c-1', at: AT, report: '', inventory, deadlineMs: 1 }), { missing: 'host' });
});
