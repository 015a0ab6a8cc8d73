import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { dice } from '../../../bench/dice.ts';
import { whereItBegins } from '../../../diagnostics/bisect/begins.ts';
import { stagesOf } from '../../../diagnostics/bisect/sites.ts';
import { repeatsWorth } from '../../../diagnostics/bisect/worth.ts';
import type { Attempt, RequestSpec } from '../../../diagnostics/io/io.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { repeatUntilPlaced } from '../../../diagnostics/io/repeat.ts';
import { group } from '../../../diagnostics/readings/path-bisect.ts';
import type { EvidenceRow, Path, SavedCase, Vantage } from '../../../diagnostics/types.ts';

const answer = (status: number): Attempt => ({
  ok: status < 500,
  phase: 'done',
  error: null,
  alert: null,
  tlsVersion: null,
  status,
  headers: {},
  body: '',
  ms: { connect: 0, tls: null, firstByte: 1, total: 1 },
});

/** A row of four requests at a place, of which so many failed. */
function row(vantage: Vantage, hop: string, part: string | null, address: string, failed: number): EvidenceRow {
  const attempts = Array.from({ length: 4 }, (_, i) => answer(i < failed ? 502 : 200));
  const data = {
    scheme: 'http',
    header: 'none',
    host: 'h',
    path: '/',
    total: 4,
    outcomes: group(attempts),
    alternate: null,
  };
  const look = { check: 'path-bisect', vantage, hop: 'proxy' as const, at: { hop, part }, address, with: {} };
  return { v: 1, look, startedAt: '2026-11-21T09:00:00.000Z', ms: 3, data } as unknown as EvidenceRow;
}
const path = { hops: [{ name: 'lb' }, { name: 'edge' }] } as unknown as Path;
const [FRONT, ONE, TWO] = ['192.0.2.1:80', '192.0.2.2:80', '192.0.2.3:80'];
const rows = [
  row('public', 'lb', null, FRONT, 1),
  row('proxy-replica', 'edge', 'e1', ONE, 0),
  row('proxy-replica', 'edge', 'e2', TWO, 0),
];
const totals = (evidence: EvidenceRow[]): number[] =>
  stagesOf(evidence, path).flatMap((stage) => stage.sites.map((site) => site.ok + site.failed));
const options = (): { budgetMs: number; signal: AbortSignal; roundMs: number } => ({
  budgetMs: 5_000,
  signal: new AbortController().signal,
  roundMs: 0,
});

/** A peer at each address that fails a share of its requests, by dice. */
const peers =
  (shares: { [address: string]: number }, status = 502) =>
  (spec: RequestSpec): Promise<Attempt> => {
    const roll = rolls.get(spec.address) ?? dice(Number(spec.address.at(8)));
    rolls.set(spec.address, roll);
    return Promise.resolve(answer(roll() < (shares[spec.address] ?? 0) ? status : 200));
  };
const rolls = new Map<string, () => number>();
test.beforeEach(() => {
  rolls.clear();
});

test('requests are repeated until the hop is known, and the rows hold all of them', async () => {
  const { rows: after, requests } = await repeatUntilPlaced(
    rows,
    path,
    { request: peers({ [FRONT]: 0.1 }) },
    options(),
  );
  const begins = whereItBegins(after, path);
  assert.ok(begins !== null && begins !== 'unsure');
  assert.equal(begins.hop, 'lb');
  assert.equal(
    totals(after).reduce((a, b) => a + b, 0),
    12 + requests,
  );
  assert.deepEqual(totals(rows), [4, 4, 4], 'the rows that came in are left as they were');
  assert.ok(after.every((one) => (one.data as { repeated?: number }).repeated));
});

test('a place whose limit we met is asked no more, and what it refused is no evidence', async () => {
  let asked = 0;
  const limited = async (spec: RequestSpec): Promise<Attempt> => {
    if (spec.address !== FRONT) return answer(200);
    asked++;
    return answer(asked > 8 ? 429 : 200);
  };
  const { rows: after } = await repeatUntilPlaced(rows, path, { request: limited }, options());
  assert.ok(asked <= 40, String(asked));
  assert.equal(stagesOf(after, path)[0]?.sites[0]?.failed, 1, 'the one that failed before');
});

test('a place that may not be asked is left out; the others go on', async () => {
  const request = async (spec: RequestSpec): Promise<Attempt> => {
    if (spec.address === ONE) throw new BlindLook('not-allowed', 'not this one');
    return peers({ [FRONT]: 0.1 })(spec);
  };
  const { rows: after } = await repeatUntilPlaced(rows, path, { request }, options());
  assert.equal(totals(after)[1], 4);
  assert.ok((totals(after)[0] as number) > 4);
});

test('what hangs does not hold up the rest, and ends with the budget', async () => {
  const request = async (spec: RequestSpec, signal: AbortSignal): Promise<Attempt> => {
    if (spec.address === TWO) await pause(60_000, undefined, { signal });
    return answer(200);
  };
  const { rows: after } = await repeatUntilPlaced(rows, path, { request }, { ...options(), budgetMs: 1_200 });
  assert.equal(totals(after)[2], 4);
  assert.ok((totals(after)[0] as number) > 4);
});

test('only what comes and goes is worth repeating, and only where no look has seen the cause itself', () => {
  const seen = (
    evidence: EvidenceRow[],
    verdict: object,
    course = 'intermittent',
  ): Parameters<typeof repeatsWorth>[0] =>
    ({ path, evidence, verdict, case: { symptoms: { course } } }) as unknown as SavedCase;
  const unknown = { answer: 'inconclusive', cause: null };
  const well = rows.map((one) => row(one.look.vantage, one.look.at.hop, one.look.at.part, one.look.address, 0));
  assert.ok(repeatsWorth(seen(rows, unknown), 10_000) > 0);
  assert.ok(repeatsWorth(seen(well, unknown), 10_000) > 0);
  assert.equal(repeatsWorth(seen(well, unknown, 'steady'), 10_000), 0);
  assert.equal(repeatsWorth(seen(rows, { answer: 'ingress', cause: 'tls-certificate-expired' }), 10_000), 0);
  assert.equal(repeatsWorth(seen(rows, unknown), 1_500), 0, 'no time is left');
  assert.equal(repeatsWorth(seen(rows.slice(0, 1), unknown), 10_000), 0, 'one place alone');
});
