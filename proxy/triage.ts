import type { ClusterReader } from '../diagnostics/io/cluster-reader.ts';
import type { Io } from '../diagnostics/io/io.ts';
import { liveIo } from '../diagnostics/io/live-io.ts';
import { getPage } from './adapters/metrics/page.ts';
import { proxyReader } from './adapters/reader.ts';
import { balancerReader } from './cloud/reader.ts';
import type { Recorder } from './history/history.ts';
import { allowanceOf } from './inventory/allow.ts';
import type { Inventory } from './inventory/inventory.ts';
import type { PodLogs } from './kubernetes/logs.ts';

export { readChanges } from './changes.ts';

/** Longest wait for a name that only leads to a metrics or admin page, ms. */
const PAGE_NAME_PATIENCE_MS = 3_000;

/**
 * What a process needs to look at the world in the name of an inventory: an Io that only ever reaches what the
 * inventory names or allows, with the adapters of the managed proxies behind it. Cheap: made anew for each case.
 */
export function ioFor(
  inventory: Inventory,
  forHost: string,
  recorder: Recorder | null = null,
  cluster: ClusterReader | null = null,
  logs: PodLogs | null = null,
): Io {
  const allowance = allowanceOf(inventory);
  const guard = allowance.guard(forHost);
  const resolve: Io['resolve'] = async (host, signal) => {
    const answer = await bare.resolve(host, signal);
    // An allowed name is probed wherever it leads; an answer from the inventory's own `dns` only in its host's name.
    if (allowance.name(host) && !Object.hasOwn(inventory.dns, host.toLowerCase())) guard.permit(answer.addresses);
    return answer;
  };
  const bare = liveIo({
    guard,
    trust: inventory.trust,
    dns: inventory.dns,
    cluster,
    balancer: balancerReader(inventory),
    proxy: proxyReader(
      inventory,
      guard,
      async (host) => (await resolve(host, AbortSignal.timeout(PAGE_NAME_PATIENCE_MS))).addresses,
      recorder,
      logs,
    ),
  });
  return { ...bare, resolve };
}

/** One page that a person named, behind the same guard as everything else. */
export function pageOf(inventory: Inventory, url: string, signal: AbortSignal): Promise<string> {
  const guard = allowanceOf(inventory).guard('');
  const bare = liveIo({ guard, trust: [], dns: inventory.dns, proxy: proxyReader(inventory, guard, async () => []) });
  return getPage(url, async (host) => (await bare.resolve(host, signal)).addresses, guard, signal);
}
