import type { Draft, ReadScope } from '../define-check.ts';
import type { HeaderTry } from '../probes/proxy-protocol-beginnings.ts';
import {
  formOf,
  type HeaderExpectation,
  type HeaderProbe,
  LATE_MS,
  throughOf,
  tryOf,
} from '../probes/proxy-protocol-probe.ts';
import type { PathHop } from '../types.ts';
import { listenerOf, senderBefore, sideToChange } from './proxy-protocol-sides.ts';

/** A beginning that was late and did not get through, made again to be sure. */
export interface LateSeen {
  /** Which of the two: a header that came late, or (through a balancer) a client that did. */
  what: 'header' | 'client';
  /** How many of the tries failed, all of them equally late. */
  failed: number;
  total: number;
  /** How late a header may be, as measured; null: not measured. */
  timeoutMs: number | null;
}

export interface ProxyProtocolData {
  tls: boolean;
  host: string;
  probe: HeaderProbe;
  expects: HeaderExpectation;
  declaredSends: PathHop['sends'];
  declaredExpects: PathHop['expects'];
  /** Left out: nothing late failed. */
  late?: LateSeen;
}

type At = { address: string; host: string; tls: boolean };
type Boundary = At & {
  sender: string | null;
  declared: string | null;
  seenFrom: string;
  listener: string | null;
  listenerKind: string;
  senderKind: string;
  side: string;
};

export interface ProxyProtocolFacts {
  PROXY_HEADER_UNEXPECTED: Boundary & { answer: string };
  PROXY_HEADER_MISSING: Boundary & { expects: string };
  PROXY_HEADER_WOULD_BREAK: At & { sender: string; answer: string };
  PROXY_HEADERS_AGREE: { address: string; expects: string };
  PROXY_EXPECTATION_DIFFERS: { address: string; expects: string; declared: string };
  LATE_PROXY_HEADER_MISTAKEN: At & {
    sender: string | null;
    declared: string | null;
    seenFrom: string;
    lateMs: number;
    failed: number;
    total: number;
    timeoutMs: number | null;
    software: string | null;
  };
  LATE_PROXY_HEADER_REFUSED: At & { lateMs: number; failed: number; total: number; timeoutMs: number | null };
}
type Found = Draft<ProxyProtocolFacts>[];

/** What nginx says to any connection that begins with a header it does not know, told from its bare 400. */
const isBare400 = (t: HeaderTry | undefined): boolean => t?.outcome === 'plaintext-error' && t.status === 400;

/** The status line and Server header decide; a Date in the bytes may differ. */
const sameBytes = (a: HeaderTry | undefined, b: HeaderTry | undefined): boolean =>
  a?.firstBytes.slice(0, 72) === b?.firstBytes.slice(0, 72);

const wants = (expects: HeaderExpectation): boolean => expects === 'v1' || expects === 'v2' || expects === 'v1-or-v2';
const isHeader = (sends: PathHop['sends']): boolean => sends === 'proxy-v1' || sends === 'proxy-v2';

/** The try that failed for being late, where the same at once gets through; null: none did. */
export function lateFailure(probe: HeaderProbe, tls: boolean): { what: LateSeen['what']; made: HeaderTry } | null {
  const through = throughOf(probe, tls);
  const payload = tls ? 'hello' : 'get';
  const header = tryOf(probe, 'delayed', payload);
  if (header && through(tryOf(probe, 'v2-local', payload)) && !through(header)) return { what: 'header', made: header };
  const client = formOf(probe, 'late-payload');
  if (client && through(tryOf(probe, 'none', payload)) && !through(client)) return { what: 'client', made: client };
  return null;
}

function boundary(scope: ReadScope, data: ProxyProtocolData, parses: boolean): Boundary {
  const outside = scope.look.hop !== 'proxy';
  const listener = listenerOf(scope);
  const sender = outside ? scope.hop : senderBefore(scope);
  return {
    address: scope.address,
    host: data.host,
    tls: data.tls,
    sender: outside ? scope.look.at.hop : (sender?.name ?? null),
    declared: outside ? (scope.hop?.sends ?? null) : data.declaredSends,
    seenFrom: outside ? 'outside' : 'replica',
    listener: listener?.name ?? null,
    listenerKind: listener?.kind ?? 'other',
    senderKind: sender?.kind ?? 'other',
    side: sideToChange(listener, parses),
  };
}

