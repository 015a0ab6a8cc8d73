import { frontOf, leaverOf, trafficOf } from '../../../diagnostics/drain/declared.ts';
import { drainOf } from '../../../diagnostics/drain/drain.ts';
import type { DrainOutcome } from '../../../diagnostics/drain/model.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySettings } from '../../../diagnostics/io/proxy-settings.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import type { Reach } from '../../adapters/metrics/page.ts';
import { settingsOf } from '../../config/settings/settings.ts';
import { pause } from '../until.ts';
import { type Counted, load } from './load.ts';
import { CHECK, type DrainRow, declared } from './table.ts';
import { type DrainWorld, drainWorld, HOST } from './world.ts';

/** One row of the table: what the configuration says will be lost, and what was. */
export interface DrainResult {
  row: DrainRow;
  predicted: DrainOutcome;
  counted: Counted;
  /** Lost or not is what was predicted; null: the prediction is `unknown`. */
  agrees: boolean | null;
}

interface DrainRun {
  /** Requests a second in all, half of them to the one that leaves. */
  rate: number;
  /** Length of the table's second, s. */
  unit: number;
}

/** Before anything leaves, ms. */
const BEFORE_MS = 700;
/** After the hop in front must have noticed, ms. */
const AFTER_MS = 700;

/** Runs one row on a world of its own, under load, and counts. */
export async function runRow(row: DrainRow, { rate, unit }: DrainRun): Promise<DrainResult> {
  const world = await drainWorld(row, unit);
  try {
    const predicted = row.signal === null ? nothingLeaves() : await predict(world, row, { rate, unit });
    // Every server has been used, and connections are pooled, before the clock starts.
    await load(world.port, { rate, ms: 200, kept: row.kept, host: HOST }).done;
    const noticed = (row.wait + row.acceptsFor + CHECK.interval * CHECK.fall) * unit * 1000;
    const running = load(world.port, { rate, ms: BEFORE_MS + noticed + AFTER_MS, kept: row.kept, host: HOST });
    await pause(BEFORE_MS);
    if (row.first === 'drained') await world.drain();
    if (row.first === 'not-ready') world.notReady();
    await pause(row.wait * unit * 1000);
    if (row.signal) world.signal(row.signal);
    const counted = await running.done;
    const lost = counted.failed > 0;
    const agrees = predicted.verdict === 'unknown' ? null : lost === (predicted.verdict !== 'drops-none');
    return { row, predicted, counted, agrees };
  } finally {
    await world.close();
  }
}

/** From the configuration files of this world, and what an inventory would declare of the leaving. */
async function predict(world: DrainWorld, row: DrainRow, { rate, unit }: DrainRun): Promise<DrainOutcome> {
  const { front, leaver } = declared(row, unit, rate, world.instances);
  const signal = AbortSignal.timeout(5_000);
  const read = (hop: PathHop): Promise<ProxySettings> =>
    settingsOf(hop, hop.instances[0] as Instance, HOST, NO_PAGES, signal);
  const [before, own] = await Promise.all([read(front), read(leaver)]);
  const group = before.upstreams.find((one) => one.name === 'proxies') ?? null;
  return drainOf(frontOf(front, leaver, group), leaverOf(leaver, own.timeouts), trafficOf(leaver));
}

const noPages = (): Promise<never> => Promise.reject(new BlindLook('not-allowed', 'only files are read here'));
const NO_PAGES: Reach = { page: noPages, stream: noPages, command: noPages };

const nothingLeaves = (): DrainOutcome => ({
  verdict: 'drops-none',
  losses: { 'drops-new': 'no', 'drops-in-flight': 'no', 'cuts-keep-alive': 'no' },
  stopsSendingBy: null,
  servesFor: null,
  missing: { least: 0, most: 0 },
  cutsLongerThan: null,
  atMost: 0,
  graceCutsPreStop: false,
  because: [],
  unknown: [],
});
