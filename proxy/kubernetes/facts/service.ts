import type { ServiceFacts } from '../../../diagnostics/io/cluster-reader.ts';
import { proxiesIn } from '../discover/discover.ts';
import { type FoundProxy, selects } from '../discover/proxies.ts';
import { type Claim, claimsFor } from '../discover/routes.ts';
import { portOf, targetNumber } from '../discover/services.ts';
import type { Pod, PortRef, Service } from '../objects.ts';
import type { Plural } from '../resources.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { endpointFacts, podFacts, workloadBehind, workloadFacts } from './pods.ts';
import { policiesAgainstSending, policiesOn, type Source } from './policies.ts';
import { gapIn, needs } from './rights.ts';

/** What of a path the facts are for: which route leads to the Service, and which proxy sends to it. */
export interface Asked {
  host: string;
  path: string;
  /** `namespace/workload` of the proxy that sends to it; null: whichever claims the host. */
  proxy: string | null;
}

const ANY: PortRef = { name: null, number: null };

/** The objects by which a proxy sends the host to this Service, the one that wins first. */
function claimsTo(view: ClusterView, name: string, asked: Asked): Claim[] {
  const proxies = proxiesIn(view).filter((one) => asked.proxy === null || one.name === asked.proxy);
  return claimsFor(view, proxies, asked.host, asked.path).filter(
    ({ service }) => service !== null && keyOf(service.namespace, service.name) === name,
  );
}

/** The pods that requests come from; null: no proxy is known. */
function sourceOf(proxy: FoundProxy | undefined): Source | null {
  if (!proxy) return null;
  const { template, meta } = proxy.workload;
  return {
    namespace: meta.namespace,
    labels: template.labels,
    ips: proxy.pods.flatMap((pod) => (pod.ip ? [pod.ip] : [])),
    hostNetwork: template.hostNetwork,
  };
}

/** The numbers to which a port leads: one for a number, by name it may differ from pod to pod. */
function targetsOf(view: ClusterView, service: Service, port: Service['ports'][number], pods: Pod[]): number[] {
  const { namespace, name } = service.meta;
  const slices = view.slicesOf(namespace, name);
  const found = [
    ...slices.map((slice) => targetNumber(port, slice, [])),
    ...pods.map((pod) => targetNumber(port, null, pod.template.containers)),
  ];
  return [...new Set(found.filter((one) => one !== null))].sort((a, b) => a - b);
}

/** Kinds whose absence takes something from the facts, though the rest can be told. */
const WISHED: readonly Plural[] = ['pods', 'endpointslices', 'networkpolicies', 'horizontalpodautoscalers'];

/** Facts keep this many pods and endpoints: a row of evidence has a size. */
const MOST = 200;

/**
 * What a cluster's objects say of a Service as one host is routed to it. Throws BlindLook naming the right to grant when
 * Services may not be read; what else may not is named in `unread`.
 */
export function serviceFacts(view: ClusterView, name: string, asked: Asked): ServiceFacts {
  const [namespace = '', bare = ''] = name.split('/');
  needs(view, namespace, 'services');
  const unread = WISHED.flatMap((what) => {
    const gap = gapIn(view, what, namespace);
    return gap
      ? [
          {
            what,
            reason: gap.reason === 'denied' ? ('denied' as const) : ('no-connection' as const),
            detail: gap.detail,
          },
        ]
      : [];
  });
  const claims = claimsTo(view, name, asked);
  const route = claims[0]?.service;
  const proxy = claims[0]?.proxy ?? proxiesIn(view).find((one) => one.name === asked.proxy);
  const wanted = route?.port ?? ANY;
  const wantedPort = wanted.name ?? wanted.number;
  const service = view.objects.services.get(name) ?? null;
  const base = { name, wantedPort, route: claims[0]?.object ?? null, sender: proxy?.name ?? null, unread };
  if (!service)
    return {
      ...base,
      exists: false,
      type: null,
      selector: null,
      port: null,
      ports: [],
      pods: [],
      endpoints: [],
      manual: false,
      publishNotReady: false,
      workload: null,
      policies: [],
      targets: [],
      restricted: [],
      portNames: [],
      lostNodes: [],
    };
  const port = portOf(service, wanted);
  const pods = [...view.podsIn(namespace)].filter((pod) => selects(service.selector, pod.meta.labels));
  const targets = port ? targetsOf(view, service, port, pods) : [];
  const source = sourceOf(proxy);
  const workload = workloadBehind(view, service);
  return {
    ...base,
    exists: true,
    type: service.type,
    selector: service.selector,
    port: port && { name: port.name, port: port.port, targetPort: port.targetPort, nodePort: port.nodePort },
    ports: service.ports.map((one) => ({ name: one.name, port: one.port, targetPort: one.targetPort })),
    pods: pods
      .map(podFacts)
      .sort((a, b) => a.name.localeCompare(b.name))
      .slice(0, MOST),
    endpoints: endpointFacts(view, namespace, bare).slice(0, MOST),
    manual: service.selector === null && service.type !== 'ExternalName',
    publishNotReady: service.publishNotReady,
    workload: workload && workloadFacts(view, workload),
    policies: policiesOn(view, pods, source, targets[0] ?? null),
    targets,
    restricted: source ? policiesAgainstSending(view, source) : [],
    lostNodes: [...new Set(pods.flatMap((pod) => pod.node ?? []))]
      .filter((one) => view.objects.nodes.get(one)?.ready === false)
      .sort(),
    portNames: [
      ...new Set(pods.flatMap((pod) => pod.template.containers.flatMap((c) => c.ports.flatMap((p) => p.name ?? [])))),
    ].sort(),
  };
}