/** A late beginning that fails each time it was tried, in clear text or by an end. */
function readLate(data: ProxyProtocolData, scope: ReadScope): Found {
  const { late, probe, tls, host } = data;
  const seen = late && lateFailure(probe, tls);
  // A header of ours that is late at a listener proves it; seen through a balancer it is the balancer's header that was.
  const outside = scope.look.hop !== 'proxy';
  if (!late || !seen || late.failed < late.total || (outside ? seen.what !== 'client' : seen.what !== 'header'))
    return [];
  const base = { address: scope.address, host, tls, failed: late.failed, total: late.total, timeoutMs: late.timeoutMs };
  const lateMs = seen.made.delayMs ?? LATE_MS;
  if (seen.made.outcome !== 'plaintext-error')
    return outside ? [] : [{ code: 'LATE_PROXY_HEADER_REFUSED', facts: { ...base, lateMs } }];
  const declared = outside ? (scope.hop?.sends ?? null) : data.declaredSends;
  const { sender, seenFrom } = boundary(scope, data, true);
  const facts = { ...base, sender, declared, seenFrom, lateMs, software: probe.software ?? null };
  const sends = outside || isHeader(declared);
  return [{ code: 'LATE_PROXY_HEADER_MISTAKEN', ...(!sends && { direction: 'context' as const }), facts }];
}

function readAtBalancer(data: ProxyProtocolData, scope: ReadScope): Found {
  const { probe, tls } = data;
  const payload = tls ? 'hello' : 'get';
  const bare = tryOf(probe, 'none', payload);
  const other = tryOf(probe, 'none', tls ? 'get' : 'hello');
  const local = tryOf(probe, 'v2-local', payload);
  const through = (t: HeaderTry | undefined): boolean => t?.outcome === (tls ? 'tls' : 'http');
  // LOCAL cures it: the listener behind wants a header and the balancer sends none (provable from outside everywhere).
  if (!through(bare) && through(local)) {
    const facts = { ...boundary(scope, data, true), expects: data.expects };
    return [{ code: 'PROXY_HEADER_MISSING', hop: 'proxy', facts }];
  }
  // Every beginning, a correct one too, gets the same bare 400 in clear: something before it spoils each connection.
  if (tls && isBare400(bare) && isBare400(other) && isBare400(local) && sameBytes(bare, other)) {
    const facts = { ...boundary(scope, data, false), answer: 'HTTP 400 in clear text' };
    return [{ code: 'PROXY_HEADER_UNEXPECTED', hop: 'proxy', facts }];
  }
  return readLate(data, scope);
}

function describeAnswer(data: ProxyProtocolData): string {
  const t = tryOf(data.probe, 'v2-local', data.tls ? 'hello' : 'get');
  if (t?.outcome === 'plaintext-error')
    return data.tls ? `HTTP ${t.status ?? 400} in clear text on its TLS port` : `HTTP ${t.status ?? 400}`;
  return t?.outcome === 'reset' ? 'a reset' : 'closing the connection';
}

/** Is what was seen one of the things that were declared? */
const fitsDeclared = (declared: PathHop['expects'], expects: HeaderExpectation): boolean =>
  declared === null ||
  declared === expects ||
  (declared === 'proxy-v1' && (expects === 'v1' || expects === 'v1-or-v2')) ||
  (declared === 'proxy-v2' && (expects === 'v2' || expects === 'v1-or-v2'));

/** Pure: what one listener's answers say about the header on its side of the boundary. */
export function readProxyProtocol(data: ProxyProtocolData, scope: ReadScope): Found {
  if (data.probe.unreachable) return [];
  if (scope.look.hop !== 'proxy') return readAtBalancer(data, scope);
  const { expects, declaredSends: sends, declaredExpects, host, tls } = data;
  const { address } = scope;
  const sender = senderBefore(scope)?.name ?? null;
  const found: Found = [];
  if (expects === 'none' && isHeader(sends)) {
    const facts = { ...boundary(scope, data, false), answer: describeAnswer(data) };
    found.push({ code: 'PROXY_HEADER_UNEXPECTED', facts });
  }
  if (expects === 'none' && sends === null && sender !== null) {
    const facts = { address, sender, answer: describeAnswer(data), host, tls };
    found.push({ code: 'PROXY_HEADER_WOULD_BREAK', facts });
  }
  if (wants(expects) && sends === 'none')
    found.push({ code: 'PROXY_HEADER_MISSING', facts: { ...boundary(scope, data, true), expects } });
  if (expects !== 'unknown' && !fitsDeclared(declaredExpects, expects)) {
    const facts = { address, expects, declared: declaredExpects as string };
    found.push({ code: 'PROXY_EXPECTATION_DIFFERS', facts });
  }
  const late = readLate(data, scope);
  const agrees =
    expects === 'optional' || (expects === 'none' && sends === 'none') || (wants(expects) && isHeader(sends));
  if (agrees && late.length === 0) found.push({ code: 'PROXY_HEADERS_AGREE', facts: { address, expects } });
  return [...found, ...late];
}
