import type { Case } from '../../diagnostics/types.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { RecorderStore } from '../../workers/recorder/store.ts';
import type { ListenerDeps } from '../listeners/deps.ts';
import type { InventoryLog } from './inventory-log.ts';
import { inTime, type Known } from './known.ts';
import { recordedSince } from './recorded.ts';
import { decidedSince } from './rollouts.ts';

/** What changes are gathered from beside the change feed. */
export interface ChangeSources {
  /** null: it is switched off. */
  recorder: Pick<RecorderStore, 'samples'> | null;
  /** How far back its samples reach, ms. */
  keepMs: number;
  inventoryLog: Pick<InventoryLog, 'since'>;
}

type Deps = Pick<ListenerDeps, 'changesSince' | 'rolloutParts' | 'intake' | 'now'> & { changeSources?: ChangeSources };

const MOST_ROLLOUTS = 30;

/**
 * Everything that is known to have changed since a time (ISO), on the path of a host or (null) anywhere, oldest first. Each source has
 * its own time; one that is away or late is named in `blind`, with the line that would let it see. Never rejects.
 */
export async function gatherChanges(
  from: string,
  host: string | null,
  inventory: Inventory,
  deps: Deps,
): Promise<Known> {
  const target: Case['target'] | null = host === null ? null : { host, port: 443, path: '/', scheme: 'https' };
  const path = target === null ? null : deps.intake.findPath(inventory, target);
  const only = path === null ? null : new Set(path.hops.map((hop) => hop.name));
  const { changeSources: sources } = deps;
  const missing = (what: string): Known => ({ happened: [], blind: [`${what}: could not be read just now`] });

  const feed = async (): Promise<Known> => {
    if (!deps.changesSince) return { happened: [], blind: ['edits and deploys: nobody tells me of changes'] };
    const found = await deps.changesSince(from, target);
    return { happened: found.changes, blind: found.blind === null ? [] : [found.blind] };
  };
  const file = async (): Promise<Known> => {
    const all = (await sources?.inventoryLog.since(from)) ?? [];
    const isOurs = (object: string) => only === null || only.has(object) || object === host;
    return { happened: all.filter(({ object }) => isOurs(object)), blind: [] };
  };
  const rollouts = async (): Promise<Known> => {
    const records = await deps.rolloutParts.desk.store.recent(MOST_ROLLOUTS);
    const people = records.flatMap(({ decisions }) => decisions.map(({ by }) => by));
    return { happened: decidedSince(records, from, host, await deps.rolloutParts.names.of(people)), blind: [] };
  };
  const recorded = async (): Promise<Known> =>
    sources
      ? recordedSince(from, only, inventory, sources.recorder, sources.keepMs, deps.now())
      : { happened: [], blind: [] };

  const found = await Promise.all([
    inTime(feed()).then((one) => one ?? missing('edits and deploys')),
    inTime(recorded()).then((one) => one ?? missing('reloads and restarts')),
    inTime(file()).then((one) => one ?? missing('the inventory')),
    inTime(rollouts()).then((one) => one ?? missing('rollouts')),
  ]);
  const happened = found.flatMap((one) => one.happened).filter(({ at }) => Date.parse(at) >= Date.parse(from));
  return {
    happened: happened.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    blind: found.flatMap((one) => one.blind),
  };
}
