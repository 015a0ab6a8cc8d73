import type { Case, Change } from '../diagnostics/types.ts';
import type { Inventory } from '../proxy/inventory/inventory.ts';
import { readChanges } from '../proxy/triage.ts';
import type { ChangeStore } from '../workers/changes/store.ts';

/** What changed since a time (ISO), on the path to a target or, with null, on all that is known. `blind`: what could not be read. */
export function changesSince(parts: {
  inventory: { fresh: () => Promise<Inventory>; forHost: (host: string, path: string) => Promise<Inventory> };
  store: ChangeStore;
  /** Name of the watched cluster; null: there is none. */
  cluster: () => string | null;
  now: () => number;
}) {
  return async (from: string, about: Case['target'] | null): Promise<{ changes: Change[]; blind: string | null }> => {
    const { inventory, store } = parts;
    const known = await (about === null ? inventory.fresh() : inventory.forHost(about.host, about.path));
    const name = parts.cluster();
    const until = new Date(parts.now()).toISOString();
    const one = {
      at: until,
      since: from,
      target: about ?? { host: '', port: 443, path: '/', scheme: 'https' },
    } as Case;
    const feed = name === null ? null : { between: store.between.bind(null, name) };
    const { changes, blind } = await readChanges(known, one, about === null ? null : feed);
    // Without a host nothing of the cluster is left out.
    const all = about === null && feed ? await feed.between(from, until) : [];
    const missing = blind.map((planned) => planned.blind?.detail ?? 'a change feed');
    if (known.changes === null && feed === null)
      missing.push('no change feed is configured (`changes` in the inventory)');
    return {
      changes: [...changes, ...all].filter((change) => Date.parse(change.at) >= Date.parse(from)),
      blind: missing.length === 0 ? null : missing.join('; '),
    };
  };
}
