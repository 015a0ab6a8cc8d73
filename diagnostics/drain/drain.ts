/**
 * What is lost when one of several servers leaves while the hop in front still sends to it. Pure arithmetic over what
 * is configured; second 0 is when the leaving begins (preStop, or the signal where there is none). What nobody said
 * is null and never guessed: an answer that would depend on it is `unknown`, with what would have to be known.
 *
 * Each rule names its source: `measured` is `./dev bench drains` (HAProxy 2.6.12 before nginx 1.22.1 and Traefik 3.7.9).
 */

/** How the hop in front comes to stop sending. */
export interface DrainFront {
  /** Connections as they are (TCP), or single requests. */
  passes: 'connections' | 'requests' | null;
  /** It is told, the moment the leaving begins (drained by hand, deregistered): seconds until it has stopped. null: nobody tells it. */
  told: { least: number; most: number; source: string } | null;
  /** Active health check. null: there is none. */
  check: { intervalSeconds: number; fall: number } | null;
  /** False: it may have a check that nobody told us of. */
  checkKnown: boolean;
  /** Where a connection that is refused goes next, and a request that was sent and got no answer. null: not known. */
  retry: { refused: 'other-server' | 'same-server' | 'nowhere'; unanswered: 'all' | 'idempotent' | 'none' } | null;
  /** Servers besides the leaving one; null: not known. */
  others: number | null;
  /** It resets what is open on a target once a health check has failed (NLB's default). */
  resetsUnhealthy: boolean;
}

/** How a server leaves. Seconds. */
export interface DrainLeaver {
  /** Between the begin and the signal. */
  preStop: number | null;
  /** Its health check fails from the begin on; false: it says it is well until the signal. */
  failsCheckFirst: boolean | null;
  /** It goes on taking connections this long after the signal, its health check failing (Traefik). */
  acceptsFor: number;
  /** What the signal does: end at once, or finish what is under way and close idle connections. */
  stop: 'fast' | 'graceful' | null;
  /** Longest that a graceful stop goes on with what is under way; null: without end. */
  finishesFor: number | null;
  /** It is killed this long after the begin; null: never, or not known. */
  grace: number | null;
}

export interface DrainTraffic {
  /** The longest request that must be served, s; null: not known. */
  longest: number | null;
  /** Clients keep connections for their next request; null: not known. */
  keepsConnections: boolean | null;
  /** Requests a second that the leaving server gets; null: not known. */
  perSecond: number | null;
}

export type Told = 'yes' | 'no' | 'unknown';
export const LOSSES = ['drops-new', 'drops-in-flight', 'cuts-keep-alive'] as const;
export type Loss = (typeof LOSSES)[number];

/** What a server's leaving costs, from configuration alone. */
export interface DrainOutcome {
  /** The first loss that is certain, else `unknown` where one may be, else `drops-none`. */
  verdict: Loss | 'drops-none' | 'unknown';
  losses: { [loss in Loss]: Told };
  /** When the hop in front has stopped sending at the latest, s; null: never by itself, or not known. */
  stopsSendingBy: number | null;
  /** How long the server takes new connections, s. */
  servesFor: number | null;
  /** Seconds in which new connections meet a closed socket; null: without end. */
  missing: { least: number | null; most: number | null };
  /** Requests that take longer than this are cut, s; null: none is. */
  cutsLongerThan: number | null;
  /** New requests lost, at most; null: no rate is known, or there is no end. */
  atMost: number | null;
  /** preStop does not end within the grace period: the server is killed before it gets its signal. */
  graceCutsPreStop: boolean;
  /** Which rules decided, each with its source. */
  because: string[];
  /** What would have to be known. */
  unknown: string[];
}

const RULES = {
  socket: 'a server that got its signal closes its listening socket at once, gracefully or not (measured)',
  check: 'a failing health check is noticed after interval x threshold at the latest (measured)',
  told: 'a hop that is told to drain sends nothing new (measured)',
  elsewhere:
    'a refused connection is repeated at another server (HAProxy: option redispatch, nginx: proxy_next_upstream; measured)',
  same: 'retries that stay at the same server all meet the closed socket (measured)',
  fast: 'a fast stop cuts what is under way (measured)',
  graceful: 'a graceful stop finishes what is under way (measured)',
  limit: 'a graceful stop ends at its own limit (nginx: worker_shutdown_timeout, Traefik: graceTimeOut)',
  pinned: 'kept connections stay with a draining server, and a fast stop cuts them (measured)',
  reset:
    'the balancer resets what is open on a target that turned unhealthy (AWS NLB guide: target_health_state.unhealthy.connection_termination.enabled)',
  grace: 'the grace period covers preStop and the stop together (Kubernetes: Pod lifecycle)',
  never: 'nothing tells the hop in front: it sends until its requests fail',
} as const;

