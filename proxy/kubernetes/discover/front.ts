import { joinAddress } from '../../../diagnostics/io/address.ts';
import type { Instance, PathHop, ProxyHeader, Scheme } from '../../../diagnostics/types.ts';
import { blankHop, blankInstance } from '../../inventory/blank.ts';
import type { Service } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { balancerOf } from './balancers.ts';

/** The port of a Service that takes a scheme: by its number, then by its name. */
export const portFor = (service: Service, scheme: 'https' | 'http'): Service['ports'][number] | null => {
  const number = scheme === 'https' ? 443 : 80;
  return (
    service.ports.find((port) => port.port === number) ??
    service.ports.find(
      (port) =>
        port.name !== null &&
        (scheme === 'https' ? /^(https|websecure)(-\d+)?$/ : /^(http|web)(-\d+)?$/).test(port.name),
    ) ??
    null
  );
};

const SCHEMES = ['https', 'http'] as const;

function listenersAt(addresses: string[], service: Service): { address: string; scheme: Scheme }[] {
  return addresses.flatMap((host) =>
    SCHEMES.flatMap((scheme) => {
      const port = portFor(service, scheme);
      return port ? [{ address: joinAddress(host, port.port), scheme }] : [];
    }),
  );
}

/** Settings of the Service that decide which nodes may take traffic. */
const policyOf = (service: Service): PathHop['settings'] => ({
  externalTrafficPolicy: service.externalTrafficPolicy ?? 'Cluster',
  ...(service.healthCheckNodePort && { healthCheckNodePort: service.healthCheckNodePort }),
});

/** What a hop in front does with what it takes. */
interface Passing {
  sends: ProxyHeader | null;
  /** TLS was taken off: what follows is clear HTTP, also on the port for 443. */
  endsTls: boolean;
}

function nodesHop(view: ClusterView, service: Service, { sends, endsTls }: Passing): PathHop {
  const name = keyOf(service.meta.namespace, service.meta.name);
  const nodePort = (scheme: 'https' | 'http'): number | null => portFor(service, scheme)?.nodePort ?? null;
  const [secure, plain] = [nodePort('https'), nodePort('http')];
  const instances = [...view.objects.nodes.values()]
    .filter((node) => !node.excluded && node.internalIP !== null)
    .sort((a, b) => a.meta.name.localeCompare(b.meta.name))
    .map((node): Instance => {
      const at = (port: number | null): string | null => (port ? joinAddress(node.internalIP as string, port) : null);
      return {
        ...blankInstance(node.meta.name),
        https: endsTls ? null : at(secure),
        http: at(endsTls ? (secure ?? plain) : plain),
        node: node.meta.name,
        more: { ready: node.ready, ...(node.unschedulable && { unschedulable: true }) },
      };
    });
  const listeners = listenersAt(service.externalIPs, service);
  return {
    ...blankHop(`nodes of ${name}`, 'node', 'other'),
    address: listeners[0]?.address ?? null,
    listeners,
    // What a node is sent it passes on as it is.
    sends,
    to: endsTls ? 'http' : null,
    settings: policyOf(service),
    instances,
    from: [`Service ${name}`, ...instances.map((one) => `Node ${one.name}`)],
  };
}

/** The way into a proxy: its Service, and the hops before it, outermost first. */
export interface Front {
  service: Service;
  hops: PathHop[];
  endsTls: boolean;
}

/** The hops before a proxy: its balancer, the nodes that it sends to; none for a Service that is only inside. */
export function frontOf(view: ClusterView, service: Service): Front {
  const name = keyOf(service.meta.namespace, service.meta.name);
  const plain = { sends: 'none', endsTls: false } as const;
  if (service.type !== 'LoadBalancer') {
    const outside = service.type === 'NodePort' || service.externalIPs.length > 0;
    return { service, hops: outside ? [nodesHop(view, service, plain)] : [], endsTls: false };
  }
  const balancer = balancerOf(view, service);
  const listeners = listenersAt(service.addresses, service);
  const hop: PathHop = {
    ...blankHop(name, 'load-balancer', balancer.kind),
    address: listeners[0]?.address ?? null,
    listeners,
    sends: balancer.sends,
    to: balancer.endsTls ? 'http' : null,
    attributes: balancer.attributes,
    settings: policyOf(service),
    from: [`Service ${name}`],
  };
  const hops = balancer.toNodes ? [hop, nodesHop(view, service, balancer)] : [hop];
  return { service, hops, endsTls: balancer.endsTls };
}
