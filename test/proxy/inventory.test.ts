import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TriageError } from '../../diagnostics/errors.ts';
import { findPath, type Inventory, knownHosts, loadInventory } from '../../proxy/inventory/inventory.ts';
import { scratch } from '../diagnostics/real-servers.ts';

test('what is wrong is said with file, line, key and reason', async (t) => {
  const dir = scratch(t);
  const bad: [string, string, RegExp][] = [
    ['empty', '', /:1: the file is empty/],
    ['only-a-comment', '# nothing\n', /:1: the file is empty/],
    ['no-version', 'hops: {}\n', /:1: version: must be 1/],
    ['other-version', '# hello\nversion: 2\n', /:2: version: must be 1/],
    ['a-list', '- version: 1\n', /:1: the file: /],
    ['a-word', 'version\n', /:1: the file: /],
    ['tab', 'version: 1\nhops:\n\tedge: {}\n', /:3: /],
    ['unclosed', 'version: 1\nhops: { edge: { hop: proxy }\n', /:[23]: /],
    ['twice', 'version: 1\nversion: 1\n', /:2: .*unique/],
    ['no-hop-kind', 'version: 1\nhops:\n  edge:\n    kind: nginx\n', /:4: hops\.edge\.hop: /],
    ['unknown-hop-place', 'version: 1\nhops:\n  edge:\n    hop: ingress\n', /:4: hops\.edge\.hop: /],
    [
      'no-port-address',
      'version: 1\nhops:\n  edge:\n    hop: proxy\n    address: "http://x:80"\n',
      /:5: hops\.edge\.address: not a host:port/,
    ],
    ['number-address', 'version: 1\nhops:\n  edge:\n    hop: proxy\n    address: 80\n', /:5: hops\.edge\.address: /],
    ['sends', 'version: 1\nhops:\n  lb:\n    hop: load-balancer\n    sends: v2\n', /:5: hops\.lb\.sends: /],
    [
      'instance-without-name',
      'version: 1\nhops:\n  edge:\n    hop: proxy\n    instances:\n      - https: 127.0.0.1:1\n',
      /:6: hops\.edge\.instances\.0\.name: /,
    ],
    [
      'endpoint-port',
      'version: 1\nhops:\n  shop:\n    hop: service\n    endpoints:\n      - { address: "127.0.0.1:1", ports: [70000] }\n',
      /:6: hops\.shop\.endpoints\.0\.ports\.0: /,
    ],
    [
      'unknown-via',
      'version: 1\nhops: {}\nroutes:\n  - { host: a.test, via: [edge] }\n',
      /:4: routes\.0\.via: there is no hop named edge/,
    ],
    ['empty-via', 'version: 1\nroutes:\n  - { host: a.test, via: [] }\n', /:3: routes\.0\.via: names no hop/],
    [
      'route-path',
      'version: 1\nroutes:\n  - { host: a.test, path: api, via: [x] }\n',
      /:3: routes\.0\.path: must begin with \//,
    ],
    ['dns-number', 'version: 1\ndns: { a.test: 7 }\n', /:2: dns\.a\.test: /],
    ['allow-word', 'version: 1\nallow: everything\n', /:2: allow: /],
  ];
  for (const [name, text, message] of bad) {
    await t.test(name, async () => {
      const file = join(dir, `${name}.yaml`);
      writeFileSync(file, text);
      await assert.rejects(loadInventory(file), (error) => {
        assert.ok(error instanceof TriageError && error.code === 'unreadable', String(error));
        assert.ok(error.message.startsWith(file), error.message);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('\n'), 'one line');
        return true;
      });
    });
  }
  await assert.rejects(loadInventory(join(dir, 'gone.yaml')), /gone\.yaml: no such file/);
  await assert.rejects(loadInventory(dir), /is a directory/);
});

