import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { Ending } from '../io/io.ts';
import type { TargetsSeen } from '../io/proxy-reader.ts';
import { plural, shellWord } from '../wording.ts';

type TargetData = { seen: TargetsSeen } | OneTarget;

interface OneTarget {
  ending: Ending;
  name: string;
  health: string | null;
  /** The address is one of a proxy's replicas that the inventory names; null: no replica is named. */
  known: boolean | null;
}

interface TargetFacts {
  TARGET_TAKES_CONNECTIONS: { balancer: string; target: string; address: string; health: string | null };
  TARGET_REFUSES: { balancer: string; target: string; address: string; health: string | null; known: boolean | null };
  TARGET_UNREACHABLE: { balancer: string; target: string; address: string };
  TARGETS_ALL_UNHEALTHY: { balancer: string; targets: number };
}

const PATIENCE_MS = 3_500;

function read(data: TargetData, scope: ReadScope): Draft<TargetFacts>[] {
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

const nc = (f: { address: string }): string => {
  const at = f.address.lastIndexOf(':');
  return `nc -vz -w 3 ${shellWord(f.address.slice(0, at))} ${f.address.slice(at + 1)}`;
};

/** Does each target of the balancer take connections, and is it a proxy that we know? */
export const balancerTargets = defineCheck<TargetData, TargetFacts>({
  id: 'balancer-targets',
  title: "The balancer's targets",
  asks: "Does each of the balancer's targets take connections?",
  vantages: ['node-port', 'inside'],
  budgetMs: 4_500,
  plan: ({ path }) => {
    // A balancer that shows its own metrics is also asked what it believes of its targets.
    const believing = path.hops
      .filter((hop) => hop.hop === 'load-balancer' && hop.kind.startsWith('haproxy'))
      .flatMap((hop) =>
        hop.instances
          .filter((instance) => instance.metrics || instance.admin)
          .map((instance) => ({
            look: {
              check: 'balancer-targets',
              vantage: 'inside' as const,
              hop: 'load-balancer' as const,
              at: { hop: hop.name, part: instance.name },
              address: (instance.metrics ?? instance.admin) as string,
              with: { believes: true },
            },
          })),
      );
    const replicas = new Set(path.hops.flatMap((hop) => hop.instances.flatMap((i) => [i.https, i.http])));
    const asked = path.hops
      .filter((hop) => hop.hop === 'load-balancer')
      .flatMap((hop) =>
        (hop.targets ?? []).map((target) => ({
          look: {
            check: 'balancer-targets',
            vantage: 'node-port' as const,
            hop: 'load-balancer' as const,
            at: { hop: hop.name, part: target.name },
            address: target.address,
            with: {
              name: target.name,
              health: target.health,
              known: replicas.size ? replicas.has(target.address) : null,
            },
          },
        })),
      );
    return [...believing, ...asked];
  },
  async look(io, look, address, signal) {
    if (look.with.believes === true) return { seen: await io.proxy.targets(look.at, signal) };
    const { name, health, known } = look.with as { name: string; health: string | null; known: boolean | null };
    const { ending } = await io.converse({ address, send: [], keep: 0, patienceMs: PATIENCE_MS }, signal);
    return { ending, name, health, known };
  },
  read,
  findings: {
    TARGET_TAKES_CONNECTIONS: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'The target takes connections',
      says: (f) => `${f.balancer}'s target ${f.target} (${f.address}) takes connections.`,
      next: () => 'Nothing to do here.',
      reproduce: nc,
    },
    TARGET_REFUSES: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'A target of the balancer refuses connections',
      says: (f) =>
        `${f.balancer}'s target ${f.target} (${f.address}${f.health ? `, declared ${f.health}` : ''}) refuses connections${f.known === false ? ', and it is no replica of the proxy' : ''}.`,
      next: (f) => `Take ${f.address} out of ${f.balancer}, or start what should listen there.`,
      reproduce: nc,
    },
    TARGET_UNREACHABLE: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'A target of the balancer cannot be reached from here',
      says: (f) =>
        `${f.balancer}'s target ${f.target} (${f.address}) cannot be reached from where I look; that proves nothing.`,
      next: () => 'Look from where the balancer stands.',
      reproduce: nc,
    },
    TARGETS_ALL_UNHEALTHY: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer counts none of its targets as healthy',
      says: (f) => `${f.balancer} counts none of its ${plural(f.targets, 'target')} as healthy.`,
      next: () => 'See what its health check asks, and what the targets answer to that.',
      reproduce: () => null,
    },
  },
});
