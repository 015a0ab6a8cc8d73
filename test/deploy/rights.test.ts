import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { CHART, rightsFiles } from '../../deploy/render.ts';
import { RESOURCES } from '../../proxy/kubernetes/resources.ts';
import { clusterRole, clusterRoleYaml, rights } from '../../proxy/kubernetes/rights.ts';
import { type Manifest, plainObjects } from './objects.ts';

const ROOT = join(import.meta.dirname, '../..');

/** `group/resource verb` of everything that rules grant. */
const grants = (rules: Manifest[]): string[] =>
  rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group: string) =>
        resources.flatMap((resource: string) => verbs.map((verb: string) => `${group}/${resource} ${verb}`)),
      ),
    )
    .sort();
const WATCHED = Object.values(RESOURCES)
  .flatMap(({ group, plural }) => ['get', 'list', 'watch'].map((verb) => `${group}/${plural} ${verb}`))
  .sort();

test('the role grants every resource that is watched, by reading verbs, and nothing else', () => {
  assert.deepEqual(grants(clusterRole({ name: 'x', podLogs: false }).rules), WATCHED);
  assert.deepEqual(grants(clusterRole({ name: 'x', podLogs: true }).rules), [...WATCHED, '/pods/log get'].sort());
});

test('no role that is shipped grants a write, a Secret, a wildcard, a command in a pod or a path of the server', () => {
  const shipped = plainObjects().filter(({ kind }) => /Role$/.test(kind));
  assert.ok(shipped.length > 0);
  const all = [...shipped.flatMap(({ rules }) => rules), ...clusterRole({ name: 'x', podLogs: true }).rules];
  for (const rule of all) {
    assert.deepEqual(Object.keys(rule).sort(), ['apiGroups', 'resources', 'verbs']);
    assert.ok(
      rule.verbs.every((verb: string) => ['get', 'list', 'watch'].includes(verb)),
      JSON.stringify(rule),
    );
    assert.ok(!/secret|\*|exec|attach|portforward|proxy$/.test(JSON.stringify(rule.resources)), JSON.stringify(rule));
    assert.ok(!JSON.stringify(rule.apiGroups).includes('*'));
  }
});

test('every rule stands under its own reason, in the YAML for people and in the annotation that a cluster keeps', () => {
  const { cluster, namespaced, podLogs } = rights();
  const wanted = [...cluster, ...namespaced, ...podLogs];
  const yaml = clusterRoleYaml({ name: 'reader', podLogs: true });
  const { annotations } = clusterRole({ name: 'reader', podLogs: true }).metadata;
  for (const { group, resource, why } of wanted) {
    assert.ok(why.length > 10 && !why.includes('\n'), resource);
    const rule = `  # ${why}\n  - apiGroups: [${group || '""'}]\n    resources: [${resource}]\n`;
    assert.ok(yaml.includes(rule), rule);
    assert.ok(annotations.reasons.includes(`${resource}${group && `.${group}`}: ${why}\n`));
  }
  const { metadata, ...role } = clusterRole({ name: 'reader', podLogs: true });
  assert.deepEqual(parse(yaml), { ...role, metadata: { name: metadata.name } });
});

test('the role that is installed by default is the one that ./dev rights prints', () => {
  const [installed, ...more] = plainObjects().filter(({ kind }) => kind === 'ClusterRole');
  assert.equal(more.length, 0);
  const printed = JSON.parse(
    execFileSync(process.execPath, ['bot/cli/main.ts', 'rights', '--json'], { cwd: ROOT, encoding: 'utf8' }),
  );
  assert.deepEqual(installed.rules, printed.rules);
  assert.deepEqual(installed.metadata.annotations, printed.metadata.annotations);
});

test('what the chart holds of the rights is what the table says today (else: node deploy/render.ts)', () => {
  const folder = join(CHART, 'files/rights');
  const held = Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  assert.deepEqual(held, rightsFiles());
});
