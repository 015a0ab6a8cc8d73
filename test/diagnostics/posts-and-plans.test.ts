import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKS } from '../../diagnostics/checks/index.ts';
import { splitAddress } from '../../diagnostics/io/address.ts';
import { planLooks } from '../../diagnostics/plan.ts';
import { type Case, type Path, type PathHop, VANTAGES } from '../../diagnostics/types.ts';
import { hopNamed, postsOf } from '../../diagnostics/vantages.ts';
import { blankHop, blankInstance } from '../../proxy/inventory/blank.ts';

const load = (name: string): { case: Case; path: Path } =>
  JSON.parse(readFileSync(new URL(`../fixtures/cases/${name}`, import.meta.url), 'utf8'));
const CASES = readdirSync(new URL('../fixtures/cases/', import.meta.url)).filter((name) => name.endsWith('.json'));

test('looks are plain JSON, name their check, vantage and hop, and are the same each time', () => {
  for (const name of CASES) {
    const { case: triage, path } = load(name);
    const planned = planLooks(triage, path);
    assert.ok(planned.length > 3, name);
    assert.deepEqual(JSON.parse(JSON.stringify(planned)), planned);
    assert.deepEqual(planLooks(triage, path), planned);
    for (const { look, blind } of planned) {
      const check = CHECKS.find((one) => one.id === look.check);
      assert.ok(check && (blind || check.vantages.includes(look.vantage)), `${look.check} at ${look.vantage}`);
      assert.ok(VANTAGES.includes(look.vantage));
    }
  }
});

test('only what was asked for; nothing about what is not known', () => {
  const { case: triage, path } = load('none.json');
  const checks = (only: string[] | null): string[] => [
    ...new Set(planLooks({ ...triage, only }, path).map((p) => p.look.check)),
  ];
  assert.deepEqual(checks(['tls']), ['tls']);
  assert.deepEqual(checks([]), []);
  const nothing: Path = { ...path, hops: [], others: [], routed: false, dns: null };
  const planned = planLooks({ ...triage, only: null }, nothing);
  assert.ok(
    planned.every(
      (p) => p.blind || (splitAddress(p.look.address)?.host ?? 'shop.example.test') === 'shop.example.test',
    ),
  );
});

test('a service with hundreds of endpoints is sampled, not flooded; first and last are in it', () => {
  const { case: triage, path } = load('none.json');
  const many = Array.from({ length: 400 }, (_, i) => ({
    name: `shop-${i}`,
    address: `10.0.${i >> 8}.${i & 255}:80`,
    ports: [],
    zone: null,
    ready: true,
    startedAt: null,
    metrics: null,
  }));
  const crowded: Path = {
    ...path,
    hops: path.hops.map((hop) => (hop.hop === 'service' ? { ...hop, endpoints: many } : hop)),
  };
  const asked = planLooks(triage, crowded)
    .filter((p) => p.look.check === 'endpoint-answers')
    .map((p) => p.look.at.part);
  assert.ok(asked.length <= 30 && asked.length > 10, String(asked.length));
  assert.deepEqual([asked[0], asked.at(-1)], ['shop-0', 'shop-399']);
});

const hop = (over: Partial<PathHop>): PathHop => ({
  ...blankHop('x', 'proxy', 'nginx'),
  ...over,
});
const instance = (name: string, https: string | null, http: string | null) => ({
  ...blankInstance(name),
  https,
  http,
});
const pathOf = (hops: PathHop[], dns: string[] | null = null): Path => ({
  host: 'a.test',
  path: '/',
  port: 443,
  routed: true,
  hops,
  others: [hop({ name: 'beside' })],
  nodes: [],
  dns,
  trust: [],
  changes: null,
  prometheus: null,
  ambiguous: [],
  unknown: [],
});
const target = { host: 'a.test', port: 443, path: '/', scheme: 'https' as const };

