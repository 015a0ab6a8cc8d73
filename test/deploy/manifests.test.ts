import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { MANIFESTS } from '../../deploy/render.ts';
import { findTool, runTool } from '../../deploy/tools.ts';
import { isNeverProbed } from '../../diagnostics/io/guard.ts';
import { loadInventory } from '../../proxy/inventory/inventory.ts';
import { readConfigFile } from '../../workers/config.ts';
import { type Manifest, named, objectsIn, plainObjects, podsOf } from './objects.ts';
import { faultsOf } from './schema.ts';

const objects = plainObjects();
const pods = podsOf(objects);
const fits = (selector: { [key: string]: string }, labels: { [key: string]: string }): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);
const one = (kind: string, name: string): Manifest =>
  objects.find((object) => object.kind === kind && object.metadata.name === name) ?? assert.fail(`no ${kind} ${name}`);

test('every object holds only keys that Kubernetes knows, with the right types', () => {
  assert.ok(objects.length >= 16);
  assert.deepEqual(
    objects.flatMap((object) => faultsOf(object) ?? []),
    [],
  );
  // The test can fail: a key that is misspelt and a number that is a text are seen.
  const [deployment] = structuredClone(objects.filter(({ kind }) => kind === 'Deployment'));
  deployment.spec.replica = 1;
  deployment.spec.template.spec.containers[0].ports[0].containerPort = '9464';
  assert.deepEqual(faultsOf(deployment), [
    'Deployment.spec.template.spec.containers[0].ports[0].containerPort is no number',
    'Deployment.spec.replica is not known to Kubernetes',
  ]);
});

test('no object is named twice, none is a Secret, none is cluster-wide but namespace, role and binding', () => {
  const names = objects.map(named);
  assert.equal(new Set(names).size, names.length);
  const wide = objects.filter(({ metadata }) => !metadata.namespace).map(({ kind }) => kind);
  assert.deepEqual(wide.sort(), ['ClusterRole', 'ClusterRoleBinding', 'Namespace']);
  assert.ok(!objects.some(({ kind }) => kind === 'Secret' || kind === 'CustomResourceDefinition'));
});

test('every pod meets the "restricted" profile, has a read-only root, limits for memory, probes, and no host part', () => {
  assert.equal(pods.length, 3);
  for (const { name, spec } of pods) {
    assert.equal(spec.securityContext.runAsNonRoot, true, name);
    assert.ok(spec.securityContext.runAsUser > 0, name);
    assert.equal(spec.securityContext.seccompProfile.type, 'RuntimeDefault', name);
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) assert.equal(spec[key], undefined, name);
    assert.ok(!(spec.volumes ?? []).some((volume: Manifest) => volume.hostPath), name);
    assert.equal(spec.enableServiceLinks, false, 'names of services would become environment');
    for (const container of spec.containers) {
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(container.resources.limits.memory && container.resources.requests.cpu, name);
      assert.equal(container.resources.limits.cpu, undefined, 'throttled looks would blame proxies for being slow');
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) assert.ok(container[probe], name);
      const ports = new Set(container.ports.map((port: Manifest) => port.name));
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        const port = container[probe].httpGet?.port ?? container[probe].tcpSocket?.port;
        assert.ok(port === undefined || ports.has(port), `${name} ${probe}`);
      }
    }
  }
});

test('only bot and workers get a token of the cluster, and both are bound to the one role', () => {
  const withToken = pods
    .filter(({ spec }) => spec.automountServiceAccountToken)
    .map(({ spec }) => spec.serviceAccountName);
  assert.deepEqual(withToken.sort(), ['is-it-the-ingress-bot', 'is-it-the-ingress-workers']);
  const [binding, ...more] = objects.filter(({ kind }) => /Binding$/.test(kind));
  assert.equal(more.length, 0);
  assert.deepEqual(binding.subjects.map((subject: Manifest) => subject.name).sort(), withToken);
  assert.equal(binding.roleRef.name, objects.find(({ kind }) => kind === 'ClusterRole').metadata.name);
  for (const name of withToken) one('ServiceAccount', name);
});

test('Slack tokens come from a Secret by reference, and only the bot gets them', () => {
  for (const { name, spec } of pods) {
    const env: Manifest[] = spec.containers[0].env ?? [];
    const slack = env.filter((entry) => entry.name.startsWith('SLACK_'));
    assert.equal(slack.length > 0, name.endsWith('-bot'), name);
    for (const entry of slack) assert.ok(entry.valueFrom.secretKeyRef && !('value' in entry), entry.name);
  }
});