/** Earliest and latest second at which the hop in front has stopped sending; most is Infinity when nothing tells it. */
function stopsSending(
  front: DrainFront,
  leaver: DrainLeaver,
  listensUntil: number | null,
  asks: Set<string>,
  because: Set<string>,
): [number, number] {
  const ways: [number, number][] = [];
  if (front.told) {
    ways.push([front.told.least, front.told.most]);
    because.add(`${RULES.told}${front.told.source ? `; ${front.told.source}` : ''}`);
  }
  if (front.check) {
    const window = front.check.intervalSeconds * front.check.fall;
    // Traefik's health page fails from the signal on, others' at the begin, or when the socket is closed.
    const signal = leaver.preStop ?? 0;
    const late = leaver.acceptsFor > 0 ? signal : (listensUntil ?? Number.POSITIVE_INFINITY);
    const from: [number, number] =
      leaver.failsCheckFirst === true || late === 0
        ? [0, 0]
        : leaver.failsCheckFirst === false
          ? [late, late]
          : [0, late];
    if (from[0] !== from[1] && !front.told)
      asks.add('whether its health check fails from the begin of preStop on (failsCheckFirst)');
    ways.push([from[0] + window, from[1] + window]);
    because.add(RULES.check);
  } else if (!front.checkKnown) {
    if (!front.told) asks.add('how the hop in front checks its targets');
    ways.push([0, Number.POSITIVE_INFINITY]);
  }
  if (ways.length === 0) because.add(RULES.never);
  return [
    Math.min(Number.POSITIVE_INFINITY, ...ways.map((w) => w[0])),
    Math.min(Number.POSITIVE_INFINITY, ...ways.map((w) => w[1])),
  ];
}

const finite = (seconds: number): number | null => (Number.isFinite(seconds) ? seconds : null);

const firstOf = (losses: DrainOutcome['losses']): DrainOutcome['verdict'] =>
  LOSSES.find((loss) => losses[loss] === 'yes') ??
  (LOSSES.some((loss) => losses[loss] === 'unknown') ? 'unknown' : 'drops-none');

