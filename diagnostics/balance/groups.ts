/** What is known of a service's endpoints, and what is said of their balance (DESIGN 4.5). Plain data. */

/** How a proxy picks: only where the proxy, its configuration or a person says so. */
export type Policy = 'round-robin' | 'random' | 'least-conn' | 'hash' | 'sticky';

/** What one endpoint got. null and left out: not known. */
export interface Counted {
  address: string;
  requests: number;
  errors: number | null;
  /** Mean time of a request, s. */
  seconds: number | null;
  /** Weight that the proxy itself states. 0: drained. */
  weight: number | null;
  /** Standard deviation of those times, s. */
  deviation?: number | null;
  /** Connections to it in that time: opened, or open where none was. */
  connections?: number | null;
  inflight?: number | null;
  zone?: string | null;
  /** ISO. */
  startedAt?: string | null;
  /** Requests of the whole service that were counted before its own first one, in the order of a log. */
  before?: number;
  /** The same after its last one. */
  after?: number;
  /** Canary, backup, drained or out of service: it should not get a share, so it is not judged. */
  aside?: string | null;
}

/** How the requests were dealt out, as far as it is known. */
export interface Dealt {
  policy?: Policy | null;
  /** What is drawn. `connections`: behind a service address or a TCP proxy, requests follow the connection they are on. */
  unit?: 'requests' | 'connections';
  /** Connections of the whole service, where only their sum is known. */
  connections?: number | null;
  /** The stretch that was counted, ISO. */
  from?: string | null;
  to?: string | null;
  /** Requests after which the proxy opens a new connection; null: never. nginx: 1,000 (`keepalive_requests`). */
  keepaliveRequests?: number | null;
  /** Which skew matters: 0.2 is a fifth more or less than the share. */
  matters?: number;
}

/** What is odd though, or because, shares are as they are. */
export type Kind =
  | 'one-endpoint-idle'
  | 'one-endpoint-hot'
  | 'uneven'
  | 'one-endpoint-slow'
  | 'one-endpoint-fails'
  | 'pinned-connections'
  | 'late-joiner'
  | 'endpoint-left'
  | 'zone-imbalance'
  | 'sticky'
  | 'faster-gets-more'
  | 'one-address';

interface BalanceEndpoint {
  address: string;
  requests: number;
  share: number;
  /** The share that it should have got. */
  fair: number;
  connections?: number;
  inflight?: number;
  errors?: number;
  /** Mean time of a request, s. */
  seconds?: number;
  weight?: number;
  zone?: string;
  ageSeconds?: number;
  /** Why it is not judged: `backup`, `drained`, `down`. */
  aside?: string;
}

/** Endpoint balance of one service. */
export interface BalanceGroup {
  service: string;
  endpoints: BalanceEndpoint[];
  expected: 'equal' | 'weighted';
  cv: number | null;
  maxOverMean: number | null;
  /** Probability that a fair draw is at least this uneven: of connections where connections are drawn. */
  pValue: number | null;
  /** What the test was made on. */
  unit: 'requests' | 'connections';
  requests: number;
  connections: number | null;
  enough: boolean;
  /** Requests (or connections) that the skew that matters would need to show, nine times in ten; null when there are enough. */
  needed: number | null;
  verdict: 'even' | 'skewed' | 'not-enough-data';
  kind?: Kind;
  /** The endpoint that `kind` is about, where it is one. */
  endpoint?: string;
  policy?: Policy;
  /** What one slow endpoint costs: the mean time of all requests, and of those to the others, s. */
  cost?: { seconds: number; others: number };
  /** When a late joiner should have its share: seconds from its start. */
  catchUpSeconds?: number;
  /** One sentence for people. */
  says: string;
}
