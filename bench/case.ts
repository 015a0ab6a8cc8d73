import { parseArgs } from 'node:util';
import { startDemo } from '../bot/demo/system.ts';
import type { LocalSlack, Message } from '../bot/local-slack/index.ts';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { measureQueue } from './case-queue.ts';

const CASES = 50;
const CHANNEL = 'platform';
const LIMIT_MS = 120_000;

interface Spread {
  p50: number;
  p95: number;
}

/** What the bench says, times in ms. */
interface CaseBench {
  cases: number;
  oneByOne: { firstWord: Spread; verdict: Spread };
  together: { firstWord: Spread; verdict: Spread };
  /** The queue's own part beside a bare BullMQ flow of 8 looks, in turns: P50 and the ratio of medians. */
  queue: { ours: Spread; bare: Spread; ratio: number };
  rssMb: number;
}

/**
 * `./dev bench case`: from the command typed to the first word and to the verdict, on the lab, 50 cases one after another
 * and 50 at once; then the queue alone. Slack's rate limits are counted, not enforced: they are not what is measured.
 */
export async function benchCase(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, cases: { type: 'string' } } });
    const cases = Number(values.cases ?? CASES);
    if (!Number.isInteger(cases) || cases < 1 || cases > 1000)
      throw new TriageError('wrong-usage', '--cases takes 1 to 1000');
    const bench = await measure(cases);
    process.stdout.write(values.json ? `${JSON.stringify(bench)}\n` : tableOf(bench));
    return 0;
  } catch (error) {
    process.stderr.write(`bench case: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

async function measure(cases: number): Promise<CaseBench> {
  const queue = await measureQueue(Math.max(cases, 200));
  const signal = new AbortController().signal;
  // Every question is its own case here, though the lab has few hosts.
  const system = await startDemo({
    redisUrl: null,
    logLevel: 'error',
    signal,
    questionOf: (one) => one.id,
    limits: 'off',
  });
  try {
    const { slack, world } = system;
    const hosts = world.hosts;
    const ask = (i: number) => slack.command('maya', CHANNEL, `/ingress-check ${hosts[i % hosts.length]}`);
    const alone: Times = { firstWord: [], verdict: [] };
    for (let i = 0; i < cases; i++) {
      const times = await timesOf(slack, 1, () => ask(i));
      alone.firstWord.push(...times.firstWord);
      alone.verdict.push(...times.verdict);
    }
    const together = await timesOf(slack, cases, () => Promise.all(Array.from({ length: cases }, (_, i) => ask(i))));
    const [ours, bare] = [spread(queue.ours), spread(queue.bare)];
    return {
      cases,
      oneByOne: { firstWord: spread(alone.firstWord), verdict: spread(alone.verdict) },
      together: { firstWord: spread(together.firstWord), verdict: spread(together.verdict) },
      queue: { ours, bare, ratio: round(ours.p50 / bare.p50) },
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  } finally {
    await system.stop();
  }
}

interface Times {
  firstWord: number[];
  verdict: number[];
}

/** Asks, and watches the channel until that many new messages have become verdicts. */
async function timesOf(slack: LocalSlack, count: number, ask: () => Promise<unknown>): Promise<Times> {
  const before = new Set(slack.messages(CHANNEL).map((message) => message.ts));
  const first = new Map<string, number>();
  const verdict = new Map<string, number>();
  const isFinished = (message: Message) => (message.blocks ?? []).some((block) => block.type === 'actions');
  const began = performance.now();
  const over = slack.waitFor(
    () => {
      const now = performance.now() - began;
      for (const message of slack.messages(CHANNEL)) {
        if (before.has(message.ts)) continue;
        if (!first.has(message.ts)) first.set(message.ts, now);
        if (!verdict.has(message.ts) && isFinished(message)) verdict.set(message.ts, now);
      }
      return verdict.size >= count;
    },
    { timeoutMs: LIMIT_MS, what: `${count} verdicts` },
  );
  await Promise.all([over, ask()]);
  return { firstWord: [...first.values()], verdict: [...verdict.values()] };
}

function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50: at(0.5), p95: at(0.95) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function tableOf({ cases, oneByOne, together, queue, rssMb }: CaseBench): string {
  const line = (name: string, { p50, p95 }: Spread) =>
    `${name.padEnd(44)} P50 ${p50.toFixed(0).padStart(6)} ms   P95 ${p95.toFixed(0).padStart(6)} ms\n`;
  return [
    line(`${cases} one after another: first word`, oneByOne.firstWord),
    line(`${cases} one after another: verdict`, oneByOne.verdict),
    line(`${cases} at once: first word`, together.firstWord),
    line(`${cases} at once: verdict`, together.verdict),
    line('queue, desk to thread job', queue.ours),
    line('bare BullMQ flow of the same shape', queue.bare),
    `queue beside bare: ${queue.ratio} times\nmemory of bot, workers and workspace: ${rssMb} MB\n`,
  ].join('');
}
