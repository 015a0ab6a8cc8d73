import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import { withLeaving } from '../drain/cluster.ts';
import { checkOf, frontOf, leaverOf, secondsOf, trafficOf } from '../drain/declared.ts';
import { drainOf } from '../drain/drain.ts';
import { type DrainData, type Known, lookAtDrain, planDrain } from '../drain/look.ts';
import type { DrainLeaver, DrainOutcome } from '../drain/model.ts';
import { oneReplicaGap } from '../drain/roll.ts';
import type { PathHop } from '../types.ts';
import { plural, share, shellWord, span } from '../wording.ts';

/** Who sends to whom. */
type Boundary = { front: string; leaver: string };

interface DrainFacts {
  DRAIN_TOO_SHORT: Boundary & {
    /** Seconds in which new connections are lost; null: until their failures are noticed otherwise. */
    missing: number | null;
    stopsSendingBy: number | null;
    servesFor: number | null;
    atMost: number | null;
    because: string[];
  };
  DRAIN_CUTS_REQUESTS: Boundary & { what: string; longerThan: number | null; remedy: string; because: string[] };
  DRAIN_COVERS: Boundary & { stopsSendingBy: number | null; servesFor: number | null; longerThan: number | null };
  DRAIN_UNTOLD: Boundary & { unknown: string[]; cannot: string[] };
  GRACE_CUTS_PRESTOP: Boundary & { preStop: number; grace: number; own: number };
  ONE_REPLICA_ROLLS: Boundary & { seconds: number; takesInAfter: number };
  BALANCER_LOST_REQUESTS: {
    balancer: string;
    errors: number;
    total: number;
    first: string;
    last: string;
    now: string;
    source: string;
  };
  BALANCER_LOST_NOTHING: { balancer: string; total: number; source: string };
}

/** Requests that take longer than this are rare enough to be named, s. */
const LONG_REQUEST = 30;

/** "12 s": whole seconds where it makes no difference. */
const seconds = (n: number): string => `${n >= 10 ? Math.round(n) : Math.round(n * 10) / 10} s`;

/** What to change so that nothing under way is cut. */
function remedyFor(leaver: PathHop, how: DrainLeaver, outcome: DrainOutcome): string {
  if (outcome.losses['cuts-keep-alive'] !== 'no' && how.stop === 'graceful')
    return 'switch off target_health_state.unhealthy.connection_termination.enabled';
  if (how.stop === 'graceful') return `let ${leaver.name} finish for as long as its longest request takes`;
  const signal = leaver.kind === 'nginx' ? 'SIGQUIT' : leaver.kind === 'haproxy' ? 'SIGUSR1' : null;
  return signal
    ? `stop ${leaver.name} by ${signal}`
    : `let ${leaver.name} finish what is under way when it is told to stop`;
}

function ofBoundary(data: DrainData, known: Known, hops: [PathHop, PathHop]): Draft<DrainFacts>[] {
  const { front: declared, leaver } = withLeaving(hops[0], hops[1], data.leaving, known.overNodes ?? null);
  const front = data.told ? { ...declared, attributes: { ...declared.attributes, ...data.told } } : declared;
  // In a cluster a balancer and the proxies behind it mostly share their Service's name.
  const named = front.name === leaver.name ? `the balancer of ${front.name}` : front.name;
  const base = { front: named, leaver: leaver.name };
  const before = frontOf(front, leaver, data.upstream);
  const how = leaverOf(leaver, data.timeouts);
  const traffic = trafficOf(leaver);
  const outcome = drainOf(before, how, traffic);
  const { losses, because, stopsSendingBy, servesFor, cutsLongerThan, atMost, unknown } = outcome;
  const found: Draft<DrainFacts>[] = [];
  if (losses['drops-new'] === 'yes')
    found.push({
      code: 'DRAIN_TOO_SHORT',
      facts: { ...base, missing: outcome.missing.most, stopsSendingBy, servesFor, atMost, because },
    });
  const inFlight = losses['drops-in-flight'] === 'yes';
  if (inFlight || losses['cuts-keep-alive'] === 'yes') {
    const what = inFlight ? 'requests that are under way' : 'connections that clients keep for their next request';
    const remedy = remedyFor(leaver, how, outcome);
    found.push({
      code: 'DRAIN_CUTS_REQUESTS',
      facts: { ...base, what, longerThan: inFlight ? cutsLongerThan : null, remedy, because },
    });
  }
  // A limit that is far beyond usual requests is said, not doubted.
  const longEnough =
    losses['drops-in-flight'] === 'no' ||
    (how.stop === 'graceful' && (cutsLongerThan ?? 0) >= LONG_REQUEST && traffic.longest === null);
  if (found.length === 0 && losses['drops-new'] === 'no' && losses['cuts-keep-alive'] === 'no' && longEnough)
    found.push({ code: 'DRAIN_COVERS', facts: { ...base, stopsSendingBy, servesFor, longerThan: cutsLongerThan } });
  else if (found.length === 0) found.push({ code: 'DRAIN_UNTOLD', facts: { ...base, unknown, cannot: data.cannot } });
  if (outcome.graceCutsPreStop)
    found.push({
      code: 'GRACE_CUTS_PRESTOP',
      facts: { ...base, preStop: how.preStop as number, grace: how.grace as number, own: how.finishesFor ?? 0 },
    });
  const alone = ofOneReplica(data, front, leaver, servesFor);
  // Where nobody else is there to serve, nothing is covered.
  return [...(alone.length ? found.filter((one) => one.code !== 'DRAIN_COVERS') : found), ...alone];
}

