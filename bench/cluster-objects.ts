import type { KubeObject } from '../test/kubernetes/api-server/store.ts';

/** How large the made cluster is. */
export interface Size {
  ingresses: number;
  services: number;
  pods: number;
  endpoints: number;
}

const AT = '2026-11-21T15:40:30Z';
/** As a real server writes them: about a third of what an object weighs. */
const managed = (manager: string, fields: object, subresource?: string) => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time: AT,
  fieldsType: 'FieldsV1',
  fieldsV1: fields,
  ...(subresource && { subresource }),
});
const keys = (names: string): object => Object.fromEntries(names.split(' ').map((name) => [`f:${name}`, {}]));
const uid = (kind: number, i: number): string =>
  `${kind.toString(16).padStart(8, '0')}-d6a7-4050-81f0-${i.toString(16).padStart(12, '0')}`;
const namespaceOf = (i: number): string => `team-${i % 60}`;
export const hostOf = (i: number): string => `app-${i}.example.test`;
const ip = (i: number): string => `10.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;

function pod(i: number, app: string, namespace: string, nodes: number, rollout: number): KubeObject {
  const labels = { app, 'app.kubernetes.io/name': app, 'pod-template-hash': '7c9f8d6b54', team: namespace };
  const condition = (type: string) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: AT });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${app}-7c9f8d6b54-${i.toString(36).padStart(5, '0')}`,
      generateName: `${app}-7c9f8d6b54-`,
      namespace,
      uid: uid(1, i),
      creationTimestamp: AT,
      labels,
      annotations: { 'prometheus.io/scrape': 'true', 'checksum/config': `${rollout}`.padStart(64, '0') },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${app}-7c9f8d6b54`,
          uid: uid(2, rollout),
          controller: true,
        },
      ],
      managedFields: [
        managed('kube-controller-manager', {
          'f:metadata': { 'f:labels': keys('app team pod-template-hash'), 'f:ownerReferences': keys('uid') },
          'f:spec': {
            'f:containers': { [`k:{"name":"${app}"}`]: keys('name image args env ports resources readinessProbe') },
            ...keys('dnsPolicy restartPolicy schedulerName securityContext terminationGracePeriodSeconds'),
          },
        }),
        managed(
          'kubelet',
          { 'f:status': keys('conditions containerStatuses hostIP phase podIP podIPs startTime') },
          'status',
        ),
      ],
    },
    spec: {
      containers: [
        {
          name: app,
          image: `registry.example.test/team/${app}:v1.${rollout}.3`,
          args: ['--port=3000', '--log-format=json'],
          env: Array.from({ length: 12 }, (_, n) => ({ name: `SETTING_${n}`, value: `value-${n}-of-${app}` })),
          ports: [{ name: 'http', containerPort: 3000, protocol: 'TCP' }],
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
          readinessProbe: {
            httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' },
            periodSeconds: 10,
            failureThreshold: 3,
          },
          volumeMounts: [
            { name: 'kube-api-access', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
          ],
          imagePullPolicy: 'IfNotPresent',
        },
      ],
      volumes: [
        { name: 'kube-api-access', projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607 } }] } },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      nodeName: `node-${i % nodes}`,
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    },
    status: {
      phase: 'Running',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
      hostIP: `192.168.${(i % nodes) >> 8}.${(i % nodes) & 255}`,
      podIP: ip(i),
      podIPs: [{ ip: ip(i) }],
      startTime: AT,
      containerStatuses: [
        {
          name: app,
          state: { running: { startedAt: AT } },
          lastState: {},
          ready: true,
          restartCount: 0,
          image: `registry.example.test/team/${app}:v1.${rollout}.3`,
          imageID: `registry.example.test/team/${app}@sha256:${i.toString(16).padStart(64, '0')}`,
          containerID: `containerd://${i.toString(16).padStart(64, 'a')}`,
          started: true,
        },
      ],
      qosClass: 'Burstable',
    },
  };
}

const meta = (kind: number, i: number, name: string, namespace: string, more: object = {}): KubeObject['metadata'] => ({
  name,
  namespace,
  uid: uid(kind, i),
  creationTimestamp: AT,
  generation: 1,
  managedFields: [managed('kubectl', { 'f:spec': keys('ports selector rules type template replicas') })],
  ...more,
});

function* workload(i: number, app: string, namespace: string, replicas: number): Generator<KubeObject> {
  const template = {
    metadata: { labels: { app } },
    spec: {
      containers: [{ name: app, image: `registry.example.test/team/${app}:v1`, ports: [{ containerPort: 3000 }] }],
    },
  };
  const selector = { matchLabels: { app } };
  const status = { replicas, readyReplicas: replicas, updatedReplicas: replicas, observedGeneration: 1 };
  const spec = { replicas, selector, template };
  yield { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta(3, i, app, namespace), spec, status };
  yield {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: meta(2, i, `${app}-7c9f8d6b54`, namespace),
    spec,
    status,
  };
}

