import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code, plain, redact } from '../../../bot/blocks/mrkdwn.ts';
import { classifyFollowUp } from '../../../bot/follow-ups/classify.ts';
import { rolloutText } from '../../../bot/follow-ups/evidence-text.ts';
import type { CaseRecord } from '../../../workers/cases.ts';
import { aCase, aPath, plainJudge } from '../../workers/stand-ins.ts';
import { aRecord, aRollout } from '../rollouts/stand-ins.ts';

const SEEDS = [
  'a.',
  'a+',
  '-eyJaaaaaaaaaa',
  'eyJaaaaaaaaaa.',
  'http://',
  'http://a@',
  'xoxb-aaaaaa',
  'cookie ',
  'the site ',
];

test('cleaning a text takes time in step with its length, whatever it repeats', () => {
  for (const seed of SEEDS) {
    // Quadratic, the first of them took fifteen seconds for this.
    const text = seed.repeat(150_000 / seed.length);
    const began = performance.now();
    redact(text);
    plain(text);
    code(text);
    assert.ok(performance.now() - began < 6000, seed);
  }
});

test('what is secret is still cut out', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXlhIn0.c2lnbmF0dXJlLW9mLWl0';
  for (const [text, secret] of [
    [`x ${jwt} y`, 'c2lnbmF0'],
    [`x-${jwt}`, 'eyJzdWIi'],
    [`eyJ.${jwt}`, 'eyJzdWIi'],
    [`a=${'b'.repeat(30)}-${jwt}`, 'eyJzdWIi'],
    ['postgres://u:hunter22@db/x', 'hunter22'],
    ['https://shop.example.test/a?key=hunter22', 'hunter22'],
  ] as const)
    assert.ok(!redact(text).includes(secret), `${text} -> ${redact(text)}`);
  assert.equal(
    redact('the eyJ of the storm in payment-service.production.example.test'),
    'the eyJ of the storm in payment-service.production.example.test',
  );
});

test('a reply of any length and shape is classified, or not, at once', () => {
  for (const seed of [...SEEDS, 'works ', 'is ', 'still ', 'is it because of the ', '\n', 'and but so '])
    for (const tail of ['', '?', ' broken', ' rollout?'])
      for (const length of [200, 10_000]) {
        const text = seed.repeat(Math.ceil(length / seed.length)) + tail;
        const asked = classifyFollowUp(text, [], 'shop.example.test');
        if (length === 10_000 && text.trim().length > 800) assert.equal(asked, null, seed);
      }
});

test('a rollout that was announced for all its hosts is not told to serve none', () => {
  const one = aCase('shop.example.test');
  const path = { ...aPath(one.target.host), hops: [{ name: 'edge', hop: 'proxy', kind: 'traefik' }] };
  const verdict = plainJudge({ case: one, path: path as never, evidence: [], changes: [], durationMs: 1 });
  const record = { case: one, path, verdict } as unknown as CaseRecord;
  const rollout = aRollout({ hosts: [], title: 'Traefik 3.7' });
  const now = new Date().toISOString();
  assert.match(rolloutText(record, verdict, [aRecord({ rollout })], ['traefik'], now), /has not begun/);
  const other = { ...rollout, old: { ...rollout.old, hop: 'gate' }, fresh: { ...rollout.fresh, hop: 'gate' } };
  const text = rolloutText(record, verdict, [aRecord({ rollout: other })], ['traefik'], now);
  assert.match(text, /^\*No\.\*.*its path leads through neither side/);
});
