import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinAddress, splitAddress } from '../../../diagnostics/io/address.ts';
import { isNeverProbed } from '../../../diagnostics/io/guard.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { allowanceOf } from '../../../proxy/inventory/allow.ts';
import { emptyInventory, type Inventory } from '../../../proxy/inventory/inventory.ts';
import { ioFor } from '../../../proxy/triage.ts';
import { listen, patient, peer } from '../peers.ts';

const FILE = '/etc/iti/inventory.yaml';
const inventory = (over: Partial<Inventory> = {}): Inventory => ({ ...emptyInventory(), file: FILE, ...over });
const passes = (of: Inventory, ip: string, host = 'x.example.test'): boolean => {
  try {
    allowanceOf(of).guard(host).check(ip);
    return true;
  } catch (error) {
    assert.ok(error instanceof BlindLook && error.reason === 'not-allowed', String(error));
    assert.ok(error.message.includes(ip), 'the refusal names the address');
    return false;
  }
};

const NEVER = [
  '169.254.169.254',
  '169.254.0.1',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '0.0.0.0',
  '0.1.2.3',
  '224.0.0.1',
  '239.255.255.250',
  '255.255.255.255',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fd00:ec2::254',
  '::',
  'ff02::1',
  '::ffff:169.254.169.254',
  '::FFFF:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '0000:0000:0000:0000:0000:ffff:a9fe:a9fe',
  '::ffff:0:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::169.254.169.254',
  '64:ff9b:0:0:0:0:a9fe:a9fe',
  '::169.254.169.254',
  '2002:a9fe:a9fe::1',
  '2002:a9fe:a9fe::',
  'not an address',
  '',
  '169.254.169.254.',
  '0xa9.254.169.254',
];

test('metadata, link-local and reserved addresses are never probed, in none of their spellings', () => {
  const everything = inventory({ allow: ['0.0.0.0/0', '::/0', '*', '169.254.169.254'] });
  for (const ip of NEVER) {
    assert.ok(isNeverProbed(ip), ip);
    assert.equal(passes(everything, ip), false, ip);
    assert.equal(passes(emptyInventory(), ip), false, `${ip} without an inventory`);
  }
});

test('the whole of 169.254.0.0/16 in each of its IPv6 forms', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(byte, byte, (c, d) => {
      const hex = (c * 256 + d).toString(16);
      for (const ip of [`169.254.${c}.${d}`, `::ffff:169.254.${c}.${d}`, `::ffff:a9fe:${hex}`, `64:ff9b::a9fe:${hex}`])
        assert.ok(isNeverProbed(ip), ip);
    }),
  );
});

test('ordinary addresses are not among them', () => {
  for (const ip of ['127.0.0.1', '10.0.0.1', '192.0.2.1', '169.253.1.1', '169.255.1.1', '::1', '2001:db8::1', 'fd00:ec3::1', '::ffff:192.0.2.1', '223.255.255.255', '2002:c000:201::1']) // biome-ignore format: a list
    assert.equal(isNeverProbed(ip), false, ip);
});

test('allow: addresses, ranges and what the inventory names; nothing else', () => {
  const of = inventory({ allow: ['192.0.2.0/28', '198.51.100.7', '2001:db8::/32'] });
  for (const [ip, expected] of [
    ['192.0.2.0', true],
    ['192.0.2.15', true],
    ['192.0.2.16', false],
    ['198.51.100.7', true],
    ['198.51.100.8', false],
    ['::ffff:198.51.100.7', true],
    ['::ffff:198.51.100.8', false],
    ['2001:db8:1::1', true],
    ['2001:db9::1', false],
    ['127.0.0.1', false],
  ] as const)
    assert.equal(passes(of, ip), expected, ip);
  assert.equal(passes(inventory(), '127.0.0.1'), false, 'an inventory that allows nothing');
  assert.equal(
    passes(emptyInventory(), '192.0.2.1'),
    true,
    'without an inventory the one who typed the target allows it',
  );
});

test('an answer of `dns` is allowed for its own host only', () => {
  const of = inventory({ dns: { 'shop.example.test': ['127.0.0.1'], 'wiki.example.test': ['127.0.0.2'] } });
  assert.equal(passes(of, '127.0.0.1', 'shop.example.test'), true);
  assert.equal(passes(of, '127.0.0.1', 'SHOP.example.test'), true);
  assert.equal(passes(of, '127.0.0.2', 'shop.example.test'), false);
  assert.equal(passes(of, '127.0.0.1', 'evil.example.test'), false);
});

