import { joinAddress } from '../../../diagnostics/io/address.ts';
import type { Endpoint, PathHop } from '../../../diagnostics/types.ts';
import { blankHop } from '../../inventory/blank.ts';
import type { Container, EndpointSlice, Pod, PortRef, Service, SliceEndpoint } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import type { ServiceRef } from './claim.ts';
import { isUnread } from './known.ts';

/** Ports under which pods say where their metrics are (DESIGN 4.7). */
const METRIC_PORTS = new Set(['metrics', 'prometheus', 'stat']);

/**
 * The metrics page of a pod: its annotations, else a container port that is named so; null: neither. `scrape: "false"`
 * says that somebody else asks the page (a ServiceMonitor), not that there is none.
 */
export function metricsOf(pod: Pod, usual = '/metrics'): string | null {
  if (!pod.ip) return null;
  const said = pod.meta.annotations['prometheus.io/scrape'] !== 'false';
  const annotation = (key: string): string | undefined =>
    said ? pod.meta.annotations[`prometheus.io/${key}`] : undefined;
  const named = pod.template.containers
    .flatMap((c) => c.ports)
    .find((p) => p.name !== null && METRIC_PORTS.has(p.name));
  const port = Number(annotation('port') ?? named?.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null;
  const path = annotation('path') ?? usual;
  const scheme = annotation('scheme') === 'https' ? 'https' : 'http';
  return `${scheme}://${joinAddress(pod.ip, port)}${path.startsWith('/') ? path : `/${path}`}`;
}

/** The port of a Service that a route names, by name or number; the only one where it names none. */
export function portOf(service: Service, wanted: PortRef): Service['ports'][number] | null {
  if (wanted.name !== null) return service.ports.find((port) => port.name === wanted.name) ?? null;
  if (wanted.number !== null) return service.ports.find((port) => port.port === wanted.number) ?? null;
  return service.ports.length === 1 ? (service.ports[0] ?? null) : null;
}

/**
 * The number that a port of a Service leads to, as its slices say (by the port's name), else by its target port. A named
 * target port may be another number in every pod; a slice that has ports but not this one leads nowhere by it.
 */
export function targetNumber(
  port: Service['ports'][number],
  slice: EndpointSlice | null,
  containers: readonly Container[],
): number | null {
  const inSlice = slice?.ports.find((one) => (one.name ?? '') === (port.name ?? ''))?.port;
  if (inSlice) return inSlice;
  if (typeof port.targetPort === 'number') return port.targetPort;
  if (slice?.ports.length) return null;
  return containers.flatMap((c) => c.ports).find((one) => one.name === port.targetPort)?.port ?? null;
}

/** Ready as the API means it: not said counts as ready. */
const isReady = (one: SliceEndpoint): boolean => one.ready ?? true;

/** Endpoints of a Service's port over all its slices. The same address in two slices counts once, and ready wins. */
export function endpointsOf(view: ClusterView, service: Service, port: Service['ports'][number] | null): Endpoint[] {
  const found = new Map<string, Endpoint>();
  const { namespace, name } = service.meta;
  for (const slice of view.slicesOf(namespace, name)) {
    for (const one of slice.endpoints) {
      const pod = one.pod ? view.objects.pods.get(keyOf(namespace, one.pod)) : undefined;
      const number = port ? targetNumber(port, slice, pod?.template.containers ?? []) : (slice.ports[0]?.port ?? null);
      const [ip] = one.addresses;
      if (!ip || number === null) continue;
      const address = joinAddress(ip, number);
      if (found.get(address)?.ready) continue;
      found.set(address, {
        name: one.pod ?? ip,
        address,
        ports: pod?.template.containers.flatMap((c) => c.ports.map((p) => p.port)) ?? [],
        zone: one.zone,
        ready: isReady(one),
        startedAt: pod?.startedAt ?? null,
        metrics: pod ? metricsOf(pod) : null,
      });
    }
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name) || a.address.localeCompare(b.address));
}

