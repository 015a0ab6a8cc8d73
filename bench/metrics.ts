import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { median } from '../diagnostics/stats.ts';
import { measured } from './measured-process.ts';
import { writePage } from './metrics-page.ts';

const MIB = 1024 * 1024;
const RUN = join(import.meta.dirname, 'metrics-run.ts');
const PROM2JSON =
  'go install github.com/prometheus/prom2json/cmd/prom2json@latest, then on PATH or as .parts/prom2json';

interface Row {
  name: string;
  /** Median of the runs. */
  ms: number;
  mbPerSecond: number;
  /** Most resident memory beyond what the process had before it began; null where it cannot be told. */
  growthMib: number | null;
  /** What it counted, as a proof that it read the page; null: it does not say. */
  requests: number | null;
}

export interface MetricsBench {
  pageMib: number;
  runs: number;
  rows: Row[];
  /** Times as long as our normalised reading of the same page. */
  ratios: { [peer: string]: number };
  /** Growth at a tenth of the page and at the whole of it. */
  memory: { tenthMib: number | null; wholeMib: number | null };
  skipped: string[];
}

interface Once {
  ms: number;
  growthMib: number | null;
  requests: number | null;
}

/** Runs our reader, or the npm peer, in a fresh process. */
async function inNode(what: string, url: string): Promise<Once> {
  const { out, code, peakMib } = await measured(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--max-semi-space-size=4',
    '--max-old-space-size=6000',
    RUN,
    what,
    url,
  ]);
  if (code !== 0) throw new TriageError('our-bug', `${what} ended with ${code}`);
  const { ms, baseMib, requests } = JSON.parse(out) as { ms: number; baseMib: number; requests: number };
  return { ms, growthMib: peakMib === null ? null : peakMib - baseMib, requests };
}

async function inGo(binary: string, url: string): Promise<Once> {
  const { ms, peakMib, code } = await measured('/bin/sh', ['-c', 'exec "$0" "$1" >/dev/null', binary, url]);
  if (code !== 0) throw new TriageError('our-bug', `prom2json ended with ${code}`);
  return { ms, growthMib: peakMib, requests: null };
}

function findProm2json(): string | null {
  const parts = process.env.ITI_PARTS ?? join(import.meta.dirname, '..', '.parts');
  const folders = [parts, ...(process.env.PATH ?? '').split(':').filter(Boolean)];
  return folders.map((folder) => join(folder, 'prom2json')).find((file) => existsSync(file)) ?? null;
}

function rowOf(name: string, all: Once[], bytes: number): Row {
  const ms = median(all.map((one) => one.ms));
  const growths = all.map((one) => one.growthMib).filter((mib) => mib !== null);
  return {
    name,
    ms: Math.round(ms),
    mbPerSecond: Math.round(bytes / 1e6 / (ms / 1000)),
    growthMib: growths.length ? median(growths) : null,
    requests: all[0]?.requests ?? null,
  };
}

async function measure(pageMib: number, runs: number): Promise<MetricsBench> {
  const dir = mkdtempSync(join(tmpdir(), 'iti-bench-'));
  const sizes = {
    '/page': writePage(join(dir, 'page'), pageMib * MIB),
    '/tenth': writePage(join(dir, 'tenth'), (pageMib * MIB) / 10),
  };
  const server = createServer((request, answer) => {
    answer.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    createReadStream(join(dir, request.url ?? ''))
      .on('error', () => answer.destroy())
      .pipe(answer);
  });
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const prom2json = findProm2json();
    const contenders: [name: string, run: () => Promise<Once>][] = [
      ['sample (parsed and normalised)', () => inNode('normalised', `${base}/page`)],
      ['our parser, every series and label', () => inNode('parsed', `${base}/page`)],
      ['parse-prometheus-text-format 1.1.1', () => inNode('parse-prometheus-text-format', `${base}/page`)],
    ];
    if (prom2json) contenders.push(['prom2json', () => inGo(prom2json, `${base}/page`)]);
    const seen = contenders.map((): Once[] => []);
    // In turns: what else the machine does meets all of them alike.
    for (let i = 0; i < runs; i++) for (const [at, [, run]] of contenders.entries()) seen[at]?.push(await run());
    const rows = contenders.map(([name], at) => rowOf(name, seen[at] ?? [], sizes['/page']));
    const ours = rows[0] as Row;
    const counted = new Set(rows.map((row) => row.requests).filter((count) => count !== null));
    if (counted.size > 1) throw new TriageError('our-bug', `they do not agree: ${[...counted].join(' and ')} requests`);
    const tenth: Once[] = [];
    for (let i = 0; i < Math.min(3, runs); i++) tenth.push(await inNode('normalised', `${base}/tenth`));
    return {
      pageMib: Math.round(sizes['/page'] / MIB),
      runs,
      rows,
      ratios: Object.fromEntries(rows.slice(1).map((row) => [row.name, Math.round((row.ms / ours.ms) * 10) / 10])),
      memory: { tenthMib: rowOf('', tenth, sizes['/tenth']).growthMib, wholeMib: ours.growthMib },
      skipped: prom2json ? [] : [`prom2json: not installed (${PROM2JSON})`],
    };
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * `./dev bench metrics [--json] [--mib N] [--runs N]`: a page of 100 MiB with the shape of a real ingress-nginx's, served
 * on loopback, read and normalised; beside the parser that npm has and the one of the Prometheus project.
 */
export async function benchMetrics(args: string[]): Promise<number> {
  try {
    const options = { json: { type: 'boolean' }, mib: { type: 'string' }, runs: { type: 'string' } } as const;
    const { values } = parseArgs({ args, options });
    const [mib, runs] = [Number(values.mib ?? 100), Number(values.runs ?? 5)];
    if (!(mib >= 1 && mib <= 120)) throw new TriageError('wrong-usage', '--mib takes 1 to 120');
    if (!(Number.isInteger(runs) && runs >= 1 && runs <= 50))
      throw new TriageError('wrong-usage', '--runs takes 1 to 50');
    const bench = await measure(mib, runs);
    process.stdout.write(values.json ? `${JSON.stringify(bench)}\n` : tableOf(bench));
    return 0;
  } catch (error) {
    process.stderr.write(`bench metrics: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

function tableOf({ pageMib, runs, rows, ratios, memory, skipped }: MetricsBench): string {
  const lines = rows.map(({ name, ms, mbPerSecond, growthMib }) => {
    const ratio = ratios[name];
    const cells = [`${ms} ms`.padStart(9), `${mbPerSecond} MB/s`.padStart(9), `+${growthMib ?? '?'} MiB`.padStart(10)];
    return `${name.padEnd(38)}${cells.join('  ')}${ratio === undefined ? '' : `   ${ratio} times as long`}`;
  });
  return [
    `a page of ${pageMib} MiB in the shape of ingress-nginx, over HTTP on loopback; medians of ${runs} runs, each in a fresh process`,
    ...lines,
    `memory beyond the start: +${memory.tenthMib ?? '?'} MiB for a tenth of the page, +${memory.wholeMib ?? '?'} MiB for all of it`,
    ...skipped.map((one) => `skipped: ${one}`),
    '',
  ].join('\n');
}
