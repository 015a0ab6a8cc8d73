import type { Begins } from './bisect/begins.ts';
import type { Blind, Case, Change, Finding, Path, SymptomKind, Vantage } from './types.ts';

/** What the request met at one vantage: how often it was answered, and how it failed. */
export interface Met {
  vantage: Vantage;
  hop: string;
  part: string | null;
  address: string;
  ok: number;
  total: number;
  /** Failures: what kind, how many, who made the answer. */
  failures: {
    how: string;
    error: string | null;
    status: number | null;
    count: number;
    maker: string | null;
    ms: number;
  }[];
  ms: number;
}

interface EndpointMet {
  name: string;
  address: string;
  /** Share of requests that failed, 0 to 1. */
  failing: number;
  slowMs: number | null;
  status: number | null;
  reached: boolean;
}

/** All findings of a case, arranged as a person would ask for them. Plain and pure. */
export interface Scene {
  case: Case;
  path: Path;
  findings: Finding[];
  blind: Blind[];
  changes: Change[];
  /** Where users come in. */
  front: Met[];
  balancers: Met[];
  /** Straight at each replica of a proxy; the front counts too where users reach a proxy without a balancer. */
  replicas: Met[];
  endpoints: EndpointMet[];
  /** Share of users' requests that fail now, 0 to 1; null when the front could not be looked at. */
  failing: number | null;
  slowMs: number | null;
  /** Where only a part of the requests fails: the hop at which that begins; see `whereItBegins`. */
  begins: Begins | 'unsure' | null;
  has(code: string): boolean;
  all(code: string): Finding[];
  reported(...kinds: SymptomKind[]): boolean;
}

/** An authority that we do not know may be one that the organisation's clients do: only a report about trust makes it a fault. */
const TRUST_ONLY = new Set(['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY']);
const SLOW_MS = 1_000;

/** Looks that could tell most come first: what to switch on first when they were blind. Others follow as they came. */
const TELLING = [
  'path-bisect',
  'endpoint-answers',
  'upstream-attribution',
  'tls',
  'proxy-complaints',
  'traffic-over-time',
];
const byUse = (blind: Blind[]): Blind[] => {
  const rank = ({ check }: Blind): number => (TELLING.includes(check) ? TELLING.indexOf(check) : TELLING.length);
  return blind.toSorted((a, b) => rank(a) - rank(b));
};

const num = (value: unknown): number => (typeof value === 'number' ? value : 0);
const str = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function meetings(findings: Finding[], trustMatters: boolean): Met[] {
  const byPlace = Map.groupBy(
    findings.filter(
      (f) => (f.code === 'REQUEST_ANSWERED' && f.facts.alternate !== true) || f.code === 'REQUEST_FAILED',
    ),
    (f) => `${f.vantage} ${f.address}`,
  );
  return [...byPlace.values()].map((same) => {
    const first = same[0] as Finding;
    const answered = same.filter(
      (f) => f.code === 'REQUEST_ANSWERED' || (!trustMatters && TRUST_ONLY.has(str(f.facts.error) ?? '')),
    );
    const failed = same.filter((f) => !answered.includes(f));
    return {
      vantage: first.vantage as Vantage,
      hop: first.about.hop,
      part: first.about.part,
      address: first.address ?? '',
      ok: answered.reduce((sum, f) => sum + num(f.facts.count), 0),
      total: num(first.facts.total),
      failures: failed.map((f) => ({
        how: str(f.facts.how) ?? '',
        error: str(f.facts.error),
        status: typeof f.facts.status === 'number' ? f.facts.status : null,
        count: num(f.facts.count),
        maker: str(f.facts.maker),
        ms: num(f.facts.ms),
      })),
      ms: Math.max(...same.map((f) => num(f.facts.ms))),
    };
  });
}

const FAILING = new Set(['ENDPOINT_ERRORS', 'ENDPOINT_REFUSES', 'ENDPOINT_CLOSES', 'ENDPOINT_SILENT']);

function endpointMeetings(findings: Finding[]): EndpointMet[] {
  const byEndpoint = Map.groupBy(
    findings.filter((f) => f.check === 'endpoint-answers' && f.about.part !== null),
    (f) => `${f.about.part} ${f.address}`,
  );
  return [...byEndpoint.values()].map((same) => {
    const first = same[0] as Finding;
    const total = Math.max(1, ...same.map((f) => num(f.facts.total)));
    const failed = same.filter((f) => FAILING.has(f.code)).reduce((sum, f) => sum + num(f.facts.count), 0);
    const slow = same.find((f) => f.code === 'ENDPOINT_SLOW' || f.code === 'ENDPOINT_SILENT');
    const answer = same.find((f) => f.code === 'ENDPOINT_ANSWERS') ?? same.find((f) => f.code === 'ENDPOINT_ERRORS');
    return {
      name: first.about.part ?? '',
      address: first.address ?? '',
      failing: Math.min(1, failed / total),
      slowMs: slow ? num(slow.facts.ms) : null,
      status: answer && typeof answer.facts.status === 'number' ? answer.facts.status : null,
      reached: !same.some((f) => f.code === 'ENDPOINT_UNREACHABLE'),
    };
  });
}

/** Pure: the findings of a case arranged by place. */
export function sceneOf(
  triage: Case,
  path: Path,
  findings: Finding[],
  blind: Blind[],
  changes: Change[],
  begins: Scene['begins'] = null,
): Scene {
  const kinds = new Set(triage.symptoms.kinds);
  const trustMatters = kinds.has('certificate') || kinds.has('handshake');
  const met = meetings(findings, trustMatters);
  const front = met.filter((m) => m.vantage === 'public');
  // A balancer and the proxies behind it may share their Service's name: users meet the outermost.
  const isProxy = (name: string): boolean => path.hops.find((hop) => hop.name === name)?.hop === 'proxy';
  const replicas = met.filter((m) => m.vantage === 'proxy-replica' || (m.vantage === 'public' && isProxy(m.hop)));
  // Where the front could not be looked at, the replicas stand for what users meet.
  const seen = front.length ? front : replicas;
  const total = seen.reduce((sum, m) => sum + m.total, 0);
  const ok = seen.reduce((sum, m) => sum + m.ok, 0);
  const slowest = Math.max(0, ...seen.filter((m) => m.ok > 0).map((m) => m.ms));
  const codes = new Set(findings.map((f) => f.code));
  return {
    case: triage,
    path,
    findings,
    blind: byUse(blind),
    changes,
    front,
    balancers: met.filter((m) => m.vantage === 'load-balancer' || m.vantage === 'node-port'),
    replicas,
    endpoints: endpointMeetings(findings),
    failing: total === 0 ? null : 1 - ok / total,
    begins,
    slowMs: slowest >= SLOW_MS ? slowest : null,
    has: (code) => codes.has(code),
    all: (code) => findings.filter((f) => f.code === code),
    reported: (...wanted) => wanted.some((kind) => kinds.has(kind)),
  };
}
