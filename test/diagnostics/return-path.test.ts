import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt, Io } from '../../diagnostics/io/io.ts';
import type { NodeHealth } from '../../diagnostics/io/proxy-health.ts';
import { type Asked, askAndReadAgain } from '../../diagnostics/io/return-path.ts';
import { readReturnPath } from '../../diagnostics/nodes/return-path.ts';
import type { Look } from '../../diagnostics/types.ts';

const page = (dropped: number): NodeHealth => ({
  ...{ source: 'http://n1/metrics', conntrack: null, overflows: null, cannotTell: [] },
  reversePath: { dropped, strict: null },
});
const seen: Asked = { asked: 6, unanswered: 6, dropped: 6, overMs: 200, quiet: 0, quietMs: 200 };
const read = (asked: Partial<Asked>) =>
  readReturnPath({ ...page(40), asked: { ...seen, ...asked } }, 'n1').map((one) => [one.code, one.direction]);

test('drops accuse only beyond what is usual, and beside requests of ours that got no answer', () => {
  assert.deepEqual(read({}), [['REVERSE_PATH_DROPS', undefined]]);
  assert.deepEqual(read({ dropped: 12, quiet: 12 }), [['REVERSE_PATH_DROPS', 'context']]);
  assert.deepEqual(read({ dropped: 100, quiet: 45, quietMs: 100 }), [['REVERSE_PATH_DROPS', 'context']]);
  assert.deepEqual(read({ dropped: 2 }), [['REVERSE_PATH_DROPS', 'context']]);
  assert.deepEqual(read({ unanswered: 0 }), [['REVERSE_PATH_DROPS', 'context']]);
  assert.deepEqual(read({ dropped: 1 }), []);
  assert.deepEqual(read({ dropped: 0 }), [['REVERSE_PATH_SILENT', undefined]]);
  assert.deepEqual(read({ dropped: 0, unanswered: 0 }), []);
  assert.deepEqual(readReturnPath(page(40), 'n1'), []);
});

const signal = AbortSignal.timeout(20_000);
const front = { scheme: 'http', host: 'wiki.example.test', path: '/', addresses: ['192.0.2.10:80', 'vip.test:80'] };
const look = { at: { hop: 'vip', part: 'n1' }, with: { front } } as unknown as Look;
const ioOf = (pages: NodeHealth[], request: () => Promise<Partial<Attempt>>): Io =>
  ({ request, proxy: { node: async () => pages.shift() as NodeHealth } }) as unknown as Io;

test('a counter that began anew is no growth; only addresses that are known are asked', async () => {
  const io = ioOf([page(7), page(9), page(2)], async () => ({ error: 'TIMEOUT' }));
  const found = await askAndReadAgain(io, look, page(5), signal);
  assert.deepEqual(
    [found?.asked.asked, found?.asked.unanswered, found?.asked.quiet, found?.asked.dropped],
    [12, 12, 2, 0],
  );
});

test('without the counter nothing is asked; what may not be asked takes nothing from the page', async () => {
  const never = ioOf([], () => assert.fail('asked'));
  const { reversePath: _, ...without } = page(0);
  assert.equal(await askAndReadAgain(never, look, without, signal), null);
  const barred = ioOf([page(1), page(1), page(1)], async () => {
    throw new Error('not allowed');
  });
  assert.equal(await askAndReadAgain(barred, look, page(1), signal), null);
});
