import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { claimPorts } from '../proxy/lab/ports.ts';
import { commandTime } from './tls/command.ts';
import { compareAt, type Row } from './tls/compare-setup.ts';
import { type Many, manyAtOnce } from './tls/many.ts';
import { makeMaterial } from './tls/material.ts';
import { benchIo } from './tls/ours.ts';
import { type Peer, peers } from './tls/peers.ts';
import { startRelay } from './tls/relays.ts';
import { type Missing, recipes, type Setup, startSetup } from './tls/setups.ts';
import { tlsTable } from './tls/table.ts';

/** What the bench says, times in ms. */
export interface TlsBench {
  setups: { id: string; title: string; rows: Row[] }[];
  /** The same with a round trip of 20 ms, by a relay: A and B, without testssl.sh. */
  far: { id: string; rttMs: number; rows: Row[] }[];
  many: Many[];
  /** `./dev tls --only suites` and sslscan as commands, from their start to their end, at A. */
  command: { oursMs: number; sslscanMs: number | null; ratio: number | null } | null;
  skipped: { id: string; why: string }[];
}

const FAR_RTT_MS = 20;

/**
 * `./dev bench tls`: our probe beside sslscan, testssl.sh, nmap and sslyze at the same listeners, by the same relay, in one
 * run: same suites or not, wall time, connections, CPU time of the server. `--setups A,B` and `--peers sslscan` take a part.
 */
export async function benchTls(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: 'boolean' },
        setups: { type: 'string' },
        peers: { type: 'string' },
        targets: { type: 'string' },
      },
    });
    const targets = Number(values.targets ?? 100);
    if (!Number.isInteger(targets) || targets < 1 || targets > 200)
      throw new TriageError('wrong-usage', '--targets takes 1 to 200');
    const bench = await measure(values.setups?.split(','), values.peers?.split(','), targets);
    process.stdout.write(values.json ? `${JSON.stringify(bench)}\n` : tlsTable(bench));
    return 0;
  } catch (error) {
    process.stderr.write(`bench tls: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

async function measure(only: string[] | undefined, who: string[] | undefined, targets: number): Promise<TlsBench> {
  const dir = mkdtempSync(join(tmpdir(), 'iti-bench-tls-'));
  const claim = await claimPorts();
  const running: Setup[] = [];
  const bench: TlsBench = { setups: [], far: [], many: [], command: null, skipped: [] };
  try {
    const material = makeMaterial(dir);
    const wanted = recipes().filter((recipe) => !only || only.includes(recipe.id));
    const unknown = only?.filter((id) => !wanted.some((recipe) => recipe.id === id)) ?? [];
    if (unknown.length)
      throw new TriageError(
        'wrong-usage',
        `there is no set-up ${unknown[0]}; there are ${recipes()
          .map((r) => r.id)
          .join(', ')}`,
      );
    for (const recipe of wanted) {
      const started: Setup | Missing = await startSetup(recipe, claim.next(), material);
      if ('port' in started) running.push(started);
      else bench.skipped.push({ id: started.id, why: started.skipped });
    }
    const all = peers().filter((peer) => !who || who.includes(peer.id));
    for (const peer of all.filter((one) => !one.command))
      bench.skipped.push({ id: peer.id, why: `not installed: ${peer.install}` });
    await runAll(bench, running, all, material.ca, targets);
    return bench;
  } finally {
    await Promise.all(running.map((setup) => setup.stop()));
    claim.release();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function runAll(bench: TlsBench, running: Setup[], all: Peer[], ca: string, targets: number): Promise<void> {
  const io = benchIo(ca);
  const note = (text: string): void => void process.stderr.write(`bench tls: ${text}\n`);
  const relay = await startRelay(
    0,
    running.map((setup) => setup.port),
  );
  try {
    for (const [nth, setup] of running.entries()) {
      note(`${setup.id}: ${setup.title}`);
      const often = setup.id === 'A' || setup.id === 'B' ? 5 : 3;
      bench.setups.push({ id: setup.id, title: setup.title, rows: await compareAt(io, setup, relay, nth, all, often) });
    }
  } finally {
    await relay.stop();
  }
  const far = running.filter((setup) => setup.id === 'A' || setup.id === 'B');
  const farRelay = await startRelay(
    FAR_RTT_MS,
    far.map((setup) => setup.port),
  );
  try {
    for (const [nth, setup] of far.entries()) {
      note(`${setup.id} with a round trip of ${FAR_RTT_MS} ms`);
      const quick = all.filter((peer) => peer.id === 'sslscan' || peer.id === 'nmap');
      bench.far.push({ id: setup.id, rttMs: FAR_RTT_MS, rows: await compareAt(io, setup, farRelay, nth, quick, 3) });
    }
  } finally {
    await farRelay.stop();
  }
  const a = running.find((setup) => setup.id === 'A');
  if (a) bench.command = await commandTime(a.port, all);
  const b = running.find((setup) => setup.id === 'B') ?? running[0];
  if (!b) return;
  for (const rttMs of [20, 100]) {
    note(`${targets} targets at once, round trip ${rttMs} ms`);
    bench.many.push(await manyAtOnce(io, b.port, targets, rttMs));
  }
}
