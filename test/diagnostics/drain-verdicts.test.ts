import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../diagnostics/findings.ts';
import { judge } from '../../diagnostics/judge.ts';
import { sceneOf } from '../../diagnostics/scene.ts';
import { drainMismatch } from '../../diagnostics/suspicions/drain.ts';
import type { Case, Change, EvidenceRow, Finding, Path, Symptoms, Verdict } from '../../diagnostics/types.ts';

interface Saved {
  case: Case;
  path: Path;
  evidence: EvidenceRow[];
  changes: Change[];
}
type Twist = (saved: Saved) => void;

/** Cases that were looked at in real worlds: proxies and endpoints that were replaced while users asked. */
const load = (name: 'lb-drain-mismatch' | 'app-rollout-drops'): Saved =>
  JSON.parse(readFileSync(new URL(`../fixtures/cases/${name}.json`, import.meta.url), 'utf8'));
const verdictOf = (name: Parameters<typeof load>[0], ...twists: Twist[]): Verdict => {
  const saved = load(name);
  for (const twist of twists) twist(saved);
  return judge({ ...saved, durationMs: 1 });
};
const told =
  (symptoms: Partial<Symptoms>): Twist =>
  (saved) => {
    saved.case.symptoms = { ...saved.case.symptoms, ...symptoms };
  };
const without =
  (check: string): Twist =>
  (saved) => {
    saved.evidence = saved.evidence.filter((row) => row.look.check !== check);
  };
const settings =
  (hop: string, more: Path['hops'][number]['settings']): Twist =>
  (saved) => {
    Object.assign((saved.path.hops.find((one) => one.name === hop) as Path['hops'][number]).settings, more);
  };
const rowOf = (saved: Saved, check: string): { [key: string]: unknown }[] =>
  saved.evidence.filter((row) => row.look.check === check).map((row) => row.data as { [key: string]: unknown });
const noChanges: Twist = (saved) => {
  saved.changes = [];
  saved.evidence = saved.evidence.filter((row) => row.look.check !== 'proxy-health');
};
const changeAt =
  (minutesAgo: number, object = 'edge', kind = 'rollout'): Twist =>
  (saved) => {
    const at = new Date(Date.parse(saved.case.at) - minutesAgo * 60_000).toISOString();
    saved.changes = [{ at, kind, object, summary: 'a change' }];
  };
const lostAt =
  (minutesAgo: number): Twist =>
  (saved) => {
    const at = new Date(Date.parse(saved.case.at) - minutesAgo * 60_000).toISOString();
    for (const data of rowOf(saved, 'drain'))
      if (data.lost) Object.assign(data.lost as object, { firstError: at, lastError: at });
  };
const lostNothing: Twist = (saved) => {
  for (const data of rowOf(saved, 'drain')) if (data.lost) Object.assign(data.lost as object, { madeByProxy: {} });
};

test('proxies that left too early: both settings, the replacement, and the errors of the same seconds', () => {
  const verdict = verdictOf('lb-drain-mismatch');
  assert.deepEqual([verdict.answer, verdict.hop, verdict.cause], ['ingress', 'load-balancer', 'lb-drain-mismatch']);
  assert.match(verdict.nextStep, /preStop: 3s/);
  assert.ok(verdict.because.includes('DRAIN_TOO_SHORT') && verdict.because.includes('BALANCER_LOST_REQUESTS'));
});

test('the mismatch alone convicts nobody, nor does a replacement alone', () => {
  const cause = (...twists: Twist[]): string | null => verdictOf('lb-drain-mismatch', ...twists).cause;
  assert.notEqual(cause(noChanges), 'lb-drain-mismatch');
  assert.notEqual(cause(without('drain')), 'lb-drain-mismatch');
  assert.notEqual(
    cause(settings('edge', { preStop: '10s', failsCheckFirst: true, stopSignal: 'SIGQUIT' })),
    'lb-drain-mismatch',
  );
});

test('killed in its preStop, or alone and not yet followed: each explains what a replacement lost, in its own words', () => {
  const told = { preStop: '10s', failsCheckFirst: true, stopSignal: 'SIGQUIT', replicas: 2 };
  const killed = verdictOf('lb-drain-mismatch', settings('edge', { ...told, terminationGracePeriodSeconds: 6 }));
  assert.deepEqual([killed.cause, killed.because[0]], ['lb-drain-mismatch', 'GRACE_CUTS_PRESTOP']);
  assert.match(killed.headline, /killed before they were told to stop/);
  const alone = verdictOf('lb-drain-mismatch', settings('edge', { ...told, replicas: 1, maxUnavailable: 1 }));
  assert.deepEqual([alone.cause, alone.because[0]], ['lb-drain-mismatch', 'ONE_REPLICA_ROLLS']);
  assert.match(alone.headline, /the only replica of edge/);
  const neither = verdictOf('lb-drain-mismatch', settings('edge', { ...told, terminationGracePeriodSeconds: 30 }));
  assert.equal(neither.answer, 'inconclusive');
});

