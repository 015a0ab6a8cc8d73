import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import { type Scene, sceneOf } from '../../../diagnostics/scene.ts';
import { noHealthyTarget, staleTarget } from '../../../diagnostics/suspicions/balancer-and-proxy.ts';
import { listenerWithoutTls } from '../../../diagnostics/suspicions/listener.ts';
import { unparsed } from '../../../diagnostics/suspicions/suspicion.ts';
import type { Case, EvidenceRow, Finding, Path } from '../../../diagnostics/types.ts';

/** A row of a listener that answered a hello in clear text, and its path: a balancer before two replicas. */
const {
  case: triage,
  path,
  row,
} = JSON.parse(
  readFileSync(new URL('../checks/tls/PLAINTEXT_ON_TLS_PORT.proxy-protocol-unexpected.json', import.meta.url), 'utf8'),
) as { case: Case; path: Path; row: EvidenceRow };
const [balancer, edge] = path.hops as [Path['hops'][number], Path['hops'][number]];
const [first, second] = edge.instances.map(({ name, https }) => ({ name, address: https as string })) as [
  { name: string; address: string },
  { name: string; address: string },
];

const sceneWith = (...findings: Finding[]): Scene => sceneOf(triage, path, findings, [], []);
const finding = (code: string, facts: Finding['facts'], over: Partial<Finding> = {}): Finding => ({
  code,
  check: 'x',
  hop: 'proxy',
  direction: 'context',
  address: balancer.address,
  vantage: 'public',
  about: { hop: balancer.name, part: null },
  at: triage.at,
  says: 'x.',
  facts,
  reproduce: null,
  next: 'x.',
  ...over,
});
const failed = (error: string | null, status: number | null, count: number): Finding =>
  finding('REQUEST_FAILED', { count, total: 4, how: 'x', error, status, maker: null, ms: 3 });
const answered = (status: number, over: Partial<Finding> = {}): Finding =>
  finding('REQUEST_ANSWERED', { count: 4, total: 4, status, ms: 3 }, over);
const atReplica = (one: { name: string; address: string }): Partial<Finding> => ({
  vantage: 'proxy-replica',
  address: one.address,
  about: { hop: edge.name, part: one.name },
});

/** The row as it would have been read at that replica, with or without a header of ours before the hello. */
function plaintextAt(one: { name: string; address: string }, header: string): Finding[] {
  const look = { ...row.look, vantage: 'proxy-replica' as const, at: { hop: edge.name, part: one.name } };
  const data = { ...(row.data as object), header };
  const moved = { ...row, look: { ...look, address: one.address }, data } as EvidenceRow;
  return readRows([moved], triage, path).findings;
}

test('a listener that answers a bare hello in clear text speaks no TLS', () => {
  const guilty = listenerWithoutTls(sceneWith(failed('PLAINTEXT', 400, 4), ...plaintextAt(first, 'none')));
  assert.deepEqual([guilty?.hop, guilty?.cause, guilty?.explains], ['proxy', null, 1]);
});

test('what a header of ours stood before, what users do not meet, and a port of no listener for TLS say nothing of it', () => {
  const users = failed('PLAINTEXT', 400, 4);
  assert.equal(listenerWithoutTls(sceneWith(users, ...plaintextAt(first, 'local'))), null);
  assert.equal(listenerWithoutTls(sceneWith(answered(200), ...plaintextAt(first, 'none'))), null);
  const elsewhere = { ...first, address: '127.0.0.1:8080' };
  assert.equal(listenerWithoutTls(sceneWith(users, ...plaintextAt(elsewhere, 'none'))), null);
});

test("a 400 is a header's doing only where the same request is well straight at the replicas", () => {
  assert.equal(unparsed(sceneWith(answered(400), answered(200, atReplica(first)))), 1);
  assert.equal(unparsed(sceneWith(answered(400), answered(400, atReplica(first)))), 0);
  assert.equal(unparsed(sceneWith(answered(400))), 0, 'no replica was asked');
  assert.equal(unparsed(sceneWith(failed('CLOSED', null, 2), answered(200, atReplica(first)))), 0.5);
});

test('that all targets refuse is said only when each was asked, and one of several is stale only while others serve', () => {
  const refuses = (one: { name: string; address: string }): Finding =>
    finding(
      'TARGET_REFUSES',
      { balancer: balancer.name, target: one.name, address: one.address, health: null, known: false },
      { address: one.address, vantage: 'node-port', about: { hop: balancer.name, part: one.name } },
    );
  const well = answered(200, atReplica(first));
  const some = [failed('CLOSED', null, 2), well, refuses(first)];
  assert.equal(noHealthyTarget(sceneWith(...some)), null, 'the other target was not asked');
  assert.equal(staleTarget(sceneWith(...some))?.cause, 'lb-target-stale');
  const all = [failed('CLOSED', null, 4), well, refuses(first), refuses(second)];
  assert.equal(noHealthyTarget(sceneWith(...all))?.cause, 'lb-no-healthy-target');
  assert.equal(staleTarget(sceneWith(...all)), null);
  assert.equal(staleTarget(sceneWith(failed('CLOSED', null, 4), well, refuses(first))), null, 'everything fails');
});
