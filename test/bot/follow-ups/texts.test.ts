import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownText } from '../../../bot/changes/text.ts';
import { afterRunText } from '../../../bot/follow-ups/after-run.ts';
import {
  notSeenText,
  otherHostText,
  rolloutText,
  whatToDoText,
  whyText,
} from '../../../bot/follow-ups/evidence-text.ts';
import type { Change, Finding, Path, PathHop, Verdict } from '../../../diagnostics/types.ts';
import type { CaseRecord } from '../../../workers/cases.ts';
import type { RolloutRecord } from '../../../workers/rollouts/types.ts';
import { aCase, aPath, plainJudge } from '../../workers/stand-ins.ts';
import { FINAL } from '../rig.ts';

const AT = Date.parse('2026-11-21T14:21:30Z');
const NASTY = '<!channel> <@U1> <https://evil|x> @here';

const aHop = (name: string, over: Partial<PathHop> = {}) => ({ name, hop: 'proxy', kind: 'nginx', ...over }) as PathHop;

function aFinding(over: Partial<Finding>): Finding {
  return {
    code: 'PROXY_HEADER_UNEXPECTED',
    check: 'proxy-protocol',
    hop: 'proxy',
    direction: 'implicates',
    address: null,
    vantage: null,
    about: { hop: 'edge', part: 'edge-1' },
    at: '2026-11-21T14:20:00.000Z',
    says: '9 of 9 connections fail.',
    facts: {},
    reproduce: 'curl -v https://shop.example.test/',
    next: '',
    ...over,
  };
}

function aRecord(over: Partial<Verdict> = {}, more: Partial<CaseRecord> = {}): CaseRecord & { verdict: Verdict } {
  const one = aCase('shop.example.test', { at: '2026-11-21T14:21:30Z' });
  const path: Path = {
    ...aPath(one.target.host),
    hops: [aHop('edge'), aHop('shop', { hop: 'service', kind: 'service' })],
  };
  const verdict = { ...plainJudge({ case: one, path, evidence: [], changes: [], durationMs: 900 }), ...over };
  return {
    case: one,
    path,
    planned: [],
    place: { channel: 'C0000001', thread: '1.2', user: 'U0000001', responseUrl: null },
    run: 2,
    state: 'finished',
    startedAt: AT - 2000,
    finishedAt: AT,
    earlier: [{ at: AT - 600_000, answer: 'not-ingress', headline: 'Not the ingress.', onset: '2026-11-21T14:03:00Z' }],
    message: {
      channel: 'C0000001',
      ts: '1.3',
      permalink: 'https://x/p1',
      shown: null,
      posting: null,
      refused: null,
      told: null,
    },
    turn: 0,
    reason: 'works-now',
    again: null,
    next: null,
    alertEndedAt: null,
    ...more,
    verdict,
  };
}

const CONVICTED: Partial<Verdict> = {
  answer: 'ingress',
  hop: 'proxy',
  cause: 'proxy-protocol-unexpected',
  confidence: 0.98,
  because: ['PROXY_HEADER_UNEXPECTED'],
  findings: [aFinding({})],
};
const deploy: Change = {
  at: '2026-11-21T14:20:00Z',
  kind: 'deploy',
  object: 'shop',
  summary: 'back to 1.52.0',
  by: 'ci',
};

test('a recovery is told from the counters: when, how long, how many requests, what changed', () => {
  const began = aFinding({
    code: 'ERRORS_BEGAN',
    facts: { at: '2026-11-21T14:03:00Z', until: '2026-11-21T14:21:00Z', errors: 312, requests: 900, scope: 'host' },
  });
  const record = aRecord({ answer: 'not-ingress', hop: 'none', findings: [began] });
  const text = afterRunText('works-now', record, { evidence: [], changes: [deploy] });
  assert.equal(
    text,
    '*Recovered at 14:21 UTC.* It failed for 18 min (since 14:03 UTC), 312 requests. What changed: 14:20 UTC: shop (deploy): back to 1.52.0, by ci.',
  );
});

test('without counters it says what was checked, and since when at most it failed', () => {
  const text = afterRunText('works-now', aRecord({ answer: 'not-ingress', hop: 'none' }), null);
  assert.match(text ?? '', /^\*Recovered: all my looks are fine at 14:21 UTC\.\* It failed for at most 19 min/);
  assert.match(text ?? '', /What changed: nothing that I was told of\.$/);
});

test('what still fails is not called recovered', () => {
  const text = afterRunText('works-now', aRecord(CONVICTED), null);
  assert.match(text ?? '', /^\*I still see it failing\.\* 9 of 9 connections fail\./);
});

