import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { CaseRecord } from '../cases.ts';
import type { RolloutDesk } from './desk.ts';
import { namesOf } from './sides.ts';
import { type EndedCase, type SideNames, tieCase } from './tie.ts';
import type { Rollout, Side } from './types.ts';

/** Rollouts that ended a while ago are looked at too: people notice late. */
const RECENT = 50;

/** Pure: what a rollout needs to know of a case; null: it has no verdict. */
function endedCase(record: CaseRecord): EndedCase | null {
  if (record.verdict === null) return null;
  return {
    id: record.case.id,
    host: record.case.target.host,
    at: record.case.at,
    symptoms: record.case.symptoms,
    path: record.path,
    verdict: record.verdict,
    looked: record.planned
      .filter(({ blind }) => !blind)
      .map(({ look }) => ({ check: look.check, hop: look.at.hop, part: look.at.part })),
    by: record.place.user,
  };
}

/** The names by which paths and findings know the sides of a rollout. */
function sideNames(inventory: Pick<Inventory, 'hops'>, { old, fresh }: Rollout): SideNames {
  const of = (side: Side) => ({
    hops: namesOf(inventory, side),
    instances: side.instances && new Set(side.instances),
  });
  return { old: of(old), fresh: of(fresh) };
}

/** Ties a case that ended to the rollouts that it belongs to. Repeating it changes nothing. Returns their ids. */
export async function tieToRollouts(
  record: CaseRecord,
  inventory: Pick<Inventory, 'hops'>,
  desk: RolloutDesk,
  now: number,
): Promise<string[]> {
  const one = endedCase(record);
  if (one === null) return [];
  const tied: string[] = [];
  for (const rollout of await desk.store.recent(RECENT)) {
    const found = tieCase(one, rollout, sideNames(inventory, rollout.rollout));
    if (!found) continue;
    const { id } = rollout.rollout;
    await desk.store.tie(id, found);
    await desk.tell(id, new Date(now).toISOString());
    tied.push(id);
  }
  if (tied.length > 0) await desk.tellCase(one.id, record.run, new Date(now).toISOString());
  return tied;
}
