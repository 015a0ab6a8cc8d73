/** One request as an access log shows it, whichever proxy wrote it. */

export interface Upstream {
  address: string;
  status: number | null;
  seconds: number | null;
  bytes: number | null;
}

export interface AccessRow {
  /** ms since the epoch; null when the line has no readable time. */
  at: number | null;
  /** null: this format does not say. */
  host: string | null;
  /** First 40 characters of the request line as logged. */
  request: string;
  status: number;
  seconds: number | null;
  /** Every try, in order; empty when no upstream was asked. */
  upstreams: Upstream[];
  service: string | null;
  /** True: the proxy had no route for it at all; left out where the format cannot tell. */
  noRoute?: boolean;
  /** Who produced the status. `unknown`: this format cannot tell. */
  maker: 'proxy' | 'upstream' | 'client' | 'unknown';
}

export type LineReader = (line: string) => AccessRow | null;
