import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { runStorm, type StormResult } from './storm-run.ts';

/** What the bench says, times in ms. */
interface StormBench {
  ours: Summary;
  /** The same bot, which learns of Slack's limits by being refused, as Bolt's own client does. */
  reactive: Summary;
}

type Summary = Omit<StormResult, 'firstWords'> & { firstWordP50: number; firstWordP95: number };

/**
 * `./dev bench storm [--messages 1000] [--seconds 60] [--json]`: that many reports in that time into ten channels, on a workspace
 * that refuses what is over Slack's limits; beside it the same bot without permits. Ends with 70 if anything was lost or doubled, or a
 * limit broken.
 */
export async function benchStorm(args: string[]): Promise<number> {
  try {
    const options = { json: { type: 'boolean' }, messages: { type: 'string' }, seconds: { type: 'string' } } as const;
    const { values } = parseArgs({ args, options });
    const messages = Number(values.messages ?? 1000);
    const seconds = Number(values.seconds ?? 60);
    if (!(messages >= 1 && messages <= 10_000 && seconds >= 1 && seconds <= 600))
      throw new TriageError('wrong-usage', '--messages takes 1 to 10000, --seconds 1 to 600');
    const storm = { messages, overMs: seconds * 1000, channels: 10, hosts: 40, people: 90, drainMs: 400_000 };
    const bench: StormBench = {
      ours: summaryOf(await runStorm(storm)),
      reactive: summaryOf(await runStorm({ ...storm, unpaced: true })),
    };
    process.stdout.write(values.json ? `${JSON.stringify(bench)}\n` : tableOf(bench));
    const { ours } = bench;
    return ours.counted === messages && ours.doubled === 0 && ours.limitsBroken === 0 ? 0 : EXIT['our-bug'];
  } catch (error) {
    process.stderr.write(`bench storm: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

function summaryOf({ firstWords, ...rest }: StormResult): Summary {
  const at = (share: number) =>
    Math.round(firstWords[Math.min(firstWords.length - 1, Math.floor(firstWords.length * share))] ?? 0);
  return { ...rest, firstWordP50: at(0.5), firstWordP95: at(0.95) };
}

function tableOf({ ours, reactive }: StormBench): string {
  const rows: [string, (one: Summary) => string | number][] = [
    ['reports', (one) => one.messages],
    ['counted in a case, once each', (one) => one.counted],
    ['cases, with verdict', (one) => `${one.cases}, ${one.verdicts}`],
    ['pointers', (one) => one.pointers],
    ['threads with two answers', (one) => one.doubled],
    ['limits broken', (one) => one.limitsBroken],
    ['posts, edits', (one) => `${one.posts}, ${one.edits}`],
    ['first word P50, P95', (one) => `${one.firstWordP50} ms, ${one.firstWordP95} ms`],
    [
      'all said after the last report',
      (one) => (one.drainedMs === null ? 'not in time' : `${(one.drainedMs / 1000).toFixed(1)} s`),
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const line = (name: string, a: string | number, b: string | number) =>
    `${name.padEnd(width)}  ${String(a).padStart(18)}  ${String(b).padStart(18)}`;
  const head = line('', 'with permits', 'refused, retried');
  const says = ours.says === null ? '' : `\n\n${ours.says}`;
  return `${[head, ...rows.map(([name, of]) => line(name, of(ours), of(reactive)))].join('\n')}${says}\n`;
}
