/** What is judged of a rollout's stage, and what is said of it. Plain JSON; all counts are differences, never totals. */

/** What one side of a rollout did in one interval. Zero is a count; what could not be read is named in `Interval.blind`. */
export interface SideCounts {
  /** Requests answered or cut off. */
  requests: number;
  /** Of these: answered with 5xx, or cut off. */
  errors: number;
  /** Connections accepted, and how many of these were reset by the proxy or the one behind it. */
  resets: number;
  connections: number;
  /** How long requests took. `le`: upper bounds, seconds, rising, the last one Infinity or left out; `counts`: one for each bucket, not cumulative. */
  latency: Latency | null;
  /** Client class (a profile's name, `all` for all of them together): handshakes begun, and of these not completed. */
  handshakes: { [clientClass: string]: { tried: number; failed: number } };
  /** Requests by endpoint. */
  endpoints: { [name: string]: number };
}

/** A histogram of times. */
export interface Latency {
  le: number[];
  counts: number[];
}

/**
 * Both sides in the same stretch of time. Short ones (5 to 30 s) are best, and one alone of up to 60 s never stops a stage, since it may be
 * a burst: what both sides see in the same interval is
 * held against neither. Intervals of one source must not overlap; of those that do, the first counts.
 */
export interface Interval {
  /** ISO 8601. */
  from: string;
  to: string;
  source: 'counters' | 'probes';
  old: SideCounts;
  fresh: SideCounts;
  /** What could not be read, in words for people. */
  blind: string[];
  /** Measures that were not read: their zeros mean nothing. */
  unread?: Unread[];
}

/** Kinds of counts that may be missing. */
export type Unread = 'errors' | 'latency' | 'handshakes' | 'resets' | 'balance';

/** How much worse the new side may be. Parts of one: 0.005 is half a percentage point. */
export interface Margins {
  /** Requests that fail. */
  errors: number;
  /** Handshakes that fail, all clients together. */
  handshakes: number;
  /** Connections that are reset. */
  resets: number;
  /** Handshakes of one class of clients that fail. */
  clients: number;
  /** Requests slower than the old side's median. */
  p50: number;
  /** Requests slower than the old side's P99: 0.01 means that the new P99 may be the old P98. */
  p99: number;
  /** Share of one endpoint. */
  balance: number;
}

/** What is to be judged, and how strictly; shares and margins are parts of one. */
export interface StagePlan {
  /** Part of the traffic that the new side should get, 0 to 1. */
  share: number;
  margins?: Partial<Margins>;
  /** Never go on with less than this on the new side. */
  minimum?: { requests?: number; seconds?: number };
  /** Probability of a stop of this stage for nothing, over all measures and looks together. 0.005 unless said. */
  alpha?: number;
  /** Intervals of this rollout's earlier stages: what to compare with where the old side has no traffic left (100 %); the last half hour counts. */
  earlier?: readonly Interval[];
}

/** The three that there are: nothing else can be said of a stage. */
export type StageResult = 'go-on' | 'stop' | 'not-enough-data';

/** What is compared. */
export type Measure = 'errors' | 'latency-p50' | 'latency-p99' | 'handshakes' | 'resets' | 'lost-clients' | 'balance';

/** What one side showed. */
export type Shown = { bad: number; total: number } | { seconds: number };

/** One measure of one source. */
export interface Measured {
  measure: Measure;
  /** The class of clients or the endpoint; null: all of them. */
  of: string | null;
  source: Interval['source'];
  old: Shown | null;
  fresh: Shown | null;
  /** `worse`: beyond the margin and beyond chance. `alike`: not worse than the margin allows. `open`: cannot be told yet. `blind`: was not read. */
  verdict: 'worse' | 'alike' | 'open' | 'blind';
  /** One sentence with counts and totals. Names of classes and endpoints are as they came: escape it. */
  says: string;
  /** More requests on the new side until it can be told, about; null: told, blind, or they never come at this rate. */
  needs: number | null;
  /** The old side of the same time was compared; false: the old side of earlier stages. */
  concurrent: boolean;
}

/** What is said of a stage. */
export interface StageJudgement {
  result: StageResult;
  measures: Measured[];
  /** Why, in words: the worst first. */
  because: string[];
  /** For `not-enough-data`: more requests on the new side, and when (ISO 8601) at the present rate; null: they never come at this rate. */
  needs: { requests: number; about: string | null } | null;
  /** What to say below the headline. */
  says: string[];
  /** Stands alone, without mark-up. */
  headline: string;
}
