import { setImmediate as turn } from 'node:timers/promises';
import { dice } from '../dice.ts';
import { corpus } from './corpus.ts';
import { mutated } from './mutate.ts';
import { readers } from './readers.ts';

/**
 * The process that is watched: `run.ts COUNT SEED`. A line of JSON for every so many inputs, so that its parent sees a
 * hang; the last one with everything. Runs with --expose-gc, so that memory is what is held, not what is not yet freed.
 */
const [count = 0, seed = 1] = process.argv.slice(2).map(Number);
const EVERY = 5_000;
/** Caches and compiled code are there after so many; growth counts from then on. */
const WARM = Math.min(50_000, Math.floor(count / 4));

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
/** What is really held: collected twice, with a turn between, since what native objects hold is given back in a later turn. */
const memory = async (): Promise<{ rss: number; held: number }> => {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await turn();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, held: heapUsed + external };
};

const all = [...(await readers())];
const start = await corpus();
const random = dice(seed);
const throws = new Map<string, number>();
const calls = Object.fromEntries(all.map(([name]) => [name, 0]));
let first: string | null = null;
let slowest = { ms: 0, reader: '', bytes: 0 };
/** A slow call again: a collection or another process that fell into it does not fall into it each time. */
function slower(one: typeof slowest, read: (data: Uint8Array) => unknown, input: Uint8Array): typeof slowest {
  let { ms } = one;
  for (let i = 0; i < 3; i++) {
    const at = performance.now();
    try {
      read(input);
    } catch {} // counted where it was first called
    ms = Math.min(ms, performance.now() - at);
  }
  return ms > slowest.ms ? { ...one, ms } : slowest;
}
let bytes = 0;
let warm = await memory();
const began = performance.now();
for (let i = 0; i < count; i++) {
  if (i === WARM) warm = await memory();
  if (i % EVERY === 0) {
    say({ inputs: i });
    // A server's loop turns between two answers too.
    await turn();
  }
  const input = mutated(start, random);
  bytes += input.length;
  for (const [name, read] of all) {
    const at = performance.now();
    try {
      read(input);
    } catch (error) {
      const what = `${name}: ${error instanceof Error ? error.message.slice(0, 80) : String(error).slice(0, 80)}`;
      throws.set(what, (throws.get(what) ?? 0) + 1);
      first ??= Buffer.from(input.subarray(0, 300)).toString('hex');
    }
    calls[name] = (calls[name] ?? 0) + 1;
    const ms = performance.now() - at;
    if (ms > slowest.ms) slowest = slower({ ms, reader: name, bytes: input.length }, read, input);
  }
}
const seconds = (performance.now() - began) / 1_000;
const end = await memory();
say({
  done: true,
  inputs: count,
  corpus: start.length,
  readers: Object.keys(calls),
  calls: Object.values(calls).reduce((sum, n) => sum + n, 0),
  bytes,
  seconds,
  rssGrowthMib: (end.rss - warm.rss) / 2 ** 20,
  heldGrowthMib: (end.held - warm.held) / 2 ** 20,
  throws: Object.fromEntries(throws),
  firstThrowInput: first,
  slowest,
});