test('bombs are refused in little time and memory', async (t) => {
  const dir = scratch(t);
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const levels = 'abcdefghij'
    .split('')
    .map((c, i, all) => `${c}: &${c} [${Array.from({ length: 9 }, () => (i ? `*${all[i - 1]}` : 'lol')).join(', ')}]`);
  const began = performance.now();
  await assert.rejects(loadInventory(write('laughs.yaml', `version: 1\n${levels.join('\n')}\n`)), TriageError);
  await assert.rejects(
    loadInventory(write('deep.yaml', `version: 1\nx: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`)),
    TriageError,
  );
  await assert.rejects(
    loadInventory(write('huge.yaml', `version: 1\n#${'x'.repeat(9 * 1024 * 1024)}`)),
    /bytes is no inventory/,
  );
  await assert.rejects(loadInventory(write('binary.yaml', `\0\x01\x02${String.fromCharCode(0xfffd)}`)), TriageError);
  await assert.rejects(loadInventory(write('itself.yaml', 'version: 1\nhops: &a\n  edge: *a\n')), TriageError);
  assert.ok(performance.now() - began < 8_000);
  const polluting = await loadInventory(
    write('proto.yaml', 'version: 1\n__proto__: { polluted: yes }\nhops: { __proto__: { hop: proxy } }\n'),
  ).catch(() => null);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.ok(polluting === null || !('polluted' in polluting));
});

test('unknown keys and kinds are warned about with their line, never fatal', async (t) => {
  const file = join(scratch(t), 'inventory.yaml');
  writeFileSync(
    file,
    `version: 1
colour: blue
hops:
  edge:
    hop: proxy
    kind: nginxx
    nickname: e
    instances:
      - name: edge-1
        accesslog: ./a.txt
  shop:
    hop: service
    endpoints:
      - address: 127.0.0.1:1
        weight: 3
`,
  );
  const { warnings, hops } = await loadInventory(file);
  const about = (what: RegExp): void =>
    assert.ok(
      warnings.some((w) => what.test(w)),
      `${what} in ${warnings.join('\n')}`,
    );
  about(/inventory\.yaml:2: unknown key colour is ignored/);
  about(/:7: unknown key hops\.edge\.nickname/);
  about(/:10: unknown key hops\.edge\.instances\.0\.accesslog/);
  about(/:15: unknown key hops\.shop\.endpoints\.0\.weight/);
  about(/hops\.edge\.kind: nginxx is not known; read as other/);
  assert.equal(warnings.length, 5);
  assert.equal(hops.edge?.kind, 'other');
  assert.deepEqual(hops.edge?.instances[0]?.more, { accesslog: './a.txt' });
});

test('paths are relative to the file, URLs stay what they are', async (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, 'etc'));
  const file = join(dir, 'etc', 'inventory.yaml');
  writeFileSync(
    file,
    `version: 1
trust: [ca.pem, /abs/ca.pem]
changes: ../changes.ndjson
prometheus: http://127.0.0.1:9090
hops:
  edge:
    hop: proxy
    kind: nginx
    instances: [{ name: 1, config: edge/nginx.conf, accessLog: ./a, errorLog: /var/e, pidFile: p, admin: http://127.0.0.1:1, metrics: http://127.0.0.1:2/metrics }]
  lb: { hop: load-balancer, kind: haproxy, instances: [{ name: x, admin: run/socket }] }
`,
  );
  const { trust, changes, hops } = await loadInventory(file);
  assert.deepEqual(trust, [join(dir, 'etc/ca.pem'), '/abs/ca.pem']);
  assert.equal(changes, join(dir, 'changes.ndjson'));
  const one = hops.edge?.instances[0];
  assert.deepEqual(
    [one?.name, one?.config, one?.accessLog, one?.errorLog, one?.pidFile, one?.admin],
    ['1', join(dir, 'etc/edge/nginx.conf'), join(dir, 'etc/a'), '/var/e', join(dir, 'etc/p'), 'http://127.0.0.1:1'],
  );
  assert.equal(hops.lb?.instances[0]?.admin, join(dir, 'etc/run/socket'));
});

test('endpoints: a key with nothing after it is an empty list, no key is unknown', async (t) => {
  const file = join(scratch(t), 'inventory.yaml');
  writeFileSync(
    file,
    'version: 1\nhops:\n  none: { hop: service, endpoints: [] }\n  nothing: { hop: service, endpoints: }\n  absent: { hop: service }\n',
  );
  const { hops } = await loadInventory(file);
  assert.deepEqual([hops.none?.endpoints, hops.nothing?.endpoints, hops.absent?.endpoints], [[], [], null]);
});

async function inventoryOf(t: TestContext, text: string): Promise<Inventory> {
  const file = join(scratch(t), 'inventory.yaml');
  writeFileSync(file, text);
  return loadInventory(file);
}

