import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { median } from '../diagnostics/stats.ts';
import { BLOCKS, type Pair, writePairs } from './config-pairs.ts';
import { type Measured, measured } from './measured-process.ts';

const ROOT = join(import.meta.dirname, '..');
const RUNS = 5;
/** What the whole process may take (issue 4). */
const LIMIT_MS = 1_000;
const LIMIT_MIB = 300;

/** nginx's own parser family: reads both files into plain data and compares them, line numbers aside. */
const CROSSPLANE = `
import sys, crossplane
def plain(block):
    return [[d["directive"], d["args"], plain(d["block"]) if "block" in d else None] for d in block]
both = []
for name in sys.argv[1:3]:
    payload = crossplane.parse(name, comments=False, check_ctx=False, check_args=False)
    if payload["errors"]: sys.exit("errors: %s" % payload["errors"][0])
    both.append(plain(payload["config"][0]["parsed"]))
flat = [[d for one in file for d in (one[2] if one[0] == "http" else [one])] for file in both]
print(sum(1 for a, b in zip(*flat) if a != b) + abs(len(flat[0]) - len(flat[1])))
`;
const INSTALL = 'python3 -m pip install --target .parts/crossplane crossplane==0.5.8';

interface Tool {
  name: string;
  ms: number;
  peakMib: number | null;
  says: string;
}
interface Row {
  proxy: string;
  what: string;
  kib: number;
  tools: Tool[];
  skipped: string[];
}

async function run(name: string, says: (last: Measured) => string, command: () => Promise<Measured>): Promise<Tool> {
  const all: Measured[] = [];
  for (let i = 0; i < RUNS; i++) all.push(await command());
  const last = all.at(-1) as Measured;
  const peaks = all.map((one) => one.peakMib).filter((mib) => mib !== null);
  return {
    name,
    ms: Math.round(median(all.map((one) => one.ms))),
    peakMib: peaks.length ? median(peaks) : null,
    says: says(last),
  };
}

function oursSays({ out, code }: Measured): string {
  if (code !== 0) return `exit ${code}`;
  const found = JSON.parse(out) as {
    same: boolean;
    orderOnly: boolean;
    changes: { name: string; before: string; after: string }[];
  };
  if (found.orderOnly) return 'only an order differs';
  const [first] = found.changes;
  return `${found.changes.length} change: ${first?.name} ${first?.before} -> ${first?.after}`;
}

async function compare(pair: Pair, python: string | null): Promise<Row> {
  const files = [pair.before, pair.after];
  const tools = [
    await run('./dev reloads', oursSays, () => measured(join(ROOT, 'dev'), ['reloads', ...files, '--json'])),
    await run(
      'diff',
      ({ out }) => `${out.split('\n').filter((line) => /^[<>]/.test(line)).length} lines differ`,
      () => measured('diff', files),
    ),
  ];
  const skipped: string[] = [];
  if (pair.proxy === 'nginx' && python)
    tools.push(
      await run(
        'crossplane',
        ({ out, code }) => (code === 0 ? `${out.trim()} blocks stand elsewhere` : `exit ${code}`),
        () => measured('python3', ['-c', CROSSPLANE, ...files], { ...process.env, PYTHONPATH: python }),
      ),
    );
  else if (pair.proxy === 'nginx') skipped.push(`crossplane: not installed (${INSTALL})`);
  else skipped.push('crossplane: reads nginx only');
  return { proxy: pair.proxy, what: pair.what, kib: Math.round(pair.bytes / 1024), tools, skipped };
}

/** Where crossplane was installed: CROSSPLANE names the folder, else the parts folder; null: it is not here. */
async function crossplane(): Promise<string | null> {
  const folder = process.env.CROSSPLANE ?? join(process.env.ITI_PARTS ?? join(ROOT, '.parts'), 'crossplane');
  if (!existsSync(join(folder, 'crossplane'))) return null;
  const works = await measured('python3', ['-c', 'import crossplane'], { ...process.env, PYTHONPATH: folder }).catch(
    () => null,
  );
  return works?.code === 0 ? folder : null;
}

/** Our time and memory as multiples of a peer's. */
const ratios = (row: Row) =>
  row.tools.slice(1).map((peer) => {
    const ours = row.tools[0] as Tool;
    return {
      peer: peer.name,
      time: Number((ours.ms / Math.max(1, peer.ms)).toFixed(2)),
      memory: ours.peakMib && peer.peakMib ? Number((ours.peakMib / peer.peakMib).toFixed(2)) : null,
    };
  });

/**
 * `./dev bench reloads [--json]`: two configurations of 3,000 blocks compared by us, by diff and by crossplane, whole
 * processes, medians of 5 runs. Exit 1 when ours takes longer or more memory than it may.
 */
export async function benchReloads(args: string[]): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'iti-bench-reloads-'));
  try {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } });
    const python = await crossplane();
    const rows: (Row & { ratios: ReturnType<typeof ratios> })[] = [];
    if (!values.json) process.stdout.write(`${BLOCKS} blocks each, median of ${RUNS} whole processes\n`);
    for (const pair of writePairs(dir)) {
      const row = await compare(pair, python);
      rows.push({ ...row, ratios: ratios(row) });
      if (!values.json) process.stdout.write(textOf(rows.at(-1) as (typeof rows)[number]));
    }
    const ours = rows.map((row) => row.tools[0] as Tool);
    const within = ours.every((one) => one.ms < LIMIT_MS && (one.peakMib ?? 0) < LIMIT_MIB);
    if (values.json)
      process.stdout.write(
        `${JSON.stringify({ blocks: BLOCKS, runs: RUNS, limits: { ms: LIMIT_MS, mib: LIMIT_MIB }, within, rows })}\n`,
      );
    else
      process.stdout.write(`${within ? 'within' : 'BEYOND'} ${LIMIT_MS / 1000} s and ${LIMIT_MIB} MiB in every row\n`);
    return within ? 0 : 1;
  } catch (error) {
    process.stderr.write(`bench reloads: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function textOf(row: Row & { ratios: ReturnType<typeof ratios> }): string {
  const tool = (one: Tool): string =>
    `  ${one.name.padEnd(14)} ${String(one.ms).padStart(6)} ms  ${one.peakMib === null ? '     ?' : String(one.peakMib).padStart(6)} MiB  ${one.says}\n`;
  const ratio = row.ratios
    .map((r) => `${r.time} x the time${r.memory === null ? '' : ` and ${r.memory} x the memory`} of ${r.peer}`)
    .join('; ');
  return `${row.proxy}, ${row.what} (${row.kib} KiB each)\n${row.tools.map(tool).join('')}${row.skipped.map((s) => `  ${s}\n`).join('')}  ours: ${ratio}\n`;
}
