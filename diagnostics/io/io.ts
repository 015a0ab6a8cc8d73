import type { PartName } from '../types.ts';
import type { Window } from '../window.ts';
import type { Trusted } from '../wire/chain.ts';
import type { BalancerReader } from './balancer-reader.ts';
import type { ClusterReader } from './cluster-reader.ts';
import type { NodeHealth, ProxyHealth } from './proxy-health.ts';
import type {
  Complaints,
  EndpointShares,
  ProxyRoutes,
  ReloadHistory,
  ServedRequests,
  TargetsSeen,
} from './proxy-reader.ts';
import type { ProxyHistory, ProxySample } from './proxy-sample.ts';
import type { ProxySettings } from './proxy-settings.ts';
import type { ResumptionSeen, ResumptionSpec } from './resumption.ts';
import type { WatchedReload, WatchSpec } from './watch-reload.ts';

/** How a raw conversation ended from our side: FIN, RST, still open when we stopped, or no connection at all. */
export type Ending = 'fin' | 'rst' | 'open' | 'refused' | 'unreachable' | 'connect-timeout';

/** A raw TCP conversation: what we wanted to know is which bytes came back, and how it ended. */
export interface Conversation {
  ending: Ending;
  /** The first bytes that came back, hex, at most `keep` of them. */
  bytes: string;
  /** Time to the first byte, or to the end where none came, ms. */
  ms: number;
  connectMs: number | null;
}

export interface ConversationSpec {
  /** ip:port. */
  address: string;
  /** Parts written one after another, each in one write, each after its own pause. */
  send: { bytes: Uint8Array; afterMs?: number }[];
  /** Stop as soon as this many bytes are there; 0: as soon as it is connected. */
  keep: number;
  /** Stop when `enough` says so, though fewer bytes are there (a whole TLS answer, a status line). */
  enough?: (bytes: Uint8Array) => boolean;
  /** Stop waiting after this long, ms. */
  patienceMs: number;
}

/** How far a request got, and what stopped it. Exactly one failure for the chain connect -> tls -> answer. */
export interface Attempt {
  /** Got an HTTP answer below 500, by a connection that a client with the usual trust would accept. */
  ok: boolean;
  phase: 'connect' | 'tls' | 'answer' | 'done';
  /** Error code (ECONNREFUSED, CERT_HAS_EXPIRED, TIMEOUT, CLOSED, ...) of the phase that failed, else null. */
  error: string | null;
  /** TLS alert number, where the peer sent one. */
  alert: number | null;
  tlsVersion: string | null;
  status: number | null;
  /** Answer headers that tell who answered: server, content-type, location, retry-after, via, x-powered-by, cf-ray. */
  headers: { [name: string]: string };
  /** Status line and headers together; absent: none came. */
  headerBytes?: number;
  /** What no server may say of its body's length (`framingFault`); absent: nothing is wrong there. */
  misframed?: string;
  /** First 300 characters of the body, control characters taken out. */
  body: string;
  ms: { connect: number | null; tls: number | null; firstByte: number | null; total: number };
  /** Lines of the answer (headers and body, in lower case) that hold one of the texts that were sought; nothing else of them is kept. */
  found?: string[];
}

export interface RequestSpec {
  /** ip:port. */
  address: string;
  scheme: 'https' | 'http';
  /** SNI and Host header. */
  host: string;
  path: string;
  /** PROXY header written before anything else; `local` is v2 LOCAL, which spoofs no address. */
  proxyHeader: 'none' | 'v1' | 'v2' | 'local';
  /** Says that the caller came by https (X-Forwarded-Proto), as the hop that ends TLS would. */
  forwardedHttps?: true;
  /** Client's address that the PROXY header names; the connection's own unless given. */
  client?: string;
  /** Texts to look for in the whole answer (`Attempt.found`): does the other end know what we told it? */
  seek?: string[];
  /** How long to wait for the answer once connected, ms. */
  patienceMs: number;
  /** Once it fires, an answer that has been waited for some seconds already is waited for no longer. */
  hurry?: AbortSignal;
}

/** One certificate as the server sent it. Dates are ISO. */
export interface CertificateSeen {
  subject: string;
  names: string[];
  issuer: string;
  keyType: string;
  notBefore: string;
  notAfter: string;
  sha256: string;
}

export interface HandshakeSeen {
  /** Error code of a handshake that failed, else null. */
  error: string | null;
  alert: number | null;
  version: string | null;
  cipher: string | null;
  alpn: string | null;
  /** Leaf first, exactly the certificates that were sent. */
  certificates: CertificateSeen[];
  chain: 'complete' | 'incomplete' | 'self-signed' | 'untrusted' | null;
  nameMatches: boolean | null;
}

export interface HandshakeSpec {
  address: string;
  servername: string | null;
  proxyHeader: RequestSpec['proxyHeader'];
  /** Application protocols to offer; h2 and http/1.1 unless said otherwise. */
  alpn?: string[];
  patienceMs: number;
}

/** Reads what a managed proxy says of itself: logs, metrics, admin pages. Lives in proxy/, bounded and read-only. */
export interface ProxyReader {
  reloads(of: PartName, signal: AbortSignal): Promise<ReloadHistory>;
  requests(of: PartName, host: string, window: Window, signal: AbortSignal): Promise<ServedRequests>;
  shares(of: PartName, service: string, window: Window, signal: AbortSignal): Promise<EndpointShares>;
  complaints(of: PartName, host: string, window: Window, signal: AbortSignal): Promise<Complaints>;
  targets(of: PartName, signal: AbortSignal): Promise<TargetsSeen>;
  routes(of: PartName, host: string, path: string, signal: AbortSignal): Promise<ProxyRoutes>;
  /** Its counters as they are now. */
  sample(of: PartName, signal: AbortSignal): Promise<ProxySample>;
  /** What its counters did in the window, for the host: from the recorder or Prometheus, else from two samples. */
  history(of: PartName, host: string, window: Window, signal: AbortSignal): Promise<ProxyHistory>;
  /** What its configuration says, as it holds for the host. */
  settings(of: PartName, host: string, signal: AbortSignal): Promise<ProxySettings>;
  health(of: PartName, signal: AbortSignal): Promise<ProxyHealth>;
  node(name: string, signal: AbortSignal): Promise<NodeHealth>;
}

/** Everything that a check may do to the world, and nothing else: all of it bounded in bytes and time. */
export interface Io {
  now(): Date;
  /** Addresses that a name leads to (A and AAAA). Throws `Blind` when the resolver does not answer. */
  resolve(host: string, signal: AbortSignal): Promise<{ addresses: string[]; error: string | null }>;
  converse(spec: ConversationSpec, signal: AbortSignal): Promise<Conversation>;
  request(spec: RequestSpec, signal: AbortSignal): Promise<Attempt>;
  handshake(spec: HandshakeSpec, signal: AbortSignal): Promise<HandshakeSeen>;
  /** Holds idle connections, to see whether the other side reloads meanwhile. */
  watchReload(spec: WatchSpec, signal: AbortSignal): Promise<WatchedReload>;
  /** Two handshakes: is a session taken up again? Missing: cannot be asked. */
  resumption?(spec: ResumptionSpec, signal: AbortSignal): Promise<ResumptionSeen>;
  /** Authorities that this organisation's clients trust. Missing: not known. */
  trusted?(): Trusted;
  proxy: ProxyReader;
  /** null: no cluster is known. */
  cluster: ClusterReader | null;
  /** Balancers of a cloud; null or missing: none can be asked. */
  balancer?: BalancerReader | null;
}
