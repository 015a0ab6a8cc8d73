import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Inventory } from '../inventory/model.ts';
import { type ObjectChange, type WatchedCluster, watchCluster } from './cluster.ts';
import { connect } from './connection.ts';
import { withCluster } from './inventory.ts';
import { type PodLogs, podLogs } from './logs.ts';
import type { ClusterView } from './view.ts';

/** An inventory that a cluster completes. For a file without `kubernetes:` it is the file, and costs nothing. */
export interface InventorySource {
  /** What is known without a host: the file, and the names of hosts. */
  known(): Inventory;
  /** Everything about one host; where its name leads is asked, since that decides between two controllers. */
  forHost(host: string, path: string): Promise<Inventory>;
  /** null: no cluster. */
  view: ClusterView | null;
  /** Logs of its pods; null: no cluster. */
  logs: PodLogs | null;
  /** Resolves when every kind was listed or refused; false when the time is over before. */
  ready(withinMs: number): Promise<boolean>;
  close(): void;
}

/** A person waits: what was not listed by then is said to be missing, ms. */
const READY_MS = 6_000;
const RESOLVE_MS = 2_000;

/** Addresses of a name; null when the resolver does not say in time. */
async function addressesOf(name: string): Promise<string[] | null> {
  if (isIP(name)) return [name];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), RESOLVE_MS);
  });
  const asked = lookup(name, { all: true }).then(
    (found) => found.map((one) => one.address),
    () => null,
  );
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

/** Host names of load balancers: which of them a name leads to tells whose path it is. */
const MOST_BALANCERS = 16;
function balancersOf(view: ClusterView): string[] {
  const names = [...view.objects.services.values()]
    .filter((service) => service.type === 'LoadBalancer')
    .flatMap((service) => service.addresses)
    .filter((address) => !isIP(address));
  return [...new Set(names)].slice(0, MOST_BALANCERS);
}

/** Answers of a minute ago are as good as new ones; a resolver that does not answer is asked again. */
const KEPT_MS = 60_000;
function cachedResolver(): (name: string) => Promise<string[] | null> {
  const known = new Map<string, { at: number; addresses: Promise<string[] | null> }>();
  return (name) => {
    const kept = known.get(name);
    if (kept && Date.now() - kept.at < KEPT_MS) return kept.addresses;
    const entry = { at: Date.now(), addresses: addressesOf(name) };
    known.set(name, entry);
    void entry.addresses.then((found) => found === null && known.delete(name));
    if (known.size > 1_000) known.delete(known.keys().next().value as string);
    return entry.addresses;
  };
}

const fileOnly = (current: () => Inventory): InventorySource => ({
  known: current,
  forHost: async () => current(),
  view: null,
  logs: null,
  ready: async () => true,
  close: () => {},
});

/**
 * Begins to watch the cluster that an inventory names and waits a moment for its objects. An API server that is away
 * takes nothing from the file; what could not be seen is said in `unknown`. Throws TriageError for a bad kubeconfig.
 */
export async function inventorySource(
  first: Inventory,
  options: {
    readyMs?: number;
    onChange?: (change: ObjectChange, view: ClusterView) => void;
    /** The file as it is now, where it is read again and again. */
    current?: () => Inventory;
  } = {},
): Promise<InventorySource> {
  const current = options.current ?? (() => first);
  if (!first.kubernetes) return fileOnly(current);
  const { kubeconfig, context, namespaces } = first.kubernetes;
  const { onChange } = options;
  const connection = await connect({ kubeconfig, context });
  const cluster: WatchedCluster = watchCluster({
    connection,
    namespaces,
    now: () => new Date(),
    ...(onChange && { onChange: (change: ObjectChange) => onChange(change, cluster.view) }),
  });
  await cluster.ready(options.readyMs ?? READY_MS);
  const { view } = cluster;
  const resolve = cachedResolver();
  return {
    view,
    logs: podLogs(connection, view),
    ready: cluster.ready,
    close: cluster.close,
    known: () => ({ ...current(), hosts: view.hosts() }),
    async forHost(host, path) {
      const file = current();
      const wanted = host.toLowerCase();
      const unknown = [wanted, ...balancersOf(view)].filter((name) => !(name in file.dns));
      const answers = await Promise.all(unknown.map(async (name) => [name, await resolve(name)] as const));
      const names = Object.fromEntries(answers.filter((one): one is [string, string[]] => one[1] !== null));
      const complete = withCluster({ ...file, dns: { ...names, ...file.dns } }, view, wanted, path);
      // What the resolver says is not the file's word: only that is `dns`, and allowed for its host.
      return { ...complete, dns: file.dns, hosts: view.hosts() };
    },
  };
}
