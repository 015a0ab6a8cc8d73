import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { chiSquaredTail, lnGamma } from '../../diagnostics/stats.ts';
import type { Case } from '../../diagnostics/types.ts';
import { windowOf } from '../../diagnostics/window.ts';
import { clock, duration, failure, percent, plural, share, shellWord } from '../../diagnostics/wording.ts';

test('chi-squared: textbook values', () => {
  const close = (a: number, b: number, within = 1e-4): void => assert.ok(Math.abs(a - b) < within, `${a} is not ${b}`);
  for (const [x, df, p] of [
    [3.841459, 1, 0.05],
    [5.991465, 2, 0.05],
    [7.814728, 3, 0.05],
    [11.344867, 3, 0.01],
    [16.26624, 3, 0.001],
    [18.307038, 10, 0.05],
    [124.342113, 100, 0.05],
  ] as const)
    close(chiSquaredTail(x, df), p);
  assert.equal(chiSquaredTail(0, 3), 1);
  assert.ok(chiSquaredTail(1e6, 3) < 1e-300 || chiSquaredTail(1e6, 3) === 0);
  close(lnGamma(5), Math.log(24), 1e-10);
  close(lnGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-10);
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 500, noNaN: true }),
      fc.integer({ min: 1, max: 60 }),
      (x, df) => chiSquaredTail(x, df) >= 0 && chiSquaredTail(x, df) <= 1,
    ),
  );
});

test('numbers and times as people read them', () => {
  assert.deepEqual([share(9, 9), share(2, 187), share(37, 100)], ['9 of 9', '2 of 187 (1.1 %)', '37 of 100 (37 %)']);
  assert.deepEqual([percent(0), percent(0.011), percent(0.37), percent(1)], ['0 %', '1.1 %', '37 %', '100 %']);
  assert.deepEqual(
    [duration(31.4), duration(2_400), duration(3_000), duration(180_000)],
    ['31 ms', '2.4 s', '3 s', '3 min'],
  );
  assert.equal(clock('2026-11-21T14:03:59.000Z', '2026-11-21T20:00:00.000Z'), '14:03 UTC');
  assert.equal(clock('2026-11-20T14:03:59.000Z', '2026-11-21T20:00:00.000Z'), '20 Nov 14:03 UTC');
  assert.deepEqual(
    [plural(1, 'request'), plural(0, 'request'), plural(3, 'request')],
    ['1 request', '0 requests', '3 requests'],
  );
  assert.deepEqual(
    [
      failure('ECONNREFUSED', null, null),
      failure(null, 502, null),
      failure('ERR_SSL_X', null, 40),
      failure('ENOTCONN', null, null),
    ],
    ['connection refused', '502', 'TLS alert 40', 'enotconn'],
  );
});

test('a shell word is the same word after any shell has read it', () => {
  const words = fc
    .sample(
      fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.stringMatching(/^[\\'"`$(){};&|<> *?~#!\n-]{1,20}$/)),
      { numRuns: 300, seed: 3 },
    )
    .filter((word) => !word.includes('\0'));
  const script = words.map((word) => `printf '%s\\0' ${shellWord(word)}`).join('\n');
  const read = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
  assert.deepEqual(read, words);
  assert.equal(shellWord('127.0.0.1:8443'), '127.0.0.1:8443');
});

test('the time in question', () => {
  const at = '2026-11-21T12:00:00.000Z';
  const of = (since: string | null) => windowOf({ at, since } as Case);
  assert.deepEqual(of(null), { from: '2026-11-21T11:30:00.000Z', to: at });
  assert.deepEqual(of('2026-11-21T11:00:00.000Z'), { from: '2026-11-21T10:58:00.000Z', to: at });
  assert.equal(of('2026-11-21T13:00:00.000Z').from, '2026-11-21T11:58:00.000Z', 'a time to come is now');
});
