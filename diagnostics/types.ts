/**
 * The words of the whole project, as types. A leaf: it imports nothing, everything else may import it.
 * All of it is plain JSON, so that a case can be stored, queued, saved to a file and read again years later.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The hops a request takes, outermost first (DESIGN section 1). */
export const HOPS = ['client', 'dns', 'cdn', 'load-balancer', 'node', 'proxy', 'service', 'app'] as const;
export type Hop = (typeof HOPS)[number];

/** What the platform team owns: a fault in one of these makes the answer `ingress`. */
export const INGRESS_HOPS: readonly Hop[] = ['load-balancer', 'node', 'proxy'];

export type Answer = 'ingress' | 'not-ingress' | 'inconclusive';
export type Direction = 'implicates' | 'clears' | 'context';

/** Where a probe is sent from our side: the public name, or straight to a part of the path. */
export const VANTAGES = [
  'public',
  'load-balancer',
  'node-port',
  'proxy-replica',
  'service',
  'endpoint',
  'inside',
] as const;
export type Vantage = (typeof VANTAGES)[number];

/** `https`, `http` or `tcp`: what is spoken to a listener. */
export type Scheme = 'https' | 'http' | 'tcp';
export type ProxyHeader = 'proxy-v1' | 'proxy-v2' | 'none';
export type ProxyExpectation = ProxyHeader | 'optional';

/** One host (+ port, path) to be cleared or convicted. */
export interface Target {
  host: string;
  port: number;
  path: string;
  scheme: 'https' | 'http';
}

// ---------------------------------------------------------------------------------------------------------- the report

/** What kind of trouble the words of a report describe; `unspecified` when it only says that something is wrong. */
export const SYMPTOMS = [
  'errors-5xx',
  'handshake',
  'certificate',
  'reset',
  'timeout',
  'slow',
  'not-found',
  'wrong-content',
  'redirect-loop',
  'too-large',
  'forbidden',
  'disconnects',
  'uneven',
  'name',
  'unspecified',
] as const;
export type SymptomKind = (typeof SYMPTOMS)[number];

/** What we understood from a report. */
export interface Symptoms {
  /** Kinds named in the words, most telling first; never empty (`unspecified`). */
  kinds: SymptomKind[];
  /** HTTP statuses that the report names (502, 520, ...). */
  statuses: number[];
  /** Error strings recognised in the text, as the person pasted them, shortened. */
  errors: string[];
  /** `steady`: claimed to last until now; `intermittent`: comes and goes, or hits some; `past`: claimed to be over. */
  course: 'steady' | 'intermittent' | 'past';
  /** Proxies or products that the report accuses ("is it Traefik?"): lower-case words. */
  suspects: string[];
  /** Names of the clients said to be affected ("SAP", "old scanners"), when a kind of client is singled out. */
  clients: string[];
  /** True when only the writer seems to be affected ("just me", "from my laptop"). */
  onlyReporter: boolean;
}

/** One triage, from report to verdict. */
export interface Case {
  version: 1;
  /** `c-YYYYMMDD-xxxx`. */
  id: string;
  /** When the case was opened, ISO. */
  at: string;
  /** What the person wrote, or null when only a target was given. */
  report: string | null;
  target: Target;
  symptoms: Symptoms;
  /** Start of the time in question, ISO; null when nobody said. */
  since: string | null;
  /** Wall time that looks may take in all, ms. */
  deadlineMs: number;
  /** Run only these checks; null means all that apply. */
  only: string[] | null;
}

// ------------------------------------------------------------------------------------------------------------ the path

export interface Instance {
  name: string;
  https: string | null;
  http: string | null;
  metrics: string | null;
  /** A URL, or the path of a unix socket (HAProxy). */
  admin: string | null;
  node: string | null;
  /** The file that the process was started with, absolute. */
  config: string | null;
  accessLog: string | null;
  logFormat: string | null;
  errorLog: string | null;
  pidFile: string | null;
  /** Keys of the inventory that we do not know stay readable here. */
  more: { [key: string]: Json };
}

/** A part of a managed proxy, by its names in the inventory. */
export interface PartName {
  hop: string;
  part: string | null;
}

export interface Endpoint {
  name: string;
  address: string;
  /** Ports that something is declared to listen on there; empty when unknown. */
  ports: number[];
  zone: string | null;
  /** null: nobody said. */
  ready: boolean | null;
  startedAt: string | null;
  metrics: string | null;
}

interface BalancerTarget {
  name: string;
  address: string;
  /** As the balancer says it: healthy, unhealthy, draining, initial, ... */
  health: string | null;
}

/** One hop of a path, or a managed proxy beside it. Everything about settings is *declared*: it may be wrong. */
export interface PathHop {
  name: string;
  hop: Hop;
  kind: string;
  /** host:port of the main listener, or null. */
  address: string | null;
  /** All listeners, the main one first. */
  listeners: { address: string; scheme: Scheme }[];
  scheme: Scheme;
  /** The PROXY header this hop puts before what it sends to the next one; null: nobody said. */
  sends: ProxyHeader | null;
  /** Which listener of the next hop it uses; null: the one that fits its scheme. */
  to: 'https' | 'http' | null;
  /** The PROXY header this hop should receive; null: nobody said. */
  expects: ProxyExpectation | null;
  targets: BalancerTarget[] | null;
  attributes: { [key: string]: string };
  settings: { [key: string]: Json };
  instances: Instance[];
  /** null: unknown; an empty list: there are none. */
  endpoints: Endpoint[] | null;
  /** Path of a health endpoint of the application, or null. */
  health: string | null;
  /** Where each fact stands: `file: key`, or `Kind namespace/name`. */
  from: string[];
  /** The balancer's name in its cloud (AWS: its ARN); left out: not said. */
  arn?: string;
  /** Its cloud may be asked for it; left out: it may not, or it is in none. */
  cloud?: 'aws';
  /** True: found in a cluster, not named by the file: probed only where `allow` covers it. */
  discovered?: boolean;
  /** What the file and the cluster say differently; the file's word is used. */
  differs?: { key: string; file: Json; cluster: Json }[];
}

