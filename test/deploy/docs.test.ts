import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { CHART } from '../../deploy/render.ts';
import { RESOURCES } from '../../proxy/kubernetes/resources.ts';
import { readConfigFile } from '../../workers/config.ts';
import { ROOT } from './image.ts';
import { named, plainObjects } from './objects.ts';

const INSTALL = join(ROOT, 'docs/install.md');
const install = readFileSync(INSTALL, 'utf8');
const notes = readFileSync(join(CHART, 'templates/NOTES.txt'), 'utf8');
const CONFIG = readConfigFile(null).file;
const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));

test('every value that the instructions name is a value of the chart', () => {
  const named = [install, notes].flatMap((text) =>
    [...text.matchAll(/--set(?:-json '| )([a-zA-Z.]+)=/g)].map((m) => m[1] as string),
  );
  const quoted = [
    ...install.matchAll(/`((?:rbac|redis|networkPolicy|monitoring|slack|workers|podDefaults)\.[a-zA-Z.]+)/g),
  ];
  assert.ok(named.length >= 8 && quoted.length >= 6);
  for (const path of [...named, ...quoted.map((m) => m[1] as string)]) {
    let at = values;
    // Keys of CONFIG that are off by themselves stand in values.yaml as comments; the program knows them all.
    if (path.startsWith('config.') && Object.hasOwn(CONFIG, path.split('.')[1] as string)) continue;
    for (const key of path.split('.')) {
      assert.ok(at !== null && typeof at === 'object' && key in at, `${path} is no value of the chart`);
      at = at[key];
    }
  }
});

test('every kind that is watched stands in the table of what is read', () => {
  for (const { kind } of Object.values(RESOURCES)) {
    const short = { HorizontalPodAutoscaler: 'HPA', PodDisruptionBudget: 'PDB' }[kind] ?? kind;
    const group = ['Gateway', 'GatewayClass', 'HTTPRoute', 'GRPCRoute', 'TLSRoute'].includes(kind)
      ? 'Gateway API'
      : short;
    assert.match(install, new RegExp(`^\\|[^|]*\\b${group}\\b`, 'm'), kind);
  }
});

test('objects and files that the instructions name are there', () => {
  const objects = plainObjects().map(named);
  for (const [, name] of install.matchAll(/deploy\/(is-it-the-ingress-[a-z]+)/g))
    assert.ok(objects.includes(`Deployment is-it-the-ingress/${name}`), name);
  const claim = plainObjects().find(({ kind }) => kind === 'StatefulSet');
  const [volume] = claim.spec.volumeClaimTemplates;
  assert.ok(install.includes(`delete pvc ${volume.metadata.name}-${claim.metadata.name}-0`));
  for (const [, link = ''] of install.matchAll(/\]\(([^)]+)\)/g))
    assert.ok(existsSync(join(dirname(INSTALL), link)), link);
});
