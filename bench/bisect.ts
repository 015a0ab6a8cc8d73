import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { type Fared, type Faulty, fared, WAYS, type Way } from './bisect-draws.ts';

const SEEDS = 400;
/** Paths as inventories have them: a name, a balancer, the proxies, what is behind them. */
const PATHS: { [name: string]: number[] } = {
  'name, proxy, endpoint': [1, 1, 1],
  'name, balancer, 2 proxies, 3 endpoints': [1, 1, 2, 3],
  '2 addresses, balancer, 3 proxies, service, 5 endpoints': [2, 1, 3, 1, 5],
  'name, balancer, 2 nodes, 3 proxies, 2 inner proxies, service, 8 endpoints': [1, 1, 2, 3, 2, 1, 8],
};
const RATES = [0.05, 0.1, 0.2, 0.5];

interface Line extends Faulty {
  on: string;
  ways: { [way in Way]: Fared };
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const p = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Every stage with all of its members at fault, and with one. */
const faults = (path: number[], rate: number): Faulty[] =>
  path.flatMap((members, stage) => [...new Set([members, 1])].map((bad) => ({ path, stage, bad, rate })));

function tableOf(lines: Line[], seeds: number): string {
  const out = [`Placing a fault that comes and goes, ${seeds} seeds for each of ${lines.length} faults`, ''];
  for (const rate of RATES) {
    const same = lines.filter((line) => line.rate === rate);
    out.push(`${p(rate)} of users' requests fail:`);
    for (const way of Object.keys(WAYS) as Way[]) {
      const of = same.map((line) => line.ways[way]);
      const worst = Math.min(...of.map((f) => f.placed));
      out.push(
        `  ${way.padEnd(10)} right hop ${p(mean(of.map((f) => f.placed)))} (worst fault ${p(worst)}), members too ${p(mean(of.map((f) => f.named)))}, wrong hop ${p(mean(of.map((f) => f.wrong)))}; requests ${Math.round(mean(of.map((f) => f.requests)))}, P95 ${Math.max(...of.map((f) => f.p95))}`,
      );
    }
  }
  return `${out.join('\n')}\n`;
}

/** `./dev bench bisect`: where does a fault of 5 % begin? Ours beside as many requests everywhere, over seeds. */
export async function benchBisect(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, seeds: { type: 'string' } } });
    const seeds = Number(values.seeds ?? SEEDS);
    if (!Number.isInteger(seeds) || seeds < 20 || seeds > 100_000)
      throw new TriageError('wrong-usage', '--seeds takes 20 to 100000');
    const lines = Object.entries(PATHS).flatMap(([on, path]) =>
      RATES.flatMap((rate) => faults(path, rate)).map((fault): Line => {
        const of = (way: Way): Fared => fared(fault, way, seeds);
        return { on, ...fault, ways: { ours: of('ours'), 'fixed 16': of('fixed 16'), 'fixed 100': of('fixed 100') } };
      }),
    );
    const atFive = lines.filter((line) => line.rate === 0.05).map((line) => line.ways.ours);
    const worst = Math.min(...atFive.map((f) => f.placed));
    process.stdout.write(
      values.json ? `${JSON.stringify({ seeds, worstAtFivePercent: worst, lines })}\n` : tableOf(lines, seeds),
    );
    return 0;
  } catch (error) {
    process.stderr.write(`bench bisect: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}
