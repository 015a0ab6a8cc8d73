import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { drawsNeeded, fitOf } from '../diagnostics/fit.ts';
import { chiSquaredTail } from '../diagnostics/stats.ts';
import { calledSkewed, drawn, pinned, seeded } from './balance-draws.ts';
import { type LiveRow, runLive } from './balance-live.ts';

const SEEDS = 3_000;
const SKEW = 0.2;
const ALPHA = 0.01;

/** One line of the simulation; rates are parts of the seeds. */
interface Power {
  endpoints: number;
  requests: number;
  falseAlarms: number;
  foundHot: number;
  foundCold: number;
  /** The peer, chi-squared on requests at 0.01, on the same draws. */
  peer: { falseAlarms: number; foundHot: number; foundCold: number };
}
interface Pinned {
  connections: number;
  meanCv: number;
  calledSkewed: number;
  namedPinned: number;
  peerCallsSkewed: number;
}

/** What the bench says. */
interface BalanceBench {
  seeds: number;
  power: Power[];
  pinned: Pinned[];
  /** Requests that each needs to find a fifth of skew nine times in ten among 50 endpoints, and the ratio. */
  fifty: { requests: number; peerRequests: number; ratio: number };
  scipy: string;
  live: LiveRow[];
}

/** `./dev bench balance`: power and false alarms by simulation, beside plain chi-squared on requests; then real proxies. */
export async function benchBalance(args: string[]): Promise<number> {
  try {
    const options = { json: { type: 'boolean' }, seeds: { type: 'string' }, 'no-live': { type: 'boolean' } } as const;
    const { values } = parseArgs({ args, options });
    const seeds = Number(values.seeds ?? SEEDS);
    if (!Number.isInteger(seeds) || seeds < 10 || seeds > 100_000)
      throw new TriageError('wrong-usage', '--seeds takes 10 to 100000');
    const power = [[4, 1500], ...[2, 3, 8, 50].map((n) => [n, drawsNeeded(n, SKEW)])].map(([endpoints, requests]) =>
      powerOf(seeds, endpoints as number, requests as number),
    );
    const bench: BalanceBench = {
      seeds,
      power,
      pinned: [4, 8, 16, 32, 64, 256].map((connections) => pinnedOf(seeds, connections)),
      fifty: fiftyOf(Math.min(seeds, 500)),
      scipy: scipySays(),
      live: values['no-live'] ? [] : await runLive(),
    };
    process.stdout.write(values.json ? `${JSON.stringify(bench)}\n` : tableOf(bench));
    return 0;
  } catch (error) {
    process.stderr.write(`bench balance: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

/** What most people do: chi-squared on requests. */
function plain(counts: number[]): number {
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return chiSquaredTail(counts.reduce((sum, n) => sum + (n - mean) ** 2, 0) / mean, counts.length - 1);
}
function plainRate(seeds: number, draws: number, endpoints: number, off: number): number {
  let called = 0;
  for (let seed = 0; seed < seeds; seed++) if (plain(drawn(draws, endpoints, off, seeded(seed))) < ALPHA) called++;
  return called / seeds;
}

const powerOf = (seeds: number, endpoints: number, requests: number): Power => ({
  endpoints,
  requests,
  falseAlarms: calledSkewed(seeds, requests, endpoints, 0),
  foundHot: calledSkewed(seeds, requests, endpoints, SKEW),
  foundCold: calledSkewed(seeds, requests, endpoints, -SKEW),
  peer: {
    falseAlarms: plainRate(seeds, requests, endpoints, 0),
    foundHot: plainRate(seeds, requests, endpoints, SKEW),
    foundCold: plainRate(seeds, requests, endpoints, -SKEW),
  },
});

function pinnedOf(seeds: number, connections: number): Pinned {
  let [cv, skewed, named, peer] = [0, 0, 0, 0];
  for (const { group, counts } of pinned(seeds, connections, 20_000, 4)) {
    cv += group.cv ?? 0;
    if (group.verdict === 'skewed') skewed++;
    if (group.kind === 'pinned-connections') named++;
    if (plain(counts) < ALPHA) peer++;
  }
  return {
    connections,
    meanCv: cv / seeds,
    calledSkewed: skewed / seeds,
    namedPinned: named / seeds,
    peerCallsSkewed: peer / seeds,
  };
}

/** Smallest number of requests, in steps of 4 %, at which a test finds a fifth of skew in nine of ten seeds. */
function fiftyOf(seeds: number): BalanceBench['fifty'] {
  const fair = new Array<number>(50).fill(1 / 50);
  const found = (requests: number, test: (counts: number[]) => number | null): number => {
    let called = 0;
    for (let seed = 0; seed < seeds; seed++) if ((test(drawn(requests, 50, SKEW, seeded(seed))) ?? 1) < ALPHA) called++;
    return called / seeds;
  };
  const enough = (test: (counts: number[]) => number | null): number => {
    let requests = 20_000;
    while (found(requests, test) < 0.9 && requests < 200_000) requests = Math.round(requests * 1.04);
    return requests;
  };
  const [requests, peerRequests] = [enough((counts) => fitOf(counts, fair)), enough(plain)];
  return { requests, peerRequests, ratio: Math.round((100 * requests) / peerRequests) / 100 };
}

/** The same numbers by scipy, where it is installed: largest difference of p over a few counts. */
function scipySays(): string {
  const rows = [1, 2, 3, 4].map((seed) => drawn(1500, 4, 0.1, seeded(seed)));
  const script = `import json,sys\nfrom scipy.stats import chisquare\nprint(json.dumps([chisquare(r).pvalue for r in json.load(sys.stdin)]))`;
  try {
    const out = execFileSync('python3', ['-c', script], {
      input: JSON.stringify(rows),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const theirs = JSON.parse(out) as number[];
    const most = Math.max(...theirs.map((p, i) => Math.abs(p - plain(rows[i] as number[])) / p));
    return `chi-squared agrees with scipy within ${most.toExponential(1)} of p`;
  } catch {
    return 'skipped: scipy is not installed (pip install scipy)';
  }
}

const pc = (rate: number): string => `${(rate * 100).toFixed(1)} %`.padStart(8);

function tableOf({ seeds, power, pinned: fewer, fifty, scipy, live }: BalanceBench): string {
  const lines = [
    `one endpoint a fifth off its share, ${seeds} seeds; in brackets: chi-squared on requests at 0.01`,
    ' endpoints  requests   false alarms        found too hot       found too cold',
    ...power.map(
      (p) =>
        `${String(p.endpoints).padStart(10)} ${String(p.requests).padStart(9)}  ${pc(p.falseAlarms)} (${pc(p.peer.falseAlarms)}) ${pc(p.foundHot)} (${pc(p.peer.foundHot)}) ${pc(p.foundCold)} (${pc(p.peer.foundCold)})`,
    ),
    `among 50 endpoints: ${fifty.requests} requests beside ${fifty.peerRequests} for chi-squared alone, ${fifty.ratio} times`,
    '',
    `fair draws of connections behind one address, 20000 requests over 4 endpoints, ${seeds} seeds`,
    ' connections  mean cv  called skewed  named pinned  chi-squared on requests calls it skewed',
    ...fewer.map(
      (p) =>
        `${String(p.connections).padStart(12)} ${pc(p.meanCv)}     ${pc(p.calledSkewed)}     ${pc(p.namedPinned)}     ${pc(p.peerCallsSkewed)}`,
    ),
    `scipy: ${scipy}`,
  ];
  if (live.length > 0) lines.push('', 'real proxies over four endpoints');
  for (const row of live) {
    const connections = row.connections ? `  connections ${row.connections.join('/')}` : '';
    lines.push(
      `${row.setup}`,
      `    requests ${row.requests.join('/')}${connections}`,
      `    ${row.verdict}${row.kind ? ` (${row.kind})` : ''}${row.pValue === null ? '' : `, p = ${row.pValue.toPrecision(2)}`}: ${row.says}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
