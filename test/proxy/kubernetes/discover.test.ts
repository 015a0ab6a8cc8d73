import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Path, PathHop } from '../../../diagnostics/types.ts';
import { emptyInventory, loadInventory } from '../../../proxy/inventory/inventory.ts';
import { findPath } from '../../../proxy/inventory/path.ts';
import { withCluster } from '../../../proxy/kubernetes/inventory.ts';
import { type Expected, expectationsOf, objectsOf, SCENARIOS, scenarios, viewOf } from './scenarios.ts';

/** What a hop says of one key, in the short form of the expectations. */
function said(hop: PathHop, key: string): unknown {
  if (key === 'instances')
    return Object.fromEntries(
      hop.instances.map((one) => [one.name, [one.https ?? '-', one.http ?? '-', one.metrics ?? '-'].join(' ')]),
    );
  if (key === 'endpoints')
    return hop.endpoints?.map((one) => `${one.name} ${one.address}${one.ready === false ? ' not ready' : ''}`) ?? null;
  if (key === 'admin') return hop.instances.map((one) => one.admin);
  if (key === 'version') return hop.settings.version;
  return (hop as unknown as { [key: string]: unknown })[key];
}

function compare(path: Path, expected: Expected): void {
  assert.deepEqual(
    path.hops.map(({ name, hop, kind }) => ({ name, hop, kind })),
    expected.hops.map(({ name, hop, kind }) => ({ name, hop, kind })),
  );
  for (const [i, wanted] of expected.hops.entries()) {
    const hop = path.hops[i] as PathHop;
    for (const key of Object.keys(wanted)) {
      if (key !== 'from') assert.deepEqual(said(hop, key), wanted[key], `${hop.name}: ${key}`);
      else
        for (const one of wanted.from as string[])
          assert.ok(hop.from.includes(one), `${hop.name}: from ${hop.from.join('; ')}`);
    }
    assert.ok(hop.from.length > 0, `${hop.name} says where it is from`);
  }
  const sentences = (found: string[], parts: string[] = []): void => {
    assert.equal(found.length, parts.length, found.join('\n'));
    for (const [i, part] of parts.entries()) assert.ok(found[i]?.includes(part), `${found[i]} / ${part}`);
  };
  sentences(
    path.ambiguous.map(({ objects, why }) => `${objects.join(', ')}: ${why}`),
    expected.ambiguous,
  );
  sentences(
    (path.unserved ?? []).map(({ object, why }) => `${object}: ${why}`),
    expected.unserved,
  );
  sentences(path.unknown, expected.unknown);
  if (expected.others)
    assert.deepEqual(
      path.others.map((one) => one.name),
      expected.others,
    );
}

describe('paths discovered in clusters', () => {
  test('there are at least 25 clusters to be right on', () => assert.ok(scenarios().length >= 25));
  for (const name of scenarios()) {
    test(name, async () => {
      const { asks, inventory } = expectationsOf(name);
      const objects = objectsOf(name);
      const file = inventory ? await loadInventory(inventory) : emptyInventory();
      assert.ok(asks.length > 0);
      for (const asked of asks) {
        const view = viewOf(objects, asked.denied);
        const at = { host: asked.host, path: asked.path ?? '/', port: null };
        const known = { ...file, dns: { ...asked.dns, ...file.dns } };
        compare(findPath(withCluster(known, view, at.host, at.path), at), asked);
      }
    });
  }
  test('of two clusters with the same objects, each path says whose it is', () => {
    const objects = objectsOf('nlb-ip-targets');
    const at = { host: 'shop.example.test', path: '/', port: null };
    const pathIn = (cluster: string) =>
      findPath(withCluster(emptyInventory(), viewOf(objects, [], cluster), at.host, at.path), at);
    assert.deepEqual([pathIn('prod').cluster?.name, pathIn('staging').cluster?.name], ['prod', 'staging']);
    assert.deepEqual(pathIn('prod').hops, pathIn('staging').hops);
  });
  test('objects of any shape, and names that every object has, throw nothing', () => {
    const host = 'constructor';
    const strange = [null, [], 'x', 7, { spec: 'x' }, { a: null }];
    for (const name of ['nlb-instance-targets', 'gateway-grpc-and-tls', 'traefik-ingressroute'])
      for (const [i, part] of ['spec', 'status', 'metadata'].entries()) {
        const objects = objectsOf(name).map((one, n) => {
          const wrong = n % 3 === i ? { ...one, [part]: strange[n % strange.length] } : one;
          const named = { loadBalancer: { ingress: [{ hostname: '__proto__' }, { hostname: host }] } };
          return one.kind === 'Service' && n % 2 ? { ...wrong, status: named } : wrong;
        });
        for (const asked of [host, 'shop.example.test', '__proto__']) {
          const found = withCluster(emptyInventory(), viewOf(objects), asked, '/');
          assert.ok(Array.isArray(findPath(found, { host: asked, port: null, path: '/' }).hops));
        }
      }
  });
  test('every folder has what it needs', () => {
    for (const name of scenarios()) {
      const files = readdirSync(join(SCENARIOS, name));
      assert.ok(files.includes('objects.yaml') && files.includes('expect.json'), name);
      assert.ok(readFileSync(join(SCENARIOS, name, 'objects.yaml'), 'utf8').startsWith('#'), `${name} says what it is`);
    }
  });
});