test('names: patterns, routes, hops and `dns`', () => {
  const { name } = allowanceOf(
    inventory({
      allow: ['*.example.test', 'exact.example.org'],
      dns: { 'told.example.net': ['127.0.0.1'] },
      routes: [{ host: 'routed.example.com', path: '/', via: [] }],
    }),
  );
  for (const host of [
    'a.example.test',
    'A.B.Example.Test',
    'exact.example.org',
    'told.example.net',
    'routed.example.com',
  ])
    assert.ok(name(host), host);
  for (const host of [
    'example.test',
    'aexample.test',
    'a.example.test.evil.org',
    'x.exact.example.org',
    'other.test',
    '169.254.169.254',
    '192.0.2.1',
  ])
    assert.ok(!name(host), host);
});

test('no connection is made to what is not allowed, by none of the ways of looking', async (t) => {
  const trap = await peer(t, (socket) => socket.end());
  const web = createServer((_, answer) => answer.end('ok'));
  t.after(() => web.close());
  const webPort = await listen(web);
  const io = ioFor(inventory({ allow: ['192.0.2.0/24'] }), 'shop.example.test');
  const signal = patient(t);
  const common = { address: trap.address, proxyHeader: 'none', patienceMs: 500 } as const;
  const denied = (error: unknown): boolean => error instanceof BlindLook && error.reason === 'not-allowed';
  await assert.rejects(io.converse({ address: trap.address, send: [], keep: 1, patienceMs: 500 }, signal), denied);
  await assert.rejects(io.request({ ...common, scheme: 'http', host: 'shop.example.test', path: '/' }, signal), denied);
  await assert.rejects(io.handshake({ ...common, servername: null }, signal), denied);
  const named = inventory({ allow: ['192.0.2.0/24'] });
  const { getPage } = await import('../../../proxy/adapters/metrics/page.ts');
  const guard = allowanceOf(named).guard('shop.example.test');
  await assert.rejects(
    getPage(`http://127.0.0.1:${webPort}/`, async () => ['127.0.0.1'], guard, signal),
    denied,
  );
  assert.equal(trap.connections(), 0);
});

test('a redirect of a metrics page is not followed', async (t) => {
  let asked = 0;
  const web = createServer((request, answer) => {
    asked++;
    if (request.url === '/metrics') answer.writeHead(302, { location: '/secret' }).end();
    else answer.end('secret');
  });
  t.after(() => web.close());
  const port = await listen(web);
  const { getPage } = await import('../../../proxy/adapters/metrics/page.ts');
  const guard = allowanceOf(emptyInventory()).guard('x');
  await assert.rejects(
    getPage(`http://127.0.0.1:${port}/metrics`, async () => ['127.0.0.1'], guard, patient(t)),
    (error) => error instanceof BlindLook && /answers 302/.test(error.message),
  );
  assert.equal(asked, 1);
});

test('a metrics page is asked at the address that was checked, not where its name leads a moment later', async (t) => {
  const web = createServer((_, answer) => answer.end('metrics'));
  t.after(() => web.close());
  const port = await listen(web);
  const { getPage } = await import('../../../proxy/adapters/metrics/page.ts');
  const guard = allowanceOf(inventory({ allow: ['192.0.2.1'] })).guard('x');
  // The name was resolved to an allowed address; the system's resolver would lead to loopback, which is not.
  await assert.rejects(
    getPage(`http://localhost:${port}/metrics`, async () => ['192.0.2.1'], guard, AbortSignal.timeout(400)),
    (error) => error instanceof BlindLook && error.reason !== 'not-allowed',
  );
});

test('host:port in all spellings, and back', () => {
  assert.deepEqual(splitAddress('127.0.0.1:80'), { host: '127.0.0.1', port: 80 });
  assert.deepEqual(splitAddress('[2001:db8::1]:443'), { host: '2001:db8::1', port: 443 });
  assert.deepEqual(splitAddress('2001:db8::1'), { host: '2001:db8::1', port: null });
  assert.deepEqual(splitAddress('shop.example.test'), { host: 'shop.example.test', port: null });
  for (const bad of [
    '',
    ':80',
    'a b:80',
    'host:0',
    'host:65536',
    'host:999999',
    'host:x',
    '[nonsense]:80',
    '[::1',
    'a:b:c',
    'http://x/',
  ])
    assert.equal(splitAddress(bad), null, bad);
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      assert.deepEqual(splitAddress(joinAddress(host, port)), { host, port });
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => [null, 'object'].includes(splitAddress(text) && 'object')));
});
