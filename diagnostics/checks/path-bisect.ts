import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { Attempt, RequestSpec } from '../io/io.ts';
import { postsOf } from '../vantages.ts';
import { whoMade } from '../wire/answer-maker.ts';
import { pageMark } from '../wire/page-mark.ts';
import { duration, failure, shellWord } from '../wording.ts';

/** Attempts that ended alike, with one of them whole. */
export interface Outcome {
  /** `200`, `502`, `RESET`, `CERT_HAS_EXPIRED`, ... */
  what: string;
  count: number;
  ok: boolean;
  medianMs: number;
  sample: Attempt;
}

interface BisectData {
  scheme: 'https' | 'http';
  header: RequestSpec['proxyHeader'];
  host: string;
  path: string;
  total: number;
  outcomes: Outcome[];
  /** The same request with the other PROXY header, made when the declared one never got through. */
  alternate: { header: RequestSpec['proxyHeader']; outcome: Outcome } | null;
}

/**
 * Requests of one look, and further waves of as many: none for a steady fault that has a name, one where nobody said
 * what is wrong, all where it is said to come and go or the first ones differ.
 */
const FIRST = 4;
const MORE = 3;
const PATIENCE_MS = 5_000;
/** After this long no further wave is begun: some requests take their whole patience. */
const ENOUGH_MS = 1_500;
/** Slower than this is what people call slow, ms. */
export const SLOW_MS = 1_000;

const what = (a: Attempt): string => (a.error !== null ? a.error : String(a.status));

function group(attempts: Attempt[]): Outcome[] {
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

interface PathBisectFacts {
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
  };
  REDIRECTED_TO_ITSELF: { status: number; location: string; url: string; address: string };
  CLIENT_CERTIFICATE_DEMANDED: { how: string; url: string; address: string };
  HTTP_SENT_TO_TLS_PORT: { url: string; address: string };
  PROXY_LIMITS_REQUESTS: { status: number; maker: string; count: number; total: number; url: string; address: string };
}

const curl = (f: { url: string; address: string }): string | null => {
  const url = new URL(f.url);
  const at = f.address.lastIndexOf(':');
  return `curl -skv -o /dev/null ${shellWord(f.url)} --connect-to ${shellWord(`${url.host.includes(':') ? url.host : `${url.host}:${url.protocol === 'https:' ? 443 : 80}`}:${f.address.slice(0, at)}:${f.address.slice(at + 1)}`)}`;
};

/** Does the answer redirect to the very address that was asked? */
function redirectsToItself(data: BisectData, attempt: Attempt): boolean {
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
      facts: { count, total, status: sample.status, maker, ms: outcome.medianMs, ...base },
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
  if (
    sample.alert === 116 ||
    (sample.status === 400 && /No required SSL certificate|SSL certificate error/.test(sample.body))
  ) {
    found.push({
      code: 'CLIENT_CERTIFICATE_DEMANDED',
      facts: { how: sample.alert ? 'TLS alert 116' : 'HTTP 400', ...base },
    });
  }
  return found;
}

