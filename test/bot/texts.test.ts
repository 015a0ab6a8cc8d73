import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTHING_AROUND } from '../../bot/blocks/around.ts';
import { openedMessage } from '../../bot/blocks/case-opened.ts';
import { evidenceModal } from '../../bot/blocks/evidence.ts';
import { clip, code, escapeMrkdwn, plain, redact } from '../../bot/blocks/mrkdwn.ts';
import { verdictMessage } from '../../bot/blocks/verdict.ts';
import { wordsOf } from '../../bot/listeners/message-text.ts';
import { readSince, splitSince } from '../../bot/listeners/since.ts';
import type { Finding, Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { anAsk, plainJudge } from '../workers/stand-ins.ts';
import { FINAL } from './rig.ts';

function record(over: Partial<CaseRecord> = {}): CaseRecord {
  const { case: one, path, planned, place } = anAsk();
  const message = { channel: null, ts: null, permalink: null, shown: null, posting: null, refused: null, told: null };
  const at = Date.parse('2026-11-21T09:16:00Z');
  return {
    case: one,
    path,
    planned,
    place,
    run: 1,
    state: 'finished',
    startedAt: at,
    finishedAt: at,
    verdict: null,
    earlier: [],
    message,
    turn: 0,
    reason: null,
    again: null,
    next: null,
    alertEndedAt: null,
    ...over,
  };
}

function finding(over: Partial<Finding> = {}): Finding {
  return {
    code: 'ENDPOINT_ANSWERS',
    check: 'endpoint-answers',
    hop: 'app',
    direction: 'clears',
    address: '127.0.0.1:9001',
    vantage: 'endpoint',
    about: { hop: 'shop', part: 'shop-a' },
    at: '2026-11-21T09:16:00.000Z',
    says: '4 of 4 endpoints answer.',
    facts: {},
    reproduce: null,
    next: '',
    ...over,
  };
}

function verdict(one: CaseRecord, over: Partial<Verdict> = {}): Verdict {
  const judged = plainJudge({ case: one.case, path: one.path, evidence: [], changes: [], durationMs: 1200 });
  return { ...judged, ...over };
}

const NASTY = 'cert CN <!channel> <@U1> <!subteam^S1> & "<https://evil|click>" @here';

test('what others said can neither notify nor link', () => {
  const safe = plain(NASTY);
  assert.doesNotMatch(safe, /<|>|@here/);
  assert.match(safe, /&lt;!channel&gt;/);
  assert.equal(escapeMrkdwn('a & b &lt;'), 'a &amp; b &lt;');
});

test('nasty input survives nowhere in a message, a modal or a progress line', () => {
  const one = record({ earlier: [{ at: 0, answer: 'ingress', headline: NASTY }] });
  const bad = verdict(one, {
    headline: `Not the ingress: ${NASTY}`,
    says: [NASTY],
    nextStep: NASTY,
    findings: [
      finding({ says: NASTY, direction: 'implicates', reproduce: `curl ${NASTY}`, about: { hop: NASTY, part: NASTY } }),
    ],
    because: ['ENDPOINT_ANSWERS'],
    blind: [{ check: NASTY, reason: 'denied', detail: NASTY, hop: 'app' }],
    timeline: [{ at: '2026-11-21T09:16:00Z', kind: 'reload', object: NASTY, summary: NASTY }],
  });
  const all = [
    verdictMessage(one, bad, []),
    evidenceModal(one, bad),
    openedMessage(one, { done: 1, total: 2, findings: bad.findings }, one.startedAt),
  ];
  assert.doesNotMatch(JSON.stringify(all).replaceAll(/<@U\d{7}>/g, ''), /<!|<@|<https|@here/);
});

test('a huge verdict stays within every limit of Slack', () => {
  const one = record();
  const long = '<&>'.repeat(3000);
  const huge = verdict(one, {
    headline: `Not the ingress: ${long}`,
    says: Array.from({ length: 40 }, () => long),
    nextStep: long,
    blind: Array.from({ length: 40 }, (_, i) => ({
      check: `check-${i}`,
      reason: 'denied' as const,
      detail: long,
      hop: 'app' as const,
    })),
    findings: Array.from({ length: 300 }, () => finding({ says: long, reproduce: long })),
    because: ['ENDPOINT_ANSWERS'],
    ruledOut: [{ hop: 'app', because: ['ENDPOINT_ANSWERS'] }],
  });
  const message = verdictMessage(one, huge, []);
  assert.ok(message.text.length <= 3900);
  assert.match(message.text, FINAL);
  assert.ok(JSON.stringify(message.blocks).length <= 13_000);
  for (const block of message.blocks) if (block.type === 'section') assert.ok((block.text?.text.length ?? 0) <= 3000);
  assert.ok(evidenceModal(one, huge).blocks.length <= 100);
});

test('the text alone says everything: answer, why, cleared, not seen, next, command', () => {
  const one = record();
  const told = verdict(one, {
    says: ['Asked directly, 3 of 3 endpoints answer 500.'],
    findings: [
      finding(),
      finding({ code: 'ENDPOINT_5XX', direction: 'implicates', reproduce: 'curl -si http://10.0.0.1/' }),
    ],
    because: ['ENDPOINT_5XX'],
    cleared: ['4 of 4 endpoints answer'],
    blind: [{ check: 'logs', reason: 'not-configured', detail: 'no access log', hop: 'proxy' }],
  });
  const { text } = verdictMessage(one, told, []);
  for (const part of [
    '3 of 3',
    '*Cleared:* 4 of 4',
    '*Not seen:* no access log',
    '*Next:* Read its log.',
    '`curl -si http://10.0.0.1/`',
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test('an answer that changed says so, one that did not keeps quiet', () => {
  const before = (answer: string) => record({ earlier: [{ at: 0, answer, headline: 'It is the ingress.' }] });
  const changed = before('ingress');
  assert.match(verdictMessage(changed, verdict(changed), []).text, /^Changed my mind at 09:16: \*Not the ingress/);
  const same = before('not-ingress');
  assert.match(verdictMessage(same, verdict(same), []).text, /^\*Not the ingress/);
});

test('an unfinished text never contains the words of an answer', () => {
  const says = "It is the ingress, not the ingress, Nothing wrong, Can't tell yet, most likely the ingress";
  const one = record({ state: 'open', run: 2, earlier: [{ at: 0, answer: 'ingress', headline: says }] });
  const { text } = openedMessage(one, { done: 3, total: 4, findings: [finding({ says })] }, one.startedAt);
  assert.doesNotMatch(text, /is the ingress|the ingress|nothing wrong|can't tell/i);
});

test('secrets are cut out', () => {
  const text = redact(
    'GET https://u:p@h.test/a?token=abc Authorization: Bearer abcdefghijkl\nxoxb-12345678-abc password=hunter2',
  );
  for (const secret of ['u:p@', 'abcdefghijkl', '12345678', 'hunter2', 'token=abc'])
    assert.ok(!text.includes(secret), secret);
});

test('commands can be pasted, cuts never break an entity or a fence', () => {
  assert.equal(code("curl 'http://a/?x'"), "`curl 'http://a/?…'`".replace('?…', '?…'));
  assert.match(code('a\nb'), /^```\na\nb\n```$/);
  assert.equal(clip('a&amp;b', 4), 'a…');
  assert.ok(clip(`\`\`\`\n${'x'.repeat(50)}\n\`\`\``, 30).endsWith('```'));
});

test('since= in all its forms', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(readSince('30m', now), '2026-11-21T11:30:00.000Z');
  assert.equal(readSince('4h', now), '2026-11-21T08:00:00.000Z');
  assert.equal(readSince('2d', now), '2026-11-19T12:00:00.000Z');
  assert.equal(readSince('2026-11-21T09:30Z', now), '2026-11-21T09:30:00.000Z');
  assert.equal(readSince('2026-11-21T09:30', now), '2026-11-21T09:30:00.000Z');
  for (const text of ['', '30', 'm', '-5m', '5 minutes', '2026-11-22T09:30Z', '2026-13-01', '9999999d'])
    assert.equal(readSince(text, now), null, text);
  assert.deepEqual(splitSince('shop since=30m is slow'), { text: 'shop  is slow', since: '30m' });
});

test('an alert that speaks in attachments is heard', () => {
  const words = wordsOf({
    text: '',
    attachments: [
      { title: 'Firing', text: 'shop.example.test is down', fields: [{ title: 'severity', value: 'page' }] },
    ],
  });
  assert.match(words, /shop\.example\.test is down/);
  assert.match(words, /severity: page/);
});

test('a case says in which cluster its path was found', () => {
  const one = record();
  const found = { ...one, path: { ...one.path, cluster: { name: 'eu-1 <!here>', asOf: null } } };
  const small = JSON.stringify(verdictMessage(found, verdict(found), []).blocks);
  assert.ok(small.includes('cluster eu-1') && !small.includes('<!here>'), small);
  assert.ok(!JSON.stringify(verdictMessage(one, verdict(one), []).blocks).includes('cluster '));
});

test('a rollout on the path is named under the answer, in the words of its title and harmless', () => {
  const one = record();
  const verdict = plainJudge({ case: one.case, path: one.path, evidence: [], changes: [], durationMs: 1 });
  const rollouts = ['The rollout <!channel> Traefik 3.7 (50 % since 10:20 UTC): cleared. Both sides fail alike.'];
  const { text } = verdictMessage(one, verdict, [], { ...NOTHING_AROUND, rollouts });
  assert.match(text, FINAL);
  assert.match(text, /Traefik 3\.7 \(50 % since 10:20 UTC\): cleared\./);
  assert.doesNotMatch(text, /<!/);
});