function ofOneReplica(data: DrainData, front: PathHop, leaver: PathHop, servesFor: number | null): Draft<DrainFacts>[] {
  const check = checkOf(front, data.upstream);
  const takesInAfter = check && check.intervalSeconds * check.rise;
  const { replicas, maxUnavailable, readinessGate, minReadySeconds } = leaver.settings;
  const gap = oneReplicaGap({
    replicas: typeof replicas === 'number' ? replicas : null,
    maxUnavailable: typeof maxUnavailable === 'number' ? maxUnavailable : 0,
    readinessGate: readinessGate === true,
    takesInAfter,
    minReadySeconds: secondsOf(minReadySeconds) ?? 0,
    servesFor,
  });
  if (!gap || takesInAfter === null) return [];
  return [
    {
      code: 'ONE_REPLICA_ROLLS',
      facts: {
        front: front.name === leaver.name ? `the balancer of ${front.name}` : front.name,
        leaver: leaver.name,
        seconds: gap,
        takesInAfter,
      },
    },
  ];
}

/** Errors that the balancer made itself in the time in question. */
function ofItsLog({ lost }: DrainData, scope: ReadScope): Draft<DrainFacts>[] {
  const now = scope.case.at;
  if (!lost || lost.total === 0) return [];
  const own = Object.entries(lost.madeByProxy).filter(([status]) => Number(status) >= 500);
  // Bare connections have no status: how they ended says whether a server took them.
  const ended = lost.connections ? (lost.reasons ?? {}) : {};
  const errors =
    own.reduce((sum, [, count]) => sum + count, 0) +
    (ended.refused ?? 0) +
    (ended['no-endpoint'] ?? 0) +
    (ended['connect-timeout'] ?? 0);
  const balancer = scope.look.at.hop;
  if (errors === 0)
    return [{ code: 'BALANCER_LOST_NOTHING', facts: { balancer, total: lost.total, source: lost.source } }];
  // Errors whose time is not known belong to no replacement.
  if (lost.firstError === null || lost.lastError === null) return [];
  const { source, total, firstError, lastError } = lost;
  const facts = {
    balancer,
    errors,
    total,
    first: firstError,
    last: lastError,
    now,
    source,
  };
  return [{ code: 'BALANCER_LOST_REQUESTS', facts }];
}

function read(data: DrainData, scope: ReadScope): Draft<DrainFacts>[] {
  const known = scope.look.with as unknown as Known;
  const leaver = scope.path.hops.find((hop) => hop.name === known.leaver && hop !== scope.hop);
  if (!scope.hop || !leaver) return [];
  const hop = leaver.hop === 'proxy' ? 'load-balancer' : 'app';
  const found = [...ofBoundary(data, known, [scope.hop, leaver]), ...ofItsLog(data, scope)];
  return found.map((draft) => (hop === 'app' ? { ...draft, hop } : draft));
}

const grep = (f: { source: string }): string | null =>
  f.source.startsWith('/')
    ? `grep -aE ' 5[0-9][0-9] ' ${shellWord(f.source.split(' (')[0] as string)} | tail -n 20`
    : null;
const rate = (atMost: number | null): string => (atMost === null ? '' : `, at most ${plural(atMost, 'request')}`);