/** Pure: who loses what when this server leaves. */
export function drainOf(front: DrainFront, leaver: DrainLeaver, traffic: DrainTraffic): DrainOutcome {
  const asks = new Set<string>();
  const because = new Set<string>([RULES.socket]);
  const grace = leaver.grace ?? Number.POSITIVE_INFINITY;
  const graceCutsPreStop = leaver.preStop !== null && leaver.preStop > 0 && leaver.preStop >= grace;
  if (leaver.preStop === null) asks.add('how long it waits before it is told to stop (preStop)');
  const listensUntil = leaver.preStop === null ? null : Math.min(leaver.preStop + leaver.acceptsFor, grace);
  const [sLeast, sMost] = stopsSending(front, leaver, listensUntil, asks, because);
  const gap = (stopped: number, listens: number): number => Math.max(0, stopped - listens);
  // Without a known preStop it may be long enough, or there may be none.
  const missing = { least: listensUntil === null ? 0 : gap(sLeast, listensUntil), most: gap(sMost, listensUntil ?? 0) };
  const stop = graceCutsPreStop ? 'fast' : leaver.stop;
  if (graceCutsPreStop) because.add(RULES.grace);

  const atNew = (): Told => {
    if (missing.most === 0) return 'no';
    if (front.retry === null || (front.retry.refused === 'other-server' && front.others === null))
      asks.add('whether the hop in front repeats a refused connection at another server');
    if (front.retry?.refused === 'other-server' && front.others !== 0) {
      because.add(RULES.elsewhere);
      return front.others === null ? 'unknown' : 'no';
    }
    if (front.retry?.refused === 'same-server') because.add(RULES.same);
    return missing.least > 0 && front.retry !== null ? 'yes' : 'unknown';
  };
  const drops = atNew();

  // The last request comes just before the sending, or the listening, ends.
  const lastComes = Math.min(sMost, listensUntil ?? Number.POSITIVE_INFINITY);
  const finishes = leaver.finishesFor ?? Number.POSITIVE_INFINITY;
  const endsAt = stop === 'fast' ? (listensUntil ?? 0) : Math.min((listensUntil ?? 0) + finishes, grace);
  const slack = Number.isFinite(lastComes)
    ? Math.max(0, endsAt - lastComes)
    : Math.max(0, endsAt - (listensUntil ?? endsAt));
  const inFlight = (): Told => {
    if (stop === null) asks.add('whether its stop signal ends it at once or gracefully (stopSignal)');
    const cut = ((): Told => {
      if (stop === null)
        return listensUntil !== null &&
          traffic.longest !== null &&
          Math.max(0, listensUntil - lastComes) >= traffic.longest
          ? 'no'
          : 'unknown';
      if (stop === 'graceful' && !Number.isFinite(endsAt)) {
        because.add(RULES.graceful);
        return 'no';
      }
      because.add(stop === 'fast' ? RULES.fast : RULES.limit);
      if (listensUntil === null && stop === 'fast') return 'unknown';
      if (slack === 0) return 'yes';
      if (traffic.longest === null) {
        asks.add(`whether requests take longer than ${Math.round(slack * 10) / 10} s (longestRequest)`);
        return 'unknown';
      }
      return traffic.longest > slack ? 'yes' : 'no';
    })();
    if (cut === 'no' || front.others === 0) return cut;
    if (front.retry?.unanswered === 'all' && front.passes === 'requests')
      return front.others === null ? 'unknown' : 'no';
    if (front.retry?.unanswered === 'idempotent' && front.passes === 'requests') {
      asks.add('how many requests are POST or PATCH: those are not repeated');
      return 'unknown';
    }
    return cut;
  };
  const flying = inFlight();

  const kept = (): Told => {
    if (front.passes === 'requests' || traffic.keepsConnections === false) return 'no';
    const resets = front.resetsUnhealthy && front.check !== null && (!front.told || leaver.failsCheckFirst === true);
    if (stop === 'graceful' && !resets) return 'no';
    because.add(resets ? RULES.reset : RULES.pinned);
    if (front.passes === null) asks.add('whether the hop in front passes on connections or requests');
    if (traffic.keepsConnections === null) asks.add('whether clients keep their connections (keepsConnections)');
    return stop === null || front.passes === null || traffic.keepsConnections === null ? 'unknown' : 'yes';
  };
  const losses = { 'drops-new': drops, 'drops-in-flight': flying, 'cuts-keep-alive': kept() };
  const { perSecond } = traffic;
  return {
    verdict: firstOf(losses),
    losses,
    stopsSendingBy: finite(sMost),
    servesFor: listensUntil,
    missing: { least: finite(missing.least), most: finite(missing.most) },
    cutsLongerThan: flying === 'no' ? null : slack,
    atMost:
      drops === 'no' || perSecond === null || !Number.isFinite(missing.most)
        ? null
        : Math.ceil(perSecond * missing.most),
    graceCutsPreStop,
    because: [...because],
    unknown: LOSSES.some((loss) => losses[loss] === 'unknown') ? [...asks] : [],
  };
}

/**
 * Seconds without any target when the only replica is replaced: its successor counts as healthy only after
 * `interval x rise` at the hop in front, while the old one leaves once the new one says it is ready (D.6 of the AWS
 * load balancer controller: that is what its readiness gate is for). 0: covered; null: not known.
 */
export function oneReplicaGap(rolling: {
  replicas: number | null;
  /** It may be taken away before its successor is ready. */
  maxUnavailable: number;
  /** The successor counts as ready only once the hop in front has found it healthy. */
  readinessGate: boolean;
  /** How long the hop in front needs to take it in: interval x rise. */
  takesInAfter: number | null;
  minReadySeconds: number;
  /** How long the old one still serves. */
  servesFor: number | null;
}): number | null {
  if (rolling.replicas !== 1) return rolling.replicas === null ? null : 0;
  if (rolling.takesInAfter === null) return null;
  if (rolling.maxUnavailable > 0) return rolling.takesInAfter;
  if (rolling.readinessGate) return 0;
  return Math.max(0, rolling.takesInAfter - rolling.minReadySeconds - (rolling.servesFor ?? 0));
}
