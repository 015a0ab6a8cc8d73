import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describe, judgeChain, MAX_CHAIN, namesOf } from '../../../diagnostics/wire/chain.ts';
import { authority, openssl, scratch } from '../real-servers.ts';

const read = (file: string): X509Certificate => new X509Certificate(readFileSync(file));

test('chains made by the openssl command', async (t) => {
  const dir = scratch(t);
  const ca = authority(dir);
  const root = read(ca.root);
  const intermediate = read(ca.intermediate);
  const ec = read(ca.leaf('shop.example.test').pem);
  const rsa = read(ca.leaf('erp.example.test', { kind: 'rsa' }).pem);
  const strangersDir = scratch(t);
  const strangers = authority(strangersDir);
  const stranger = read(strangers.leaf('shop.example.test').pem);
  openssl(
    ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '9'],
    ...['-subj', '/CN=self.example.test', '-keyout', join(dir, 'self.key'), '-out', join(dir, 'self.pem')],
  );
  const self = read(join(dir, 'self.pem'));

  const cases: [string, X509Certificate[], X509Certificate[], ReturnType<typeof judgeChain>][] = [
    ['leaf and intermediate', [ec, intermediate], [root], 'complete'],
    ['the same with an RSA leaf', [rsa, intermediate], [root], 'complete'],
    ['the root sent too', [ec, intermediate, root], [root], 'complete'],
    ['wrong order', [ec, root, intermediate], [root], 'complete'],
    ['a stranger in between', [ec, stranger, intermediate], [root], 'complete'],
    ['the intermediate is trusted itself', [ec], [intermediate], 'complete'],
    ['the intermediate is missing', [ec], [root], 'incomplete'],
    ['the wrong intermediate is sent', [ec, read(strangers.intermediate)], [root], 'incomplete'],
    ['the root instead of the intermediate', [ec, root], [root], 'incomplete'],
    ['an authority that nobody trusts', [stranger, read(strangers.intermediate)], [root], 'untrusted'],
    ['and its root', [stranger, read(strangers.intermediate), read(strangers.root)], [root], 'untrusted'],
    ['self-signed', [self], [root], 'self-signed'],
    ['self-signed and trusted', [self], [self], 'complete'],
    ['nothing sent', [], [root], null],
  ];
  for (const [what, sent, roots, expected] of cases) {
    await t.test(what, () => assert.equal(judgeChain(sent, roots), expected));
  }

  await t.test('a chain that goes round, or never ends, is judged all the same', () => {
    const many = Array.from({ length: 50 }, () => intermediate);
    assert.equal(judgeChain([ec, ...many], [read(strangers.root)]), 'untrusted');
    assert.ok(MAX_CHAIN <= 10);
  });

  await t.test('as plain data', () => {
    const seen = describe(rsa);
    assert.equal(seen.subject, 'CN=erp.example.test');
    assert.equal(seen.issuer, 'CN=Test Issuing');
    assert.equal(seen.keyType, 'RSA 2048');
    assert.deepEqual(seen.names, ['erp.example.test']);
    assert.match(seen.sha256, /^[0-9a-f]{64}$/);
    const [, from, to] =
      /notBefore=(.+)\nnotAfter=(.+)/.exec(
        openssl('x509', '-in', join(dir, 'erp.example.test-rsa.pem'), '-noout', '-dates'),
      ) ?? [];
    assert.deepEqual(
      [seen.notBefore, seen.notAfter],
      [from, to].map((date) => new Date(date ?? '').toISOString()),
    );
    assert.equal(describe(ec).keyType, 'EC prime256v1');
    assert.deepEqual(JSON.parse(JSON.stringify(seen)), seen);
  });

  await t.test('names: DNS and IP of the SAN; the CN only without them', () => {
    const both = read(
      ca.leaf('many.example.test', { names: 'DNS:many.example.test,DNS:*.example.test,IP:192.0.2.1' }).pem,
    );
    assert.deepEqual(namesOf(both), ['many.example.test', '*.example.test', '192.0.2.1']);
    assert.deepEqual(namesOf(self), ['self.example.test']);
  });

  await t.test('a subject that is no name at all stays on one bounded line', () => {
    const hostile = join(dir, 'hostile');
    openssl(
      ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '9'],
      ...['-subj', `/O=<script>alert(1)<\\/script>/OU=${'x'.repeat(60)}/CN=a, b "c"`],
      ...['-keyout', `${hostile}.key`, '-out', `${hostile}.pem`],
    );
    const seen = describe(read(`${hostile}.pem`));
    assert.ok(!seen.subject.includes('\n') && seen.subject.length <= 300);
  });
});
