import { lookAtRegistered, registeredLooks } from '../cloud/registered.ts';
import { defineCheck } from '../define-check.ts';
import { instanceLooks } from '../instance-looks.ts';
import { readTargets, type TargetData, type TargetFacts } from '../readings/balancer-targets.ts';
import { plural, tryPort } from '../wording.ts';

const PATIENCE_MS = 3_500;

const nc = (f: { address: string }): string => tryPort(f.address, 3);

/** Does each target of the balancer take connections, and is it a proxy that we know? */
export const balancerTargets = defineCheck<TargetData, TargetFacts>({
  id: 'balancer-targets',
  title: "The balancer's targets",
  asks: "Does each of the balancer's targets take connections?",
  vantages: ['node-port', 'inside'],
  budgetMs: 12_000,
  plan: ({ path }) => {
    // A balancer that shows its own metrics is also asked what it believes of its targets.
    const believing = instanceLooks(
      'balancer-targets',
      path.hops.filter((hop) => hop.hop === 'load-balancer' && hop.kind.startsWith('haproxy')),
      (one) => one.metrics ?? one.admin,
      { believes: true },
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
    const registered = registeredLooks(path).map((look) => ({ look }));
    return [...believing, ...registered, ...asked];
  },
  async look(io, look, address, signal) {
    if (look.with.cloud === true) return { registered: await lookAtRegistered(io, look, signal) };
    if (look.with.believes === true) return { seen: await io.proxy.targets(look.at, signal) };
    const { name, health, known } = look.with as { name: string; health: string | null; known: boolean | null };
    const { ending } = await io.converse({ address, send: [], keep: 0, patienceMs: PATIENCE_MS }, signal);
    return { ending, name, health, known };
  },
  read: readTargets,
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
      next: (f) => `See what the health check of ${f.balancer} asks, and what the targets answer to that.`,
      reproduce: () => null,
    },
    TARGETS_COUNTED_UNHEALTHY: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer counts some targets as unhealthy',
      says: (f) =>
        `${f.balancer} counts ${f.total - f.healthy} of ${plural(f.total, 'target')} of ${f.group} as not healthy: ${f.sick.join(', ')}.`,
      next: (f) => `See what answers its health check${f.check ? ` (${f.check})` : ''} there.`,
      reproduce: () => null,
    },
    TARGETS_NOT_READY_YET: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'Targets are registered and get no traffic yet',
      says: (f) =>
        `${f.balancer} does not send to ${f.starting.join(', ')} yet; ${f.healthy} of ${plural(f.total, 'target')} of ${f.group} take traffic.`,
      next: () => 'Wait for its first health checks; a readiness gate keeps the old ones until then.',
      reproduce: () => null,
    },
    TARGETS_NOT_IN_USE: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'Targets are registered where no traffic can reach them',
      says: (f) => `${f.balancer} never sends to ${f.unused.join(', ')} of ${f.group}.`,
      next: (f) => `Let a listener lead to ${f.group}, or enable the zones of these targets at ${f.balancer}.`,
      reproduce: () => null,
    },
    TARGETS_COUNTED_HEALTHY: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer counts all targets as healthy',
      says: (f) =>
        `${f.balancer} counts ${f.healthy} of ${plural(f.total, 'target')} of ${f.group} as healthy${f.check ? ` (${f.check})` : ''}.`,
      next: () => 'Nothing to do here; a health check says nothing of routes behind it.',
      reproduce: () => null,
    },
    TARGET_ADDRESS_GONE: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'A registered target is no replica, and nobody answers there',
      says: (f) =>
        `${f.balancer} still has ${f.address} as a target (${f.state}); it is no replica of what is behind, and ${f.ending === 'refused' ? 'refuses connections' : 'does not answer'}.`,
      next: (f) => `Deregister ${f.address} from ${f.balancer}, and see why its controller did not.`,
      reproduce: nc,
    },
    TARGET_OF_NOBODY_KNOWN: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'A registered target is no replica that is known',
      says: (f) =>
        `${f.balancer} has ${f.address} as a target (${f.state}), which is no replica that I know${f.ending === 'not-asked' ? '; I may not ask it' : ''}.`,
      next: (f) => `Name it in the inventory if it is one of yours, or deregister it from ${f.balancer}.`,
      reproduce: nc,
    },
    REPLICA_NOT_TARGETED: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'A replica is no target of the balancer',
      says: (f) =>
        `${f.balancer} does not send to ${f.replicas.join(', ')}: of ${plural(f.total, 'replica')}, those are no targets of it.`,
      next: () => "See the events of the controller that registers targets, and the pods' readiness gates.",
      reproduce: () => null,
    },
  },
});
