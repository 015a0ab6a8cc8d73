import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { ClusterChange } from '../../proxy/kubernetes/changes.ts';
import { PREFIX } from '../queues.ts';
import type { RedisClient } from '../redis.ts';
import { aDecisionOf } from './decide.ts';
import type { RolloutDesk } from './desk.ts';
import {
  announced,
  type KnownHop,
  knownNow,
  type Noticed,
  noticedInChanges,
  noticedInInventory,
  rolloutOf,
} from './notice.ts';
import { rolloutId } from './store.ts';

export interface NoticeParts {
  redis: RedisClient;
  desk: RolloutDesk;
  inventory: () => Promise<Inventory>;
  /** Changes of the watched cluster between two times (ISO); null: none is watched. */
  changes: ((from: string, to: string) => Promise<ClusterChange[]>) | null;
  /** Software and version that an instance stated last, where a sample of it is there; null: not told. */
  software: (hop: string, instance: string) => Promise<string | null>;
  now: () => number;
}

const KEY = `${PREFIX}:rollouts:known`;
const KEPT_S = 400 * 24 * 60 * 60;
/** Changes are read from this long before the last look: a watcher may have written one late, ms. */
const OVERLAP_MS = 10 * 60_000;
/** At the first look, and after a long silence: what is older is no news, ms. */
const FIRST_MS = 15 * 60_000;
const LONGEST_MS = 24 * 60 * 60_000;
/** A rollout that nobody announced and nobody decides is watched this long, ms. */
const UNDECIDED_MS = 24 * 60 * 60_000;

interface Known {
  at: string;
  hops: { [key: string]: KnownHop };
}

/**
 * Looks for rollouts that nobody announced. What was noticed is written down before what is known moves on, and each has
 * one name, so that a process may die anywhere: the next look notices the same again, and that is one rollout.
 */
export async function noticeRollouts(parts: NoticeParts): Promise<string[]> {
  const { redis, desk, now } = parts;
  const at = new Date(now()).toISOString();
  const before = readKnown(await redis.get(KEY));
  const inventory = await parts.inventory();
  const stated = new Map<string, string | null>();
  for (const [hop, one] of hopsAndInstances(inventory)) stated.set(`${hop}/${one}`, await parts.software(hop, one));
  const seen = knownNow(inventory, (hop, one) => stated.get(`${hop}/${one}`) ?? null);
  const hops = remembering(before?.hops ?? {}, seen);
  const from = Math.max(before ? Date.parse(before.at) - OVERLAP_MS : now() - FIRST_MS, now() - LONGEST_MS);
  const changes = parts.changes ? await parts.changes(new Date(from).toISOString(), at) : [];
  const noticed = [
    ...noticedInChanges(changes, inventory),
    ...noticedInInventory(before?.hops ?? null, hops, inventory, at),
  ];
  const made: string[] = [];
  for (const one of noticed) {
    const id = await write(one, parts, inventory, before?.at ?? '');
    if (id !== null) made.push(id);
  }
  await redis.set(KEY, JSON.stringify({ at, hops } satisfies Known), 'EX', KEPT_S);
  await endUndecided(desk, now());
  return made;
}

/** Writes one down, or lets it begin the rollout that it belongs to. Null: it was known. */
async function write(one: Noticed, parts: NoticeParts, inventory: Inventory, since: string): Promise<string | null> {
  const { desk, now } = parts;
  const { store } = desk;
  // A change of a feed has a name for ever; the same step back and forth in the inventory is another one each time.
  const source = one.fingerprint.startsWith('change:') ? one.fingerprint : `${one.fingerprint}@${since}`;
  const at = new Date(now()).toISOString();
  const known = await store.seen([source]);
  if (known !== null) {
    // Whoever wrote it may have died before it began.
    const record = await store.load(known);
    if (record?.state === 'planned' && record.rollout.by === null) await desk.decide(known, begin(one, at));
    return null;
  }
  const rollouts = [...(await store.running()), ...(await store.planned())];
  const fits = announced(one, rollouts, now());
  if (fits) {
    await store.join(source, fits.rollout.id, KEPT_S);
    if (fits.state === 'planned') await desk.decide(fits.rollout.id, begin(one, at));
    else if (fits.rollout.by === null) await widen(fits.rollout.id, one, desk);
    return null;
  }
  const rollout = rolloutOf(one, rolloutId(now()), inventory, [], now());
  const { id, is } = await desk.create(rollout, [source], KEPT_S);
  await desk.decide(id, begin(one, at));
  return is === 'created' ? id : null;
}

const begin = (one: Noticed, at: string) => aDecisionOf('begin', -1, at, `Noticed: ${one.says}`);

/** More instances of a noticed rollout follow the first: they are on its new side from then on. */
async function widen(id: string, one: Noticed, desk: RolloutDesk): Promise<void> {
  const record = await desk.store.load(id);
  const more = one.fresh.instances;
  if (!record || more === null || record.rollout.fresh.hop !== one.fresh.hop) return;
  const { old, fresh } = record.rollout;
  if (fresh.instances === null) return;
  const all = [...new Set([...fresh.instances, ...more])];
  const left = old.hop === fresh.hop ? (old.instances ?? one.old.instances) : old.instances;
  await desk.store.setSides(
    id,
    { ...old, instances: left?.filter((name) => !all.includes(name)) ?? null },
    { ...fresh, instances: all },
  );
}

/** Nobody announced it, and nobody said anything about it for a day: it is no news any more. */
async function endUndecided(desk: RolloutDesk, now: number): Promise<void> {
  for (const { rollout, stage } of await desk.store.running()) {
    if (rollout.by !== null || now - Date.parse(rollout.createdAt) < UNDECIDED_MS) continue;
    const at = new Date(now).toISOString();
    await desk.decide(
      rollout.id,
      aDecisionOf('finish', stage, at, 'Watched for a day; nobody announced or stopped it.'),
    );
  }
}

function* hopsAndInstances(inventory: Inventory): Generator<[hop: string, instance: string]> {
  for (const hop of Object.values(inventory.hops)) for (const one of hop.instances) yield [hop.name, one.name];
}

/** What an instance said before holds while it is silent: a proxy that cannot be asked for a minute is no other one. */
function remembering(before: Known['hops'], now: Known['hops']): Known['hops'] {
  return Object.fromEntries(
    Object.entries(now).map(([key, hop]) => {
      const was = Object.hasOwn(before, key) ? (before[key]?.instances ?? {}) : {};
      const instances = Object.entries(hop.instances).map(
        ([name, said]) => [name, said ?? (Object.hasOwn(was, name) ? (was[name] ?? null) : null)] as const,
      );
      return [key, { ...hop, instances: Object.fromEntries(instances) }];
    }),
  );
}

function readKnown(text: string | null): Known | null {
  try {
    const known = JSON.parse(text ?? 'null') as Known | null;
    return known && typeof known.hops === 'object' && !Number.isNaN(Date.parse(known.at)) ? known : null;
  } catch {
    return null;
  }
}
