import { list, number, type Raw, raw, text } from '../../../proxy/kubernetes/pick.ts';

/**
 * Manifests as people write them to objects as an API server hands them out: metadata, defaults, pods of workloads
 * (`x-pods` beside `spec`), and the EndpointSlices that the endpointslice controller makes of Services and pods. The forms
 * are those of the recorded lists of kube-apiserver 1.28.
 */

const BORN = '2026-11-20T08:00:00Z';
const CLUSTER_WIDE = new Set(['Node', 'IngressClass', 'GatewayClass']);

/** Keys of the top levels, as `fieldsV1` has them. */
const fieldsOf = (part: unknown): Raw => Object.fromEntries(Object.keys(raw(part)).map((key) => [`f:${key}`, {}]));

function withMeta(object: Raw, index: number): Raw {
  const meta = raw(object.metadata);
  const entry = (part: string, more: Raw): Raw => ({
    manager: more.manager,
    operation: 'Update',
    apiVersion: object.apiVersion,
    time: BORN,
    fieldsType: 'FieldsV1',
    fieldsV1: { [`f:${part}`]: fieldsOf(object[part]) },
    ...(more.subresource !== undefined && { subresource: more.subresource }),
  });
  return {
    ...object,
    metadata: {
      ...(!CLUSTER_WIDE.has(String(object.kind)) && { namespace: 'default' }),
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: String(1_000 + index),
      generation: 1,
      creationTimestamp: BORN,
      managedFields: [
        ...(object.spec === undefined ? [] : [entry('spec', { manager: 'kubectl' })]),
        ...(object.status === undefined ? [] : [entry('status', { manager: 'controller', subresource: 'status' })]),
      ],
      ...meta,
    },
  };
}

/** What the server fills in for a Service (core/v1, ServiceSpec). */
function service(object: Raw, index: number): Raw {
  const spec = raw(object.spec);
  const type = text(spec.type) ?? 'ClusterIP';
  if (type === 'ExternalName') return { ...object, spec: { sessionAffinity: 'None', ...spec } };
  const hasNodePorts = type !== 'ClusterIP';
  const clusterIP = text(spec.clusterIP) ?? `10.0.7.${index}`;
  return {
    status: { loadBalancer: {} },
    ...object,
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      type,
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      ...(hasNodePorts && { externalTrafficPolicy: 'Cluster' }),
      ...spec,
      ports: list(spec.ports).map((port) => ({ protocol: 'TCP', targetPort: port.port, ...port })),
    },
  };
}

/** Pods of a workload: its template, an address, a node, and a status that says that they run. */
function podsOf(workload: Raw): Raw[] {
  const meta = raw(workload.metadata);
  const template = raw(raw(workload.spec).template);
  const spec = raw(template.spec);
  const kind = workload.kind === 'Deployment' ? 'ReplicaSet' : String(workload.kind);
  const hash = workload.kind === 'Deployment' ? { 'pod-template-hash': '7c9f8d6b54' } : {};
  return list(workload['x-pods']).map((one) => {
    const ready = one.ready !== false;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: one.name,
        namespace: meta.namespace,
        labels: { ...raw(raw(template.metadata).labels), ...hash },
        annotations: raw(template.metadata).annotations,
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind,
            name: kind === 'ReplicaSet' ? `${meta.name}-7c9f8d6b54` : meta.name,
            controller: true,
          },
        ],
      },
      // Another pod of the same workload may still have the template before.
      spec: { restartPolicy: 'Always', ...spec, ...raw(one.spec), nodeName: one.node },
      status: {
        phase: one.phase ?? 'Running',
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: BORN }],
        podIP: one.ip,
        podIPs: [{ ip: one.ip }, ...(one.ip6 ? [{ ip: one.ip6 }] : [])],
        hostIP: one.hostIP ?? `10.0.0.${String(one.node).replace(/\D/g, '')}`,
        startTime: BORN,
        containerStatuses: list(spec.containers).map((c) => ({
          name: c.name,
          ready,
          restartCount: 0,
          state: { running: { startedAt: BORN } },
          lastState: {},
        })),
      },
    };
  });
}

const selected = (selector: Raw, labels: Raw): boolean =>
  Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);

/** Slices as the endpointslice controller makes them: one for each set of numbers that named ports have. */
function slicesOf(service: Raw, pods: Raw[]): Raw[] {
  const meta = raw(service.metadata);
  const spec = raw(service.spec);
  const families = Array.isArray(spec.ipFamilies) ? (spec.ipFamilies as string[]) : ['IPv4'];
  const groups = new Map<string, Raw>();
  const own = pods.filter(
    (pod) =>
      raw(pod.metadata).namespace === meta.namespace &&
      raw(pod.status).podIP !== undefined &&
      selected(raw(spec.selector), raw(raw(pod.metadata).labels)),
  );
  for (const family of families) {
    for (const pod of own) {
      const declared = list(raw(pod.spec).containers).flatMap((c) => list(c.ports));
      const ports = list(spec.ports).flatMap((port) => {
        const found = number(port.targetPort) ?? declared.find((one) => one.name === port.targetPort)?.containerPort;
        return found === undefined ? [] : [{ name: port.name ?? '', protocol: 'TCP', port: found }];
      });
      const ips = [...list(raw(pod.status).podIPs).map((one) => String(one.ip)), String(raw(pod.status).podIP)];
      const address = ips.find((ip) => ip.includes(':') === (family === 'IPv6'));
      if (!address) continue;
      const name = `${meta.name}-${family.toLowerCase()}-${ports.map((one) => one.port).join('-') || 'none'}`;
      const ready = list(raw(pod.status).conditions).some((c) => c.type === 'Ready' && c.status === 'True');
      const slice = groups.get(name) ?? {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name,
          namespace: meta.namespace,
          labels: {
            'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
            'kubernetes.io/service-name': meta.name,
          },
        },
        addressType: family,
        ports: ports.length ? ports : null,
        endpoints: [],
      };
      (slice.endpoints as Raw[]).push({
        addresses: [address],
        conditions: { ready, serving: ready, terminating: false },
        nodeName: raw(pod.spec).nodeName,
        targetRef: { kind: 'Pod', namespace: meta.namespace, name: raw(pod.metadata).name },
      });
      groups.set(name, slice);
    }
  }
  return [...groups.values()];
}

/** All objects of a cluster, complete. A Service that has a slice among the manifests gets no other. */
export function asServed(manifests: Raw[]): Raw[] {
  const given = manifests.map((one, i) => (one.kind === 'Service' ? service(one, i) : one)).map(withMeta);
  const plain = given.map(({ 'x-pods': _, ...object }) => object);
  const pods = given.flatMap(podsOf).map((one, i) => withMeta(one, 300 + i));
  const all = [...plain, ...pods];
  const sliced = new Set(
    given
      .filter((one) => one.kind === 'EndpointSlice')
      .map((one) => `${raw(one.metadata).namespace}/${raw(raw(one.metadata).labels)['kubernetes.io/service-name']}`),
  );
  const everyPod = all.filter((one) => one.kind === 'Pod');
  const slices = plain
    .filter((one) => one.kind === 'Service')
    .filter((one) => !sliced.has(`${raw(one.metadata).namespace}/${raw(one.metadata).name}`))
    .flatMap((one) => slicesOf(one, everyPod))
    .map((one, i) => withMeta(one, 600 + i));
  return [...all, ...slices];
}
