import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { reasonOf, TriageError } from '../diagnostics/errors.ts';

const COUNT = 1_000_000;
/** Nothing heard for so long: some reader does not come back. */
const HANG_MS = 15_000;
/** What a reader may keep of a million inputs: nothing; the allocator's own pages come and go. */
const GROWTH_MIB = 32;
const USAGE = './dev bench fuzz [--count N] [--seed N] [--json]';

interface FuzzResult {
  inputs: number;
  corpus: number;
  readers: string[];
  calls: number;
  bytes: number;
  seconds: number;
  rssGrowthMib: number;
  /** Of the heap and what hangs on it, after collecting. */
  heldGrowthMib: number;
  throws: { [what: string]: number };
  firstThrowInput: string | null;
  slowest: { ms: number; reader: string; bytes: number };
}

/** Runs the readers in a process of their own; null: it hung, or ended before its time. */
export async function fuzz(
  count: number,
  seed: number,
  onProgress: (inputs: number) => void = () => {},
): Promise<{ result: FuzzResult | null; hungAfter: number | null; stderr: string }> {
  const run = new URL('fuzz/run.ts', import.meta.url).pathname;
  // Node's nursery grows to three times 32 MiB when much is thrown away: kept small, so that what is seen is what is kept.
  const flags = ['--expose-gc', '--no-warnings', '--max-semi-space-size=4'];
  const child = spawn(process.execPath, [...flags, run, String(count), String(seed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk).slice(-2_000)));
  let inputs = 0;
  let hungAfter: number | null = null;
  const hung = (): void => {
    hungAfter = inputs;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(hung, HANG_MS);
  let result: FuzzResult | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    timer = setTimeout(hung, HANG_MS);
    const said = JSON.parse(line) as { done?: true; inputs: number };
    inputs = said.inputs;
    if (said.done) result = said as unknown as FuzzResult;
    else onProgress(inputs);
  }
  clearTimeout(timer);
  return { result, hungAfter, stderr };
}

/** `./dev bench fuzz`: mutated inputs through every reader of the wire. Exit 1: something threw, hung or grew. */
export async function benchFuzz(args: string[]): Promise<number> {
  let values: { count?: string; seed?: string; json?: boolean };
  try {
    ({ values } = parseArgs({
      args,
      options: { count: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' } },
    }));
  } catch (error) {
    throw new TriageError('wrong-usage', `${reasonOf(error)}\nusage: ${USAGE}`, { cause: error });
  }
  const count = Number(values.count ?? COUNT);
  const seed = Number(values.seed ?? 1);
  if (!Number.isSafeInteger(count) || count < 1_000 || !Number.isSafeInteger(seed))
    throw new TriageError('wrong-usage', `--count takes 1000 or more, --seed a whole number\nusage: ${USAGE}`);
  const progress = process.stderr.isTTY
    ? (n: number): void => void process.stderr.write(`\r${n} of ${count}`)
    : undefined;
  const { result, hungAfter, stderr } = await fuzz(count, seed, progress);
  if (!result && hungAfter === null)
    throw new TriageError('our-bug', `the readers' process ended: ${stderr.slice(-400)}`);
  const throws = Object.values(result?.throws ?? {}).reduce((sum, n) => sum + n, 0);
  const growth = result?.rssGrowthMib ?? 0;
  const fine = result !== null && throws === 0 && growth < GROWTH_MIB;
  const summary = {
    seed,
    hangs: hungAfter === null ? 0 : 1,
    hungAfter,
    throws,
    inputsPerSecond: result ? Math.round(result.inputs / result.seconds) : null,
    fine,
    peer: 'none: nobody else reads these bytes this way',
    ...result,
    thrown: result?.throws ?? {},
  };
  if (values.json) process.stdout.write(`${JSON.stringify({ ...summary, throws }, null, 2)}\n`);
  else process.stdout.write(asText(result, { throws, growth, hungAfter, seed }));
  return fine ? 0 : 1;
}

function asText(
  result: FuzzResult | null,
  seen: { throws: number; growth: number; hungAfter: number | null; seed: number },
): string {
  if (!result) return `a reader hung after ${seen.hungAfter} inputs (seed ${seen.seed})\n`;
  const { inputs, seconds, readers, slowest } = result;
  return `${inputs} mutated inputs of ${result.corpus} (seed ${seen.seed}), ${(result.bytes / 2 ** 20).toFixed(0)} MiB, through ${readers.length} readers: ${result.calls} calls
  ${Math.round(inputs / seconds)} inputs a second, ${seconds.toFixed(1)} s
  RSS grew by ${seen.growth.toFixed(1)} MiB (goal: below ${GROWTH_MIB}), what is held by ${result.heldGrowthMib.toFixed(2)} MiB
  ${seen.throws} throws${seen.throws ? `: ${JSON.stringify(result.throws)}, first by ${result.firstThrowInput}` : ''}
  0 hangs; the slowest call: ${slowest.reader}, ${slowest.ms.toFixed(1)} ms for ${slowest.bytes} bytes
  readers: ${readers.join(', ')}
`;
}
