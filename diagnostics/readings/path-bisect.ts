import type { Draft, ReadScope } from '../define-check.ts';
import type { Attempt, RequestSpec } from '../io/io.ts';
import { whoMade } from '../wire/answer-maker.ts';
import { pageMark } from '../wire/page-mark.ts';
import { sendsToHttps, sendsToOwnMachine } from '../wire/redirects.ts';
import { failure } from '../wording.ts';

/** Attempts that ended alike, with one of them whole. */
export interface Outcome {
  /** `200`, `502`, `RESET`, `CERT_HAS_EXPIRED`, ... */
  what: string;
  count: number;
  ok: boolean;
  medianMs: number;
  sample: Attempt;
}

/** The same request at one place, a few times. */
export interface BisectData {
  scheme: 'https' | 'http';
  header: RequestSpec['proxyHeader'];
  host: string;
  path: string;
  total: number;
  outcomes: Outcome[];
  /** How many of them were made later, since it comes and goes; left out: none. */
  repeated?: number;
  /** The same request with the other PROXY header, made when the declared one never got through. */
  alternate: { header: RequestSpec['proxyHeader']; outcome: Outcome } | null;
  /** Status of the host's page / at the same place, where each request for another page got 502; left out: not asked. */
  home?: number;
  /** The same request with X-Forwarded-Proto: https; left out: nobody sent it to https, or not behind TLS. */
  toldHttps?: Attempt;
}

/** Slower than this is what people call slow, ms. */
export const SLOW_MS = 1_000;

/** How an attempt ended, in a word. */
export const what = (a: Attempt): string => (a.error !== null ? a.error : String(a.status));

/** Attempts by how they ended; ms are medians. */
export function group(attempts: Attempt[]): Outcome[] {
  const byKind = Map.groupBy(attempts, what);
  return [...byKind].map(([kind, same]) => {
    const times = same.map((a) => a.ms.total).sort((a, b) => a - b);
    const sample = same[0] as Attempt;
    return {
      what: kind,
      count: same.length,
      ok: sample.ok,
      medianMs: Math.round(times[times.length >> 1] as number),
      sample,
    };
  });
}

/** Facts of each finding of the check `path-bisect`. */
export interface PathBisectFacts {
  REQUEST_ANSWERED: {
    count: number;
    total: number;
    status: number;
    ms: number;
    header: string;
    alternate: boolean;
    /** What page it was, in a few words; null when there is none to tell. */
    page: string | null;
    url: string;
    address: string;
  };
  REQUEST_FAILED: {
    count: number;
    total: number;
    how: string;
    error: string | null;
    status: number | null;
    ms: number;
    url: string;
    address: string;
    maker: string | null;
    phase: string;
  };
  REQUEST_SLOW: { ms: number; total: number; url: string; address: string };
  ROUTE_NOT_FOUND: { status: number; maker: string; url: string; address: string };
  PROXY_HAS_NO_BACKEND: { status: number; maker: string; url: string; address: string };
  PROXY_OVERFLOWS: { status: number; maker: string; count: number; total: number; url: string; address: string };
  PROXY_GATEWAY_ERROR: {
    count: number;
    total: number;
    status: number;
    maker: string;
    ms: number;
    url: string;
    address: string;
    /** What the host's page / gets at the same place; missing: not asked. */
    home?: number;
  };
  REDIRECTED_TO_ITSELF: { status: number; location: string; url: string; address: string };
  HTTPS_NOT_PASSED_ON: { status: number; url: string; address: string };
  LEADS_TO_LOCALHOST: { status: number; location: string; url: string; address: string };
  CLIENT_CERTIFICATE_DEMANDED: { how: string; url: string; address: string };
  HTTP_SENT_TO_TLS_PORT: { url: string; address: string };
  PROXY_LIMITS_REQUESTS: { status: number; maker: string; count: number; total: number; url: string; address: string };
}

type Asked = Pick<BisectData, 'host' | 'path'> & { scheme: string };

