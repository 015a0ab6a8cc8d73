import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TriageError } from '../../diagnostics/errors.ts';
import { compareConfigs } from '../../proxy/config/compare.ts';
import type { ConfigDifference } from '../../proxy/config/difference.ts';
import { scratch } from '../diagnostics/real-servers.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/configurations/', import.meta.url));
const INGRESS = join(FIXTURES, 'ingress-nginx-1.15.1');
const lines = (difference: ConfigDifference): string[] =>
  difference.changes.map((c) => `${c.kind} ${c.object} ${c.name}: ${c.before ?? ''} -> ${c.after ?? ''}`);

test('two files that ingress-nginx wrote, one annotation apart', async () => {
  const found = await compareConfigs(join(INGRESS, '01-one-ingress.conf'), join(INGRESS, '02-annotation-timeout.conf'));
  assert.deepEqual(
    lines(found).map((line) => line.split(' > ').at(-1)),
    ['proxy_connect_timeout: 5s -> 3s', 'proxy_read_timeout: 60s -> 17s'],
  );
  assert.ok(found.changes.every((c) => c.name.startsWith('shop.example.test ')));
  assert.deepEqual([found.same, found.orderOnly, found.endpointsOnly, found.namesOnly], [false, false, false, false]);
});

test('objects created again in reverse order: new names are one line, the new winner of a host is named', async () => {
  const found = await compareConfigs(
    join(INGRESS, '15-before-recreate.conf'),
    join(INGRESS, '17-recreated-in-reverse-order.conf'),
  );
  const names = found.changes.filter((c) => c.object === 'generated name');
  assert.deepEqual(names, [
    {
      kind: 'changed',
      object: 'generated name',
      name: 'shop_limited',
      before: '8c075f05-53b2-49d0-999a-052f5f20c333',
      after: '61b9c15a-4725-4929-bf0d-76047cdd579a',
    },
  ]);
  const rest = lines(found).filter((line) => !line.includes('generated name'));
  assert.equal(rest.length, 6);
  assert.ok(rest.some((line) => /set \$ingress_name web; -> set \$ingress_name shop-copy;/.test(line)));
  assert.ok(!rest.some((line) => /limit_req|geo|allowlist/.test(line)));
  assert.equal(found.namesOnly, false);
});

test('nothing but new names', async (t) => {
  const dir = scratch(t);
  const before = readFileSync(join(INGRESS, '15-before-recreate.conf'), 'utf8');
  const uid = '8c075f05-53b2-49d0-999a-052f5f20c333';
  const fresh = 'aaaaaaaa-0000-4000-8000-000000000001';
  const code = (id: string): string => Buffer.from(`shop_limited_${id}`).toString('base64url');
  writeFileSync(join(dir, 'a.conf'), before);
  writeFileSync(join(dir, 'b.conf'), before.replaceAll(uid, fresh).replaceAll(code(uid), code(fresh)));
  const found = await compareConfigs(join(dir, 'a.conf'), join(dir, 'b.conf'));
  assert.deepEqual([found.namesOnly, found.orderOnly, lines(found).length], [true, false, 1]);
});

/** Servers and upstreams as people write them; `order` and `servers` may be any permutation. */
function nginx(order: number[], servers: number[], read = (_i: number) => '60s'): string {
  const one = (i: number): string => `  upstream app-${i} {
${servers.map((k) => `    server 10.0.${i % 250}.${k}:8080;`).join('\n')}
  }
  server {
    listen 80; server_name app-${i}.example.test; # ${'comment '.repeat(i % 3)}
    location / { proxy_pass http://app-${i}; proxy_read_timeout ${read(i)}; }
    location ~ \\.php$ { return 404; }
    location ~ ^/x { return 403; }
  }
`;
  return `events {}\nhttp {\n${order.map(one).join('')}}\n`;
}