function service(i: number, name: string, app: string, namespace: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(4, i, name, namespace, { labels: { app } }),
    spec: {
      type: 'ClusterIP',
      clusterIP: `172.20.${(i >> 8) & 255}.${i & 255}`,
      selector: { app },
      ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: {} },
  };
}

function slice(i: number, name: string, namespace: string, pods: KubeObject[]): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: meta(5, i, `${name}-x7k2p`, namespace, {
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid: uid(4, i), controller: true }],
    }),
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 3000, protocol: 'TCP' }],
    endpoints: pods.map((one) => ({
      addresses: [(one.status as { podIP: string }).podIP],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: (one.spec as { nodeName: string }).nodeName,
      zone: 'zone-a',
      targetRef: { kind: 'Pod', namespace, name: one.metadata.name, uid: one.metadata.uid },
    })),
  };
}

function ingress(i: number, name: string, namespace: string): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: meta(6, i, name, namespace, { annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '60' } }),
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: [hostOf(i)], secretName: `${name}-tls` }],
      rules: [
        {
          host: hostOf(i),
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } }] },
        },
      ],
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } },
  };
}

function* proxy(nodes: number): Generator<KubeObject> {
  const namespace = 'ingress-nginx';
  const app = 'ingress-nginx-controller';
  const labels = { 'app.kubernetes.io/name': 'ingress-nginx', 'app.kubernetes.io/component': 'controller' };
  const container = {
    name: 'controller',
    image: 'registry.k8s.io/ingress-nginx/controller:v1.11.3',
    args: ['/nginx-ingress-controller', '--ingress-class=nginx', '--controller-class=k8s.io/ingress-nginx'],
    ports: [
      { name: 'http', containerPort: 80 },
      { name: 'https', containerPort: 443 },
    ],
  };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  const spec = { replicas: 3, selector: { matchLabels: labels }, template };
  yield {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(3, 999_999, app, namespace, { labels }),
    spec,
    status: {},
  };
  yield {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'nginx', uid: uid(7, 0) },
    spec: { controller: 'k8s.io/ingress-nginx' },
  };
  const pods = [0, 1, 2].map((i) => {
    const one = pod(900_000 + i, app, namespace, nodes, 999_999);
    return {
      ...one,
      metadata: { ...one.metadata, labels },
      spec: { ...(one.spec as object), containers: [container] },
    } as KubeObject;
  });
  yield* pods;
  const front = service(999_999, app, app, namespace);
  yield {
    ...front,
    spec: { ...(front.spec as object), type: 'LoadBalancer', selector: labels, externalTrafficPolicy: 'Local' },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } },
  };
  yield slice(999_999, app, namespace, pods);
}

/** The objects of a cluster of that size, as a real server writes them; with one proxy that serves all Ingresses. */
export function* clusterObjects(size: Size): Generator<KubeObject> {
  const nodes = Math.max(3, Math.ceil(size.pods / 50));
  const apps = Math.max(1, Math.min(size.services, Math.ceil(size.pods / 10)));
  for (let i = 0; i < nodes; i++)
    yield {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `node-${i}`, uid: uid(8, i), labels: { 'topology.kubernetes.io/zone': 'zone-a' } },
      spec: { providerID: `aws:///zone-a/i-${i}` },
      status: {
        addresses: [{ type: 'InternalIP', address: `192.168.${i >> 8}.${i & 255}` }],
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: AT }],
        images: Array.from({ length: 20 }, (_, n) => ({
          names: [`registry.example.test/team/app-${n}:v1`],
          sizeBytes: 1e8,
        })),
      },
    };
  yield* proxy(nodes);
  const perApp = Math.ceil(size.pods / apps);
  const podsOf: KubeObject[][] = [];
  for (let a = 0; a < apps; a++) {
    const [app, namespace] = [`app-${a}`, namespaceOf(a)];
    yield* workload(a, app, namespace, perApp);
    const own: KubeObject[] = [];
    for (let i = a * perApp; i < Math.min(size.pods, (a + 1) * perApp); i++) own.push(pod(i, app, namespace, nodes, a));
    podsOf.push(own);
    yield* own;
  }
  const each = Math.ceil(size.endpoints / size.services);
  for (let i = 0; i < size.services; i++) {
    const [app, namespace] = [`app-${i % apps}`, namespaceOf(i % apps)];
    const name = i < apps ? app : `${app}-${Math.floor(i / apps)}`;
    const own = podsOf[i % apps] as KubeObject[];
    yield service(i, name, app, namespace);
    yield slice(
      i,
      name,
      namespace,
      Array.from({ length: each }, (_, n) => own[n % own.length] as KubeObject),
    );
    if (i < size.ingresses) yield ingress(i, name, namespace);
  }
}