test('a replacement at another time, of something else, or a mere reload is none', () => {
  const cause = (...twists: Twist[]): string | null => verdictOf('lb-drain-mismatch', noChanges, ...twists).cause;
  assert.equal(cause(changeAt(0.2)), 'lb-drain-mismatch');
  assert.notEqual(cause(changeAt(90)), 'lb-drain-mismatch');
  assert.notEqual(cause(changeAt(0.2, 'billing')), 'lb-drain-mismatch');
  assert.notEqual(cause(changeAt(0.2, 'edge', 'reload')), 'lb-drain-mismatch');
  assert.notEqual(cause(changeAt(0.2, 'edge', 'certificate')), 'lb-drain-mismatch');
  const scaled = (summary: string): string | null =>
    cause(changeAt(0.2, 'edge', 'scale'), (saved) => {
      for (const change of saved.changes) change.summary = summary;
    });
  assert.equal(scaled('4 -> 2 replicas'), 'lb-drain-mismatch');
  assert.notEqual(scaled('2 -> 4 replicas'), 'lb-drain-mismatch');
});

test('counters that a restart began anew tell of a replacement; those that a reload did tell of none', () => {
  const saved = load('lb-drain-mismatch');
  noChanges(saved);
  const { findings, blind } = readRows(saved.evidence, saved.case, saved.path);
  const anew = (why: string): Finding => ({
    ...(findings.find((f) => f.code === 'NO_ERRORS_LOGGED') as Finding),
    code: 'COUNTERS_BEGAN_ANEW',
    facts: { proxy: 'edge-1', times: 1, last: saved.case.at, why },
  });
  const suspicion = (why: string) =>
    drainMismatch(sceneOf(saved.case, saved.path, [...findings, anew(why)], blind, []));
  assert.equal(suspicion('restart')?.cause, 'lb-drain-mismatch');
  assert.equal(suspicion('reload'), null);
});

test('a balancer whose own log is clean, or tells of another time, lost nothing in the replacement', () => {
  assert.notEqual(verdictOf('lb-drain-mismatch', lostNothing).cause, 'lb-drain-mismatch');
  assert.notEqual(verdictOf('lb-drain-mismatch', noChanges, changeAt(0.2), lostAt(20)).cause, 'lb-drain-mismatch');
});

test('a report of something that lasts, or that no closed socket makes, is not explained by it', () => {
  assert.notEqual(verdictOf('lb-drain-mismatch', told({ course: 'steady' })).cause, 'lb-drain-mismatch');
  assert.notEqual(verdictOf('lb-drain-mismatch', told({ kinds: ['slow'] })).cause, 'lb-drain-mismatch');
});

test("more errors of the application's own than the balancer lost: the application", () => {
  const verdict = verdictOf('lb-drain-mismatch', (saved) => {
    const { case: triage } = saved;
    for (const data of rowOf(saved, 'upstream-attribution'))
      Object.assign(data, {
        madeByUpstream: { 500: 400 },
        statuses: { 500: 400 },
        firstError: triage.at,
        lastError: triage.at,
      });
  });
  assert.deepEqual([verdict.answer, verdict.cause], ['not-ingress', 'app-errors']);
});

test("endpoints replaced in place, at the application's own deployment", () => {
  const verdict = verdictOf('app-rollout-drops');
  assert.deepEqual([verdict.answer, verdict.hop, verdict.cause], ['not-ingress', 'app', 'app-rollout-drops']);
  const forget: Twist = (saved) => {
    saved.changes = [];
    for (const hop of saved.path.hops) for (const one of hop.endpoints ?? []) one.startedAt = null;
  };
  assert.equal(verdictOf('app-rollout-drops', forget).answer, 'not-ingress');
  assert.notEqual(verdictOf('app-rollout-drops', forget).cause, 'app-rollout-drops');
  assert.notEqual(verdictOf('app-rollout-drops', forget, changeAt(25, 'desk', 'deploy')).cause, 'app-rollout-drops');
});