test('an order that means nothing, one that does, and one timeout among many', async (t) => {
  const dir = scratch(t);
  const write = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const forward = Array.from({ length: 300 }, (_, i) => i);
  const a = write('a.conf', nginx(forward, [1, 2, 3]));
  const same = await compareConfigs(a, write('b.conf', nginx(forward, [1, 2, 3]).replace(/#.*/g, '# other\n')));
  assert.deepEqual([same.same, same.orderOnly, same.changes], [true, false, []]);
  for (const text of [nginx(forward.toReversed(), [1, 2, 3]), nginx(forward, [3, 1, 2])]) {
    const order = await compareConfigs(a, write('c.conf', text));
    assert.deepEqual([order.same, order.orderOnly, order.changes], [false, true, []]);
  }
  const timeout = await compareConfigs(
    a,
    write(
      'd.conf',
      nginx(forward.toReversed(), [2, 1, 3], (i) => (i === 123 ? '45s' : '60s')),
    ),
  );
  assert.deepEqual(lines(timeout), [
    'changed directive app-123.example.test (80) > location / > proxy_read_timeout: 60s -> 45s',
  ]);
  const endpoints = await compareConfigs(a, write('e.conf', nginx(forward, [1, 2]).replace('10.0.7.1:', '10.0.7.9:')));
  assert.deepEqual([endpoints.endpointsOnly, endpoints.changes.length], [true, 302]);
  // The first regular expression that matches wins.
  const swapped = nginx(forward, [1, 2, 3]).replace(/(location ~ \\\.php\$ .*)\n(.*)/, '$2\n$1');
  const regex = await compareConfigs(a, write('f.conf', swapped));
  assert.deepEqual(lines(regex), [
    'changed directive app-0.example.test (80) > order of regex locations: ~ \\.php$ | ~ ^/x -> ~ ^/x | ~ \\.php$',
  ]);
  const broken = write('g.conf', nginx(forward, [1, 2, 3], (i) => (i === 200 ? '60s }' : '60s')).replace('; }', ' }'));
  await assert.rejects(
    compareConfigs(a, broken),
    (error) => error instanceof TriageError && error.code === 'unreadable' && /g\.conf:\d+: /.test(error.message),
  );
});

test('included files count, also where the including block is the same', async (t) => {
  const dir = scratch(t);
  for (const [side, seconds] of [
    ['before', '60s'],
    ['after', '45s'],
  ]) {
    mkdirSync(join(dir, side as string));
    const write = (name: string, text: string): void => writeFileSync(join(dir, side as string, name), text);
    write('nginx.conf', 'http { include sites*.conf; server { server_name b; include timeouts.inc; } }');
    write('sites-a.conf', 'server { server_name a; listen 80; }');
    write('timeouts.inc', `proxy_read_timeout ${seconds};`);
  }
  const found = await compareConfigs(join(dir, 'before'), join(dir, 'after'));
  assert.deepEqual(lines(found), ['changed directive b > proxy_read_timeout: 60s -> 45s']);
});

test('HAProxy: sections and servers have no order, rules and defaults have', async (t) => {
  const dir = scratch(t);
  const compare = (before: string, after: string): Promise<ConfigDifference> => {
    writeFileSync(join(dir, 'a.cfg'), before);
    writeFileSync(join(dir, 'b.cfg'), after);
    return compareConfigs(join(dir, 'a.cfg'), join(dir, 'b.cfg'));
  };
  const web = 'frontend web\n  bind :80\n  acl a path_reg ^/a{2}\n  use_backend x if a\n  default_backend y\n';
  const x = 'backend x\n  timeout server 60s\n  server one 10.0.0.1:80 check\n  server two 10.0.0.2:80\n';
  const y = 'backend y\n  server three 10.0.0.3:80\n';
  const order = await compare(web + x + y, `# moved\n${y}${web}${x.replace(/(.*one.*\n)(.*two.*\n)/, '$2$1')}`);
  assert.deepEqual([order.orderOnly, order.changes], [true, []]);
  assert.deepEqual(lines(await compare(web + x + y, web + x.replace('60s', '17s') + y)), [
    'changed directive backend x > timeout server: 60s -> 17s',
  ]);
  const endpoints = await compare(web + x + y, web + x.replace('10.0.0.2', '10.0.0.9') + y);
  assert.deepEqual([endpoints.endpointsOnly, endpoints.changes.length], [true, 2]);
  const two = (first: string, second: string): string =>
    `defaults\n  timeout server 1s\n${first}defaults\n  timeout server 9s\n${second}`;
  const moved = await compare(two(x, y), two(y, x));
  assert.equal(
    moved.changes.filter((c) => c.object === 'section').length,
    2,
    'another defaults section holds for them',
  );
});

test('Traefik: the static file with the dynamic ones it names; Envoy: clusters, endpoints, routes', async (t) => {
  const dir = scratch(t);
  const dynamic = readFileSync(join(FIXTURES, 'traefik-3.7.9/dynamic/dynamic.yml'), 'utf8');
  const fixed = readFileSync(join(FIXTURES, 'traefik-3.7.9/static.yml'), 'utf8');
  for (const [side, text] of [
    ['before', dynamic],
    ['after', dynamic.replace('responseHeaderTimeout: 1s', 'responseHeaderTimeout: 9s')],
  ]) {
    mkdirSync(join(dir, side as string, 'dynamic'), { recursive: true });
    writeFileSync(join(dir, side as string, 'static.yml'), fixed);
    writeFileSync(join(dir, side as string, 'dynamic/shop.yml'), text as string);
  }
  const traefik = await compareConfigs(join(dir, 'before/static.yml'), join(dir, 'after/static.yml'));
  assert.equal(traefik.changes.length, 1);
  assert.deepEqual([traefik.changes[0]?.object, traefik.changes[0]?.name], ['serversTransport', 'http hasty']);

  const config = readFileSync(join(FIXTURES, 'envoy-1.40.0/config.json'), 'utf8');
  interface Bootstrap {
    static_resources: { clusters: { load_assignment: { endpoints: { lb_endpoints: unknown[] }[] } }[] };
  }
  const compare = (edit: (config: Bootstrap) => void): Promise<ConfigDifference> => {
    const changed = JSON.parse(config) as Bootstrap;
    edit(changed);
    writeFileSync(join(dir, 'a.json'), config);
    writeFileSync(join(dir, 'b.json'), JSON.stringify(changed));
    return compareConfigs(join(dir, 'a.json'), join(dir, 'b.json'));
  };
  const order = await compare((c) => c.static_resources.clusters.reverse());
  assert.deepEqual([order.orderOnly, order.changes], [true, []]);
  const gone = await compare((c) => c.static_resources.clusters[0]?.load_assignment.endpoints[0]?.lb_endpoints.pop());
  assert.deepEqual([gone.endpointsOnly, gone.changes[0]?.kind], [true, 'removed']);
  writeFileSync(join(dir, 'c.json'), config.replace('"timeout": "1s"', '"timeout": "2s"'));
  const timeout = await compareConfigs(join(dir, 'a.json'), join(dir, 'c.json'));
  assert.ok(
    timeout.changes.length > 0 && timeout.changes.every((c) => c.name.includes('> slow >')),
    lines(timeout).join('\n'),
  );
});

test('hostile names and many of one name are compared in linear time', async (t) => {
  const dir = scratch(t);
  const many = (tail: string): string => `http {\n${'deny all; __proto__ x;\n'.repeat(50_000)}${tail}}`;
  writeFileSync(join(dir, 'a.conf'), many(''));
  writeFileSync(join(dir, 'b.conf'), many('constructor y;'));
  const found = await compareConfigs(join(dir, 'a.conf'), join(dir, 'b.conf'));
  assert.deepEqual(lines(found), ['added directive constructor:  -> y']);
});
