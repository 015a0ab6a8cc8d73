import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { judge, weigh } from '../../../diagnostics/judge.ts';
import type { Case, Change, EvidenceRow, Json, Path, Symptoms, Verdict } from '../../../diagnostics/types.ts';

interface Saved {
  case: Case;
  path: Path;
  evidence: EvidenceRow[];
  changes: Change[];
}
const load = (name: string): Saved =>
  JSON.parse(readFileSync(new URL(`../../fixtures/cases/${name}.json`, import.meta.url), 'utf8'));

type Twist = (saved: Saved) => void;
const verdictOf = (name: string, ...twists: Twist[]): Verdict => {
  const saved = load(name);
  for (const twist of twists) twist(saved);
  return judge({ ...saved, durationMs: 1 });
};

const reported =
  (symptoms: Partial<Symptoms>, more: Partial<Case> = {}): Twist =>
  (saved) =>
    Object.assign(saved.case, more, { symptoms: { ...saved.case.symptoms, ...symptoms } });
const only =
  (keep: (row: EvidenceRow) => boolean): Twist =>
  (saved) => {
    saved.evidence = saved.evidence.filter(keep);
  };
const blind =
  (where: (row: EvidenceRow) => boolean, reason = 'not-configured'): Twist =>
  (saved) => {
    saved.evidence = saved.evidence.map((row) =>
      where(row)
        ? ({
            ...row,
            data: undefined,
            blind: { reason, detail: `${row.look.check} could not be looked at` },
          } as EvidenceRow)
        : row,
    );
  };
const withRowsOf =
  (name: string, where: (row: EvidenceRow) => boolean): Twist =>
  (saved) => {
    saved.evidence = [...saved.evidence.filter((row) => !where(row)), ...load(name).evidence.filter(where)];
  };
const of =
  (...checks: string[]) =>
  (row: EvidenceRow): boolean =>
    checks.includes(row.look.check);

test('a healthy world and a steady report: nothing wrong, down to the endpoints', () => {
  const verdict = verdictOf('none');
  assert.match(verdict.headline, /^Nothing wrong with shop\.example\.test that I can see: \d+ of \d+ requests fine/);
  assert.match(verdict.headline, /all 4 endpoints answer when asked directly/);
  assert.ok(verdict.confidence >= 0.9);
});

test('only the writer is affected and all is well from here: the client', () => {
  const verdict = verdictOf('none', reported({ onlyReporter: true }));
  assert.deepEqual([verdict.answer, verdict.hop, verdict.cause], ['not-ingress', 'client', 'client-side']);
  assert.match(verdict.headline, /^Most likely not the ingress: /);
});