test('no answer to a follow-up begins like a finished case', () => {
  for (const record of [aRecord(), aRecord(CONVICTED), aRecord({ hop: 'none' })]) {
    const { verdict } = record;
    const texts = [
      afterRunText('works-now', record, null),
      afterRunText('still-broken', record, null),
      whyText(verdict),
      notSeenText(verdict),
      whatToDoText(verdict),
      otherHostText(record, verdict, aPath('wiki.example.test')),
      rolloutText(record, verdict, [], [], '2026-11-21T14:22:00Z'),
      knownText({ happened: [], blind: [] }, { host: 'shop', from: '2026-11-21T13:00:00Z', now: AT }),
    ];
    for (const text of texts) assert.doesNotMatch(text ?? '', FINAL);
  }
});

test('another host: the same hop convicted, shared and clean, not shared, unknown', () => {
  const record = aRecord(CONVICTED);
  const through = (...hops: string[]): Path => ({
    ...aPath('wiki.example.test'),
    hops: hops.map((name) => aHop(name)),
  });
  assert.match(
    otherHostText(record, record.verdict, through('edge', 'wiki')),
    /goes through `edge` too, which is what fails here/,
  );
  assert.match(otherHostText(record, record.verdict, through('other', 'wiki')), /takes another path \(other → wiki\)/);
  const app = aRecord();
  assert.match(otherHostText(app, app.verdict, through('edge', 'wiki')), /shares `edge` .* none of these is at fault/);
  assert.match(otherHostText(app, app.verdict, { ...through(), routed: false }), /I know no route to wiki/);
});

test('the rollout: not in it, before it, guilty, cleared, unknown, not on the path', () => {
  const rollout = (hosts: string[], startedAt: string): RolloutRecord =>
    ({
      rollout: {
        title: 'Traefik 2.10.7 → 3.7',
        hosts,
        fresh: { hop: 'edge' },
        undo: 'weight new=0',
        createdAt: startedAt,
      },
      stages: [{ startedAt }],
    }) as unknown as RolloutRecord;
  const now = '2026-11-21T15:00:00Z';
  const ask = (record: CaseRecord & { verdict: Verdict }, all: RolloutRecord[], named = ['traefik']) =>
    rolloutText(record, record.verdict, all, named, now);
  const onset = { at: '2026-11-21T14:03:00Z', from: 'metrics' };
  const guilty = aRecord({ ...CONVICTED, onset });
  const early = '2026-11-21T14:00:00Z';
  assert.match(ask(guilty, [rollout(['billing.example.test'], early)]), /^\*No\.\* .* does not serve shop/);
  assert.match(ask(guilty, [rollout(['shop.example.test'], '2026-11-21T14:43:00Z')]), /40 min before the first step/);
  assert.match(
    ask(guilty, [rollout(['shop.example.test'], early)]),
    /^\*Yes, as far as I see:\* `edge` .* \*Undo:\* weight new=0/,
  );
  assert.match(ask(aRecord({ onset }), [rollout(['shop.example.test'], early)]), /^\*No\.\* .* the fault is behind it/);
  const beside = aRecord({ onset });
  beside.path = { ...beside.path, others: [aHop('gate', { kind: 'traefik' })] };
  assert.match(ask(beside, []), /^\*No\.\* traefik `gate` is not on the path/);
  assert.match(
    ask(aRecord({ onset, timeline: [{ ...deploy, at: early }] }), []),
    /I know of no rollout of traefik .* The last change before/,
  );
});

test('what others said survives in no answer', () => {
  const bad = aRecord({
    ...CONVICTED,
    findings: [aFinding({ says: NASTY, reproduce: `curl ${NASTY}`, about: { hop: NASTY, part: null } })],
    nextStep: NASTY,
    cleared: [NASTY],
    blind: [{ check: 'x', reason: 'denied', detail: NASTY, hop: 'app' }],
    timeline: [{ at: '2026-11-21T14:00:00Z', kind: NASTY, object: NASTY, summary: NASTY, by: NASTY }],
  });
  const hostile = { ...aPath(NASTY), hops: [aHop(NASTY)] };
  const all = [
    whyText(bad.verdict),
    notSeenText(bad.verdict),
    whatToDoText(bad.verdict),
    otherHostText(bad, bad.verdict, hostile),
    rolloutText(bad, bad.verdict, [], [NASTY], '2026-11-21T15:00:00Z'),
    afterRunText('works-now', bad, { evidence: [], changes: bad.verdict.timeline }) ?? '',
  ];
  assert.doesNotMatch(all.join('\n'), /<!|<@|<https|@here/);
});
