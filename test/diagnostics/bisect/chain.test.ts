import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whereItBegins } from '../../../diagnostics/bisect/begins.ts';
import { stagesOf } from '../../../diagnostics/bisect/sites.ts';
import { chain } from './chain.ts';

const REPORT = 'SHOP gives a 500 now and then, maybe one time in twenty';

test('a balancer that fails one request in twenty is told from proxies that fail none', async (t) => {
  const world = await chain(t, { balancer: 5 });
  const saved = await world.triage(REPORT);
  const begins = whereItBegins(saved.evidence, saved.path);
  assert.ok(begins !== null && begins !== 'unsure', String(begins));
  assert.equal(begins.hop, 'public');
  assert.deepEqual([saved.verdict.answer, saved.verdict.hop], ['ingress', 'load-balancer']);
  assert.match(
    saved.verdict.headline,
    /\d+ of \d+ requests to shop\.example\.test fail at public, and none of \d+ made further in/,
  );
});

test('one of two proxies that fails one in ten is named, though users meet it one time in twenty', async (t) => {
  const world = await chain(t, { 'edge-2': 10 });
  const saved = await world.triage(REPORT);
  const begins = whereItBegins(saved.evidence, saved.path);
  assert.ok(begins !== null && begins !== 'unsure', String(begins));
  assert.deepEqual([begins.hop, begins.bad.length, begins.good.length], ['edge', 1, 1]);
  assert.deepEqual([saved.verdict.hop, saved.verdict.cause], ['proxy', 'proxy-replica-bad']);
  assert.match(saved.verdict.headline, /edge-2 fails/);
});

test('a steady report about a healthy path gets no request more than its first two waves', async (t) => {
  const world = await chain(t, {});
  const saved = await world.triage('SHOP is down');
  const most = Math.max(
    ...stagesOf(saved.evidence, saved.path).flatMap((s) => s.sites.map((site) => site.ok + site.failed)),
  );
  assert.ok(most <= 8, String(most));
  assert.equal(saved.verdict.cause, 'no-fault-found');
});
