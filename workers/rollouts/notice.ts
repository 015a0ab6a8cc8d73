import type { PathHop } from '../../diagnostics/types.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { ClusterChange } from '../../proxy/kubernetes/changes.ts';
import { isDue } from './begun.ts';
import type { Rollout, RolloutRecord, Side } from './types.ts';

/** A change of a managed proxy that looks like a rollout. */
export interface Noticed {
  /** The same change has the same name, whoever sees it and however often. */
  fingerprint: string;
  /** When it happened, or was seen, ISO. */
  at: string;
  /** Keys of the hops that it is about. */
  hops: string[];
  title: string;
  /** What was seen, a sentence for people. */
  says: string;
  old: Side;
  fresh: Side;
}

/** What was known of a hop when it was looked at last. Plain JSON. */
export interface KnownHop {
  kind: string;
  /** Software and version as the proxy states it, by instance; null: it did not say. */
  instances: { [name: string]: string | null };
}

/** Hops that somebody rolls out: proxies with instances of their own. */
const isManaged = (hop: PathHop): boolean =>
  hop.hop === 'proxy' || (hop.hop === 'load-balancer' && hop.instances.length > 0);

/** The managed proxies of an inventory, by key. */
const managedHops = (inventory: Pick<Inventory, 'hops'>): [key: string, hop: PathHop][] =>
  Object.entries(inventory.hops).filter(([, hop]) => isManaged(hop));

/** Pure: what is known of the managed proxies now. `software` says what an instance stated last. */
export function knownNow(
  inventory: Pick<Inventory, 'hops'>,
  software: (hop: string, instance: string) => string | null,
): { [key: string]: KnownHop } {
  return Object.fromEntries(
    managedHops(inventory).map(([key, hop]) => [
      key,
      {
        kind: hop.kind,
        instances: Object.fromEntries(hop.instances.map((one) => [one.name, software(hop.name, one.name)])),
      },
    ]),
  );
}

const IMAGE = /(?:^|; )(?:\S+ )?image: (\S+) -> ([^\s;]+)/;
const clock = (iso: string): string => `${iso.slice(11, 16)} UTC`;
/** `traefik:v3.7` of `docker.io/library/traefik:v3.7@sha256:…`. */
const shortImage = (image: string): string => (image.split('@')[0] ?? image).split('/').at(-1) ?? image;

/**
 * Pure: rollouts in a cluster's change feed: a workload of a managed proxy got another image. What else changed in its
 * template is an edit and shows in the timeline. Pods that are there now are the old side, those that come the new one.
 */
export function noticedInChanges(changes: readonly ClusterChange[], inventory: Pick<Inventory, 'hops'>): Noticed[] {
  return changes.flatMap((change) => {
    const image = change.kind === 'rollout' ? IMAGE.exec(change.summary) : null;
    const found =
      image && managedHops(inventory).find(([key, hop]) => key === change.object || hop.name === change.object);
    if (!image || !found) return [];
    const [key, hop] = found;
    const [was, is] = [shortImage(image[1] as string), shortImage(image[2] as string)];
    const by = change.by ? ` by ${change.by}` : '';
    return [
      {
        fingerprint: `change:${change.id}`,
        at: change.at,
        hops: [key],
        title: `${hop.name}: ${was} → ${is}`,
        says: `The image of ${hop.name} changed from ${was} to ${is} at ${clock(change.at)}${by}; nobody announced it.`,
        // Pods that began before the change are the old ones.
        old: { hop: key, instances: hop.instances.map((one) => one.name), title: was },
        fresh: { hop: key, instances: null, title: is },
      },
    ];
  });
}

/**
 * Pure: what a comparison with the last look shows: another kind, a version that some instances state and did not before,
 * instances more that do not state theirs, or a new proxy before hosts that another one serves. Of what a cluster tells,
 * pods come and go all day: there only a version counts. `before` null: the first look, which can notice nothing.
 */
export function noticedInInventory(
  before: { [key: string]: KnownHop } | null,
  after: { [key: string]: KnownHop },
  inventory: Pick<Inventory, 'hops' | 'routes'>,
  at: string,
): Noticed[] {
  if (before === null) return [];
  return Object.entries(after).flatMap(([key, is]) => {
    const hop = inventory.hops[key];
    const was = Object.hasOwn(before, key) ? before[key] : undefined;
    if (!hop) return [];
    if (!was) return newHop(key, hop, before, inventory, at);
    return otherVersion(key, hop, was, is, at) ?? moreInstances(key, hop, was, is, at);
  });
}

