import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import { sceneOf } from '../../../diagnostics/scene.ts';
import { answerHeadersTooBig } from '../../../diagnostics/suspicions/answer-headers.ts';
import type { Suspicion } from '../../../diagnostics/suspicions/suspicion.ts';
import type { Case, EvidenceRow, Finding, Path } from '../../../diagnostics/types.ts';

/** An endpoint of one nginx, asked directly: its page comes with 6.5 KiB of headers. */
const world = JSON.parse(
  readFileSync(new URL('../checks/endpoint-answers/ENDPOINT_HEADERS_LARGE.long-policy.json', import.meta.url), 'utf8'),
) as { case: Case; path: Path; row: EvidenceRow };
const { findings } = readRows([world.row], world.case, world.path);
const base = { check: 'x', vantage: 'public', address: 'x', at: world.case.at, hop: 'proxy', direction: 'context' };
const of = (code: string, facts: object): Finding =>
  ({ ...base, code, facts, about: { hop: 'edge', part: null }, says: 'x.', next: 'x.', reproduce: null }) as Finding;

const failed = (count: number, home?: number): Finding[] => [
  of('REQUEST_FAILED', { count, total: 16, how: '502', error: null, status: 502, maker: 'nginx', ms: 3 }),
  of('PROXY_GATEWAY_ERROR', { count, total: 16, status: 502, maker: 'nginx', ms: 3, ...(home && { home }) }),
];
const takes = (answerHeader: number | null): Finding => of('WAITS_FOR_UPSTREAM', { hopName: 'edge', answerHeader });
const suspected = (more: Finding[], path = world.path): Suspicion | null =>
  answerHeadersTooBig(sceneOf(world.case, path, [...findings, ...more], [], []));

test('a page whose headers nginx does not take: surest where its limit is read, else by another page that it lets through', () => {
  const strengths = [[...failed(16), takes(4096)], failed(16, 200), [...failed(16), takes(null)]].map(
    (more) => suspected(more)?.strength ?? 0,
  );
  assert.ok(strengths.every((one) => one >= 0.7));
  assert.deepEqual(
    strengths.toSorted((a, b) => b - a),
    strengths,
  );
});

test('a limit that is larger, a part of the requests, other pages that fail too, another proxy: then it is not the headers', () => {
  assert.equal(suspected([...failed(16), takes(16_384)]), null);
  assert.equal(
    suspected([...failed(4, 200), of('REQUEST_ANSWERED', { count: 12, total: 16, status: 200, ms: 3 })]),
    null,
  );
  assert.equal(suspected(failed(16, 502)), null);
  const behindEnvoy = {
    ...world.path,
    hops: world.path.hops.map((hop) => (hop.hop === 'proxy' ? { ...hop, kind: 'envoy' } : hop)),
  };
  assert.equal(suspected(failed(16, 200), behindEnvoy), null);
});