/** Does what leaves stay until what is in front of it has stopped sending? */
export const drain = defineCheck<DrainData, DrainFacts>({
  id: 'drain',
  title: 'What leaving servers drop',
  asks: 'When a proxy or an endpoint is replaced, does it stay until the hop in front has stopped sending to it?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: planDrain,
  look: (io, one, _address, signal) => lookAtDrain(io, one, signal),
  read,
  findings: {
    DRAIN_TOO_SHORT: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'Leaving servers close before the hop in front has stopped sending',
      says: (f) =>
        f.missing === null
          ? `When a server of ${f.leaver} leaves, nothing tells ${f.front}: it goes on sending to a closed port.`
          : `When a server of ${f.leaver} leaves, it takes connections for ${seconds(f.servesFor ?? 0)}, and ${f.front} needs up to ${seconds(f.stopsSendingBy ?? f.missing)} to stop sending: ${seconds(f.missing)} are missing${rate(f.atMost)}.`,
      next: (f) =>
        f.stopsSendingBy === null
          ? `Give ${f.front} a health check of ${f.leaver}, or let it repeat refused connections at another server.`
          : `Let ${f.leaver} wait at least ${Math.ceil(f.stopsSendingBy)} s, out of rotation, before it is told to stop (preStop: ${Math.ceil(f.stopsSendingBy)}s).`,
      reproduce: () => null,
    },
    DRAIN_CUTS_REQUESTS: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'Leaving servers cut what is under way',
      says: (f) =>
        `When a server of ${f.leaver} leaves, it cuts ${f.what}${f.longerThan ? ` and take longer than ${seconds(f.longerThan)}` : ''}.`,
      next: (f) => `${f.remedy.charAt(0).toUpperCase()}${f.remedy.slice(1)}.`,
      reproduce: () => null,
    },
    DRAIN_COVERS: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'Leaving servers stay long enough',
      says: (f) =>
        `A server of ${f.leaver} that leaves drops nothing: ${f.servesFor === null || f.stopsSendingBy === null ? `${f.front} repeats at another server what is refused` : `it takes connections for ${seconds(f.servesFor)}, and ${f.front} has stopped sending after ${seconds(f.stopsSendingBy)}`}${f.longerThan === null ? '' : `; only requests over ${seconds(f.longerThan)} would be cut`}.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
    DRAIN_UNTOLD: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'What a leaving server drops cannot be told',
      says: (f) =>
        `What a server of ${f.leaver} drops when it leaves cannot be told: I do not know ${f.unknown[0] ?? 'enough'}.`,
      next: (f) =>
        f.cannot[0]
          ? `Let me see more: ${f.cannot[0]}.`
          : `Say it under settings of ${f.leaver} or ${f.front} in the inventory.`,
      reproduce: () => null,
    },
    GRACE_CUTS_PRESTOP: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The grace period ends before preStop does',
      says: (f) =>
        `${f.leaver} waits ${seconds(f.preStop)} in preStop, but is killed after ${seconds(f.grace)} (terminationGracePeriodSeconds): it never gets its stop signal.`,
      next: (f) => `Set terminationGracePeriodSeconds of ${f.leaver} above ${Math.ceil(f.preStop + f.own)}.`,
      reproduce: () => null,
    },
    ONE_REPLICA_ROLLS: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The only replica is replaced before its successor is taken in',
      says: (f) =>
        `${f.leaver} has one replica, and ${f.front} takes a new one in after ${seconds(f.takesInAfter)}: for at least ${seconds(f.seconds)} of a rollout there is none.`,
      next: (f) =>
        `Run two replicas of ${f.leaver}, or make it ready only once ${f.front} has found it healthy (a readiness gate).`,
      reproduce: () => null,
    },
    BALANCER_LOST_REQUESTS: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer made errors itself in the time in question',
      says: (f) =>
        `${f.balancer} itself failed ${share(f.errors, f.total)} requests, ${span(f.first, f.last, f.now)}: no proxy answered them.`,
      next: (f) => `See which servers these lines of ${f.balancer}'s log name.`,
      reproduce: grep,
    },
    BALANCER_LOST_NOTHING: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'The balancer made no error itself',
      says: (f) => `${f.balancer}'s own log has no error of its own making among ${plural(f.total, 'request')}.`,
      next: () => 'Nothing to do here.',
      reproduce: grep,
    },
  },
});
