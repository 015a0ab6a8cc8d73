import { BlindLook, type EndpointShares } from '../../../diagnostics/io/proxy-reader.ts';
import type { Endpoint, PathHop } from '../../../diagnostics/types.ts';
import { readPage } from './balance-source.ts';
import type { Reach } from './page.ts';

/** Requests after which nginx opens a new connection to an upstream (keepalive_requests, since 1.19.10). */
const KEEPALIVE_REQUESTS = 1000;

/**
 * Shares of a service whose requests go to its own address: kube-proxy or a TCP balancer draws an endpoint for each
 * connection, and the proxy's log shows that one address. The endpoints' own pages say what each got, since its start.
 * Throws BlindLook naming what to switch on.
 */
export async function sharesBehind(
  shares: EndpointShares,
  service: PathHop,
  reach: Reach,
  signal: AbortSignal,
): Promise<EndpointShares> {
  const seen = shares.endpoints.reduce((sum, e) => sum + e.requests, 0);
  if (seen > (shares.through ?? 0)) return shares;
  const endpoints = (service.endpoints ?? []).filter((e) => e.ready !== false);
  const silent = endpoints.filter((e) => e.metrics === null);
  if (silent.length > 0)
    throw new BlindLook(
      'not-configured',
      `all requests to ${service.name} go to its own address ${service.address}: which endpoint gets them is drawn once a connection and shows only in the endpoints' own counters; name those as metrics: (${silent.map((e) => e.name).join(', ')})`,
    );
  const counted = await Promise.all(endpoints.map((endpoint) => ownCounts(endpoint, reach, signal)));
  const started = counted.map((e) => e.startedAt).filter((at) => typeof at === 'string');
  return {
    source: `the endpoints' own counters, since their start`,
    from: started.length === counted.length ? (started.sort()[0] ?? null) : null,
    to: new Date().toISOString(),
    endpoints: counted,
    unit: 'connections',
    keepaliveRequests: KEEPALIVE_REQUESTS,
    through: shares.through ?? 0,
  };
}

async function ownCounts(
  endpoint: Endpoint,
  reach: Reach,
  signal: AbortSignal,
): Promise<EndpointShares['endpoints'][number]> {
  const url = endpoint.metrics as string;
  const page = await reach.page(url, signal);
  const own = (() => {
    try {
      return readPage(url, page).own;
    } catch {
      return null;
    }
  })();
  if (!own)
    throw new BlindLook(
      'unreadable',
      `${url} counts no requests under a name that is known here (stub_status, http_requests_total, ...)`,
    );
  const startedAt = endpoint.startedAt ?? own.startedAt ?? null;
  return {
    address: endpoint.address,
    requests: own.requests,
    errors: own.errors ?? 0,
    seconds: own.seconds,
    ...(typeof own.connections === 'number' && { connections: own.connections }),
    ...(typeof own.inflight === 'number' && { inflight: own.inflight }),
    ...(endpoint.zone && { zone: endpoint.zone }),
    ...(startedAt && { startedAt }),
  };
}
