import type { Io } from '../../diagnostics/io/io.ts';
import { cpuMs } from './cpu.ts';
import { probe, suiteSet, takes } from './ours.ts';
import { type Peer, runPeer } from './peers.ts';
import type { Relay } from './relays.ts';
import type { Setup } from './setups.ts';

/** One scanner at one set-up; medians over its runs. */
export interface Row {
  who: string;
  runs: number;
  wallMs: number;
  connections: number;
  serverCpuMs: number | null;
  suites: number;
  /** Against ours: null for our own rows. */
  sets: { equal: boolean; onlyOurs: string[]; onlyTheirs: string[]; oursTaken: number; theirsTaken: number } | null;
  /** Their wall time, connections and server CPU as multiples of our suites run. */
  ratio: { wall: number; connections: number; cpu: number | null } | null;
}

interface Run {
  wallMs: number;
  connections: number;
  cpuMs: number | null;
  suites: Set<string>;
}

export const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const round = (n: number): number => Math.round(n * 100) / 100;

/** One run beside the server's CPU time and the relay's count of connections. */
async function measured(
  setup: Setup,
  relay: Relay,
  run: () => Promise<{ suites: Set<string>; ms: number }>,
): Promise<Run> {
  await relay.count();
  const before = cpuMs(setup.pid);
  const { suites, ms } = await run();
  const after = cpuMs(setup.pid);
  return {
    wallMs: ms,
    connections: await relay.count(),
    cpuMs: before === null || after === null ? null : after - before,
    suites,
  };
}

function rowOf(who: string, runs: Run[], ours: Row | null): Omit<Row, 'sets'> {
  const cpus = runs.map((run) => run.cpuMs).filter((ms) => ms !== null);
  const row = {
    who,
    runs: runs.length,
    wallMs: round(median(runs.map((run) => run.wallMs))),
    connections: median(runs.map((run) => run.connections)),
    serverCpuMs: cpus.length ? round(median(cpus)) : null,
    suites: runs[0]?.suites.size ?? 0,
  };
  const cpu = row.serverCpuMs !== null && ours?.serverCpuMs ? round(row.serverCpuMs / ours.serverCpuMs) : null;
  return {
    ...row,
    ratio: ours && {
      wall: round(row.wallMs / ours.wallMs),
      connections: round(row.connections / ours.connections),
      cpu,
    },
  };
}

async function difference(
  io: Io,
  port: number,
  ours: Set<string>,
  theirs: Set<string>,
): Promise<NonNullable<Row['sets']>> {
  const onlyOurs = [...ours].filter((one) => !theirs.has(one));
  const onlyTheirs = [...theirs].filter((one) => !ours.has(one));
  const count = async (list: string[]): Promise<number> => {
    let taken = 0;
    for (const one of list) if (await takes(io, port, one)) taken++;
    return taken;
  };
  return {
    equal: onlyOurs.length + onlyTheirs.length === 0,
    onlyOurs,
    onlyTheirs,
    oursTaken: await count(onlyOurs),
    theirsTaken: await count(onlyTheirs),
  };
}

/**
 * Ours and every peer at one set-up, all through the same relay, which counts connections. `often`: how many runs of
 * ours; peers get fewer, since testssl.sh alone takes a quarter of a minute.
 */
export async function compareAt(
  io: Io,
  setup: Setup,
  relay: Relay,
  nth: number,
  peers: Peer[],
  often: number,
): Promise<Row[]> {
  const port = relay.ports[nth] as number;
  const ours = async (full: boolean, times: number): Promise<Run[]> => {
    const runs: Run[] = [];
    for (let i = 0; i < times; i++)
      runs.push(
        await measured(setup, relay, async () => {
          const seen = await probe(io, port, full ? {} : { only: 'suites' });
          return { suites: suiteSet(seen), ms: seen.durationMs };
        }),
      );
    return runs;
  };
  await ours(true, 1); // the first run compiles the code and loads the trust store
  const own = await ours(false, often);
  const first = rowOf('ours, suites', own, null);
  const base: Row = { ...first, sets: null };
  const rows: Row[] = [
    base,
    { ...rowOf('ours, everything', await ours(true, Math.max(1, often - 2)), base), sets: null },
  ];
  for (const peer of peers) {
    const { command } = peer;
    if (!command) continue;
    const runs: Run[] = [];
    for (let i = 0; i < (peer.id === 'testssl.sh' ? 1 : Math.max(1, often - 2)); i++)
      runs.push(
        await measured(setup, relay, async () => {
          const { stdout, ms } = await runPeer(command(port));
          return { suites: peer.read(stdout), ms };
        }),
      );
    const sets = await difference(io, port, own[0]?.suites ?? new Set(), runs[0]?.suites ?? new Set());
    rows.push({ ...rowOf(peer.id, runs, base), sets });
  }
  return rows;
}
