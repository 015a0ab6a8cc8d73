import type { Service } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { type FoundProxy, namedBy, selects } from './proxies.ts';

/** Ports of a controller that are for its own use, though they carry a usual number (the admission webhook's is 443). */
const OWN_PORT = /webhook|admission|metrics|stats?$|xds/i;

/** A Service's ports that users' requests come through. */
const ports = (service: Service): Service['ports'] =>
  service.ports.filter((port) => !OWN_PORT.test(port.name ?? '') && !OWN_PORT.test(String(port.targetPort)));

/** How much a Service looks like the one in front: what the world can reach, then what the controller itself publishes. */
function frontness(service: Service, published: string | null): number {
  if (ports(service).length === 0) return 0;
  const own = published === keyOf(service.meta.namespace, service.meta.name) ? 0.5 : 0;
  if (service.type === 'LoadBalancer') return 4 + own;
  if (service.externalIPs.length) return 3 + own;
  if (service.type === 'NodePort') return 2 + own;
  return ports(service).some((port) => port.port === 443 || port.port === 80) ? 1 + own : own;
}

/** The Services that lead to a proxy's pods and that requests come through, the most likely front first. */
export function frontsOf(view: ClusterView, proxy: FoundProxy): Service[] {
  const { namespace } = proxy.workload.meta;
  const flag = [
    'publish-service',
    'providers.kubernetesingress.ingressendpoint.publishedservice',
    'providers.kubernetesingressnginx.publishservice',
  ].find((one) => proxy.args[one]);
  const named = namedBy(flag && proxy.args[flag], namespace);
  const published = named ? keyOf(named.namespace, named.name) : null;
  const found: { service: Service; rank: number }[] = [];
  for (const service of view.objects.services.values()) {
    if (service.meta.namespace !== namespace || !selects(service.selector, proxy.workload.template.labels)) continue;
    const rank = frontness(service, published);
    if (rank > 0) found.push({ service, rank });
  }
  return found
    .sort((a, b) => b.rank - a.rank || a.service.meta.name.localeCompare(b.service.meta.name))
    .map(({ service }) => service);
}
