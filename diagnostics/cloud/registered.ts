import { splitAddress } from '../io/address.ts';
import type { BalancerSeen, CloudTarget, TargetGroupSeen } from '../io/balancer-reader.ts';
import type { Ending, Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import { asksCloud } from '../settings/balancers.ts';
import type { Look, Path, PathHop } from '../types.ts';
import { reasonWords } from './words.ts';

/** What a balancer's cloud says of its targets, and how those that are nobody's replicas answer. Plain JSON: a row. */
export interface RegisteredData {
  balancer: Pick<BalancerSeen, 'source' | 'kind' | 'name'>;
  groups: Pick<TargetGroupSeen, 'name' | 'targetType' | 'targets' | 'check'>[];
  /** Replicas of the hop behind; null: none is known. */
  replicas: Replica[] | null;
  /** How targets ended that are no replica, by their addresses; `not-asked`: we may not, or there were too many. */
  endings: { [address: string]: Ending | 'not-asked' };
  partly: string | null;
}
interface Replica {
  name: string;
  ip: string;
}

/** Strangers that are asked, and for how long, ms. */
const MOST_ASKED = 6;
const PATIENCE_MS = 2_000;

const ipOf = (address: string): string => splitAddress(address)?.host ?? address;

/** Replicas behind a balancer by their addresses: of the first proxy after it; nodes in between hide them. */
function replicasBehind(path: Path, balancer: PathHop): Replica[] | null {
  const behind = path.hops.slice(path.hops.indexOf(balancer) + 1);
  const next = behind[0];
  if (!next || (next.hop !== 'proxy' && next.hop !== 'node')) return null;
  const known = next.instances.flatMap((one) => {
    const address = one.https ?? one.http;
    return address ? [{ name: one.name, ip: ipOf(address) }] : [];
  });
  // A replica whose address is not known may be any of the targets.
  return known.length && known.length === next.instances.length ? known : null;
}

/** Pure: one look for each balancer whose cloud can be asked. */
export const registeredLooks = (path: Path): Look[] =>
  path.hops.filter(asksCloud).map((hop) => ({
    check: 'balancer-targets',
    vantage: 'inside' as const,
    hop: 'load-balancer' as const,
    at: { hop: hop.name, part: null },
    address: hop.arn ?? hop.address ?? '',
    with: { cloud: true, replicas: (replicasBehind(path, hop) ?? null) as never },
  }));

async function ending(io: Io, address: string, signal: AbortSignal): Promise<Ending | 'not-asked'> {
  try {
    return (await io.converse({ address, send: [], keep: 0, patienceMs: PATIENCE_MS }, signal)).ending;
  } catch (error) {
    if (error instanceof BlindLook) return 'not-asked';
    throw error;
  }
}

/** Asks the cloud for the targets, then those of them that are no known replica. */
export async function lookAtRegistered(io: Io, look: Look, signal: AbortSignal): Promise<RegisteredData> {
  if (!io.balancer) throw new BlindLook('not-configured', 'no cloud can be asked here');
  const { replicas } = look.with as unknown as { replicas: Replica[] | null };
  const seen = await io.balancer.describe(look.at.hop, signal);
  const refused = seen.unread.find((one) => one.what === 'targets');
  if (refused && seen.groups.every((group) => group.targets === null))
    throw new BlindLook(refused.reason, refused.detail);
  const ours = new Set(replicas?.map((one) => one.ip));
  const strangers = replicas
    ? [...new Set(seen.groups.flatMap((group) => (group.targets ?? []).flatMap((one) => one.address ?? [])))].filter(
        (address) => !ours.has(ipOf(address)),
      )
    : [];
  const asked = await Promise.all(
    strangers.slice(0, MOST_ASKED).map(async (address) => [address, await ending(io, address, signal)] as const),
  );
  return {
    balancer: { source: seen.source, kind: seen.kind, name: seen.name },
    groups: seen.groups.map(({ name, targetType, targets, check }) => ({ name, targetType, targets, check })),
    replicas,
    endings: {
      ...Object.fromEntries(strangers.map((address) => [address, 'not-asked' as const])),
      ...Object.fromEntries(asked),
    },
    partly: refused?.detail ?? null,
  };
}

const HEALTHY = new Set(['healthy', 'InService']);
const SICK = new Set(['unhealthy', 'unhealthy.draining', 'unavailable', 'OutOfService']);
/** Nobody is there, as far as that can be told from here. */
const NOBODY = new Set<Ending | 'not-asked'>(['refused', 'unreachable', 'connect-timeout']);

export const isHealthy = (target: CloudTarget): boolean => HEALTHY.has(target.state);

/** `10.0.1.6:8443`, `i-0a`. */
const nameOf = (target: CloudTarget): string => target.address ?? target.id;
const because = (target: CloudTarget): string => `${nameOf(target)} (${reasonWords(target.reason) ?? target.state})`;

interface GroupStory {
  group: string;
  total: number;
  healthy: number;
  /** Names with why, at most five. */
  sick: string[];
  starting: string[];
  leaving: string[];
  unused: string[];
  checkWords: string | null;
}

const few = (targets: CloudTarget[]): string[] => targets.slice(0, 5).map(because);

/** Pure: a group's targets by what the balancer does with them. */
export function storyOf(group: RegisteredData['groups'][number]): GroupStory | null {
  if (!group.targets?.length) return null;
  const of = (test: (target: CloudTarget) => boolean): CloudTarget[] => (group.targets ?? []).filter(test);
  const { check } = group;
  return {
    group: group.name,
    total: group.targets.length,
    healthy: of(isHealthy).length,
    sick: few(of((t) => SICK.has(t.state))),
    starting: few(of((t) => t.state === 'initial')),
    leaving: few(of((t) => t.state === 'draining')),
    unused: few(of((t) => t.state === 'unused')),
    checkWords: check
      ? `${check.protocol} ${check.path ?? ''} on ${check.port}, every ${check.intervalSeconds} s`.replace('  ', ' ')
      : null,
  };
}

/** Targets whose address is no replica's: `gone`, nobody answers there; else somebody we do not know. */
export function strangersIn(
  data: RegisteredData,
): { target: CloudTarget; ending: Ending | 'not-asked'; gone: boolean }[] {
  if (!data.replicas) return [];
  const ours = new Set(data.replicas.map((one) => one.ip));
  const all = data.groups.flatMap((group) => group.targets ?? []);
  const seen = new Set<string>();
  return all.flatMap((target) => {
    if (!target.address || ours.has(ipOf(target.address)) || seen.has(target.address)) return [];
    seen.add(target.address);
    const how = data.endings[target.address] ?? 'not-asked';
    // That we do not reach one that the balancer counts as healthy proves nothing: pods are often out of our reach.
    const gone = how === 'refused' || (NOBODY.has(how) && !isHealthy(target));
    return [{ target, ending: how, gone }];
  });
}

/** Replicas that no group of addresses has; empty where targets are instances, or were not read. */
export function notTargeted(data: RegisteredData): Replica[] {
  const groups = data.groups.filter((group) => group.targets !== null && group.targetType === 'ip');
  if (!data.replicas || groups.length === 0 || groups.length < data.groups.length) return [];
  const targeted = new Set(groups.flatMap((group) => (group.targets ?? []).map((one) => one.id)));
  return data.replicas.filter((one) => !targeted.has(one.ip));
}