test('posts: from the public name inwards, each with the scheme and the header that belong there', () => {
  const lb = hop({ name: 'lb', hop: 'load-balancer', address: '127.0.0.1:443', scheme: 'tcp', sends: 'proxy-v2' });
  const edge = hop({
    name: 'edge',
    expects: 'proxy-v2',
    instances: [instance('edge-1', '127.0.0.1:1001', '127.0.0.1:1002'), instance('edge-2', null, '127.0.0.1:2002')],
  });
  const shop = hop({ name: 'shop', hop: 'service', scheme: 'http', address: '127.0.0.1:9000' });
  const posts = postsOf(pathOf([lb, edge, shop], ['192.0.2.1', '192.0.2.2']), target);
  assert.deepEqual(
    posts.map((p) => [p.vantage, p.address, p.scheme, p.header]),
    [
      ['public', '192.0.2.1:443', 'https', 'none'],
      ['public', '192.0.2.2:443', 'https', 'none'],
      // The name leads elsewhere, so the known balancer is asked as well.
      ['load-balancer', '127.0.0.1:443', 'https', 'none'],
      ['proxy-replica', '127.0.0.1:1001', 'https', 'local'],
      ['service', '127.0.0.1:9000', 'http', 'none'],
    ],
  );
  // A balancer that ends TLS reaches the clear listener of the proxy; a declared version 1 gets version 1.
  const ending = postsOf(
    pathOf([
      { ...lb, to: 'http', sends: 'proxy-v1' },
      { ...edge, expects: 'proxy-v1' },
    ]),
    target,
  );
  assert.deepEqual(
    ending.filter((p) => p.vantage === 'proxy-replica').map((p) => [p.address, p.scheme, p.header]),
    [
      ['127.0.0.1:1002', 'http', 'v1'],
      ['127.0.0.1:2002', 'http', 'v1'],
    ],
  );
  assert.equal(postsOf(pathOf([]), target)[0]?.address, 'a.test:443', 'a host on no route: its own name, nobody else');
  assert.equal(hopNamed(pathOf([lb]), 'beside')?.name, 'beside');
  assert.equal(hopNamed(pathOf([lb]), 'gone'), null);
});

test('a hop whose address speaks TLS is asked in the clear at its clear ports, where it has any', () => {
  const lb = hop({ name: 'lb', hop: 'load-balancer', address: '127.0.0.1:443', to: 'http' });
  const clear = (http: string | null, listeners: PathHop['listeners'] = []): string[] =>
    postsOf(
      pathOf([
        lb,
        hop({ name: 'edge', address: '127.0.0.1:9', listeners, instances: [instance('e', '127.0.0.1:9', http)] }),
      ]),
      target,
    ).flatMap((p) => (p.scheme === 'http' ? [p.address] : []));
  assert.deepEqual(clear('127.0.0.1:80'), ['127.0.0.1:80']);
  assert.deepEqual(clear(null), ['127.0.0.1:9'], 'clear HTTP does come to its TLS port, for all that is known');
  const both = [{ address: '127.0.0.1:8', scheme: 'http' as const }];
  assert.deepEqual(clear('127.0.0.1:80', both), ['127.0.0.1:8', '127.0.0.1:80']);
});

test('what is expected decides over what is sent; optional and nothing get none', () => {
  const header = (expects: PathHop['expects'], sends: PathHop['sends']): string | undefined =>
    postsOf(
      pathOf([
        hop({ name: 'lb', hop: 'load-balancer', address: '127.0.0.1:1', sends }),
        hop({ name: 'edge', expects, instances: [instance('e', '127.0.0.1:2', null)] }),
      ]),
      target,
    ).find((p) => p.at.part === 'e')?.header;
  assert.deepEqual(
    [
      header('proxy-v2', 'none'),
      header('proxy-v1', 'none'),
      header('none', 'proxy-v2'),
      header('optional', 'proxy-v2'),
      header(null, 'proxy-v2'),
      header(null, 'proxy-v1'),
      header(null, null),
    ],
    ['local', 'v1', 'none', 'none', 'local', 'v1', 'none'],
  );
});
