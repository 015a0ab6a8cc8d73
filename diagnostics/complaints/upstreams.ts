import { shellWord } from '../wording.ts';
import { type Base, complained, type Specs, tail } from './shared.ts';

/** What a proxy's own log says of single endpoints. */

export interface UpstreamComplaints {
  UPSTREAM_REFUSED_PROXY: Base & { upstream: string };
  UPSTREAM_UNREACHABLE_FOR_PROXY: Base & { upstream: string };
  UPSTREAM_TIMED_OUT: Base & { upstream: string };
  UPSTREAM_CLOSED_EARLY: Base & { upstream: string };
  STALE_UPSTREAM_LOGGED: Base & { upstream: string; service: string };
  ENDPOINT_MARKED_DOWN: Base & { upstream: string; why: string };
  OWN_BALANCER_UNREACHABLE: Base & { upstream: string; balancer: string };
}

export const UPSTREAM_FINDINGS: Specs<UpstreamComplaints> = {
  UPSTREAM_REFUSED_PROXY: {
    hop: 'app',
    direction: 'implicates',
    title: 'An endpoint refused the proxy',
    says: (f) => complained(f, `${f.upstream} refuses its connections`),
    next: (f) => `See whether the application on ${f.upstream} is running.`,
    reproduce: tail('111: Connection refused', { traefik: 'connection refused' }),
  },
  UPSTREAM_UNREACHABLE_FOR_PROXY: {
    hop: 'service',
    direction: 'context',
    title: 'The proxy gets no connection to an endpoint',
    says: (f) => complained(f, `it gets no connection to ${f.upstream}`),
    next: () => 'Try the same connection from the proxy itself: a network policy or a firewall between them?',
    reproduce: tail('while connecting to upstream'),
  },
  UPSTREAM_TIMED_OUT: {
    hop: 'app',
    direction: 'context',
    title: 'The proxy gave up waiting for an endpoint',
    says: (f) => complained(f, `${f.upstream} did not answer in the time the proxy allows`),
    next: () => "Compare the proxy's read timeout with what the application needs.",
    reproduce: tail('upstream timed out'),
  },
  UPSTREAM_CLOSED_EARLY: {
    hop: 'app',
    direction: 'context',
    title: 'An endpoint closed the connection before it answered',
    says: (f) => complained(f, `${f.upstream} closed connections before it answered`),
    next: (f) =>
      `Let the application keep idle connections longer than ${f.proxy} does; if it does so already, look for crashes at that time.`,
    reproduce: tail('prematurely closed|reset by peer', { traefik: '502 Bad Gateway' }),
  },
  STALE_UPSTREAM_LOGGED: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The proxy sends to an address that is no endpoint of the service',
    says: (f) => complained(f, `it gets no answer from ${f.upstream}, which is no endpoint of ${f.service}`),
    next: (f) =>
      `See why ${f.proxy} still uses ${f.upstream}: a missing or refused reload, or an old list of endpoints.`,
    reproduce: (f) =>
      f.source.startsWith('/') ? `grep -aF ${shellWord(f.upstream)} ${shellWord(f.source)} | tail -n 5` : null,
  },
  ENDPOINT_MARKED_DOWN: {
    hop: 'proxy',
    direction: 'context',
    title: 'The proxy took an endpoint out of service by itself',
    says: (f) => complained(f, `it takes ${f.upstream} for dead${f.why ? ` (${f.why})` : ''}`),
    next: (f) => `Ask ${f.upstream} directly what the proxy's health check asks: does it answer as the check wants?`,
    reproduce: tail('temporarily disabled', {
      haproxy: 'is (DOWN|UP)',
      traefik: 'Health check',
      envoy: 'health check|ejecting',
    }),
  },
  OWN_BALANCER_UNREACHABLE: {
    hop: 'load-balancer',
    direction: 'implicates',
    title: 'The proxy gets no connection to the balancer in front of itself',
    says: (f) =>
      complained(f, `it gets no connection to ${f.upstream}, the address of ${f.balancer} in front of itself`),
    next: (f) =>
      `Let ${f.proxy} call it by an address inside, not through ${f.balancer}; or let ${f.balancer} put its own address in place of callers' (AWS: preserve_client_ip.enabled=false, and the PROXY protocol for their addresses).`,
    reproduce: tail('while connecting to upstream'),
  },
};
