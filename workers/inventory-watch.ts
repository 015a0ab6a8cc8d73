import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { reasonOf } from '../diagnostics/errors.ts';
import { emptyInventory, type Inventory, loadInventory } from '../proxy/inventory/inventory.ts';
import type { ObjectChange } from '../proxy/kubernetes/cluster.ts';
import { type InventorySource as ClusterSource, inventorySource } from '../proxy/kubernetes/source.ts';
import type { ClusterView } from '../proxy/kubernetes/view.ts';
import type { LastPaths } from './last-path.ts';

/** The inventory as it is now: the file, completed by the cluster that it names. */
export interface InventorySource {
  /** What is known without a host: the file, and the hosts that the cluster's objects name. */
  current: () => Inventory;
  /** The same, after a look whether the file changed a moment ago. Never throws: the last good one stays. */
  fresh: () => Promise<Inventory>;
  /** Everything about one host, the path that the cluster tells included. Never throws. */
  forHost: (host: string, path: string) => Promise<Inventory>;
  /** Every managed proxy, of the file and of the cluster. Never throws. */
  proxies: () => Promise<Inventory>;
  /** The watched cluster; null: the file names none. */
  cluster: () => Pick<ClusterSource, 'view' | 'logs'> | null;
  close: () => void;
}

interface WatchParts {
  everyMs?: number;
  /** How long a question waits for a cluster's first lists, ms. */
  patienceMs?: number;
  onChange?: (change: ObjectChange, view: ClusterView) => void;
  /** The file was read again. */
  onRead?: (inventory: Inventory) => void;
  /** Paths as they were known before this process began. */
  lastPaths?: () => LastPaths | null;
  now?: () => number;
}

/** What was found for a host serves all looks of its case, ms. */
const KEPT_MS = 2_000;
const MOST_KEPT = 200;
/** A host that no object names: what is found then is every proxy, and no path. */
const NO_HOST = 'nobody.invalid';

/**
 * Reads the inventory and reads it again when its file changes. The first reading must succeed; a later one that fails
 * is said once and the last good one stays. A cluster that the file names is watched, once in this process; its API
 * server being away stops nothing.
 */
export async function watchInventory(
  file: string | null,
  log: Logger,
  { everyMs = 2000, patienceMs = 4000, onChange, onRead, lastPaths, now = Date.now }: WatchParts = {},
): Promise<InventorySource> {
  if (file === null) {
    const empty = emptyInventory();
    const always = async () => empty;
    return {
      current: () => empty,
      fresh: always,
      forHost: always,
      proxies: always,
      cluster: () => null,
      close: () => {},
    };
  }
  let inventory = await loadInventory(file);
  for (const warning of inventory.warnings) log.warn({ warning }, 'inventory');
  const watched = (one: Inventory): Promise<ClusterSource> =>
    inventorySource(one, { readyMs: 0, current: () => inventory, ...(onChange && { onChange }) });
  let source = await watched(inventory);
  let seen = await stampOf(file);
  let reading: Promise<void> | null = null;
  let closed = false;
  const reload = async () => {
    const stamp = await stampOf(file);
    if (stamp === seen) return;
    seen = stamp;
    const read = await loadInventory(file);
    if (JSON.stringify(read.kubernetes) !== JSON.stringify(inventory.kubernetes)) {
      // The new one is there before the old one goes, so that a wrong line takes nothing away.
      const before = source;
      const next = await watched(read);
      if (closed) return next.close();
      source = next;
      before.close();
    }
    inventory = read;
    log.info({ file }, 'inventory read again');
    onRead?.(read);
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

  const find = async (host: string, path: string): Promise<Inventory> => {
    const { view } = source;
    const of = inventory;
    if (!view) return of;
    await source.ready(patienceMs);
    const found = await source.forHost(host, path);
    const isRouted = found.routes.length > of.routes.length;
    const isWhole = !view.missing.some(({ reason }) => reason === 'no-connection' || reason === 'not-yet');
    if (isRouted && isWhole) void lastPaths?.()?.save(of, found, host, path);
    // What this process saw itself is newer than what another one left behind.
    if (isRouted || isWhole) return found;
    const last = await lastPaths?.()?.load(of, view.cluster, host, path, now());
    return last ? { ...last, hosts: found.hosts, unknown: [...last.unknown, ...found.unknown] } : found;
  };
  interface Kept {
    of: Inventory;
    at: number;
    found: Promise<Inventory>;
  }
  const kept = new Map<string, Kept>();
  let every: Kept | null = null;

  return {
    current: () => source.known(),
    fresh: async () => {
      await refresh();
      return source.known();
    },
    async forHost(host, path) {
      const key = `${host} ${path}`;
      const known = kept.get(key);
      if (known && known.of === inventory && now() - known.at < KEPT_MS) return known.found;
      const found = find(host, path).catch((error: unknown) => {
        log.error({ host, reason: reasonOf(error) }, 'the cluster did not tell a path; the file counts alone');
        kept.delete(key);
        return inventory;
      });
      kept.delete(key);
      kept.set(key, { of: inventory, at: now(), found });
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
      return found;
    },
    async proxies() {
      await refresh();
      if (!source.view) return inventory;
      if (!every || every.of !== inventory || now() - every.at >= KEPT_MS)
        every = { of: inventory, at: now(), found: source.forHost(NO_HOST, '/') };
      return every.found.catch(() => inventory);
    },
    cluster: () => (source.view ? source : null),
    close: () => {
      closed = true;
      clearInterval(timer);
      source.close();
    },
  };
}

async function stampOf(file: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(file);
  return `${mtimeMs}-${size}-${ino}`;
}
