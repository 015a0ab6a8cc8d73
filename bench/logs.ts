import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { median } from '../diagnostics/stats.ts';
import { type LogKind, makeLog } from './logs-made.ts';
import { measured } from './measured-process.ts';

const RUN = join(import.meta.dirname, 'logs-run.ts');
const PARTS = process.env.ITI_PARTS ?? join(import.meta.dirname, '..', '.parts');
const INSTALL =
  'apt-get install goaccess; or apt-get download goaccess libmaxminddb0, and dpkg -x each into .parts/goaccess';
const HOST = 'shop.example.test';
const HOURS = 24;
const TAIL_MINUTES = 10;
const MIB = 1024 * 1024;

/** What GoAccess is told of each format; it counts every panel that it has, nothing is written. */
const GOACCESS: { [kind in LogKind]: string[] } = {
  nginx: [
    '--log-format=%h - - [%d:%t %^] "%r" %s %b "%R" "%u" %^ %T %^',
    '--date-format=%d/%b/%Y',
    '--time-format=%H:%M:%S',
  ],
  traefik: [
    '--log-format={"ClientHost":"%h","StartUTC":"%dT%t.%^","DownstreamStatus":"%s","DownstreamContentSize":"%b","RequestHost":"%v","RequestMethod":"%m","RequestPath":"%U","RequestProtocol":"%H"}',
    '--date-format=%Y-%m-%d',
    '--time-format=%H:%M:%S',
  ],
  haproxy: [
    '--log-format=%^: %h:%^ [%d:%t.%^] %^ %^ %^/%^/%^/%L/%^ %s %b %^ %^ %^ %^ %^ {%v} "%r"',
    '--date-format=%d/%b/%Y',
    '--time-format=%H:%M:%S',
  ],
};

interface Row {
  log: LogKind;
  mib: number;
  lines: number;
  /** Our reading with a window of everything: whole process, median. */
  everything: { ms: number; linesPerSecond: number; growthMib: number | null; rowsMib: number };
  /** Our reading with a window of the last ten minutes. */
  tail: { ms: number; lines: number; growthMib: number | null };
  /** Growth over a log of a tenth of the size: flat, but for the rows that are kept in columns. */
  tenthGrowthMib: number | null;
  peer: { name: string; ms: number; linesPerSecond: number; peakMib: number | null } | null;
  /** Times as long as our whole reading, whole process against whole process. */
  ratio: number | null;
}
interface LogsBench {
  runs: number;
  rows: Row[];
  skipped: string[];
}

interface Once {
  wallMs: number;
  ms: number;
  lines: number;
  rows: number;
  unreadable: number;
  rowsMib: number;
  growthMib: number | null;
}

async function ours(file: string, from: number): Promise<Once> {
  // A young generation like a worker's: else the peak shows the collector's laziness, not what is held.
  const { out, code, ms, peakMib } = await measured(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--max-semi-space-size=4',
    RUN,
    file,
    String(from),
    HOST,
  ]);
  if (code !== 0) throw new TriageError('our-bug', `reading ${file} ended with ${code}`);
  const said = JSON.parse(out) as Omit<Once, 'wallMs' | 'growthMib'> & { baseMib: number };
  if (said.unreadable > 0) throw new TriageError('our-bug', `${said.unreadable} lines of ${file} were not read`);
  return { ...said, wallMs: ms, growthMib: peakMib === null ? null : peakMib - said.baseMib };
}

/** GoAccess from PATH, or unpacked into the parts folder with its library; null: it is not here. */
function findGoaccess(): { binary: string; env: NodeJS.ProcessEnv } | null {
  const unpacked = join(PARTS, 'goaccess', 'usr');
  const env = { ...process.env, LD_LIBRARY_PATH: join(unpacked, 'lib', 'x86_64-linux-gnu') };
  if (existsSync(join(unpacked, 'bin', 'goaccess'))) return { binary: join(unpacked, 'bin', 'goaccess'), env };
  const onPath = (process.env.PATH ?? '').split(':').map((folder) => join(folder, 'goaccess'));
  const binary = onPath.find((file) => existsSync(file));
  return binary ? { binary, env: process.env } : null;
}

