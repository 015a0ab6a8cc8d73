import type { EndpointShares, TargetsSeen } from '../../../diagnostics/io/proxy-reader.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import type { PathHop } from '../../../diagnostics/types.ts';
import { readPage } from './balance-source.ts';

/**
 * What a proxy believes of its endpoints, from its sample, by address where that is told. Those that it lists without
 * a word on their state are `unknown`. Throws BlindLook where it lists none: then `cannotTell` names what to switch on.
 */
export function targetsIn(sample: ProxySample): TargetsSeen {
  const groups = new Map<string, { up: Set<string>; down: Set<string>; unknown: Set<string> }>();
  for (const { service, endpoint, address, up } of sample.endpoints) {
    const group = groups.get(service) ?? { up: new Set(), down: new Set(), unknown: new Set() };
    groups.set(service, group);
    (up === null ? group.unknown : up ? group.up : group.down).add(address ?? endpoint);
  }
  if (groups.size === 0) {
    const hint = sample.cannotTell.find(({ what }) => /endpoint/.test(what))?.hint;
    throw new BlindLook(
      'not-configured',
      `${sample.source} does not say which endpoints are up${hint ? `; ${hint}` : ''}`,
    );
  }
  return {
    source: sample.source,
    groups: [...groups].map(([name, g]) => ({
      name,
      up: [...g.up],
      down: [...g.down],
      ...(g.unknown.size && { unknown: [...g.unknown] }),
    })),
  };
}

/**
 * Requests per endpoint from HAProxy's own counters, since its start: the backend whose servers are the service's
 * endpoints, by name or by number. Throws BlindLook when none is.
 */
export function sharesIn(page: string, source: string, service: PathHop): EndpointShares {
  const endpoints = service.endpoints ?? [];
  const names = new Set(endpoints.map((e) => e.name));
  const counts = [...readPage(source, page).services];
  const backend =
    counts.find(
      ([, { endpoints: servers }]) => servers.size > 0 && [...servers.keys()].every((server) => names.has(server)),
    ) ?? counts.find(([name, { endpoints: servers }]) => name === service.name && servers.size === endpoints.length);
  if (!backend)
    throw new BlindLook('unreadable', `${source} has no backend whose servers are the endpoints of ${service.name}`);
  const { endpoints: servers, dealt } = backend[1];
  const byName = new Map(endpoints.map((e) => [e.name, e]));
  return {
    source: `${source}, counted since its start`,
    from: dealt.from ?? null,
    to: new Date().toISOString(),
    endpoints: [...servers.values()].map((s) => {
      const known = byName.get(s.address);
      return {
        address: known?.address ?? s.address,
        requests: s.requests,
        errors: s.errors ?? 0,
        seconds: s.seconds,
        weight: s.weight,
        ...(typeof s.connections === 'number' && { connections: s.connections }),
        ...(s.aside && { aside: s.aside }),
        ...(known?.zone && { zone: known.zone }),
        ...(known?.startedAt && { startedAt: known.startedAt }),
      };
    }),
    ...(dealt.unit && { unit: dealt.unit }),
    ...(dealt.policy && { policy: dealt.policy }),
  };
}
