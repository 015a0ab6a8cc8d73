import { joinAddress } from '../../../diagnostics/io/address.ts';
import type { Endpoint, PathHop } from '../../../diagnostics/types.ts';
import type { Container, EndpointSlice, Pod, PortRef, Service, SliceEndpoint } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';

/** Ports under which pods say where their metrics are (DESIGN 4.7). */
const METRIC_PORTS = new Set(['metrics', 'prometheus', 'stat']);

/** The metrics page of a pod: its annotations, else a container port that is named so; null: neither. */
export function metricsOf(pod: Pod): string | null {
  if (!pod.ip) return null;
  const annotation = (key: string): string | undefined => pod.meta.annotations[`prometheus.io/${key}`];
  const named = pod.template.containers
    .flatMap((c) => c.ports)
    .find((p) => p.name !== null && METRIC_PORTS.has(p.name));
  const port = annotation('port') ?? (annotation('scrape') === 'true' ? undefined : named?.port) ?? named?.port;
  if (port === undefined || annotation('scrape') === 'false') return null;
  const path = annotation('path') ?? '/metrics';
  return `${annotation('scheme') ?? 'http'}://${joinAddress(pod.ip, Number(port))}${path.startsWith('/') ? path : `/${path}`}`;
}

/** The port of a Service that a route names, by name or number; the only one where it names none. */
export function portOf(service: Service, wanted: PortRef): Service['ports'][number] | null {
  if (wanted.name !== null) return service.ports.find((port) => port.name === wanted.name) ?? null;
  if (wanted.number !== null) return service.ports.find((port) => port.port === wanted.number) ?? null;
  return service.ports.length === 1 ? (service.ports[0] ?? null) : null;
}

/** The number that a port of a Service leads to, as its slices say (by the port's name), else by its target port. */
export function targetNumber(
  port: Service['ports'][number],
  slice: EndpointSlice | null,
  containers: readonly Container[],
): number | null {
  const inSlice = slice?.ports.find((one) => (one.name ?? '') === (port.name ?? ''))?.port;
  if (inSlice) return inSlice;
  if (typeof port.targetPort === 'number') return port.targetPort;
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

const blank = (name: string): PathHop => ({
  name,
  hop: 'service',
  kind: 'service',
  address: null,
  listeners: [],
  scheme: 'http',
  sends: null,
  to: null,
  expects: null,
  targets: null,
  attributes: {},
  settings: {},
  instances: [],
  endpoints: null,
  health: null,
  from: [],
});

const isHttps = (port: Service['ports'][number] | null, annotations: { [key: string]: string }): boolean =>
  /^(https|kubernetes\.io\/wss)$/i.test(port?.appProtocol ?? '') ||
  /^(HTTPS|GRPCS)$/i.test(annotations['nginx.ingress.kubernetes.io/backend-protocol'] ?? '');

/**
 * The service hop that a route leads to. A Service that is not there has no endpoints; one whose slices may not be read
 * has unknown ones.
 */
export function serviceHop(
  view: ClusterView,
  ref: { namespace: string; name: string; port: PortRef },
  annotations: { [key: string]: string } = {},
): PathHop {
  const name = keyOf(ref.namespace, ref.name);
  const hop = blank(name);
  const service = view.objects.services.get(name);
  const denied = (plural: 'services' | 'endpointslices'): boolean =>
    view.missing.some((one) => one.plural === plural && (one.namespace === '' || one.namespace === ref.namespace));
  if (!service) {
    if (denied('services')) return { ...hop, from: [`Service ${name} (may not be read)`] };
    return { ...hop, endpoints: [], from: [`Service ${name} (does not exist)`] };
  }
  const port = portOf(service, ref.port);
  const https = isHttps(port, { ...service.meta.annotations, ...annotations });
  const scheme = https ? 'https' : 'http';
  const from = [`Service ${name}`];
  if (service.type === 'ExternalName') {
    const address = service.externalName
      ? joinAddress(service.externalName, ref.port.number ?? (https ? 443 : 80))
      : null;
    return { ...hop, address, scheme, listeners: address ? [{ address, scheme }] : [], from };
  }
  const slices = view.slicesOf(ref.namespace, ref.name);
  const own = service.clusterIP && service.clusterIP !== 'None' ? service.clusterIP : null;
  const address = own && port ? joinAddress(own, port.port) : null;
  const wanted = ref.port.name ?? ref.port.number;
  if (!port && wanted !== null) from.push(`Service ${name} has no port ${wanted}`);
  return {
    ...hop,
    address,
    scheme,
    listeners: address ? [{ address, scheme }] : [],
    endpoints: denied('endpointslices') ? null : port || wanted === null ? endpointsOf(view, service, port) : [],
    settings: {
      ...(service.selector && { selector: service.selector }),
      ...(port && { targetPort: port.targetPort }),
      ...(service.internalTrafficPolicy === 'Local' && { internalTrafficPolicy: 'Local' }),
    },
    from: [...from, ...slices.map((slice) => `EndpointSlice ${keyOf(slice.meta.namespace, slice.meta.name)}`)],
  };
}
