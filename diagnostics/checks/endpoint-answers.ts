import { defineCheck, type Planned } from '../define-check.ts';
import type { Attempt, RequestSpec } from '../io/io.ts';
import { frontOf } from '../own-front.ts';
import { type EndpointData, type EndpointFacts, readEndpoint } from '../readings/endpoint-answers.ts';
import { SLOW_MS } from '../readings/path-bisect.ts';
import type { Look } from '../types.ts';
import { sendsToHttps } from '../wire/redirects.ts';
import { duration, shellWord, tryPort } from '../wording.ts';

const FIRST = 3;
const PATIENCE_MS = 5_500;

/** `-S` shows why there is no answer; an endpoint that speaks TLS wants the host's name in its handshake too. */
const curl = (f: { url: string; address: string }): string => {
  const url = new URL(f.url);
  if (url.protocol === 'http:')
    return `curl -sSi -H ${shellWord(`Host: ${url.host}`)} ${shellWord(`http://${f.address}${url.pathname}`)}`;
  return `curl -sSki ${shellWord(f.url)} --connect-to ${shellWord(`::${f.address}`)}`;
};

/** Asks each endpoint directly, past every proxy: what the application itself answers. */
export const endpointAnswers = defineCheck<EndpointData, EndpointFacts>({
  id: 'endpoint-answers',
  title: 'Each endpoint asked directly',
  asks: 'What does the application itself answer, past every proxy?',
  vantages: ['endpoint'],
  budgetMs: 12_000,
  plan: ({ case: triage, path }) =>
    path.hops
      .filter((hop) => hop.hop === 'service' || hop.hop === 'app')
      .flatMap((hop): Planned[] => {
        const look = {
          check: 'endpoint-answers',
          vantage: 'endpoint' as const,
          hop: 'app' as const,
          address: hop.address ?? '',
        };
        if (hop.endpoints === null) {
          const detail = `${hop.name}: its endpoints are not known; list them in the inventory (endpoints:)`;
          return [
            {
              look: { ...look, at: { hop: hop.name, part: null }, with: {} },
              blind: { reason: 'not-configured', detail },
            },
          ];
        }
        if (hop.endpoints.length === 0)
          return [{ look: { ...look, hop: 'service', at: { hop: hop.name, part: null }, with: { declared: 0 } } }];
        const { host, path: asked } = triage.target;
        const more = triage.symptoms.course !== 'steady';
        const scheme = hop.scheme === 'https' ? 'https' : 'http';
        const front = frontOf(path, triage.target);
        return hop.endpoints
          .filter((endpoint) => endpoint.ready !== false)
          .map((endpoint): Planned => {
            const { address, name } = endpoint;
            const own: Look = {
              ...look,
              address,
              at: { hop: hop.name, part: name },
              with: { scheme, host, path: asked, health: hop.health, more, declared: null },
            };
            const before = front.get(address);
            if (!before) return { look: own };
            // An ExternalName of the cluster's own public name: what answers there is the path itself, once more.
            const detail = `${name}: its address ${address} is that of ${before.name} in front of the proxies; name where its application stands`;
            return { look: own, blind: { reason: 'not-configured', detail } };
          });
      }),
  async look(io, look, address, signal) {
    const { scheme, host, path, health, more, declared } = look.with as {
      scheme: 'https' | 'http';
      host: string;
      path: string;
      health: string | null;
      more: boolean;
      declared: number | null;
    };
    if (declared === 0) return { scheme: 'http', host: '', path: '/', attempts: [], health: null, declared };
    const spec: RequestSpec = { address, scheme, host, path, proxyHeader: 'none', patienceMs: PATIENCE_MS };
    const wave = (n: number): Promise<Attempt[]> =>
      Promise.all(Array.from({ length: n }, () => io.request(spec, signal)));
    const [first, healthy] = await Promise.all([
      wave(FIRST),
      health ? io.request({ ...spec, path: health, patienceMs: 3_000 }, signal) : Promise.resolve(null),
    ]);
    const mixed = new Set(first.map((a) => a.error ?? a.status)).size > 1;
    const attempts =
      mixed || (more && first.every((a) => a.ms.total < SLOW_MS))
        ? [...first, ...(await wave(FIRST)), ...(await wave(FIRST))]
        : first;
    // One that wants https and was asked in the clear: does it take the word of the hop that ends TLS?
    const wants = scheme === 'http' && first.some((a) => sendsToHttps(a, host));
    const told = wants ? await io.request({ ...spec, forwardedHttps: true, patienceMs: 3_000 }, signal) : null;
    return {
      scheme,
      host,
      path,
      attempts,
      ...(told && { toldHttps: told }),
      health: healthy && health ? { path: health, status: healthy.status, error: healthy.error } : null,
      declared: null,
    };
  },
  read: readEndpoint,
  findings: {
    ENDPOINT_ANSWERS: {
      hop: 'app',
      direction: 'clears',
      title: 'The endpoint answers when asked directly',
      says: (f) =>
        `Asked directly, ${f.address} answers ${f.count} of ${f.total} requests (${f.status}, ${duration(f.ms)}).`,
      next: () => 'Nothing to do here.',
      reproduce: curl,
    },
    ENDPOINT_ERRORS: {
      hop: 'app',
      direction: 'implicates',
      title: 'The endpoint itself answers with an error',
      says: (f) =>
        `Asked directly, ${f.address} answers ${f.status} itself in ${f.count} of ${f.total} requests (${duration(f.ms)}).`,
      next: (f) => `Look at the application's log on ${f.address}, and at its last deploy.`,
      reproduce: curl,
    },
    ENDPOINT_REFUSES: {
      hop: 'app',
      direction: 'implicates',
      title: 'The endpoint refuses connections',
      says: (f) => `${f.address} refuses connections (${f.count} of ${f.total}): nothing listens there.`,
      next: (f) => `See whether the application on ${f.address} is running, and why it stopped.`,
      reproduce: (f) => curl(f),
    },
    ENDPOINT_PORT_UNDECLARED: {
      hop: 'service',
      direction: 'implicates',
      title: 'The service points at a port that the endpoint does not declare',
      says: (f) =>
        `The service sends to port ${f.port}, but ${f.address.slice(0, f.address.lastIndexOf(':'))} declares ${f.ports.join(', ')}, and nothing listens on ${f.port}.`,
      next: (f) => `Set the service's target port to ${f.ports[0]}.`,
      reproduce: (f) => tryPort(`${f.address.slice(0, f.address.lastIndexOf(':'))}:${f.port}`),
    },
    ENDPOINT_CLOSES: {
      hop: 'app',
      direction: 'implicates',
      title: 'The endpoint takes the connection and does not answer properly',
      says: (f) => `Asked directly, ${f.address} takes the connection and then: ${f.how} (${f.count} of ${f.total}).`,
      next: (f) => `Look at the application's log on ${f.address}: crashes, or a port that speaks another protocol.`,
      reproduce: curl,
    },
    ENDPOINT_SLOW: {
      hop: 'app',
      direction: 'implicates',
      title: 'The endpoint itself is slow',
      says: (f) => `Asked directly, ${f.address} needs ${duration(f.ms)} for an answer.`,
      next: (f) =>
        `Look at what the application on ${f.address} waits for: its database, a lock, another service, CPU.`,
      reproduce: (f) => `${curl(f).replace(/-sSk?i/, '-sSko /dev/null')} -w '%{http_code} %{time_total}s\\n'`,
    },
    ENDPOINT_SILENT: {
      hop: 'app',
      direction: 'implicates',
      title: 'The endpoint takes the request and does not answer in time',
      says: (f) =>
        `Asked directly, ${f.address} takes the request and gives no answer within ${duration(f.ms)} (${f.count} of ${f.total})${f.health === 200 ? ', while its health page says 200' : ''}.`,
      next: (f) =>
        `Look at what the application on ${f.address} waits for: its database, a lock, another service, CPU.`,
      reproduce: (f) => `${curl(f).replace(/-sSk?i/, '-sSko /dev/null')} -m 20 -w '%{http_code} %{time_total}s\\n'`,
    },
    ENDPOINT_UNREACHABLE: {
      hop: 'app',
      direction: 'context',
      title: 'The endpoint cannot be reached from here',
      says: (f) =>
        `${f.address} cannot be reached from where I look (${f.how}); that says nothing about what the proxy reaches.`,
      next: () => 'Run a worker where the endpoints can be reached, or ask from a proxy host.',
      reproduce: (f) => tryPort(f.address, 3),
    },
    ENDPOINT_ANSWER_MALFORMED: {
      hop: 'app',
      direction: 'context',
      title: 'The endpoint frames its answer as no server may',
      says: (f) =>
        `Asked directly, ${f.address} answers with ${f.how} (${f.count} of ${f.total}): clients may let that pass, proxies must refuse it (RFC 9112, section 6).`,
      next: (f) =>
        `See who sets these headers in the application on ${f.address}: often those of another service's answer, passed on as they came.`,
      reproduce: (f) => `${curl(f)} | grep -aiE '^(transfer-encoding|content-length):'`,
    },
    ENDPOINT_HEADERS_LARGE: {
      hop: 'app',
      direction: 'context',
      title: 'The answer has more headers than many a proxy takes',
      says: (f) =>
        `Asked directly, ${f.address} answers with ${(f.bytes / 1024).toFixed(1)} KiB of headers; nginx takes 4 KiB unless it is told to take more (proxy_buffer_size).`,
      next: () =>
        'Make the headers of this page smaller (cookies, Content-Security-Policy), or let the proxy take more (nginx: proxy_buffer_size).',
      reproduce: (f) => `${curl(f).replace(/-sS(k?)i/, '-sS$1 -o /dev/null')} -w '%{size_header}\\n'`,
    },
    ENDPOINT_WANTS_HTTPS: {
      hop: 'app',
      direction: 'context',
      title: 'The endpoint sends callers to https unless it is told that they came by it',
      says: (f) =>
        `Asked directly in the clear, ${f.address} sends callers to https (${f.status}); told by X-Forwarded-Proto that they came by https, it ${f.well ? `answers ${f.told}` : 'does so all the same'}.`,
      next: (f) =>
        f.well
          ? 'See that every proxy passes X-Forwarded-Proto on as the hop that ends TLS set it.'
          : 'See what else it goes by: another header, or proxies that it was told to trust.',
      reproduce: (f) => curl(f).replace('-sSi', "-sSi -H 'X-Forwarded-Proto: https'"),
    },
    ENDPOINT_LEADS_TO_LOCALHOST: {
      hop: 'app',
      direction: 'implicates',
      title: 'The endpoint sends callers to their own machine',
      says: (f) =>
        `Asked directly, ${f.address} answers ${f.status} and sends the caller to ${f.location}, on the caller's own machine.`,
      next: () =>
        'Set the public address in the application (root_url, base URL, public URL), and see whether the last deploy lost it.',
      reproduce: curl,
    },
    ENDPOINT_HEALTH_FAILS: {
      hop: 'app',
      direction: 'context',
      title: "The endpoint's own health page fails",
      says: (f) => `${f.address}${f.path} says ${f.status ?? 'nothing'}: the application does not call itself healthy.`,
      next: () => 'See what the health page checks: often a database or another service.',
      reproduce: (f) => `curl -si ${shellWord(`http://${f.address}${f.path}`)}`,
    },
    NO_ENDPOINTS: {
      hop: 'service',
      direction: 'implicates',
      title: 'The service has no endpoints',
      says: (f) => `${f.service} has no endpoints: there is nobody to send requests to.`,
      next: (f) => `See why nothing is ready behind ${f.service}: its selector, its pods, its last rollout.`,
      reproduce: () => null,
    },
  },
});