const ROUTES = `version: 1
aliases: { Shop: SHOP.example.test }
dns: { SHOP.example.test: 127.0.0.7 }
routes:
  - { host: "*", via: [any] }
  - { host: "*.example.test", via: [wild] }
  - { host: "*.b.example.test", via: [deep] }
  - { host: Shop.example.test, via: [lb, edge, shop] }
  - { host: shop.example.test, path: /api, via: [lb, edge, api] }
  - { host: shop.example.test, path: /api/v2/, via: [lb, edge, api2] }
  - { host: twice.example.test, via: [edge] }
  - { host: twice.example.test, via: [other] }
hops:
  lb: { hop: load-balancer, kind: haproxy, address: "127.0.0.1:8443", listeners: [{ address: "127.0.0.1:8080", scheme: http }] }
  edge: { hop: proxy, kind: nginx, instances: [{ name: edge-1, https: "127.0.0.1:1" }] }
  other: { hop: proxy, kind: traefik }
  any: { hop: proxy }
  wild: { hop: proxy, address: "127.0.0.1:2" }
  deep: { hop: proxy, address: "127.0.0.1:3" }
  shop: { hop: service }
  api: { hop: service, endpoints: [] }
  api2: { hop: service, endpoints: [] }
`;

test('the most specific route is taken, as proxies choose', async (t) => {
  const inventory = await inventoryOf(t, ROUTES);
  const via = (host: string, path = '/'): string =>
    findPath(inventory, { host, port: null, path })
      .hops.map((h) => h.name)
      .join(' ');
  const rows: [string, string, string][] = [
    ['shop.example.test', '/', 'lb edge shop'],
    ['SHOP.EXAMPLE.TEST', '/', 'lb edge shop'],
    ['shop.example.test', '/api', 'lb edge api'],
    ['shop.example.test', '/api/', 'lb edge api'],
    ['shop.example.test', '/api?x=1', 'lb edge api'],
    ['shop.example.test', '/apix', 'lb edge shop'],
    ['shop.example.test', '/api/v2/items', 'lb edge api2'],
    ['wiki.example.test', '/', 'wild'],
    ['a.wiki.example.test', '/', 'wild'],
    ['a.b.example.test', '/', 'deep'],
    ['b.example.test', '/', 'wild'],
    ['example.test', '/', 'any'],
    ['evilexample.test', '/', 'any'],
  ];
  for (const [host, path, expected] of rows) assert.equal(via(host, path), expected, `${host}${path}`);
});

test('a path says where each fact stands, what is ambiguous and what is not known', async (t) => {
  const inventory = await inventoryOf(t, ROUTES);
  const shop = findPath(inventory, { host: 'shop.example.test', port: null, path: '/' });
  assert.match(shop.hops[0]?.from.join('; ') ?? '', /inventory\.yaml: routes\.3; .*inventory\.yaml: hops\.lb/);
  assert.deepEqual(shop.unknown, ['shop: its endpoints']);
  assert.deepEqual(shop.others.map((hop) => hop.name).sort(), ['any', 'deep', 'other', 'wild']);
  assert.deepEqual(shop.dns, ['127.0.0.7']);
  assert.deepEqual(shop.ambiguous, []);
  const twice = findPath(inventory, { host: 'twice.example.test', port: null, path: '/' });
  assert.deepEqual(
    twice.hops.map((h) => h.name),
    ['edge'],
  );
  assert.equal(twice.ambiguous[0]?.objects.length, 2);
  assert.deepEqual(knownHosts(inventory).sort(), ['shop.example.test', 'twice.example.test']);
});

test('a target without a port uses the outermost hop’s, by scheme; a host on no route 443', async (t) => {
  const inventory = await inventoryOf(t, ROUTES.replace('  - { host: "*", via: [any] }\n', ''));
  const port = (host: string, scheme?: 'http' | 'https', own: number | null = null): number =>
    findPath(inventory, { host, port: own, path: '/', ...(scheme && { scheme }) }).port;
  assert.equal(port('shop.example.test'), 8443);
  assert.equal(port('shop.example.test', 'http'), 8080);
  assert.equal(port('shop.example.test', 'https'), 8443);
  assert.equal(port('shop.example.test', 'http', 99), 99);
  const stranger = findPath(inventory, { host: 'nowhere.test', port: null, path: '/' });
  assert.deepEqual([stranger.port, stranger.routed, stranger.hops], [443, false, []]);
  assert.match(stranger.unknown[0] ?? '', /no route for nowhere\.test/);
});