/** Does the answer redirect to the very address that was asked? */
function redirectsToItself(data: Asked, attempt: Attempt): boolean {
  const location = attempt.headers.location;
  if (!attempt.status || attempt.status < 300 || attempt.status >= 400 || !location) return false;
  const asked = `${data.scheme}://${data.host}${data.path}`;
  const bare = (url: string): string =>
    URL.canParse(url, asked) ? new URL(url, asked).href.replace(/:\d+\//, '/').replace(/\/$/, '') : url;
  return bare(location) === bare(asked);
}

/** What nginx, Go servers and Apache say to clear HTTP on their TLS port (measured). */
const PLAIN_ON_TLS =
  /plain HTTP request was sent to HTTPS port|sent an HTTP request to an HTTPS server|speaking plain HTTP to an SSL-enabled server port/;

/** What nginx says to a client without a certificate, or with one that it does not take (ngx_http_special_response.c). */
const NO_CLIENT_CERTIFICATE = /No required SSL certificate|SSL certificate error/;

/** Answers below 500 that are failures all the same. */
const SPOILT = new Set([
  'REDIRECTED_TO_ITSELF',
  'CLIENT_CERTIFICATE_DEMANDED',
  'ROUTE_NOT_FOUND',
  'HTTP_SENT_TO_TLS_PORT',
  'PROXY_LIMITS_REQUESTS',
]);

function readOutcome(
  data: BisectData,
  outcome: Outcome,
  base: { url: string; address: string },
): Draft<PathBisectFacts>[] {
  const { sample, count } = outcome;
  const maker = whoMade(sample);
  const found: Draft<PathBisectFacts>[] = [];
  const total = data.total;
  if (sample.status === 404 && maker) found.push({ code: 'ROUTE_NOT_FOUND', facts: { status: 404, maker, ...base } });
  // Envoy says 503 to three things, and in its body which: a full circuit breaker, an endpoint that failed, none at all.
  const overflow = sample.status === 503 && maker === 'Envoy' && /reset reason: overflow/.test(sample.body);
  const broken = sample.status === 503 && maker === 'Envoy' && /^upstream connect error/.test(sample.body);
  if (overflow) found.push({ code: 'PROXY_OVERFLOWS', facts: { status: 503, maker, count, total, ...base } });
  if (sample.status === 503 && maker && !broken)
    found.push({ code: 'PROXY_HAS_NO_BACKEND', facts: { status: 503, maker, ...base } });
  const gateway = sample.status === 502 || sample.status === 504 || (broken && !overflow);
  if (gateway && sample.status !== null && maker) {
    found.push({
      code: 'PROXY_GATEWAY_ERROR',
      facts: {
        count,
        total,
        status: sample.status,
        maker,
        ms: outcome.medianMs,
        ...base,
        ...(data.home !== undefined && { home: data.home }),
      },
    });
  }
  if (sample.status === 429 && maker)
    found.push({ code: 'PROXY_LIMITS_REQUESTS', facts: { status: 429, maker, count, total, ...base } });
  if (sample.status === 400 && PLAIN_ON_TLS.test(sample.body))
    found.push({ code: 'HTTP_SENT_TO_TLS_PORT', facts: base });
  if (redirectsToItself(data, sample)) {
    found.push({
      code: 'REDIRECTED_TO_ITSELF',
      facts: { status: sample.status as number, location: sample.headers.location as string, ...base },
    });
  }
  const astray = sendsToOwnMachine(sample, data.host);
  if (astray !== null)
    found.push({ code: 'LEADS_TO_LOCALHOST', facts: { status: sample.status as number, location: astray, ...base } });
  if (sample.alert === 116 || (sample.status === 400 && NO_CLIENT_CERTIFICATE.test(sample.body))) {
    found.push({
      code: 'CLIENT_CERTIFICATE_DEMANDED',
      facts: { how: sample.alert ? 'TLS alert 116' : 'HTTP 400', ...base },
    });
  }
  return found;
}

/** Pure: an answer below 500 that is none for whoever asked: a proxy's own 404 or limit, a demand, a redirect to itself. */
export const isSpoilt = (asked: Asked, a: Attempt): boolean =>
  a.error === null &&
  (((a.status === 404 || a.status === 429) && whoMade(a) !== null) ||
    redirectsToItself(asked, a) ||
    (a.status === 400 && (PLAIN_ON_TLS.test(a.body) || NO_CLIENT_CERTIFICATE.test(a.body))));

/** Pure: how the request fares at one place. */
export function readBisect(data: BisectData, scope: ReadScope): Draft<PathBisectFacts>[] {
  const base = { url: `${data.scheme}://${data.host}${data.path}`, address: scope.address };
  const hop = scope.look.hop;
  const found: Draft<PathBisectFacts>[] = [];
  for (const outcome of data.outcomes) {
    const special = readOutcome(data, outcome, base);
    found.push(...special);
    const spoilt = special.some((f) => SPOILT.has(f.code));
    const { sample, count } = outcome;
    if (outcome.ok && !spoilt) {
      found.push({
        code: 'REQUEST_ANSWERED',
        hop,
        direction: scope.look.vantage === 'proxy-replica' ? 'clears' : 'context',
        facts: {
          count,
          total: data.total,
          status: sample.status as number,
          ms: outcome.medianMs,
          header: data.header,
          alternate: false,
          page: pageMark(sample),
          ...base,
        },
      });
      if (outcome.medianMs >= SLOW_MS)
        found.push({ code: 'REQUEST_SLOW', hop, facts: { ms: outcome.medianMs, total: data.total, ...base } });
    } else {
      found.push({
        code: 'REQUEST_FAILED',
        hop,
        facts: {
          count,
          total: data.total,
          how: failure(sample.error, sample.status, sample.alert),
          error: sample.error,
          status: sample.status,
          ms: outcome.medianMs,
          maker: whoMade(sample),
          phase: sample.phase,
          ...base,
        },
      });
    }
  }
  const { toldHttps } = data;
  if (toldHttps && sendsToHttps(toldHttps, data.host))
    found.push({ code: 'HTTPS_NOT_PASSED_ON', hop, facts: { status: toldHttps.status as number, ...base } });
  if (data.alternate?.outcome.ok) {
    const { outcome, header } = data.alternate;
    found.push({
      code: 'REQUEST_ANSWERED',
      hop,
      direction: 'context',
      facts: {
        count: outcome.count,
        total: outcome.count,
        status: outcome.sample.status as number,
        ms: outcome.medianMs,
        header,
        alternate: true,
        page: pageMark(outcome.sample),
        ...base,
      },
    });
  }
  return found;
}
