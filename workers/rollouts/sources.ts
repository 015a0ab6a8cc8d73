import { ioFor } from '../../proxy/triage.ts';
import type { ChangeStore } from '../changes/store.ts';
import type { SharedConfig } from '../config.ts';
import type { InventorySource } from '../inventory-watch.ts';
import type { RecorderStore } from '../recorder/store.ts';
import type { RolloutParts } from './schedule.ts';

/** A recorded sample is as good as one of our own while it is younger than this share of a slot. */
const YOUNG = 0.5;
/** What an instance stated is looked up so far back, in periods of the recorder. */
const STATED_PERIODS = 3;

/**
 * Where rollouts are read from in a workers' process: the inventory as it is known at that moment, the recorder's samples
 * where a young one is there (so that a proxy is not asked twice), else the proxy itself, and the cluster's change feed.
 */
export function rolloutSources(parts: {
  inventory: Pick<InventorySource, 'proxies' | 'cluster'>;
  /** null: the recorder is switched off. */
  recorder: RecorderStore | null;
  recordEveryMs: number;
  changes: ChangeStore;
  config: SharedConfig['file']['rollouts'];
  now?: () => number;
}): Pick<RolloutParts, 'inventory' | 'sample' | 'io' | 'everyMs' | 'probes' | 'notice' | 'cleanUpAfterMs'> {
  const { inventory, recorder, config } = parts;
  const now = parts.now ?? Date.now;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const recorded = async (hop: string, part: string, ms: number) => {
    const window = { from: iso(now() - ms), to: iso(now()) };
    const found = (await recorder?.samples(hop, part, window).catch(() => null))?.samples.at(-1);
    return found && found.at >= window.from ? found : null;
  };
  const feed: NonNullable<RolloutParts['notice']>['changes'] = async (from, to) => {
    const cluster = inventory.cluster()?.view?.cluster;
    return cluster === undefined ? [] : parts.changes.between(cluster, from, to);
  };
  return {
    inventory: inventory.proxies,
    sample: async (of, signal) => {
      const found = of.part === null ? null : await recorded(of.hop, of.part, YOUNG * config.every);
      return found ?? ioFor(await inventory.proxies(), '').proxy.sample(of, signal);
    },
    io: (known) => ioFor(known, ''),
    everyMs: config.every,
    probes: config.probes,
    cleanUpAfterMs: config.cleanUpAfter,
    notice: config.notice
      ? {
          changes: feed,
          software: async (hop, one) =>
            (await recorded(hop, one, STATED_PERIODS * parts.recordEveryMs))?.software ?? null,
        }
      : null,
  };
}
