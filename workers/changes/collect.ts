import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import { type ClusterChange, changesOf } from '../../proxy/kubernetes/changes.ts';
import type { ObjectChange } from '../../proxy/kubernetes/cluster.ts';
import type { ClusterView } from '../../proxy/kubernetes/view.ts';
import type { Metrics } from '../metrics.ts';
import type { ChangeStore } from './store.ts';

export interface Collector {
  /** Hears one change of an object; keeps what people would call a change. Never throws. */
  hear(change: ObjectChange, view: ClusterView): void;
  /** Writes what is waiting, once, and stops. */
  close(): Promise<void>;
}

/** Changes are written together, this often at most, ms. */
const FLUSH_MS = 250;
const AGAIN_MS = 2_000;
/** What waits while Redis is away; older ones are given up. */
const MOST_WAITING = 10_000;
const AT_ONCE = 500;

/** Takes a watched cluster's changes to the store, in order, and keeps them while Redis is away. */
export function collectChanges(store: ChangeStore, metrics: Metrics, log: Logger): Collector {
  const waiting = new Map<string, ClusterChange[]>();
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<boolean> | null = null;
  let away = false;
  let closed = false;

  const write = async (): Promise<boolean> => {
    for (const [cluster, changes] of waiting) {
      while (changes.length > 0) {
        const some = changes.slice(0, AT_ONCE);
        try {
          metrics.changed(cluster, await store.put(cluster, some));
        } catch (error) {
          if (!away) log.warn({ cluster, reason: reasonOf(error) }, 'changes are not written; they wait');
          away = true;
          return false;
        }
        // Others may have come meanwhile, and the oldest have been given up.
        const written = new Set(some);
        const left = changes.findIndex((one) => !written.has(one));
        changes.splice(0, left === -1 ? changes.length : left);
      }
      waiting.delete(cluster);
    }
    if (away) log.info('changes are written again');
    away = false;
    return true;
  };
  const soon = (ms: number): void => {
    if (timer || closed) return;
    timer = setTimeout(async () => {
      writing = write();
      const done = await writing;
      writing = null;
      timer = null;
      if (!done || waiting.size > 0) soon(done ? FLUSH_MS : AGAIN_MS);
    }, ms);
    timer.unref();
  };

  return {
    hear(change, view) {
      let found: ClusterChange[] = [];
      try {
        found = changesOf(change, view);
      } catch (error) {
        log.error({ object: `${change.plural} ${change.key}`, reason: reasonOf(error) }, 'a change was not understood');
      }
      if (found.length === 0) return;
      const list = waiting.get(view.cluster) ?? [];
      waiting.set(view.cluster, list);
      list.push(...found);
      const over = list.length - MOST_WAITING;
      if (over > 0) {
        list.splice(0, over);
        metrics.changesLost(view.cluster, over);
      }
      soon(FLUSH_MS);
    },
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      await writing;
      await write();
    },
  };
}