const side = (hop: string, instances: string[] | null, title: string): Side => ({ hop, instances, title });
const list = (names: string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');

/** A hop that was not there, before hosts that an older one serves. */
function newHop(
  key: string,
  hop: PathHop,
  before: { [key: string]: KnownHop },
  { hops, routes }: Pick<Inventory, 'hops' | 'routes'>,
  at: string,
): Noticed[] {
  if (hop.discovered) return [];
  const hosts = new Set(routes.filter(({ via }) => via.includes(key)).map(({ host }) => host));
  const beside = routes
    .filter(({ host, via }) => hosts.has(host) && !via.includes(key))
    .flatMap(({ via }) => via)
    .find((other) => Object.hasOwn(before, other) && hops[other]?.hop === hop.hop);
  // The new one may stand before nothing yet: the one proxy there was is what it will replace.
  const others = Object.keys(before).filter((other) => hops[other]?.hop === hop.hop);
  // One that serves hosts which nobody served before replaces nobody.
  const old = beside ?? (hosts.size === 0 && others.length === 1 ? others[0] : undefined);
  if (old === undefined) return [];
  const names = [hops[old]?.name ?? old, hop.name] as const;
  return [
    {
      fingerprint: `hop:${key}:${hop.kind}`,
      at,
      hops: [old, key],
      title: `${names[0]} → ${names[1]}`,
      says: `${names[1]} (${hop.kind}) is new in the inventory beside ${names[0]} since ${clock(at)}; nobody announced it.`,
      old: side(old, null, names[0]),
      fresh: side(key, null, names[1]),
    },
  ];
}

function otherVersion(key: string, hop: PathHop, was: KnownHop, is: KnownHop, at: string): Noticed[] | null {
  const versions = new Set(Object.values(was.instances).filter((one) => one !== null));
  const wasOf = (name: string) => (Object.hasOwn(was.instances, name) ? (was.instances[name] ?? null) : undefined);
  // One that said something else before; one that is new and says what nobody said.
  const moved = Object.entries(is.instances).filter(([name, says]) => {
    const said = wasOf(name);
    return (
      says !== null && said !== null && (said === undefined ? versions.size > 0 && !versions.has(says) : said !== says)
    );
  });
  const kind = was.kind !== is.kind;
  if (!kind && moved.length === 0) return null;
  const left = new Set(moved.flatMap(([name]) => wasOf(name) ?? [...versions]));
  const before = kind ? was.kind : [...left].sort().join(', ');
  const now =
    kind && moved.length === 0 ? is.kind : [...new Set(moved.map(([, one]) => one as string))].sort().join(', ');
  const names = moved.map(([name]) => name);
  const rest = Object.keys(is.instances).filter((name) => !names.includes(name));
  return [
    {
      fingerprint: `version:${key}:${before}:${now}`,
      at,
      hops: [key],
      title: `${hop.name}: ${before} → ${now}`,
      says: `${list(names) || hop.name} of ${hop.name} ${names.length > 1 ? 'say' : 'says'} ${now} since ${clock(at)}, before it was ${before}; nobody announced it.`,
      old: side(key, rest, before),
      fresh: side(key, names.length > 0 ? names : null, now),
    },
  ];
}

function moreInstances(key: string, hop: PathHop, was: KnownHop, is: KnownHop, at: string): Noticed[] {
  // As many more of the same version are a larger proxy, not another one.
  const added = Object.keys(is.instances).filter((name) => !Object.hasOwn(was.instances, name));
  const mute = added.filter((name) => is.instances[name] === null);
  if (hop.discovered || mute.length === 0 || Object.keys(was.instances).length === 0) return [];
  const rest = Object.keys(is.instances).filter((name) => !mute.includes(name));
  return [
    {
      fingerprint: `instances:${key}:${[...mute].sort().join(',')}`,
      at,
      hops: [key],
      title: `${hop.name}: ${mute.length} more (${list(mute)})`,
      says: `${list(mute)} of ${hop.name} ${mute.length > 1 ? 'are' : 'is'} new in the inventory since ${clock(at)}, version not told; nobody announced it.`,
      old: side(key, rest, `${hop.name} before`),
      fresh: side(key, mute, `${hop.name} new`),
    },
  ];
}

/** Around an announced window, ms. */
const AROUND_MS = 30 * 60_000;

/** Pure: the rollout that a change belongs to, the one under way first; undefined: nobody announced it. */
export function announced(one: Noticed, rollouts: readonly RolloutRecord[], now: number): RolloutRecord | undefined {
  const about = rollouts.filter(({ rollout }) =>
    one.hops.some((hop) => hop === rollout.old.hop || hop === rollout.fresh.hop),
  );
  const fits = (record: RolloutRecord): boolean => {
    const { rollout, state } = record;
    if (state !== 'planned') return false;
    if (!rollout.window) return rollout.stages.every((stage) => !stage.at) || isDue(record, now);
    const at = Date.parse(one.at);
    return at >= Date.parse(rollout.window.from) - AROUND_MS && at <= Date.parse(rollout.window.to) + AROUND_MS;
  };
  return about.find((record) => record.state === 'running') ?? about.find(fits);
}

/** Hosts that go through one of the hops, patterns too. */
export const hostsThrough = (inventory: Pick<Inventory, 'routes'>, hops: readonly string[]): string[] => [
  ...new Set(inventory.routes.filter(({ via }) => via.some((key) => hops.includes(key))).map(({ host }) => host)),
];

/** Pure: a rollout that nobody announced, as it is written down. */
export function rolloutOf(
  one: Noticed,
  id: string,
  inventory: Pick<Inventory, 'routes'>,
  channels: string[],
  now: number,
): Rollout {
  return {
    version: 1,
    id,
    title: one.title,
    why: '',
    notice: '',
    undo: '',
    hosts: hostsThrough(inventory, one.hops).slice(0, 200),
    channels,
    old: one.old,
    fresh: one.fresh,
    stages: [{ share: 1, at: null }],
    window: null,
    by: null,
    noticed: one.says,
    createdAt: new Date(now).toISOString(),
  };
}
