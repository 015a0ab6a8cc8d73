import { defineCheck } from '../define-check.ts';
import type { Attempt, RequestSpec } from '../io/io.ts';
import {
  type BisectData,
  group,
  type Outcome,
  type PathBisectFacts,
  readBisect,
  SLOW_MS,
  what,
} from '../readings/path-bisect.ts';
import { postsOf } from '../vantages.ts';
import { sendsToHttps } from '../wire/redirects.ts';
import { duration, shellWord } from '../wording.ts';

/**
 * Requests of one look, and further waves of as many: none for a steady fault that has a name, one where nobody said
 * what is wrong, all where it is said to come and go or the first ones differ.
 */
const FIRST = 4;
const MORE = 3;
const PATIENCE_MS = 5_000;
/** After this long no further wave is begun: some requests take their whole patience. */
const ENOUGH_MS = 1_500;

const curl = (f: { url: string; address: string }): string | null => {
  const url = new URL(f.url);
  const at = f.address.lastIndexOf(':');
  return `curl -skv -o /dev/null ${shellWord(f.url)} --connect-to ${shellWord(`${url.host.includes(':') ? url.host : `${url.host}:${url.protocol === 'https:' ? 443 : 80}`}:${f.address.slice(0, at)}:${f.address.slice(at + 1)}`)}`;
};

/** The same request, with the page that it gets. */
const page = (f: { url: string; address: string }): string | null =>
  curl(f)?.replace('-skv -o /dev/null', '-ski') ?? null;

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
    const began = performance.now();
    let attempts = await wave(FIRST);
    const mixed = new Set(attempts.map(what)).size > 1;
    const quick = attempts.every((a) => a.ms.total < SLOW_MS);
    const further = mixed ? MORE : quick ? waves : 0;
    for (let i = 0; i < further && performance.now() - began < ENOUGH_MS; i++)
      attempts = [...attempts, ...(await wave(FIRST))];
    const outcomes = group(attempts);
    const through = attempts.some((a) => a.phase === 'done' || a.phase === 'answer');
    const other: BisectData['header'] = header === 'none' ? 'local' : 'none';
    const alternate =
      through || attempts.every((a) => a.phase === 'connect')
        ? null
        : { header: other, outcome: group(await wave(2, { ...spec, proxyHeader: other }))[0] as Outcome };
    // Behind the hop that ends TLS, a proxy is told that the caller has https: does it pass that on?
    const inner = look.vantage === 'proxy-replica' && scheme === 'http';
    const told =
      inner && attempts.some((a) => sendsToHttps(a, host))
        ? await io.request({ ...spec, forwardedHttps: true }, signal)
        : null;
    // A proxy that breaks one page and no other has a reason that lies in that page's answer.
    const broken = path !== '/' && attempts.every((a) => a.status === 502);
    const home = broken ? (await io.request({ ...spec, path: '/' }, signal)).status : null;
    const toldHttps = told ? { toldHttps: told } : {};
    return {
      scheme,
      header,
      host,
      path,
      total: attempts.length,
      outcomes,
      alternate,
      ...toldHttps,
      ...(home !== null && { home }),
    };
  },
  read: readBisect,
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
      next: (f) =>
        f.error === 'ECONNREFUSED'
          ? `See what should listen on ${f.address}, and why it does not.`
          : f.status === null
            ? `See why ${f.address} gives no answer: run the command from another machine too.`
            : `Run the command and look at what ${f.address} answers.`,
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
      reproduce: page,
    },
    PROXY_HAS_NO_BACKEND: {
      hop: 'service',
      direction: 'context',
      title: 'The proxy itself answers 503: it has nobody to send the request to',
      says: (f) =>
        `${f.maker} at ${f.address} answers 503 itself: it has no endpoint that it could send ${f.url} to now.`,
      next: () => 'See whether the service has ready endpoints, and whether the proxy knows them.',
      reproduce: page,
    },
    PROXY_OVERFLOWS: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy refuses requests, since its own limit of connections or requests is reached',
      says: (f) =>
        `${f.maker} at ${f.address} refuses ${f.count} of ${f.total} requests with ${f.status}: its own limit for what is behind it is reached (circuit breaker).`,
      next: () =>
        'Compare the circuit breaker with how many requests are under way at once, and see whether the endpoints became slower.',
      reproduce: page,
    },
    PROXY_GATEWAY_ERROR: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy itself answers 502, 503 or 504 for what is behind it',
      says: (f) =>
        `${f.maker} at ${f.address} answers ${f.status} itself in ${f.count} of ${f.total} requests (after ${duration(f.ms)}): ${f.status === 504 ? 'what is behind it took too long' : 'it got no proper answer from behind'}${f.home === undefined ? '' : `; the page / of the same host gets ${f.home} there`}.`,
      next: () => 'Ask the endpoints directly: if they answer, the way from the proxy to them is broken.',
      reproduce: page,
    },
    REDIRECTED_TO_ITSELF: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The answer redirects to the address that was asked for',
      says: (f) =>
        `${f.address} answers ${f.status} and sends the caller to ${f.location}, the very address it asked for.`,
      next: () =>
        'Let only one part of the path send callers to https: look at forced redirects, and at X-Forwarded-Proto on the way in.',
      reproduce: page,
    },
    HTTPS_NOT_PASSED_ON: {
      hop: 'proxy',
      direction: 'context',
      title: 'Behind TLS, callers are sent to https though they are said to have it',
      says: (f) =>
        `${f.address} sends callers to https (${f.status}), also those of whom X-Forwarded-Proto says that they came by it.`,
      next: () => 'Let it pass X-Forwarded-Proto on as it came, in place of the scheme of its own listener.',
      reproduce: (f) => page(f)?.replace(' -ski', " -ski -H 'X-Forwarded-Proto: https'") ?? null,
    },
    LEADS_TO_LOCALHOST: {
      hop: 'app',
      direction: 'context',
      title: 'The answer sends callers to their own machine',
      says: (f) =>
        `${f.address} answers ${f.status} and sends the caller to ${f.location}, on the caller's own machine.`,
      next: () => 'See who says so: ask the endpoints directly.',
      reproduce: page,
    },
    CLIENT_CERTIFICATE_DEMANDED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The listener demands a client certificate',
      says: (f) => `${f.address} refuses callers without a client certificate (${f.how}).`,
      next: () => 'Switch the client certificate demand off for this host, or give its callers certificates.',
      reproduce: page,
    },
    HTTP_SENT_TO_TLS_PORT: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'Clear HTTP arrives at a TLS listener',
      says: (f) =>
        `A correct request at ${f.address} is answered with "plain HTTP was sent to the HTTPS port": the hop in front ends TLS and sends clear HTTP to a TLS listener.`,
      next: () => "Point the hop in front at the proxy's HTTP listener, or have it speak TLS to this one.",
      reproduce: page,
    },
    PROXY_LIMITS_REQUESTS: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The proxy itself refuses requests for a limit',
      says: (f) =>
        `${f.maker} at ${f.address} answers ${f.status} itself in ${f.count} of ${f.total} requests: a limit by rate or by client.`,
      next: (f) => `Look at the rate limits in ${f.maker}'s configuration for this host.`,
      reproduce: page,
    },
  },
});