const middle = (values: (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length ? Math.round(median(known)) : null;
};

async function benchOne(kind: LogKind, dir: string, mib: number, runs: number): Promise<Row> {
  const end = Date.parse('2026-11-21T20:00:00Z');
  const file = join(dir, `${kind}.txt`);
  const tenth = join(dir, `${kind}-tenth.txt`);
  const lines = await makeLog(kind, file, mib * MIB, end, HOURS);
  await makeLog(kind, tenth, (mib * MIB) / 10, end, HOURS);
  const all: Once[] = [];
  const tails: Once[] = [];
  const small: Once[] = [];
  const peers: { ms: number; peakMib: number | null }[] = [];
  const goaccess = findGoaccess();
  for (let i = 0; i < runs; i++) {
    all.push(await ours(file, end - (HOURS + 1) * 3_600_000));
    if (goaccess) {
      const args = ['--no-global-config', ...GOACCESS[kind], '--process-and-exit', file];
      const { ms, peakMib, code } = await measured(goaccess.binary, args, goaccess.env);
      if (code !== 0) throw new TriageError('unavailable', `goaccess ended with ${code}`);
      peers.push({ ms, peakMib });
    }
    tails.push(await ours(file, end - TAIL_MINUTES * 60_000));
    small.push(await ours(tenth, end - (HOURS + 1) * 3_600_000));
  }
  if (all.some((one) => one.lines !== lines)) throw new TriageError('our-bug', `${kind}: not every line was read`);
  const ms = median(all.map((one) => one.wallMs));
  const peerMs = peers.length ? median(peers.map((one) => one.ms)) : null;
  const perSecond = (took: number): number => Math.round(lines / (took / 1000));
  const size = Math.round(statSync(file).size / MIB);
  rmSync(file);
  rmSync(tenth);
  return {
    log: kind,
    mib: size,
    lines,
    everything: {
      ms: Math.round(ms),
      linesPerSecond: perSecond(ms),
      growthMib: middle(all.map((one) => one.growthMib)),
      rowsMib: all[0]?.rowsMib ?? 0,
    },
    tail: {
      ms: Math.round(median(tails.map((one) => one.ms))),
      lines: tails[0]?.lines ?? 0,
      growthMib: middle(tails.map((one) => one.growthMib)),
    },
    tenthGrowthMib: middle(small.map((one) => one.growthMib)),
    peer:
      peerMs === null
        ? null
        : {
            name: 'goaccess',
            ms: Math.round(peerMs),
            linesPerSecond: perSecond(peerMs),
            peakMib: middle(peers.map((one) => one.peakMib)),
          },
    ratio: peerMs === null ? null : Number((peerMs / ms).toFixed(2)),
  };
}

function tableOf(bench: LogsBench): string {
  const lines = bench.rows.flatMap((row) => [
    `${row.log}: ${row.mib} MiB, ${row.lines} lines`,
    `  window of everything   ${row.everything.ms} ms, ${row.everything.linesPerSecond} lines/s; memory +${row.everything.growthMib} MiB, of which rows ${row.everything.rowsMib} (a tenth of the log: +${row.tenthGrowthMib} MiB)`,
    `  window of ${TAIL_MINUTES} minutes   ${row.tail.ms} ms, ${row.tail.lines} lines read; memory +${row.tail.growthMib} MiB`,
    ...(row.peer
      ? [
          `  ${row.peer.name}               ${row.peer.ms} ms, ${row.peer.linesPerSecond} lines/s; peak ${row.peer.peakMib} MiB: ${row.ratio} times as long`,
        ]
      : []),
  ]);
  return `${[...lines, ...bench.skipped.map((one) => `skipped: ${one}`), `medians of ${bench.runs} runs, in turns`].join('\n')}\n`;
}

/**
 * `./dev bench logs [--json] [--mib 100] [--runs 3]`: a day of a busy proxy, read for one host: all of it, and its last
 * ten minutes; beside GoAccess, which counts all of it, in the same run.
 */
export async function benchLogs(args: string[]): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'iti-bench-logs-'));
  try {
    const { values } = parseArgs({
      args,
      options: { json: { type: 'boolean' }, mib: { type: 'string' }, runs: { type: 'string' } },
    });
    const mib = Number(values.mib ?? 100);
    const runs = Number(values.runs ?? 3);
    if (!Number.isInteger(mib) || mib < 1 || mib > 4_000) throw new TriageError('wrong-usage', '--mib takes 1 to 4000');
    if (!Number.isInteger(runs) || runs < 1 || runs > 50) throw new TriageError('wrong-usage', '--runs takes 1 to 50');
    const rows: Row[] = [];
    for (const kind of ['nginx', 'traefik', 'haproxy'] as const) rows.push(await benchOne(kind, dir, mib, runs));
    const skipped = findGoaccess() ? [] : [`goaccess: not installed (${INSTALL})`];
    const bench: LogsBench = { runs, rows, skipped };
    process.stdout.write(values.json ? `${JSON.stringify(bench)}\n` : tableOf(bench));
    return 0;
  } catch (error) {
    process.stderr.write(`bench logs: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
