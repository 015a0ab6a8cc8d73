import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Planned } from '../../../diagnostics/define-check.ts';
import type { Attempt, Io } from '../../../diagnostics/io/io.ts';
import { liveIo, MAX_ADDRESSES } from '../../../diagnostics/io/live-io.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { runLook } from '../../../diagnostics/run-look.ts';
import type { EvidenceRow } from '../../../diagnostics/types.ts';
import { loopbackGuard, loopbackIo, patient, peer } from '../peers.ts';

const ANSWER: Attempt = {
  ok: true,
  phase: 'done',
  error: null,
  alert: null,
  tlsVersion: null,
  status: 200,
  headers: {},
  body: '',
  ms: { connect: 1, tls: null, firstByte: 1, total: 2 },
};

const io = (over: Partial<Io> = {}): Io => ({
  ...loopbackIo(),
  now: () => new Date('2026-11-21T09:30:00Z'),
  request: async () => ANSWER,
  ...over,
});

const planned = (address = '127.0.0.1:9001', over: Partial<Planned['look']> = {}): Planned => ({
  look: {
    check: 'endpoint-answers',
    vantage: 'endpoint',
    hop: 'app',
    at: { hop: 'shop', part: 'shop-a' },
    address,
    with: { scheme: 'http', host: 'shop.example.test', path: '/', health: null, more: false, declared: null },
    ...over,
  },
});

const look = (
  one: Planned,
  over: Partial<Io> = {},
  options: Partial<Parameters<typeof runLook>[2]> = {},
): Promise<EvidenceRow[]> => runLook(one, io(over), { budgetMs: 2_000, ...options });
const blindOf = (rows: EvidenceRow[]): [string | undefined, string | undefined] => [
  rows[0]?.blind?.reason,
  rows[0]?.blind?.detail,
];

test('a row says when, where and what; it is plain JSON', async () => {
  const [row, ...more] = await look(planned());
  assert.equal(more.length, 0);
  assert.deepEqual([row?.v, row?.startedAt, row?.look.address], [1, '2026-11-21T09:30:00.000Z', '127.0.0.1:9001']);
  assert.deepEqual(JSON.parse(JSON.stringify(row)), row);
});

test('a name is resolved, and every address it leads to gets a row of its own', async () => {
  const asked: string[] = [];
  const rows = await look(planned('shop-a.example.test:9001'), {
    resolve: async () => ({ addresses: ['127.0.0.1', '::1', '127.0.0.2'], error: null }),
    request: async ({ address }) => {
      asked.push(address);
      if (address === '127.0.0.2:9001') throw new BlindLook('not-allowed', 'not covered');
      return ANSWER;
    },
  });
  assert.deepEqual(
    rows.map((row) => row.look.address),
    ['127.0.0.1:9001', '[::1]:9001', '127.0.0.2:9001'],
  );
  assert.deepEqual(
    rows.map((row) => row.blind?.reason),
    [undefined, undefined, 'not-allowed'],
  );
  assert.equal(new Set(asked).size, 3);
});

test('whatever goes wrong on our side is a blind row with its reason, never an exception', async () => {
  const bugs: unknown[] = [];
  const onBug = (error: unknown): void => void bugs.push(error);
  const failing = (error: unknown): Partial<Io> => ({
    request: async () => {
      throw error;
    },
  });
  assert.deepEqual(blindOf(await look(planned(), failing(new BlindLook('denied', 'may not')), { onBug })), [
    'denied',
    'may not',
  ]);
  assert.equal(bugs.length, 0);
  const ours = new TypeError('x is not a function\nsecond line');
  assert.deepEqual(blindOf(await look(planned(), failing(ours), { onBug })), ['our-bug', 'x is not a function']);
  assert.deepEqual(bugs, [ours]);
  assert.equal(blindOf(await look(planned(), failing('a string'), { onBug }))[0], 'our-bug');
  assert.deepEqual(blindOf(await look(planned('x', { check: 'no-such-check' })))[0], 'our-bug');
  const unresolved = await look(planned('gone.example.test:1'), {
    resolve: async () => ({ addresses: [], error: 'ENOTFOUND' }),
  });
  assert.equal(blindOf(unresolved)[0], 'resolver');
  assert.match(blindOf(unresolved)[1] ?? '', /gone\.example\.test does not resolve here \(ENOTFOUND\)/);
});

test('a look known to be blind is not made', async () => {
  const rows = await look(
    { ...planned(), blind: { reason: 'not-configured', detail: 'say where' } },
    {
      request: () => assert.fail('a look was made'),
    },
  );
  assert.deepEqual(blindOf(rows), ['not-configured', 'say where']);
});

test('a look that ignores its signal still ends in time', async () => {
  const began = performance.now();
  const rows = await look(planned(), { request: () => new Promise(() => {}) }, { budgetMs: 120 });
  assert.equal(blindOf(rows)[0], 'deadline');
  assert.ok(performance.now() - began < 1_500);
});

test('what is left of a deadline need not be a whole number, nor positive', async () => {
  for (const budgetMs of [599.187408, 0.4, 0, -3.7])
    assert.equal((await look(planned(), {}, { budgetMs })).length, 1, String(budgetMs));
});

test('the deadline of the case ends a look', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 60);
  const rows = await look(planned(), { request: () => new Promise(() => {}) }, { signal: controller.signal });
  assert.equal(blindOf(rows)[0], 'deadline');
  assert.equal(blindOf(await look(planned(), {}, { signal: AbortSignal.abort() }))[0], 'deadline');
});

test('what is too large to keep is not kept', async () => {
  const rows = await look(planned(), { request: async () => ({ ...ANSWER, body: 'x'.repeat(300_000) }) });
  assert.equal(blindOf(rows)[0], 'too-large');
});

test('against a mute peer the whole look keeps its budget', async (t) => {
  const mute = await peer(t, () => {});
  const began = performance.now();
  const rows = await runLook(planned(mute.address), loopbackIo(), { budgetMs: 400, signal: patient(t) });
  assert.equal(blindOf(rows)[0], 'deadline');
  assert.ok(performance.now() - began < 2_500);
});

test('names: addresses as they are, answers of `dns` before the resolver, a bounded number', async (t) => {
  const many = Array.from({ length: 40 }, (_, i) => `127.0.0.${i + 1}`);
  const live = liveIo({
    guard: loopbackGuard,
    trust: [],
    dns: { 'many.example.test': many },
    proxy: loopbackIo().proxy,
  });
  const signal = patient(t);
  assert.deepEqual(await live.resolve('::1', signal), { addresses: ['::1'], error: null });
  assert.deepEqual((await live.resolve('MANY.example.test', signal)).addresses, many.slice(0, MAX_ADDRESSES));
  const local = await live.resolve('localhost', signal);
  assert.ok(
    local.addresses.some((ip) => ip === '127.0.0.1' || ip === '::1'),
    JSON.stringify(local),
  );
  await assert.rejects(live.resolve('never.example.test', AbortSignal.abort(new Error('too late'))), /too late/);
});
