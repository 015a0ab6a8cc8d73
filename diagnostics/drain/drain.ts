import { type DrainFront, type DrainLeaver, type DrainOutcome, type DrainTraffic, LOSSES, type Told } from './model.ts';

/**
 * What is lost when one of several servers leaves while the hop in front still sends to it. Pure arithmetic over what
 * is configured; second 0 is when the leaving begins (preStop, or the signal where there is none). What nobody said
 * is null and never guessed: an answer that would depend on it is `unknown`, with what would have to be known.
 *
 * Each rule names its source: `measured` is `./dev bench drains` (HAProxy 2.6.12 before nginx 1.22.1 and Traefik 3.7.9).
 */

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

/** What the loss functions note as they go: which rules decided, and what would have to be known. */
interface Notes {
  because: Set<string>;
  asks: Set<string>;
}

/** The moments of one leaving, seconds from its begin; Infinity: never. */
interface Moments {
  /** New connections are taken until then; null: not known. */
  listensUntil: number | null;
  /** The hop in front has stopped sending, at the earliest and at the latest. */
  stopped: { least: number; most: number };
  /** What is under way is cut then. */
  endsAt: number;
  stop: DrainLeaver['stop'];
}

const NEVER = Number.POSITIVE_INFINITY;
const finite = (seconds: number): number | null => (Number.isFinite(seconds) ? seconds : null);

function stopsSending(
  front: DrainFront,
  leaver: DrainLeaver,
  listensUntil: number | null,
  { because, asks }: Notes,
): Moments['stopped'] {
  const { told, check } = front;
  const ways: [number, number][] = [];
  if (told) {
    ways.push([told.least, told.most]);
    because.add(told.source ? `${RULES.told}; ${told.source}` : RULES.told);
  }
  if (check) {
    // The check fails from the begin on, from the signal on (Traefik's /ping), or when the socket is closed.
    const late = leaver.acceptsFor > 0 ? (leaver.preStop ?? NEVER) : (listensUntil ?? NEVER);
    const early = leaver.failsCheckFirst === false ? late : 0;
    const from = leaver.failsCheckFirst === true ? 0 : late;
    if (early !== from && !told)
      asks.add('whether its health check fails from the begin of preStop on (failsCheckFirst)');
    const window = check.intervalSeconds * check.fall;
    ways.push([early + window, from + window]);
    because.add(RULES.check);
  } else if (!front.checkKnown) {
    if (!told) asks.add('how the hop in front checks its targets');
    ways.push([0, NEVER]);
  }
  if (ways.length === 0) because.add(RULES.never);
  return { least: Math.min(NEVER, ...ways.map((w) => w[0])), most: Math.min(NEVER, ...ways.map((w) => w[1])) };
}

/** Seconds in which new connections meet a closed socket; without a known preStop it may be long enough, or there may be none. */
const missingIn = ({ listensUntil, stopped }: Moments): { least: number; most: number } => ({
  least: listensUntil === null ? 0 : Math.max(0, stopped.least - listensUntil),
  most: Math.max(0, stopped.most - (listensUntil ?? 0)),
});

function dropsNew(front: DrainFront, missing: { least: number; most: number }, { because, asks }: Notes): Told {
  if (missing.most === 0) return 'no';
  const elsewhere = front.retry?.refused === 'other-server' && front.others !== 0;
  if (front.retry === null || (elsewhere && front.others === null)) {
    asks.add('whether the hop in front repeats a refused connection at another server');
    return 'unknown';
  }
  if (elsewhere) because.add(RULES.elsewhere);
  if (elsewhere) return 'no';
  if (front.retry.refused === 'same-server') because.add(RULES.same);
  return missing.least > 0 ? 'yes' : 'unknown';
}

/** How long the last request that comes may take before it is cut, s. */
function slackIn({ listensUntil, stopped, endsAt, stop }: Moments): number {
  const lastComes = Math.min(stopped.most, listensUntil ?? NEVER);
  // Whatever the signal does, what came long enough before it is through.
  const ends = stop === null ? (listensUntil ?? 0) : endsAt;
  return Number.isFinite(lastComes) ? Math.max(0, ends - lastComes) : 0;
}

