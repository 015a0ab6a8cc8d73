import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { CHART, helmTemplate, KUBE_VERSION, MANIFESTS, plainManifests } from '../../deploy/render.ts';
import { findTool, runTool, TOOLS } from '../../deploy/tools.ts';
import { readConfigFile } from '../../workers/config.ts';
import { type Manifest, named, objectsIn, podsOf } from './objects.ts';
import { faultsOf } from './schema.ts';

const helm = findTool('helm') ?? '';
const kubeconform = findTool('kubeconform');
const schemas = join(TOOLS, 'schemas');
const VALUES = readdirSync(join(CHART, 'ci')).map((file) => join(CHART, 'ci', file));

describe('the chart', { skip: helm === '' ? 'helm is not installed (deploy/get-tools builds it)' : false }, () => {
  const rendered = new Map<string, { text: string; objects: Manifest[] }>();
  const of = (name: string) => rendered.get(name)?.objects ?? assert.fail(name);
  const find = (name: string, kind: string, end = ''): Manifest =>
    of(name).find((object) => object.kind === kind && object.metadata.name.endsWith(end)) ??
    assert.fail(`${name} has no ${kind} …${end}`);

  before(() => {
    for (const file of [null, ...VALUES]) {
      const text = helmTemplate(helm, file ? ['-f', file] : []);
      rendered.set(file ? (file.split('/').at(-1) as string).replace('.yaml', '') : 'defaults', {
        text,
        objects: objectsIn(text),
      });
    }
  });

  test('deploy/kubernetes is what it renders with its defaults (else: node deploy/render.ts)', () => {
    const fresh = plainManifests((rendered.get('defaults') as { text: string }).text);
    const held = Object.fromEntries(
      readdirSync(MANIFESTS).map((file) => [file, readFileSync(join(MANIFESTS, file), 'utf8')]),
    );
    assert.deepEqual(held, fresh);
  });

  test('helm lint has nothing to say, whatever the values', () => {
    for (const file of VALUES) {
      const done = runTool(helm, ['lint', '--strict', '--quiet', ...KUBE_VERSION, '-f', file, CHART]);
      assert.equal(done.code, 0, done.out + done.err);
    }
  });

  test('every object of every set of values holds only what Kubernetes knows, and no name is used twice', () => {
    for (const [name, { objects }] of rendered) {
      assert.deepEqual(
        objects.flatMap((object) => faultsOf(object) ?? []),
        [],
        name,
      );
      const names = objects.map(named);
      assert.equal(new Set(names).size, names.length, name);
      for (const object of objects) assert.ok(object.metadata.name.length <= 63, object.metadata.name);
    }
  });

  test("the same against Kubernetes' own schemas and the operator's CRDs, what is required included (kubeconform)", {
    skip: kubeconform && existsSync(schemas) ? false : 'kubeconform or its schemas are not here (deploy/get-tools)',
  }, () => {
    const location = ['-schema-location', join(schemas, '{{.ResourceKind}}{{.KindSuffix}}.json')];
    for (const [name, { text }] of rendered) {
      const done = runTool(kubeconform as string, ['-strict', '-summary', ...location], text);
      assert.equal(done.code, 0, `${name}: ${done.out}${done.err}`);
      assert.match(done.out, /Invalid: 0, Errors: 0, Skipped: 0/);
    }
  });

  test('whatever the values: nothing but get, list and watch, no Secret is made, every container is read-only', () => {
    for (const [name, { objects }] of rendered) {
      for (const { rules } of objects.filter(({ kind }) => /Role$/.test(kind)))
        for (const rule of rules)
          assert.ok(
            rule.verbs.every((verb: string) => /^(get|list|watch)$/.test(verb)) &&
              !/secret|\*|exec/.test(JSON.stringify(rule)),
            name,
          );
      assert.ok(!objects.some(({ kind }) => kind === 'Secret'), name);
      for (const pod of podsOf(objects))
        for (const container of pod.spec.containers)
          assert.equal(container.securityContext.readOnlyRootFilesystem, true, pod.name);
    }
  });

  test('logs are granted only where they were asked for, and only to workers', () => {
    assert.ok(!(rendered.get('defaults') as { text: string }).text.includes('pods/log'));
    const roles = of('production').filter(({ rules }) => JSON.stringify(rules ?? []).includes('pods/log'));
    assert.deepEqual(roles.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`).sort(), [
      'Role ingress-nginx',
      'Role traefik',
    ]);
    for (const { metadata, subjects } of of('production').filter(({ kind }) => kind === 'RoleBinding')) {
      assert.match(metadata.name, /-logs$/);
      assert.deepEqual(
        subjects.map((subject: Manifest) => subject.name),
        ['is-it-the-ingress-workers'],
      );
    }
  });

  test('with namespaces only kinds without one stay cluster-wide, and the inventory watches the same namespaces', () => {
    const wide = find('few-rights', 'ClusterRole').rules.flatMap((rule: Manifest) => rule.resources);
    assert.deepEqual(wide.sort(), ['gatewayclasses', 'ingressclasses', 'nodes']);
    const roles = of('few-rights').filter(({ kind, metadata }) => kind === 'Role' && !metadata.name.endsWith('-logs'));
    assert.deepEqual(roles.map(({ metadata }) => metadata.namespace).sort(), ['billing', 'ingress-nginx', 'shop']);
    const whole = find('defaults', 'ClusterRole').rules.flatMap((rule: Manifest) => rule.resources);
    const both = [...wide, ...roles[0].rules.flatMap((rule: Manifest) => rule.resources)];
    assert.deepEqual(both.sort(), whole.sort(), 'cut in two, and nothing lost');
    const [inventory] = objectsIn(find('few-rights', 'ConfigMap').data['inventory.yaml']);
    assert.deepEqual(inventory.kubernetes.namespaces, ['shop', 'billing', 'ingress-nginx']);
  });

  test('accounts, Redis and Slack of others are used as they are named', () => {
    const accounts = podsOf(of('few-rights')).map(({ spec }) => spec.serviceAccountName);
    assert.deepEqual(accounts.sort(), ['our-bot', 'our-workers']);
    assert.ok(!of('few-rights').some(({ kind }) => kind === 'ServiceAccount' || kind === 'StatefulSet'));
    const env: Manifest[] = find('few-rights', 'Deployment', '-bot').spec.template.spec.containers[0].env;
    const secrets = env.flatMap(({ name, valueFrom }) => {
      const ref = valueFrom?.secretKeyRef;
      return ref ? [`${name} ${ref.name} ${ref.key}`] : [];
    });
    assert.deepEqual(secrets, [
      'REDIS_URL our-redis url',
      'SLACK_BOT_TOKEN our-slack SLACK_BOT_TOKEN',
      'SLACK_SIGNING_SECRET our-slack SLACK_SIGNING_SECRET',
      'ALERTMANAGER_TOKEN our-alerts token',
      'OPENAI_API_KEY our-model key',
    ]);
    const ports: Manifest[] = find('few-rights', 'Deployment', '-bot').spec.template.spec.containers[0].ports;
    assert.deepEqual(
      find('few-rights', 'Service', '-bot').spec.ports.map(({ port, targetPort }: Manifest) => [
        port,
        ports.find(({ name }) => name === targetPort)?.containerPort,
      ]),
      [
        [80, 8080],
        [9095, 9100],
      ],
      'where CONFIG says that the bot listens',
    );
  });

  test('alerts and the model are off until they are named; then only the bot knows of them, and only who may reaches it', () => {
    const plain = (rendered.get('defaults') as { text: string }).text;
    assert.doesNotMatch(plain, /ALERTMANAGER_TOKEN|OPENAI_|name: alerts/);
    assert.ok(!of('defaults').some(({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-bot')));
    const env = (name: string): string[] =>
      find('production', 'Deployment', name).spec.template.spec.containers[0].env.map((one: Manifest) => one.name);
    const named = ['ALERTMANAGER_TOKEN', 'OPENAI_BASE_URL', 'OPENAI_MODEL'];
    assert.deepEqual(
      named.filter((name) => !env('-bot').includes(name)),
      [],
    );
    for (const pool of ['-workers', '-zone-b'])
      assert.deepEqual(
        named.filter((name) => env(pool).includes(name)),
        [],
      );
    const { ingress, egress } = find('production', 'NetworkPolicy', '-bot').spec;
    const portsOf = (rules: Manifest[]) =>
      rules.map(({ ports = [] }) => ports.map(({ port }: Manifest) => port).join());
    assert.deepEqual(portsOf(ingress), ['metrics', 'alerts']);
    assert.ok(portsOf(egress).includes('11434'));
    assert.ok(!portsOf(find('production', 'NetworkPolicy', '-workers').spec.egress).includes('11434'));
    const [, , alerts] = find('few-rights', 'NetworkPolicy', '-bot').spec.ingress;
    assert.equal(alerts.from[0].namespaceSelector.matchLabels['kubernetes.io/metadata.name'], 'monitoring');
  });

  test('CONFIG of every set of values is read by the program without a warning', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'iti-values-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    for (const name of rendered.keys()) {
      const maps = of(name).filter(({ kind, data }) => kind === 'ConfigMap' && data['config.yaml']);
      assert.equal(maps.length, 1, name);
      const file = join(folder, `${name}.yaml`);
      await writeFile(file, maps[0].data['config.yaml']);
      const read = readConfigFile(file);
      assert.deepEqual(read.warnings, [], name);
      if (name === 'defaults')
        assert.deepEqual(read.file, readConfigFile(null).file, 'what holds where nothing is said');
      if (name === 'few-rights') assert.equal(read.file.recorder, null);
    }
  });

  test('pools of workers are placed where they were told, with the same work and their own pods', () => {
    const [main, zone] = [find('production', 'Deployment', '-workers'), find('production', 'Deployment', '-zone-b')];
    assert.equal(main.spec.replicas, 3);
    assert.deepEqual(zone.spec.template.spec.nodeSelector, { 'topology.kubernetes.io/zone': 'b' });
    assert.equal(main.spec.template.spec.nodeSelector, undefined);
    assert.notDeepEqual(main.spec.selector, zone.spec.selector, 'else each would adopt the pods of the other');
    for (const pool of [main, zone]) assert.equal(pool.spec.template.spec.volumes.at(-1).name, 'our-ca');
  });

  test("a cluster with a name is reached by the pod's own account, under that name", () => {
    const { data } = find('production', 'ConfigMap');
    const [{ kubernetes }] = objectsIn(data['inventory.yaml']);
    assert.deepEqual(kubernetes, { kubeconfig: '/config/kubeconfig', context: 'prod' });
    const [kubeconfig] = objectsIn(data.kubeconfig);
    assert.equal(kubeconfig.contexts[0].name, 'prod');
    assert.deepEqual(Object.keys(kubeconfig.users[0].user), ['tokenFile'], 'the token itself stands nowhere');
    const [other] = objectsIn(find('no-cluster', 'ConfigMap').data['inventory.yaml']);
    assert.deepEqual(other.kubernetes, { kubeconfig: '/etc/prod/kubeconfig', context: 'prod' });
  });

  test('only CONFIG restarts pods; the inventory is read again without', () => {
    const sum = (args: string[]): string =>
      objectsIn(helmTemplate(helm, args)).find(({ kind }) => kind === 'Deployment').spec.template.metadata.annotations[
        'checksum/config'
      ];
    const plain = sum([]);
    assert.equal(sum(['--set-json', 'inventory.allow=["10.0.0.0/8"]']), plain);
    assert.notEqual(sum(['--set', 'config.deadline=30s']), plain);
  });

  test('a dashboard and rules arrive in the cluster unchanged: nothing in them is taken for a template', () => {
    const dashboard = find('production', 'ConfigMap', '-dashboard').data['is-it-the-ingress.json'];
    assert.equal(dashboard.trim(), readFileSync(join(CHART, 'files/dashboard.json'), 'utf8').trim());
    const [rules] = objectsIn(readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8'));
    assert.deepEqual(find('production', 'PrometheusRule').spec, rules);
  });

  for (const [what, args, says] of [
    ['a token instead of the name of a Secret', ['--set', 'slack.existingSecret=xoxb-1-2'], /existingSecret/],
    ['a key that is misspelt', ['--set', 'worker.default.replicas=3'], /worker/],
    ['no Redis at all', ['--set', 'redis.embedded.enabled=false'], /redis\.external\.url/],
    ['accounts that nobody named', ['--set', 'serviceAccounts.create=false'], /serviceAccounts\.\w+: name/],
    ['a mode that Slack does not have', ['--set', 'slack.mode=rtm'], /slack.mode|slack\/mode/],
    ['a Redis over HTTP', ['--set', 'redis.external.url=http://redis'], /redis/],
    ['a key of CONFIG that is misspelt', ['--set', 'config.chanels.triage=x'], /chanels/],
    ['alerts without a channel', ['--set', 'config.alertmanager.port=9095'], /channel/],
    [
      "the model's key instead of the name of a Secret",
      ['--set', 'model.existingSecret.name=sk-abc'],
      /existingSecret/,
    ],
    ['a cluster that is too old', ['--kube-version', '1.24.0'], /kubeVersion/],
  ] as const) {
    test(`refused, with the reason: ${what}`, () => {
      assert.throws(() => helmTemplate(helm, [...args]), says);
    });
  }
});
