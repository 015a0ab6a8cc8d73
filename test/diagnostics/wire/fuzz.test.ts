import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchFuzz, fuzz } from '../../../bench/fuzz.ts';
import { TriageError } from '../../../diagnostics/errors.ts';

test('a few thousand mutated inputs: nothing throws, nothing hangs', async () => {
  const one = await fuzz(4_000, 7);
  assert.ok(one.result, one.stderr);
  assert.deepEqual(one.result.throws, {});
  assert.equal(one.result.inputs, 4_000);
  assert.ok(one.result.readers.includes('readProxyHeader') && one.result.readers.includes('readTlsAnswer'));
  assert.equal(one.result.calls, 4_000 * one.result.readers.length);
});

test('wrong usage is said', async () => {
  for (const args of [['--count', 'many'], ['--count', '10'], ['--seed', 'x'], ['--what']])
    await assert.rejects(benchFuzz(args), (error) => error instanceof TriageError && error.code === 'wrong-usage');
});
