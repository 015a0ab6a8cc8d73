/** What is known of a leaving server, of the hop in front and of the requests, and what comes of it. Plain data. */

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
  retry: {
    refused: 'other-server' | 'same-server' | 'nowhere';
    unanswered: 'all' | 'idempotent' | 'none' | null;
  } | null;
  /** Servers besides the leaving one; null: not known. */
  others: number | null;
  /** Told to stop, it cuts what is still open after this long (deregistration delay); null: it never does. */
  cutsOpenAfter: number | null;
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
type Loss = (typeof LOSSES)[number];

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
  /** Requests lost, at most: rate x seconds; null: no rate is known, or there is no end. */
  atMost: number | null;
  /** preStop does not end within the grace period: the server is killed before it gets its signal. */
  graceCutsPreStop: boolean;
  /** Which rules decided, each with its source. */
  because: string[];
  /** What would have to be known. */
  unknown: string[];
}
