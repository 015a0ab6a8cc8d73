import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { reasonOf } from '../diagnostics/errors.ts';
import { emptyInventory, type Inventory, loadInventory } from '../proxy/inventory/inventory.ts';

/** The inventory as it is now. */
export interface InventorySource {
  current: () => Inventory;
  /** The same, after a look whether the file changed a moment ago. Never throws: the last good one stays. */
  fresh: () => Promise<Inventory>;
  close: () => void;
}

/**
 * Reads the inventory and reads it again when its file changes. The first reading must succeed; a later one that fails
 * is said once and the last good one stays.
 */
export async function watchInventory(file: string | null, log: Logger, everyMs = 2000): Promise<InventorySource> {
  if (file === null) {
    const empty = emptyInventory();
    return { current: () => empty, fresh: async () => empty, close: () => {} };
  }
  let inventory = await loadInventory(file);
  for (const warning of inventory.warnings) log.warn({ warning }, 'inventory');
  let seen = await stampOf(file);
  let reading: Promise<void> | null = null;
  const reload = async () => {
    const stamp = await stampOf(file);
    if (stamp === seen) return;
    seen = stamp;
    inventory = await loadInventory(file);
    log.info({ file }, 'inventory read again');
  };
  const refresh = (): Promise<void> => {
    reading ??= reload()
      .catch((error: unknown) =>
        log.error({ file, reason: reasonOf(error) }, 'inventory not read again; the last good one stays'),
      )
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  const timer = setInterval(refresh, everyMs);
  timer.unref();
  return {
    current: () => inventory,
    fresh: async () => {
      await refresh();
      return inventory;
    },
    close: () => clearInterval(timer),
  };
}

async function stampOf(file: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(file);
  return `${mtimeMs}-${size}-${ino}`;
}