export interface NodeInfo {
  name: string;
  metrics: string | null;
  healthCheckNodePort: string | null;
}

/** The ordered hops a request to the target takes, outermost first, and what else is known around it. */
export interface Path {
  host: string;
  path: string;
  port: number;
  /** false: the host is on no route of the inventory; then only its own addresses are probed. */
  routed: boolean;
  hops: PathHop[];
  /** Managed proxies that the inventory names and that are not on this path: the wrong suspects. */
  others: PathHop[];
  nodes: NodeInfo[];
  /** Addresses that the name leads to where the inventory says so; null: ask the resolver. */
  dns: string[] | null;
  /** Certificate files (PEM, absolute) of authorities that this organisation trusts besides the system's. */
  trust: string[];
  /** NDJSON file with changes, absolute, or null. */
  changes: string | null;
  prometheus: string | null;
  ambiguous: { objects: string[]; why: string }[];
  unknown: string[];
  /** The cluster that the path was found in, and how old that knowledge is; left out for a file alone. */
  cluster?: { name: string; asOf: string | null };
  /** Objects that name the host and that no proxy serves. */
  unserved?: { object: string; why: string }[];
}

// ------------------------------------------------------------------------------------------------------- looks and rows

/** One planned look: a check, one address (resolved when the look runs), one vantage. */
export interface Look {
  check: string;
  vantage: Vantage;
  hop: Hop;
  /** Name of the hop on the path, and of the instance or endpoint there where that is one. */
  at: { hop: string; part: string | null };
  /** host:port, URL, file or socket path. */
  address: string;
  /** What else the check needs to know, from its own plan. */
  with: { [key: string]: Json };
}

/** Why a look saw nothing. Blind is never fine and never bad. */
export const BLIND_REASONS = [
  'not-configured',
  'not-allowed',
  'no-connection',
  'deadline',
  'denied',
  'unreadable',
  'resolver',
  'too-large',
  'our-bug',
] as const;
export type BlindReason = (typeof BLIND_REASONS)[number];

/** What a look saw: one row per check, address and vantage. */
export type EvidenceRow = {
  v: 1;
  look: Look;
  /** When the look began, ISO. */
  startedAt: string;
  ms: number;
} & ({ data: Json; blind?: undefined } | { blind: { reason: BlindReason; detail: string }; data?: undefined });

export interface Finding {
  code: string;
  check: string;
  hop: Hop;
  direction: Direction;
  address: string | null;
  vantage: Vantage | null;
  /** Name of the hop on the path and of the instance or endpoint the finding is about. */
  about: { hop: string; part: string | null };
  at: string;
  /** One or two sentences for people. */
  says: string;
  facts: { [key: string]: Json };
  /** A command that shows the same thing when pasted, or null. */
  reproduce: string | null;
  /** What to do about it. */
  next: string;
}

/** Something that happened to the path: a reload, a rollout, a certificate, a scaling event, a deploy. */
export interface Change {
  at: string;
  kind: string;
  object: string;
  summary: string;
  by?: string;
}

export interface Blind {
  check: string;
  reason: BlindReason;
  detail: string;
  /** The hop that this look would have been about. */
  hop: Hop;
}

/** The verdict as others read it: DESIGN 4.2. Fields may be added, none renamed or removed. */
export interface Verdict {
  version: 1;
  case: string;
  target: { host: string; port: number; path: string };
  answer: Answer;
  hop: Hop | 'none' | null;
  cause: string | null;
  confidence: number;
  /** How strongly the evidence speaks, 0 to 1; `confidence` is how often such verdicts are right. Left out in verdicts of old. */
  strength?: number;
  /** How "who was right" moved the strength, in words; left out: not at all. */
  learnt?: string;
  because: string[];
  ruledOut: { hop: Hop; because: string[] }[];
  blind: Blind[];
  nextStep: string;
  /** A command that shows what the verdict rests on, to be pasted as it is; null: none of its findings has one. Left out in verdicts of old. */
  command?: string | null;
  findings: Finding[];
  timeline: Change[];
  onset: { at: string; from: string } | null;
  durationMs: number;
  /** Looks that were made, of those that were planned: the rest could not have changed the answer. Left out in verdicts of old. */
  looks?: { made: number; planned: number };
  /** The answer in plain words, then the reasons: what a person reads first. */
  headline: string;
  says: string[];
  /** What was looked at and found clean, a sentence each, most telling first. */
  cleared: string[];
}

/** A case with everything that its verdict was computed from: what `--save` writes and `replay` reads. */
export interface SavedCase {
  version: 1;
  case: Case;
  path: Path;
  evidence: EvidenceRow[];
  changes: Change[];
  verdict: Verdict;
}