test('every service, budget and policy finds its pods, and every port that it names is there', () => {
  const selecting = objects.flatMap((object): [Manifest, { [key: string]: string }][] => {
    if (object.kind === 'Service') return [[object, object.spec.selector]];
    if (object.kind === 'PodDisruptionBudget') return [[object, object.spec.selector.matchLabels]];
    if (object.kind === 'NetworkPolicy') return [[object, object.spec.podSelector.matchLabels]];
    return [];
  });
  assert.ok(selecting.length >= 7);
  for (const [object, selector] of selecting) {
    const found = pods.filter((pod) => fits(selector, pod.labels));
    assert.ok(found.length > 0, named(object));
    const wanted = [
      ...(object.spec.ports ?? []).map((port: Manifest) => port.targetPort),
      ...(object.spec.ingress ?? []).flatMap((rule: Manifest) => rule.ports.map((port: Manifest) => port.port)),
    ];
    for (const pod of found) {
      const ports = pod.spec.containers.flatMap((container: Manifest) => container.ports.map((p: Manifest) => p.name));
      for (const port of wanted) assert.ok(ports.includes(port), `${named(object)}: ${pod.name} has no port ${port}`);
    }
  }
  const metrics = one('Service', 'is-it-the-ingress-metrics').spec.selector;
  assert.equal(pods.filter((pod) => fits(metrics, pod.labels)).length, 2, 'bot and workers, not Redis');
});

test('every pod is under a policy for both directions; nobody may go to addresses that are never probed', () => {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  for (const pod of pods) {
    const [policy] = policies.filter((p) => fits(p.spec.podSelector.matchLabels, pod.labels));
    assert.deepEqual(policy?.spec.policyTypes, ['Ingress', 'Egress'], pod.name);
  }
  const blocks = policies.flatMap((policy) =>
    (policy.spec.egress ?? []).flatMap((rule: Manifest) => (rule.to ?? []).flatMap((to: Manifest) => to.ipBlock ?? [])),
  );
  assert.ok(blocks.length >= 4);
  for (const { cidr, except } of blocks) {
    for (const part of except) assert.ok(isNeverProbed(part.split('/')[0].replace(/::$/, '::1')), part);
    const metadata = cidr.includes(':') ? 'fe80::/10' : '169.254.0.0/16';
    assert.ok(except.includes(metadata), cidr);
  }
});

test('what is mounted as inventory and configuration is read by the program without a warning', async (t) => {
  const { data } = one('ConfigMap', 'is-it-the-ingress');
  const folder = await mkdtemp(join(tmpdir(), 'iti-config-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(data)) await writeFile(join(folder, file), text as string);
  const inventory = await loadInventory(join(folder, 'inventory.yaml'));
  assert.deepEqual(inventory.warnings, []);
  assert.deepEqual(inventory.kubernetes, { kubeconfig: null, context: null, namespaces: [] });
  assert.deepEqual(inventory.allow, [], 'nothing is probed before somebody says what may be');
  assert.deepEqual(readConfigFile(join(folder, 'config.yaml')).warnings, []);
  const mounts = pods.flatMap(({ spec }) =>
    spec.containers.flatMap(({ env = [] }: Manifest) => env.map((entry: Manifest) => entry.value)),
  );
  for (const file of Object.keys(data)) assert.ok(mounts.includes(`/config/${file}`), file);
});

test('the kustomization names every file', () => {
  const { resources } = parse(readFileSync(join(MANIFESTS, 'kustomization.yaml'), 'utf8'));
  const files = readdirSync(MANIFESTS).filter((file) => file !== 'kustomization.yaml');
  assert.deepEqual([...resources].sort(), files.sort());
});

const kustomize = findTool('kustomize');
const skip = kustomize ? false : 'kustomize is not installed (deploy/get-tools)';
test('kustomize builds the same objects, with the image that it was told', { skip }, () => {
  const built = runTool(kustomize as string, ['build', MANIFESTS]);
  assert.equal(built.code, 0, built.err);
  assert.deepEqual(objectsIn(built.out).map(named).sort(), objects.map(named).sort());
});