function read(data: BisectData, scope: ReadScope): Draft<PathBisectFacts>[] {
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

/**
 * Bisects the path: the same request at every vantage from the public name inwards. Where the first failure appears,
 * seen from the inside, is the hop; this check reports each vantage, correlation draws the line.
 */
export const pathBisect = defineCheck<BisectData, PathBisectFacts>({
  id: 'path-bisect',
  title: 'The same request at every vantage',
  asks: 'From which hop on does the request fail?',
  vantages: ['public', 'load-balancer', 'node-port', 'proxy-replica', 'service'],
  budgetMs: 15_000,
  plan: ({ case: triage, path }) =>
    postsOf(path, triage.target).map((post) => ({
      look: {
        check: 'path-bisect',
        vantage: post.vantage,
        hop: post.hop,
        at: post.at,
        address: post.address,
        with: {
          scheme: post.scheme,
          header: post.header,
          host: triage.target.host,
          path: triage.target.path,
          waves: triage.symptoms.course !== 'steady' ? MORE : triage.symptoms.kinds[0] === 'unspecified' ? 1 : 0,
        },
      },
    })),
  async look(io, look, address, signal) {
    const { scheme, header, host, path, waves } = look.with as {
      scheme: 'https' | 'http';
      header: BisectData['header'];
      host: string;
      path: string;
      waves: number;
    };
    const spec: RequestSpec = { address, scheme, host, path, proxyHeader: header, patienceMs: PATIENCE_MS };
    const wave = (n: number, s = spec): Promise<Attempt[]> =>
      Promise.all(Array.from({ length: n }, () => io.request(s, signal)));
    let attempts = await wave(FIRST);
    const mixed = new Set(attempts.map(what)).size > 1;
    const quick = attempts.every((a) => a.ms.total < SLOW_MS);
    const further = mixed ? MORE : quick ? waves : 0;
    const began = performance.now();
    for (let i = 0; i < further && performance.now() - began < ENOUGH_MS; i++)
      attempts = [...attempts, ...(await wave(FIRST))];
    const outcomes = group(attempts);
    const through = attempts.some((a) => a.phase === 'done' || a.phase === 'answer');
    const other: BisectData['header'] = header === 'none' ? 'local' : 'none';
    const alternate =
      through || attempts.every((a) => a.phase === 'connect')
        ? null
        : { header: other, outcome: group(await wave(2, { ...spec, proxyHeader: other }))[0] as Outcome };
    return { scheme, header, host, path, total: attempts.length, outcomes, alternate };
  },
  read,
  findings: {
    REQUEST_ANSWERED: {
      hop: 'proxy',
      direction: 'clears',
      title: 'The request is answered here',
      says: (f) =>
        f.alternate
          ? `The same request ${f.header === 'none' ? 'without a PROXY header' : 'with a PROXY header'} gets ${f.status} at ${f.address}.`
          : `${f.count} of ${f.total} requests at ${f.address} are answered (${f.status}, ${duration(f.ms)}).`,
      next: () => 'Nothing to do here.',
      reproduce: curl,
    },
    REQUEST_FAILED: {
      hop: 'proxy',
      direction: 'context',
      title: 'The request fails here',
      says: (f) => `${f.count} of ${f.total} requests at ${f.address} fail: ${f.how}.`,
      next: (f) => `Run the command and look at what ${f.address} answers.`,
      reproduce: curl,
    },
    REQUEST_SLOW: {
      hop: 'proxy',
      direction: 'context',
      title: 'The request is slow here',
      says: (f) => `The request takes ${duration(f.ms)} at ${f.address}.`,
      next: () => 'Compare with the time that the endpoints need when asked directly.',
      reproduce: (f) => {
        const command = curl(f);
        return command ? `${command.replace('-skv', '-sk')} -w '%{http_code} %{time_total}s\\n'` : null;
      },
    },
    ROUTE_NOT_FOUND: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy itself answers 404: it has no route for this request',
      says: (f) => `${f.maker} at ${f.address} answers 404 itself: it has no route for ${f.url}.`,
      next: (f) =>
        `Look for the route of ${new URL(f.url).hostname} in ${f.maker}'s configuration: class, entry point, host spelling, validation errors.`,
      reproduce: (f) => curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null,
    },
    PROXY_HAS_NO_BACKEND: {
      hop: 'service',
      direction: 'context',
      title: 'The proxy itself answers 503: it has nobody to send the request to',
      says: (f) =>
        `${f.maker} at ${f.address} answers 503 itself: it has no endpoint that it could send ${f.url} to now.`,
      next: () => 'See whether the service has ready endpoints, and whether the proxy knows them.',
      reproduce: (f) => curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null,
    },
    PROXY_OVERFLOWS: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy refuses requests, since its own limit of connections or requests is reached',
      says: (f) =>
        `${f.maker} at ${f.address} refuses ${f.count} of ${f.total} requests with ${f.status}: its own limit for what is behind it is reached (circuit breaker).`,
      next: () =>
        'Compare the circuit breaker with how many requests are under way at once, and see whether the endpoints became slower.',
      reproduce: (f) => curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null,
    },
    PROXY_GATEWAY_ERROR: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy itself answers 502, 503 or 504 for what is behind it',
      says: (f) =>
        `${f.maker} at ${f.address} answers ${f.status} itself in ${f.count} of ${f.total} requests (after ${duration(f.ms)}): ${f.status === 504 ? 'what is behind it took too long' : 'it got no proper answer from behind'}.`,
      next: () => 'Ask the endpoints directly: if they answer, the way from the proxy to them is broken.',
      reproduce: (f) => curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null,
    },
    REDIRECTED_TO_ITSELF: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The answer redirects to the address that was asked for',
      says: (f) =>
        `${f.address} answers ${f.status} and sends the caller to ${f.location}, the very address it asked for.`,
      next: () =>
        'Two parts of the path disagree about http and https: look at forced redirects and X-Forwarded-Proto.',
      reproduce: (f) => curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null,
    },
    CLIENT_CERTIFICATE_DEMANDED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The listener demands a client certificate',
      says: (f) => `${f.address} refuses callers without a client certificate (${f.how}).`,
      next: () => 'Switch the client certificate demand off for this host, or give its callers certificates.',
      reproduce: (f) => curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null,
    },
    HTTP_SENT_TO_TLS_PORT: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'Clear HTTP arrives at a TLS listener',
      says: (f) =>
        `A correct request at ${f.address} is answered with "plain HTTP was sent to the HTTPS port": the hop in front ends TLS and sends clear HTTP to a TLS listener.`,
      next: () => "Point the hop in front at the proxy's HTTP listener, or have it speak TLS to this one.",
      reproduce: (f) => curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null,
    },
    PROXY_LIMITS_REQUESTS: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy itself refuses requests for a limit',
      says: (f) =>
        `${f.maker} at ${f.address} answers ${f.status} itself in ${f.count} of ${f.total} requests: a limit by rate or by client.`,
      next: (f) => `Look at the rate limits in ${f.maker}'s configuration for this host.`,
      reproduce: (f) => curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null,
    },
  },
});