/** Is a request cut that is under way at the leaving server, and does its sender learn of it? */
function dropsInFlight(front: DrainFront, moments: Moments, longest: number | null, { because, asks }: Notes): Told {
  const { stop, endsAt, listensUntil } = moments;
  const slack = slackIn(moments);
  const long = longest === null ? 'unknown' : longest > slack ? 'yes' : 'no';
  let cut: Told = long;
  if (stop === null) {
    asks.add('whether its stop signal ends it at once or gracefully (stopSignal)');
    cut = long === 'no' && listensUntil !== null ? 'no' : 'unknown';
  } else if (stop === 'graceful' && !Number.isFinite(endsAt)) {
    because.add(RULES.graceful);
    return 'no';
  } else {
    because.add(stop === 'fast' ? RULES.fast : RULES.limit);
    if (listensUntil === null) cut = 'unknown';
    else if (slack === 0) cut = 'yes';
    else if (longest === null)
      asks.add(`whether requests take longer than ${Math.round(slack * 10) / 10} s (longestRequest)`);
  }
  if (cut === 'no' || front.others === 0 || front.passes !== 'requests') return cut;
  if (front.retry?.unanswered === 'all') return front.others === null ? 'unknown' : 'no';
  const repeats = front.retry?.unanswered;
  if (repeats === 'none' || repeats === undefined) return cut;
  asks.add(
    repeats === 'idempotent'
      ? 'how many requests are POST or PATCH: those are not repeated'
      : 'whether the hop in front repeats a request that got no answer',
  );
  return 'unknown';
}

/** Are connections cut that clients keep for their next request? */
function cutsKept(
  front: DrainFront,
  leaver: DrainLeaver,
  moments: Moments,
  kept: boolean | null,
  { because, asks }: Notes,
): Told {
  if (front.passes === 'requests' || kept === false) return 'no';
  const resets = front.resetsUnhealthy && front.check !== null && (!front.told || leaver.failsCheckFirst === true);
  if (moments.stop === 'graceful' && !resets) return 'no';
  because.add(resets ? RULES.reset : RULES.pinned);
  if (front.passes === null) asks.add('whether the hop in front passes on connections or requests');
  if (kept === null) asks.add('whether clients keep their connections (keepsConnections)');
  return moments.stop === null || front.passes === null || kept === null ? 'unknown' : 'yes';
}

/** Pure: who loses what when this server leaves. */
export function drainOf(front: DrainFront, leaver: DrainLeaver, traffic: DrainTraffic): DrainOutcome {
  const notes: Notes = { because: new Set([RULES.socket]), asks: new Set() };
  const grace = leaver.grace ?? NEVER;
  const graceCutsPreStop = leaver.preStop !== null && leaver.preStop > 0 && leaver.preStop >= grace;
  if (leaver.preStop === null) notes.asks.add('how long it waits before it is told to stop (preStop)');
  if (graceCutsPreStop) notes.because.add(RULES.grace);
  const stop = graceCutsPreStop ? 'fast' : leaver.stop;
  const listensUntil = leaver.preStop === null ? null : Math.min(leaver.preStop + leaver.acceptsFor, grace);
  const finishes = stop === 'fast' ? 0 : (leaver.finishesFor ?? NEVER);
  const moments: Moments = {
    listensUntil,
    stopped: stopsSending(front, leaver, listensUntil, notes),
    endsAt: Math.min((listensUntil ?? 0) + finishes, grace, (front.told && front.cutsOpenAfter) ?? NEVER),
    stop,
  };
  const missing = missingIn(moments);
  const losses = {
    'drops-new': dropsNew(front, missing, notes),
    'drops-in-flight': dropsInFlight(front, moments, traffic.longest, notes),
    'cuts-keep-alive': cutsKept(front, leaver, moments, traffic.keepsConnections, notes),
  };
  const certain = LOSSES.find((loss) => losses[loss] === 'yes');
  const unsure = LOSSES.some((loss) => losses[loss] === 'unknown');
  const seconds = missing.most + (losses['drops-in-flight'] === 'yes' ? (traffic.longest ?? 0) : 0);
  const counts = losses['drops-new'] !== 'no' && traffic.perSecond !== null && Number.isFinite(seconds);
  return {
    verdict: certain ?? (unsure ? 'unknown' : 'drops-none'),
    losses,
    stopsSendingBy: finite(moments.stopped.most),
    servesFor: listensUntil,
    missing: { least: finite(missing.least), most: finite(missing.most) },
    cutsLongerThan: losses['drops-in-flight'] === 'no' ? null : slackIn(moments),
    atMost: counts ? Math.ceil((traffic.perSecond as number) * seconds - 1e-6) : null,
    graceCutsPreStop,
    because: [...notes.because],
    unknown: unsure ? [...notes.asks] : [],
  };
}
