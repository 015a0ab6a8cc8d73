import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { TriageError } from '../../diagnostics/errors.ts';
import { readArgs } from './options.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A file that takes longer than this hangs, ms. */
const FILE_LIMIT_MS = 240_000;

function run(command: string, args: string[]): Promise<{ code: number; out: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; out: string }>();
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    process.stdout.write(chunk);
  });
  child.on('error', (error) => resolve({ code: 70, out: error.message }));
  child.on('close', (code) => resolve({ code: code ?? 70, out }));
  return promise;
}

const counted = (out: string, what: string): number =>
  Number(new RegExp(`^[ℹ#] ${what} (\\d+)$`, 'm').exec(out)?.[1] ?? 0);

/**
 * `./dev test [PATTERN…] [--coverage]`: formatting, lint and types, then all tests (or the files whose path holds a
 * pattern). The last line reads `N passed, N failed`; skipped tests are counted after it.
 */
export async function test(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    './dev test [PATTERN…] [--coverage]',
    { coverage: { type: 'boolean' } },
    { min: 0, max: 50 },
  );
  const all = (await Array.fromAsync(glob('test/**/*.test.ts', { cwd: ROOT }))).sort();
  const files = positionals.length ? all.filter((file) => positionals.some((pattern) => file.includes(pattern))) : all;
  if (files.length === 0) throw new TriageError('wrong-usage', `no test file's path holds ${positionals.join(' or ')}`);
  let passed = 0;
  let failed = 0;
  for (const [name, command] of positionals.length
    ? []
    : ([
        ['biome', ['node_modules/.bin/biome', 'check', '.']],
        ['types', ['node_modules/.bin/tsc']],
      ] as const)) {
    const { code } = await run(command[0], command.slice(1));
    process.stdout.write(`${code === 0 ? '✔' : '✖'} ${name}\n`);
    if (code === 0) passed++;
    else failed++;
  }
  const coverage = values.coverage ? ['--experimental-test-coverage', '--test-coverage-include=diagnostics/**'] : [];
  const outcome = await run(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-reporter=spec',
    `--test-timeout=${FILE_LIMIT_MS}`,
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    ...coverage,
    ...files,
  ]);
  passed += counted(outcome.out, 'pass');
  failed += counted(outcome.out, 'fail') + counted(outcome.out, 'cancelled');
  const skipped = counted(outcome.out, 'skipped');
  // A runner that ends badly without naming a failed test has failed all the same.
  if (outcome.code !== 0 && failed === 0) failed++;
  process.stdout.write(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
