import type { Draft, ReadScope } from '../define-check.ts';
import { splitAddress } from '../io/address.ts';
import type { Attempt } from '../io/io.ts';
import { pageMark } from '../wire/page-mark.ts';
import { sendsToHttps, sendsToOwnMachine } from '../wire/redirects.ts';
import { failure } from '../wording.ts';
import { SLOW_MS } from './path-bisect.ts';

/** The same request, made of one endpoint a few times. */
export interface EndpointData {
  scheme: 'https' | 'http';
  host: string;
  path: string;
  attempts: Attempt[];
  /** The application's own health page, where the inventory names one. */
  health: { path: string; status: number | null; error: string | null } | null;
  declared: number | null;
  /** The same request with X-Forwarded-Proto: https; left out: it did not send to https. */
  toldHttps?: Attempt;
}

/** Facts of each finding of the check `endpoint-answers`. */
export interface EndpointFacts {
  ENDPOINT_ANSWERS: {
    count: number;
    total: number;
    status: number;
    ms: number;
    page: string | null;
    address: string;
    url: string;
  };
  ENDPOINT_ERRORS: { count: number; total: number; status: number; ms: number; address: string; url: string };
  ENDPOINT_REFUSES: { count: number; total: number; address: string; url: string };
  ENDPOINT_PORT_UNDECLARED: { address: string; port: number; ports: number[] };
  ENDPOINT_CLOSES: { how: string; count: number; total: number; address: string; url: string };
  ENDPOINT_SLOW: { ms: number; total: number; status: number; address: string; url: string };
  ENDPOINT_SILENT: { ms: number; count: number; total: number; address: string; url: string; health: number | null };
  ENDPOINT_UNREACHABLE: { how: string; address: string };
  ENDPOINT_ANSWER_MALFORMED: { how: string; count: number; total: number; address: string; url: string };
  ENDPOINT_HEADERS_LARGE: { bytes: number; address: string; url: string };
  ENDPOINT_WANTS_HTTPS: { status: number; told: number | null; well: boolean; address: string; url: string };
  ENDPOINT_LEADS_TO_LOCALHOST: { status: number; location: string; address: string; url: string };
  ENDPOINT_HEALTH_FAILS: { status: number | null; path: string; address: string };
  NO_ENDPOINTS: { service: string };
}

/** The least that a proxy takes of an answer's headers unless it is told to take more, bytes (nginx: proxy_buffer_size). */
const LARGE_BYTES = 4096;

const median = (values: number[]): number => Math.round([...values].sort((a, b) => a - b)[values.length >> 1] ?? 0);

/** Where it sends callers that it does not serve as they come. */
function readRedirects(data: EndpointData, base: { address: string; url: string }): Draft<EndpointFacts>[] {
  const { attempts, host, toldHttps: told } = data;
  const found: Draft<EndpointFacts>[] = [];
  const wants = attempts.find((a) => sendsToHttps(a, host));
  if (wants && told && told.error === null) {
    const well = (told.status ?? 500) < 500 && !sendsToHttps(told, host);
    found.push({
      code: 'ENDPOINT_WANTS_HTTPS',
      facts: { status: wants.status as number, told: told.status, well, ...base },
    });
  }
  const astray = attempts.find((a) => sendsToOwnMachine(a, host) !== null);
  if (astray && attempts.every((a) => sendsToOwnMachine(a, host) !== null)) {
    const facts = { status: astray.status as number, location: sendsToOwnMachine(astray, host) as string, ...base };
    found.push({ code: 'ENDPOINT_LEADS_TO_LOCALHOST', facts });
  }
  return found;
}

/** Pure: what one endpoint answers, or how it fails. */
export function readEndpoint(data: EndpointData, scope: ReadScope): Draft<EndpointFacts>[] {
  if (data.declared === 0) return [{ code: 'NO_ENDPOINTS', facts: { service: scope.look.at.hop } }];
  const base = { address: scope.address, url: `${data.scheme}://${data.host}${data.path}` };
  const total = data.attempts.length;
  const found: Draft<EndpointFacts>[] = [];
  const where = (test: (a: Attempt) => boolean): Attempt[] => data.attempts.filter(test);

  const refused = where((a) => a.error === 'ECONNREFUSED');
  if (refused.length) {
    found.push({ code: 'ENDPOINT_REFUSES', facts: { count: refused.length, total, ...base } });
    const port = splitAddress(scope.address)?.port ?? 0;
    const endpoint = scope.hop?.endpoints?.find((e) => e.name === scope.look.at.part);
    if (endpoint?.ports.length && !endpoint.ports.includes(port)) {
      found.push({ code: 'ENDPOINT_PORT_UNDECLARED', facts: { address: scope.address, port, ports: endpoint.ports } });
    }
  }
  const unreachable = where((a) => a.phase === 'connect' && a.error !== null && a.error !== 'ECONNREFUSED');
  // An address of another network that does not answer us proves nothing about the endpoint.
  if (unreachable.length === total)
    return [
      {
        code: 'ENDPOINT_UNREACHABLE',
        facts: { how: failure(unreachable[0]?.error ?? null, null, null), address: scope.address },
      },
    ];

  const silent = where((a) => a.phase === 'answer' && a.error === 'TIMEOUT');
  if (silent.length) {
    const ms = median(silent.map((a) => a.ms.total));
    found.push({
      code: 'ENDPOINT_SILENT',
      facts: { ms, count: silent.length, total, ...base, health: data.health?.status ?? null },
    });
  }
  const closed = where((a) => (a.phase === 'answer' || a.phase === 'tls') && a.error !== null && a.error !== 'TIMEOUT');
  if (closed.length) {
    found.push({
      code: 'ENDPOINT_CLOSES',
      facts: {
        how: failure(closed[0]?.error ?? null, null, closed[0]?.alert ?? null),
        count: closed.length,
        total,
        ...base,
      },
    });
  }
  const errors = where((a) => a.error === null && (a.status ?? 0) >= 500);
  if (errors.length) {
    const status = errors[0]?.status as number;
    found.push({
      code: 'ENDPOINT_ERRORS',
      facts: { count: errors.length, total, status, ms: median(errors.map((a) => a.ms.total)), ...base },
    });
  }
  const fine = where((a) => a.error === null && (a.status ?? 0) < 500);
  if (fine.length) {
    const ms = median(fine.map((a) => a.ms.total));
    const facts = { total, status: fine[0]?.status as number, ms, ...base };
    found.push({
      code: 'ENDPOINT_ANSWERS',
      facts: { ...facts, count: fine.length, page: fine[0] ? pageMark(fine[0]) : null },
    });
    const bytes = Math.min(...fine.map((a) => a.headerBytes ?? 0));
    if (bytes > LARGE_BYTES) found.push({ code: 'ENDPOINT_HEADERS_LARGE', facts: { bytes, ...base } });
    if (ms >= SLOW_MS) found.push({ code: 'ENDPOINT_SLOW', facts });
  }
  const misframed = where((a) => a.misframed !== undefined);
  const how = misframed[0]?.misframed;
  if (how !== undefined)
    found.push({ code: 'ENDPOINT_ANSWER_MALFORMED', facts: { how, count: misframed.length, total, ...base } });
  found.push(...readRedirects(data, base));
  const health = data.health;
  if (health && (health.error !== null || (health.status ?? 0) >= 400)) {
    found.push({
      code: 'ENDPOINT_HEALTH_FAILS',
      facts: { status: health.status, path: health.path, address: scope.address },
    });
  }
  return found;
}
