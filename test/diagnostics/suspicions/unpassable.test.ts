import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import { type Scene, sceneOf } from '../../../diagnostics/scene.ts';
import { malformedAnswers, noRoomToRewrite } from '../../../diagnostics/suspicions/unpassable.ts';
import type { Case, EvidenceRow, Finding, Path } from '../../../diagnostics/types.ts';

/** One of two endpoints of a HAProxy, asked directly: it says Transfer-Encoding twice. */
const world = JSON.parse(
  readFileSync(
    new URL('../checks/endpoint-answers/ENDPOINT_ANSWER_MALFORMED.chunked-twice.json', import.meta.url),
    'utf8',
  ),
) as { case: Case; path: Path; row: EvidenceRow };
const [one, other] = (world.path.hops.at(-1)?.endpoints ?? []).map(({ name, address }) => ({ name, address }));

const base = { check: 'x', vantage: 'public', address: 'x', at: world.case.at, hop: 'proxy', direction: 'context' };
const of = (code: string, facts: object): Finding =>
  ({ ...base, code, facts, about: { hop: 'edge', part: null }, says: 'x.', next: 'x.', reproduce: null }) as Finding;

/** What an endpoint answers when asked directly, as read from the row, with or without the fault. */
function asked(at: { name: string; address: string } | undefined, malformed: boolean): Finding[] {
  assert.ok(at && world.row.data);
  const { attempts } = world.row.data as unknown as { attempts: { misframed?: string }[] };
  const plain = attempts.map(({ misframed: _, ...rest }) => rest);
  const look = { ...world.row.look, address: at.address, at: { hop: 'connect', part: at.name } };
  const data = { ...(world.row.data as object), attempts: malformed ? attempts : plain };
  return readRows([{ ...world.row, look, data } as unknown as EvidenceRow], world.case, world.path).findings;
}
const met = (failed: number, status = 502): Finding[] => [
  of('REQUEST_FAILED', { count: failed, total: 16, how: String(status), error: null, status, maker: 'HAProxy', ms: 3 }),
  of('PROXY_GATEWAY_ERROR', { count: failed, total: 16, status, maker: 'HAProxy', ms: 3 }),
  ...(failed < 16 ? [of('REQUEST_ANSWERED', { count: 16 - failed, total: 16, status: 200, ms: 3 })] : []),
];
const logged = (main: string, errors: number, total: number): Finding =>
  of('ERRORS_MADE_BY_PROXY', { main, errors, total, why: [], statuses: [] });

const sceneWith = (symptoms: Partial<Case['symptoms']>, ...findings: Finding[]): Scene =>
  sceneOf({ ...world.case, symptoms: { ...world.case.symptoms, ...symptoms } }, world.path, findings, [], []);
const blamed = (...findings: Finding[]): number | null =>
  malformedAnswers(sceneWith({}, ...findings))?.strength ?? null;

test('a proxy must refuse answers that are framed twice: the application makes the 502, and the log makes it surer', () => {
  const both = [...asked(one, true), ...asked(other, true)];
  const bare = blamed(...both, ...met(16));
  const told = blamed(...both, ...met(16), logged('bad-answer', 16, 24));
  assert.ok(bare !== null && told !== null && told > bare);
  const half = malformedAnswers(sceneWith({}, ...asked(one, true), ...asked(other, false), ...met(8)));
  assert.match(half?.sentence ?? '', /^1 of 2 endpoints/);
});

test('not where the proxy passes such answers on, fails with others too, or says why it fails', () => {
  const both = [...asked(one, true), ...asked(other, true)];
  assert.equal(blamed(...both, of('REQUEST_ANSWERED', { count: 16, total: 16, status: 200, ms: 3 })), null);
  assert.equal(blamed(...both, ...met(6)), null, 'ten of them were passed on');
  assert.equal(blamed(...asked(one, true), ...asked(other, false), ...met(16)), null, 'good answers fail as well');
  assert.equal(blamed(...both, ...met(16, 504)), null, 'an answer in time is no timeout');
  assert.equal(blamed(...both, ...met(16), of('UPSTREAM_REFUSED_PROXY', { upstream: 'x' })), null);
  assert.equal(blamed(...asked(one, false), ...asked(other, false), ...met(16)), null);
});

test('no room for headers of its own: the proxy, where that was most of the errors and a 500 was met', () => {
  const found = (symptoms: Partial<Case['symptoms']>, ...findings: Finding[]): string | null =>
    noRoomToRewrite(sceneWith({ kinds: ['errors-5xx'], statuses: [500], ...symptoms }, ...findings))?.cause ?? null;
  const mine = logged('no-room', 9, 30);
  assert.equal(found({}, mine), 'size-limit');
  assert.equal(found({ statuses: [503] }, mine), null);
  assert.equal(found({ kinds: ['slow'], statuses: [] }, mine), null);
  assert.equal(found({}, mine, of('ERRORS_MADE_UPSTREAM', { errors: 12, total: 30 })), null);
  assert.equal(found({}, logged('no-room', 9, 3_000)), null, 'a crawler on one page');
  assert.equal(found({}, logged('internal', 9, 30)), null);
});
