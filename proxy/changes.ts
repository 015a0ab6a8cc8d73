import { z } from 'zod';
import type { Planned } from '../diagnostics/define-check.ts';
import { BlindLook } from '../diagnostics/io/proxy-reader.ts';
import type { Case, Change } from '../diagnostics/types.ts';
import { tailLines } from './adapters/logs/tail.ts';
import { findPath, type Inventory } from './inventory/inventory.ts';
import { type ClusterFeed, changesOn } from './kubernetes/changes/feed.ts';

/** Newest part of a change feed that is read, bytes. */
const FEED_BYTES = 2 * 1024 * 1024;
const KEPT = 200;
/** How long before the reported time a change is still of interest, ms: a deploy in the morning, a report at night. */
const BEFORE_MS = 24 * 3_600_000;

const changeSchema = z.looseObject({
  at: z.iso.datetime({ offset: true }),
  kind: z.string().max(100),
  object: z.string().max(300),
  summary: z.string().max(2_000),
  by: z.string().max(200).optional(),
});

function blind(inventory: Inventory, reason: BlindLook['reason'], detail: string): Planned {
  return {
    look: {
      check: 'changes',
      vantage: 'inside',
      hop: 'proxy',
      at: { hop: 'changes', part: null },
      address: inventory.changes ?? '',
      with: {},
    },
    blind: { reason, detail },
  };
}

interface ChangesRead {
  changes: Change[];
  blind: Planned[];
}

/**
 * The changes of the case's window, oldest first: from the change feed of the inventory, and of the cluster what concerns
 * the path. Bounded; never throws.
 */
export async function readChanges(
  inventory: Inventory,
  forCase: Case,
  cluster: ClusterFeed | null = null,
): Promise<ChangesRead> {
  const [file, found] = await Promise.all([
    readFile(inventory, forCase),
    cluster ? readCluster(inventory, forCase, cluster) : { changes: [], blind: [] },
  ]);
  const changes = [...file.changes, ...found.changes].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return { changes: changes.slice(-KEPT), blind: [...file.blind, ...found.blind] };
}

const windowOf = (forCase: Case): { from: number; until: number } => ({
  from: Date.parse(forCase.since ?? forCase.at) - BEFORE_MS,
  until: Date.parse(forCase.at),
});

async function readCluster(inventory: Inventory, forCase: Case, cluster: ClusterFeed): Promise<ChangesRead> {
  const { from, until } = windowOf(forCase);
  try {
    const all = await cluster.between(new Date(from).toISOString(), new Date(until).toISOString());
    return { changes: changesOn(findPath(inventory, forCase.target), all), blind: [] };
  } catch (error) {
    if (!(error instanceof BlindLook)) throw error;
    return { changes: [], blind: [blind(inventory, error.reason, `changes of the cluster: ${error.message}`)] };
  }
}

async function readFile(inventory: Inventory, forCase: Case): Promise<ChangesRead> {
  if (!inventory.changes) return { changes: [], blind: [] };
  let lines: string[];
  try {
    ({ lines } = await tailLines(inventory.changes, FEED_BYTES));
  } catch (error) {
    if (!(error instanceof BlindLook)) throw error;
    return { changes: [], blind: [blind(inventory, error.reason, `change feed: ${error.message}`)] };
  }
  const { from, until } = windowOf(forCase);
  const changes: Change[] = [];
  let broken = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const parsed = (() => {
      try {
        return changeSchema.safeParse(JSON.parse(line));
      } catch {
        return null;
      }
    })();
    if (!parsed?.success) {
      broken++;
      continue;
    }
    const { at, kind, object, summary, by } = parsed.data;
    const time = Date.parse(at);
    if (time < from || time > until) continue;
    changes.push({ at: new Date(time).toISOString(), kind, object, summary, ...(by ? { by } : {}) });
  }
  const unreadable = broken
    ? [
        blind(
          inventory,
          'unreadable',
          `change feed ${inventory.changes}: ${broken} of ${lines.length} lines are no changes`,
        ),
      ]
    : [];
  return { changes, blind: unreadable };
}