test('it comes and goes, and nothing covers the time: healthy answers now say nothing', () => {
  const since = '2026-11-21T05:00:00.000Z';
  for (const course of ['intermittent', 'past'] as const) {
    const verdict = verdictOf(
      'none',
      reported({ course }, { since }),
      blind(of('upstream-attribution', 'config-reloads', 'endpoint-balance')),
    );
    assert.deepEqual([verdict.answer, verdict.hop, verdict.cause], ['inconclusive', null, null], course);
    assert.ok(verdict.confidence < 0.7);
    assert.match(verdict.headline, /^Can't tell yet: /);
    assert.match(verdict.nextStep, /could not be looked at|when it happens again/);
  }
});

test('it was so, and the logs of every proxy cover that time without an error', () => {
  const covering: Twist = (saved) => {
    for (const row of saved.evidence.filter(of('upstream-attribution'))) {
      const from = new Date(Date.parse(saved.case.at) - 30 * 60_000).toISOString();
      Object.assign(row.data as { [key: string]: Json }, {
        from,
        truncated: false,
        madeByProxy: {},
        madeByUpstream: {},
        statuses: { 200: 50 },
        total: 50,
      });
    }
    saved.case.since = new Date(Date.parse(saved.case.at) - 10 * 60_000).toISOString();
  };
  const verdict = verdictOf('none', reported({ course: 'past' }), covering);
  assert.deepEqual([verdict.answer, verdict.cause], ['not-ingress', 'no-fault-found']);
  const cut: Twist = (saved) => {
    const row = saved.evidence.find(of('upstream-attribution'));
    Object.assign(row?.data as { [key: string]: Json }, { truncated: true });
  };
  assert.equal(
    verdictOf('none', reported({ course: 'past' }), covering, cut).answer,
    'inconclusive',
    'a log that was cut covers nothing',
  );
});

test('the wrong suspect is cleared by name, in the first line', () => {
  const verdict = verdictOf('wrong-suspect');
  assert.deepEqual([verdict.answer, verdict.hop, verdict.cause], ['not-ingress', 'app', 'app-errors']);
  assert.match(verdict.headline, /^Not the ingress: .*Traefik is not on this path\.$/);
  const unsuspected = verdictOf('wrong-suspect', reported({ suspects: [] }));
  assert.doesNotMatch(unsuspected.headline, /Traefik/i);
});

test('an accused that is on the path is not cleared', () => {
  const verdict = verdictOf('traefik-guilty', reported({ suspects: ['traefik'] }));
  assert.equal(verdict.answer, 'ingress');
  assert.doesNotMatch(verdict.headline, /not on this path/);
});

test('a reload a minute ago convicts nobody while the application fails by itself', () => {
  const just: Twist = (saved) => {
    saved.changes = [{ at: saved.case.at, kind: 'reload', object: 'edge-1', summary: 'reloaded' }];
  };
  const verdict = verdictOf('app-errors', just, withRowsOf('none', of('config-reloads')));
  assert.deepEqual([verdict.answer, verdict.cause], ['not-ingress', 'app-errors']);
  assert.ok(verdict.timeline.length >= 1, 'it stays in the timeline');
});

test('two faults at once: the one that explains what users meet is named, the other stays among the findings', () => {
  // The certificate keeps everybody out; that the application fails too shows only past the proxy.
  const both = verdictOf('tls-certificate-expired', withRowsOf('app-errors', of('endpoint-answers')));
  assert.deepEqual([both.answer, both.cause], ['ingress', 'tls-certificate-expired']);
  assert.ok(both.findings.some((f) => f.code === 'ENDPOINT_ERRORS'));
});

test('nothing could be asked: can’t tell, with what to switch on', () => {
  const verdict = verdictOf(
    'none',
    blind(() => true, 'not-allowed'),
  );
  assert.deepEqual([verdict.answer, verdict.hop, verdict.cause, verdict.because], ['inconclusive', null, null, []]);
  assert.match(verdict.headline, /^Can't tell yet: /);
  assert.match(verdict.nextStep, /^Let me see more: /);
  assert.ok(verdict.blind.length > 5);
});

test('requests fail and no finding says why: inconclusive, never a guess', () => {
  const verdict = verdictOf(
    'app-down',
    only((row) => row.look.check === 'path-bisect' && row.look.vantage === 'public'),
  );
  assert.equal(verdict.answer, 'inconclusive');
  assert.ok(verdict.confidence < 0.7);
});

test('ten minutes wrong about the onset changes nothing', () => {
  for (const name of ['app-errors', 'proxy-protocol-unexpected', 'traefik-guilty', 'reload-failed']) {
    const at = Date.parse(load(name).case.at);
    const said = (minutes: number): Verdict =>
      verdictOf(name, reported({}, { since: new Date(at - minutes * 60_000).toISOString() }));
    for (const minutes of [1, 11, 21])
      assert.deepEqual([said(minutes).answer, said(minutes).cause], [said(5).answer, said(5).cause], name);
  }
});

test('how it came about can be read: from strength to confidence, step by step', () => {
  const saved = load('proxy-protocol-unexpected');
  const judgement = weigh({ ...saved, durationMs: 1 });
  assert.equal(judgement.suspicions[0], judgement.chosen);
  assert.ok(judgement.reckoning.length >= 1 && judgement.reckoning[0]?.includes('proxy-protocol-unexpected'));
  const verdict = judge({ ...saved, durationMs: 1 });
  assert.equal(verdict.confidence, judgement.confidence);
});

test('an empty case is a question, not an exception', () => {
  const saved = load('none');
  const verdict = judge({ ...saved, evidence: [], changes: [], durationMs: 0 });
  assert.deepEqual([verdict.answer, verdict.findings, verdict.timeline], ['inconclusive', [], []]);
  const unrouted: Path = { ...saved.path, routed: false, hops: [], others: [] };
  assert.equal(judge({ ...saved, path: unrouted, evidence: [], durationMs: 0 }).answer, 'inconclusive');
});
