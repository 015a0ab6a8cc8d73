import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseInput } from '../../../bot/model/case-input.ts';
import { outgoing, pathAddresses } from '../../../bot/model/outgoing.ts';
import { savedCase } from './parts.ts';

const PATH = new Set(['10.0.0.1', 'fd00::1']);
const out = (text: string) => outgoing(text, PATH, 500);

test('addresses of the path stay, all others go', () => {
  assert.equal(out('10.0.0.1:443 got it from 203.0.113.9'), '10.0.0.1:443 got it from (address)');
  assert.equal(out('[fd00::1]:443 and fe80::1'), '[fd00::1]:443 and (address)');
  assert.doesNotMatch(out('::ffff:203.0.113.9'), /203/);
});

test('times, versions, codes, suites and error strings stay', () => {
  for (const text of [
    'since 12:30:45, 2026-11-21T09:30:00.000Z',
    'nginx/1.22.1, HAProxy 2.6.12, TLSv1.3',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 PROXY_HEADER_UNEXPECTED proxy-protocol-header-timeout',
    'error:1408F10B:SSL routines:ssl3_get_record:wrong version number',
    'upstream prematurely closed connection while reading response header from upstream',
  ])
    assert.equal(out(text), text);
});

test('people, mentions, links and queries go', () => {
  assert.equal(out('<@U012|tom> and <!channel> in <#C01|ops>'), 'somebody and  in a channel');
  assert.equal(out('<https://shop.example.test/a?token=b|click>'), 'https://shop.example.test/a?…');
  assert.equal(out('GET /reset?token=abc HTTP/1.1'), 'GET /reset?… HTTP/1.1');
  assert.equal(out('mail tom@customers.example.test'), 'mail (mail)');
});

test('what is sent of a case has its findings, and neither report nor changes', () => {
  const { case: triage, path, verdict } = savedCase();
  const said = JSON.stringify(caseInput(verdict, { case: { ...triage, report: 'REPORT by tom' }, path }));
  assert.match(said, /PROXY_HEADER_UNEXPECTED/);
  assert.doesNotMatch(said, /REPORT|timeline|"by"/);
  assert.ok(said.length < 20_000);
  assert.ok(pathAddresses(path).has('127.0.0.1'));
});

test('large and hostile texts are cut in time', () => {
  for (const one of [
    'a',
    '::',
    '<@U',
    'a.',
    '-----BEGIN A-----',
    'x@',
    '/?',
    'aB1',
    'user=',
    '<|',
    '\u{e0041}',
    '[INST',
  ]) {
    const sent = outgoing(one.repeat(300_000), PATH, 6000);
    assert.ok(sent.length <= 6000);
  }
});
