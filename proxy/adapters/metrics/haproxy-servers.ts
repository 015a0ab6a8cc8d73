import type { EndpointShares, TargetsSeen } from '../../../diagnostics/io/proxy-reader.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { PathHop } from '../../../diagnostics/types.ts';
import { countsIn } from './balance-source.ts';
import { samples } from './prometheus.ts';

/** Which of its servers HAProxy counts as up (haproxy: addons/promex, haproxy_server_status{state}). */
export function targetsIn(page: string, source: string): TargetsSeen {
  const groups = new Map<string, { up: Set<string>; down: Set<string> }>();
  for (const { labels, value } of samples(page, (name) => name === 'haproxy_server_status')) {
    if (value !== 1) continue;
    const group = groups.get(labels.proxy ?? '') ?? { up: new Set(), down: new Set() };
    groups.set(labels.proxy ?? '', group);
    (labels.state === 'UP' ? group.up : group.down).add(labels.server ?? '');
  }
  return { source, groups: [...groups].map(([name, g]) => ({ name, up: [...g.up], down: [...g.down] })) };
}

/**
 * Requests per endpoint from HAProxy's own counters, since its start: the backend whose servers are the service's
 * endpoints, by name or by number. Throws BlindLook when none is.
 */
export function sharesIn(page: string, source: string, service: PathHop): EndpointShares {
  const endpoints = service.endpoints ?? [];
  const names = new Set(endpoints.map((e) => e.name));
  const counts = [...countsIn(source, page, null)];
  const backend =
    counts.find(([, servers]) => servers.size > 0 && [...servers.keys()].every((server) => names.has(server))) ??
    counts.find(([name, servers]) => name === service.name && servers.size === endpoints.length);
  if (!backend)
    throw new BlindLook('unreadable', `${source} has no backend whose servers are the endpoints of ${service.name}`);
  const servers = [...backend[1].values()];
  const byName = new Map(endpoints.map((e) => [e.name, e.address]));
  return {
    source: `${source}, counted since its start`,
    from: null,
    to: null,
    endpoints: servers.map((s) => ({
      address: byName.get(s.address) ?? s.address,
      requests: s.requests,
      errors: s.errors ?? 0,
      seconds: s.seconds,
    })),
  };
}
