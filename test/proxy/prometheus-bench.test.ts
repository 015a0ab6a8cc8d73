import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import type { MetricsBench } from '../../bench/metrics.ts';

test('bench metrics: everybody reads the same page, and says how many requests it holds', async () => {
  const main = join(import.meta.dirname, '..', '..', 'bot', 'cli', 'main.ts');
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [main, 'bench', 'metrics', '--mib', '2', '--runs', '1', '--json'], {
    env: { ...process.env, ITI_PARTS: '/nowhere', PATH: '/nowhere' },
  });
  const bench = JSON.parse(stdout) as MetricsBench;
  assert.equal(bench.rows.length, 3);
  const counts = new Set(bench.rows.map((row) => row.requests));
  assert.equal(counts.size, 1);
  assert.ok([...counts].every((count) => count !== null && count > 1_000));
  assert.match(bench.skipped[0] ?? '', /^prom2json: not installed/);
});