/** What a Service says is spoken to it: appProtocol, or an annotation of a controller. */
function schemeOf(service: Service, port: Service['ports'][number] | null): 'https' | 'http' {
  const { annotations } = service.meta;
  const byTraefik = annotations['traefik.ingress.kubernetes.io/service.serversscheme'];
  const byContour = (annotations['projectcontour.io/upstream-protocol.tls'] ?? '').split(',');
  const byHaproxy = annotations['haproxy.org/server-ssl'];
  const isTls =
    /^(https|kubernetes\.io\/wss)$/i.test(port?.appProtocol ?? '') ||
    byTraefik === 'https' ||
    byHaproxy === 'true' ||
    (port !== null &&
      byContour.some((one) => one.trim() === String(port.port) || (port.name && one.trim() === port.name)));
  return isTls ? 'https' : 'http';
}

/** `name.namespace.svc`, with or without the cluster's domain: a Service of this cluster by another name. */
export function insideName(externalName: string | null): { namespace: string; name: string } | null {
  const match = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(\.|$)/.exec(externalName ?? '');
  return match ? { name: match[1] as string, namespace: match[2] as string } : null;
}

const isPlain = (service: Service | undefined): boolean => service !== undefined && service.type !== 'ExternalName';

/**
 * The service hop that a route leads to. A Service that is not there has no endpoints; one whose slices may not be read
 * has unknown ones. `scheme`: what the route says is spoken to it.
 */
export function serviceHop(view: ClusterView, ref: ServiceRef, scheme: 'https' | 'http' | null = null): PathHop {
  const name = keyOf(ref.namespace, ref.name);
  const hop = blankHop(name, 'service', 'service');
  const service = view.objects.services.get(name);
  if (!service) {
    if (isUnread(view, 'services', ref.namespace)) return { ...hop, from: [`Service ${name} (may not be read)`] };
    return { ...hop, endpoints: [], from: [`Service ${name} (does not exist)`] };
  }
  const port = portOf(service, ref.port);
  const spoken = scheme ?? schemeOf(service, port);
  const from = [`Service ${name}`];
  if (service.type === 'ExternalName') {
    const number = ref.port.number ?? port?.port ?? (spoken === 'https' ? 443 : 80);
    const address = service.externalName ? joinAddress(service.externalName.replace(/\.$/, ''), number) : null;
    const inside = insideName(service.externalName);
    // One step only: two names that lead to each other would go round for ever.
    const behind = inside && isPlain(view.objects.services.get(keyOf(inside.namespace, inside.name))) ? inside : null;
    const next = behind && serviceHop(view, { ...behind, port: { name: null, number } }, spoken);
    return {
      ...hop,
      address,
      scheme: spoken,
      listeners: address ? [{ address, scheme: spoken }] : [],
      endpoints: next?.endpoints ?? null,
      settings: { externalName: service.externalName ?? '' },
      from: [...from, ...(next?.from ?? [])],
    };
  }
  const slices = view.slicesOf(ref.namespace, ref.name);
  const own = service.clusterIP && service.clusterIP !== 'None' ? service.clusterIP : null;
  const address = own && port ? joinAddress(own, port.port) : null;
  const wanted = ref.port.name ?? ref.port.number;
  if (!port && wanted !== null) from.push(`Service ${name} has no port ${wanted}`);
  const none = !port && wanted !== null;
  return {
    ...hop,
    address,
    scheme: spoken,
    listeners: address ? [{ address, scheme: spoken }] : [],
    endpoints: isUnread(view, 'endpointslices', ref.namespace) ? null : none ? [] : endpointsOf(view, service, port),
    settings: {
      ...(service.selector && { selector: service.selector }),
      ...(port && { targetPort: port.targetPort }),
      ...(service.internalTrafficPolicy === 'Local' && { internalTrafficPolicy: 'Local' }),
    },
    from: [...from, ...slices.map((slice) => `EndpointSlice ${keyOf(slice.meta.namespace, slice.meta.name)}`)],
  };
}
