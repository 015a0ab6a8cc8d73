import { notTargeted, type RegisteredData, storyOf, strangersIn } from '../cloud/registered.ts';
import type { Draft, ReadScope } from '../define-check.ts';
import type { Ending } from '../io/io.ts';
import type { TargetsSeen } from '../io/proxy-reader.ts';

/** What a look gives: what a balancer believes, what its cloud says, or how one target took a connection. */
export type TargetData = { seen: TargetsSeen } | { registered: RegisteredData } | OneTarget;

interface OneTarget {
  ending: Ending;
  name: string;
  health: string | null;
  /** The address is one of a proxy's replicas that the inventory names; null: no replica is named. */
  known: boolean | null;
}

/** Facts of each finding of the check `balancer-targets`. */
export interface TargetFacts {
  TARGET_TAKES_CONNECTIONS: { balancer: string; target: string; address: string; health: string | null };
  TARGET_REFUSES: { balancer: string; target: string; address: string; health: string | null; known: boolean | null };
  TARGET_UNREACHABLE: { balancer: string; target: string; address: string };
  TARGETS_ALL_UNHEALTHY: { balancer: string; targets: number };
  TARGETS_COUNTED_UNHEALTHY: Group & { sick: string[]; check: string | null };
  TARGETS_NOT_READY_YET: Group & { starting: string[] };
  TARGETS_NOT_IN_USE: Group & { unused: string[] };
  TARGETS_COUNTED_HEALTHY: Group & { check: string | null };
  TARGET_ADDRESS_GONE: Stranger;
  TARGET_OF_NOBODY_KNOWN: Stranger;
  REPLICA_NOT_TARGETED: { balancer: string; replicas: string[]; total: number };
}

type Group = { balancer: string; group: string; healthy: number; total: number };
type Stranger = { balancer: string; address: string; state: string; ending: string; port: string };

/** What the cloud says of its targets. Health checks reach a port, never a route: healthy ones clear nobody. */
function readRegistered(data: RegisteredData, balancer: string): Draft<TargetFacts>[] {
  const stories = data.groups.map(storyOf).filter((story) => story !== null);
  const dead = stories.filter((story) => story.healthy === 0 && story.sick.length > 0);
  const found: Draft<TargetFacts>[] = [];
  if (dead.length && dead.length === stories.length)
    found.push({
      code: 'TARGETS_ALL_UNHEALTHY',
      facts: { balancer, targets: dead.reduce((sum, story) => sum + story.total, 0) },
    });
  for (const { group, healthy, total, sick, starting, unused, checkWords: check } of stories) {
    const base = { balancer, group, healthy, total };
    if (sick.length) found.push({ code: 'TARGETS_COUNTED_UNHEALTHY', facts: { ...base, sick, check } });
    if (starting.length) found.push({ code: 'TARGETS_NOT_READY_YET', facts: { ...base, starting } });
    if (unused.length) found.push({ code: 'TARGETS_NOT_IN_USE', facts: { ...base, unused } });
    if (healthy === total) found.push({ code: 'TARGETS_COUNTED_HEALTHY', facts: { ...base, check } });
  }
  for (const { target, ending, gone } of strangersIn(data)) {
    const address = target.address as string;
    const facts = { balancer, address, state: target.state, ending, port: address.split(':').at(-1) ?? '' };
    found.push({ code: gone ? 'TARGET_ADDRESS_GONE' : 'TARGET_OF_NOBODY_KNOWN', facts });
  }
  const missing = notTargeted(data);
  if (missing.length)
    found.push({
      code: 'REPLICA_NOT_TARGETED',
      facts: { balancer, replicas: missing.slice(0, 5).map((one) => one.name), total: data.replicas?.length ?? 0 },
    });
  return found;
}

/** Pure: what is known of the targets after one look. */
export function readTargets(data: TargetData, scope: ReadScope): Draft<TargetFacts>[] {
  if ('registered' in data) return readRegistered(data.registered, scope.look.at.hop);
  if ('seen' in data) {
    const dead = data.seen.groups.filter(
      (group) => group.up.length === 0 && !group.unknown?.length && group.down.length > 0,
    );
    const all = dead.length > 0 && dead.length === data.seen.groups.length;
    return all
      ? [
          {
            code: 'TARGETS_ALL_UNHEALTHY',
            facts: { balancer: scope.look.at.hop, targets: dead.reduce((sum, g) => sum + g.down.length, 0) },
          },
        ]
      : [];
  }
  const base = { balancer: scope.look.at.hop, target: data.name, address: scope.address };
  const found: Draft<TargetFacts>[] = [];
  const targets = scope.hop?.targets ?? [];
  // Said once, with the first target: what the balancer declares about all of them.
  if (
    targets[0]?.name === data.name &&
    targets.length &&
    targets.every((t) => t.health !== null && t.health !== 'healthy')
  ) {
    found.push({ code: 'TARGETS_ALL_UNHEALTHY', facts: { balancer: base.balancer, targets: targets.length } });
  }
  if (data.ending === 'refused')
    found.push({ code: 'TARGET_REFUSES', facts: { ...base, health: data.health, known: data.known } });
  else if (data.ending === 'unreachable' || data.ending === 'connect-timeout')
    found.push({ code: 'TARGET_UNREACHABLE', facts: base });
  else found.push({ code: 'TARGET_TAKES_CONNECTIONS', facts: { ...base, health: data.health } });
  return found;
}
