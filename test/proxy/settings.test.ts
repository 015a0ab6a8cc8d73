import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySettings } from '../../diagnostics/io/proxy-settings.ts';
import type { Instance, PathHop } from '../../diagnostics/types.ts';
import type { Reach as Whole } from '../../proxy/adapters/metrics/page.ts';
import { settingsOf } from '../../proxy/config/settings/settings.ts';
import { findBinaries } from '../../proxy/lab/binaries.ts';
import { nginxConf, scratch } from '../diagnostics/real-servers.ts';

type Reach = Pick<Whole, 'page'>;
const FIXTURES = fileURLToPath(new URL('../fixtures/configurations/', import.meta.url));
const HOST = 'shop.example.test';

const nowhere: Reach = { page: () => Promise.reject(new BlindLook('no-connection', 'nobody there')) };
function read(kind: string, over: Partial<Instance>, host = HOST, reach = nowhere, hop: Partial<PathHop> = {}) {
  const instance = { name: 'edge-1', config: null, admin: null, metrics: null, pidFile: null, more: {}, ...over };
  return settingsOf(
    { name: 'edge', kind, settings: {}, attributes: {}, ...hop } as PathHop,
    instance as Instance,
    host,
    reach,
    AbortSignal.timeout(5_000),
  );
}
const values = (settings: ProxySettings): { [key: string]: number } =>
  Object.fromEntries(Object.entries(settings.timeouts).map(([key, one]) => [key, one.value]));

test('nginx: what holds for the host, from includes, locations and above, with file and line', async (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, 'sites'));
  mkdirSync(join(dir, 'tmp'));
  const config = join(dir, 'nginx.conf');
  writeFileSync(
    join(dir, 'sites/shop.conf'),
    `upstream shop { server 127.0.0.1:9001 max_fails=2 fail_timeout=7s; server 127.0.0.1:9002 backup; keepalive 16; }
server {
  listen 127.0.0.1:8443 backlog=64 proxy_protocol;
  server_name ${HOST} *.shops.example.test;
  proxy_read_timeout 17s;
  location /slow { proxy_read_timeout 1m30s; proxy_pass http://shop; }
  location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream_tries 1; proxy_pass http://shop; }
}`,
  );
  writeFileSync(
    config,
    nginxConf(
      'include sites/*.conf; keepalive_timeout 65; server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:9003; } }',
      'stream { server { listen 127.0.0.1:8444; proxy_pass 127.0.0.1:8443; proxy_protocol on; } }\nworker_shutdown_timeout 30s;',
    ),
  );
  const { nginx } = findBinaries();
  try {
    execFileSync(nginx, ['-t', '-q', '-p', dir, '-e', 'error.log', '-c', config], { stdio: 'pipe' });
  } catch (error) {
    // A build without the stream module knows the rest.
    if (!/stream/.test(String((error as { stderr: Buffer }).stderr))) throw error;
  }
  const settings = await read('nginx', { config });
  assert.deepEqual(values(settings), {
    clientHeader: 60,
    clientBody: 60,
    clientIdle: 65,
    client: 60,
    connect: 60,
    upstreamRead: 17,
    upstreamSend: 60,
    upstreamIdle: 60,
    drain: 30,
  });
  assert.equal(settings.timeouts.upstreamRead?.where, `${join(dir, 'sites/shop.conf')}:5`);
  assert.equal(settings.timeouts.connect?.where, null, 'nobody wrote it: the default');
  const [shop, stream] = settings.upstreams;
  assert.deepEqual(
    [shop?.name, shop?.keepalive?.connections, shop?.retries, shop?.ejects],
    ['shop', 16, null, { failures: 2, seconds: 7 }],
  );
  assert.deepEqual(
    shop?.servers.map((s) => [s.address, s.backup]),
    [
      ['127.0.0.1:9001', false],
      ['127.0.0.1:9002', true],
    ],
  );
  assert.deepEqual([stream?.mode, stream?.servers[0]?.sends], ['tcp', 'proxy-v1']);
  assert.deepEqual(
    settings.listeners.map((l) => [l.address, l.proxyHeader, l.backlog]),
    [
      ['127.0.0.1:8443', 'required', 64],
      ['127.0.0.1:8080', 'none', null],
      ['127.0.0.1:8444', 'none', null],
    ],
  );
  assert.equal((await read('nginx', { config }, 'x.shops.example.test')).timeouts.upstreamRead?.value, 17);
  const other = await read('nginx', { config }, 'other.example.test');
  assert.equal(other.takes, null, 'the default server takes it: nobody named it');
});

test('ingress-nginx: annotations of one Ingress, PROXY headers, Lua that balances', async () => {
  const file = (name: string): string => join(FIXTURES, name);
  const before = await read('ingress-nginx', { config: file('ingress-nginx-1.15.1/01-one-ingress.conf') });
  const after = await read('ingress-nginx', { config: file('ingress-nginx-1.15.1/02-annotation-timeout.conf') });
  assert.deepEqual([values(before).connect, values(before).upstreamRead], [5, 60]);
  assert.deepEqual([values(after).connect, values(after).upstreamRead], [3, 17]);
  assert.match(after.timeouts.upstreamRead?.where ?? '', /02-annotation-timeout\.conf:420$/);
  assert.deepEqual([values(after).clientIdle, values(after).upstreamIdle, values(after).drain], [75, 60, 240]);
  const [shop] = after.upstreams;
  assert.deepEqual([shop?.name, shop?.servers, shop?.retries?.count], ['shop-web-80', [], 2]);
  assert.equal(after.limits.connections?.value, 16_384);
  const header = await read('ingress-nginx', { config: file('ingress-nginx-1.15.1/14-use-proxy-protocol.conf') });
  assert.deepEqual(
    header.listeners.slice(0, 4).map((l) => l.proxyHeader),
    ['required', 'required', 'required', 'required'],
  );
  const old = await read('ingress-nginx', { config: file('ingress-nginx-1.11.8/05-many-ingresses.conf') });
  assert.deepEqual([old.problems, old.upstreams[0]?.keepalive?.idleSeconds], [[], 60]);
  assert.ok(old.takes?.startsWith(`server ${HOST} `));
  const page = (url: string) =>
    Promise.resolve(url === 'http://m/' ? 'nginx_ingress_controller_build_info{build="0",release="v1.15.1"} 1\n' : '');
  const told = await read(
    'ingress-nginx',
    { config: file('ingress-nginx-1.15.1/01-one-ingress.conf'), metrics: 'http://m/' },
    HOST,
    { page },
  );
  assert.equal(told.software, 'ingress-nginx 1.15.1');
});

const HAPROXY = `global
  maxconn 4000
  hard-stop-after 30s
defaults base
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 1m
  option redispatch
  default-server check inter 1s fall 2 rise 1
frontend web from base
  bind 127.0.0.1:8443 accept-proxy backlog 64
  bind 127.0.0.1:8080
  timeout http-keep-alive 4s
  acl shop hdr(host) -i ${HOST}
  use_backend shop if shop
  use_backend gone if { hdr(host) -i gone.example.test }
  default_backend other
backend shop from base
  balance leastconn
  option httpchk GET /healthz
  no option redispatch
  server a 10.0.0.1:80 send-proxy-v2 maxconn 20
  server "b" 10.0.0.2:80 no-check backup # "quoted"
  timeout server 17s
backend other from base
  retries 0
  server c 10.0.0.3:80
backend gone from base
  server d 10.0.0.4:80 disabled
defaults
  mode tcp
  timeout connect 250
  timeout client 1h
  timeout server 1h
listen l4
  bind 127.0.0.1:8081
  server e 10.0.0.5:443 send-proxy
`;

test('HAProxy: named defaults, rules by host, options taken back, servers with what they inherit', async (t) => {
  const config = join(scratch(t), 'haproxy.cfg');
  writeFileSync(config, HAPROXY);
  execFileSync(findBinaries().haproxy, ['-c', '-q', '-f', config], { stdio: 'pipe' });
  const settings = await read('haproxy', { config });
  assert.deepEqual(values(settings), {
    clientHeader: 50,
    clientIdle: 4,
    client: 50,
    connect: 5,
    upstreamRead: 17,
    upstreamSend: 17,
    queue: 5,
    drain: 30,
  });
  assert.equal(settings.timeouts.upstreamRead?.where, `${config}:25`);
  const [shop, more] = settings.upstreams;
  assert.equal(more, undefined);
  assert.deepEqual(shop?.healthCheck, { path: '/healthz', intervalSeconds: 1, fall: 2, rise: 1 });
  assert.deepEqual([shop?.policy, shop?.retries?.count, shop?.retries?.otherServer], ['leastconn', 3, false]);
  assert.deepEqual(
    shop?.servers.map((s) => [s.name, s.sends, s.limit, s.backup]),
    [
      ['a', 'proxy-v2', 20, false],
      ['b', 'none', null, true],
    ],
  );
  assert.deepEqual(
    settings.listeners.map((l) => [l.address, l.proxyHeader, l.backlog]),
    [
      ['127.0.0.1:8443', 'required', 64],
      ['127.0.0.1:8080', 'none', null],
      ['127.0.0.1:8081', 'none', null],
    ],
  );
  const gone = await read('haproxy', { config }, 'gone.example.test');
  assert.deepEqual([gone.upstreams[0]?.servers[0]?.down, gone.upstreams[0]?.retries?.otherServer], [true, false]);
  const other = await read('haproxy', { config }, 'other.example.test');
  assert.deepEqual(
    other.upstreams.map((u) => [u.name, u.mode, u.retries?.count ?? 0, u.servers[0]?.sends]),
    [
      ['other', 'http', 0, 'none'],
      ['l4', 'tcp', 3, 'proxy-v1'],
    ],
  );
  writeFileSync(
    config,
    HAPROXY.split('listen l4')[0]?.split('frontend web')[0] + HAPROXY.slice(HAPROXY.lastIndexOf('defaults')),
  );
  const l4 = await read('haproxy', { config });
  assert.deepEqual([values(l4).connect, values(l4).clientIdle, values(l4).upstreamIdle], [0.25, 3600, 3600]);
});

test('Traefik: static file with the dynamic ones it names, and the same from its API', async () => {
  const config = join(FIXTURES, 'traefik-3.7.9/static.yml');
  const slow = await read('traefik', { config }, 'slow.example.test', nowhere, { settings: { version: '3.7.9' } });
  assert.deepEqual(values(slow), {
    clientHeader: 60,
    clientBody: 60,
    client: 0,
    clientIdle: 180,
    connect: 30,
    upstreamRead: 1,
    upstreamIdle: 90,
    drain: 10,
    acceptAfterStop: 0,
  });
  assert.match(slow.timeouts.upstreamRead?.where ?? '', /dynamic\.yml:30$/);
  assert.deepEqual(
    slow.listeners.map((l) => [l.address, l.tls, l.proxyHeader]),
    [
      ['127.0.0.1:20080', true, 'optional'],
      ['127.0.0.1:20443', true, 'optional'],
      ['127.0.0.1:20444', true, 'none'],
      ['127.0.0.1:20090', false, 'none'],
    ],
  );
  const old = await read('traefik', { config: join(FIXTURES, 'traefik-2.10.7/static.yml') }, HOST, nowhere, {
    settings: { version: 'v2.10.7' },
  });
  assert.deepEqual([old.software, values(old).clientHeader], ['traefik 2.10.7', 0]);
  assert.equal((await read('traefik', { config }, HOST)).timeouts.clientHeader, undefined, 'depends on the version');
  const billing = await read('traefik', { config }, 'billing.example.test');
  assert.deepEqual([billing.upstreams[0]?.retries?.count, billing.upstreams[0]?.servers.length], [1, 2]);
  const mixed = await read('traefik', { config }, 'mixed.example.test');
  assert.deepEqual(
    mixed.upstreams.map((u) => [u.name, u.healthCheck?.intervalSeconds ?? null]),
    [
      ['shop', 1],
      ['billing', null],
    ],
  );
  assert.equal((await read('traefik', { config }, 'upload.example.test')).limits.bodyBytes?.value, 1000);
  const mail = await read('traefik', { config }, 'mail.example.test');
  assert.deepEqual([mail.upstreams[0]?.mode, mail.upstreams[0]?.servers[0]?.address], ['tcp', '127.0.0.1:20031']);

  const page = async (url: string): Promise<string> => {
    const name = new URL(url).pathname.slice('/api/'.length).replace('/', '-');
    return readFileSync(join(FIXTURES, `traefik-3.7.9/api.${name}.json`), 'utf8');
  };
  const live = await read('traefik', { admin: 'http://127.0.0.1:20090' }, 'billing.example.test', { page });
  assert.equal(live.software, 'traefik 3.7.9');
  assert.deepEqual(
    live.upstreams.map((u) => [u.name, u.servers.map((s) => s.address), u.retries?.count]),
    [['billing', ['127.0.0.1:20011', '127.0.0.1:20012'], 1]],
  );
  assert.equal(values(live).clientHeader, 60, 'the API states what holds');
});

test('Envoy: bootstrap file and admin dump say the same', async () => {
  const config = join(FIXTURES, 'envoy-1.40.0/config.json');
  const dump = readFileSync(join(FIXTURES, 'envoy-1.40.0/config_dump.json'), 'utf8');
  const reach: Reach = {
    page: (url) => (url.endsWith('/config_dump') ? Promise.resolve(dump) : nowhere.page(url, AbortSignal.timeout(1))),
  };
  const file = await read('envoy', { config }, 'billing.example.test');
  const live = await read('envoy', { admin: 'http://127.0.0.1:22090', config }, 'billing.example.test', reach);
  assert.equal(live.software, 'envoy 1.40.0');
  assert.deepEqual(values(live), values(file));
  assert.deepEqual(
    live.upstreams.map(({ where: _, ...rest }) => rest),
    file.upstreams.map(({ where: _, ...rest }) => rest),
  );
  assert.deepEqual([values(file).upstreamRead, values(file).connect, values(file).clientIdle], [3, 0.5, 3600]);
  assert.deepEqual(file.upstreams[0]?.retries, { count: 2, otherServer: true, on: ['connect-failure'] });
  assert.deepEqual(
    file.listeners.map((l) => [l.address, l.tls, l.proxyHeader]),
    [
      ['127.0.0.1:22443', true, 'none'],
      ['127.0.0.1:22444', true, 'required'],
    ],
  );
  const busy = await read('envoy', { config }, 'busy.example.test');
  assert.equal(busy.upstreams[0]?.limits?.requests, 1);
  const lost = await read('envoy', { config }, 'lost.example.test');
  assert.match(lost.problems[0]?.what ?? '', /names a cluster no_such_cluster/);
});

test('hostile configurations: refused by name, and soon', async (t) => {
  const dir = scratch(t);
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const refused = (kind: string, config: string, reason: string, detail: RegExp): Promise<void> =>
    assert.rejects(read(kind, { config }), (error) => {
      assert.ok(error instanceof BlindLook, String((error as Error).stack));
      assert.equal(error.reason, reason);
      assert.match(error.message, detail);
      return true;
    });
  const MB = 1024 * 1024;
  await refused(
    'nginx',
    write('cut.conf', 'events {}\nhttp {\n  server {\n    listen 80'),
    'unreadable',
    /cut\.conf:4:/,
  );
  await refused('nginx', write('deep.conf', 'a {'.repeat(100_000)), 'unreadable', /deep\.conf:1: blocks are nested/);
  await refused('nginx', write('zero.conf', new Uint8Array(2000)), 'unreadable', /zero\.conf:1: a zero byte/);
  await refused('nginx', join(dir, 'gone.conf'), 'not-configured', /gone\.conf: no such file/);
  await refused('nginx', dir, 'unreadable', /is a folder/);
  await refused('nginx', '/dev/zero', 'unreadable', /no regular file/);
  // What a regular expression would try again at every place.
  await refused(
    'nginx',
    write('lua.conf', `x_by_lua_block { ${'[[ --[==[ " '.repeat(MB / 16)}`),
    'unreadable',
    /never closed/,
  );
  await refused(
    'nginx',
    write('quotes.conf', `x_by_lua_block { ${'"\\"'.repeat(MB / 4)}`),
    'unreadable',
    /never closed/,
  );
  await refused('traefik', write('deep.yml', `a: ${'['.repeat(100_000)}`), 'unreadable', /deep\.yml: nested/);
  await refused(
    'traefik',
    write(
      'bomb.yml',
      `a: &a [x,x]\n${'bcdefghijklmn'
        .split('')
        .map((k, i) => `${k}: &${k} [*${'abcdefghijklm'[i]},*${'abcdefghijklm'[i]},*${'abcdefghijklm'[i]}]`)
        .join('\n')}`,
    ),
    'unreadable',
    /bomb\.yml/,
  );
  await refused('traefik', write('half.yml', 'entryPoints:\n  web: {address: ":80"'), 'unreadable', /half\.yml:2/);
  await refused('envoy', write('half.json', '{\n"static_resources": {'), 'unreadable', /half\.json:2/);
  await refused('traefik', write('static.toml', '[entryPoints]'), 'unreadable', /TOML/);
  await refused('caddy', write('Caddyfile', ''), 'not-configured', /caddy cannot be read/);

  const line = write('line.conf', `events {} http { server { listen 80; set $x "${'x'.repeat(MB)}"; } }`);
  assert.equal((await read('nginx', { config: line })).listeners.length, 1);
  write('one.inc', '');
  const many = write('many.conf', `http {\n${'include one.inc;\n'.repeat(10_001)}}`);
  await refused('nginx', many, 'too-large', /more than 10000 files/);

  // An include that cannot be read is named; the rest is still known.
  write('broken.inc', 'proxy_read_timeout 3s;\nserver {');
  const part = await read('nginx', {
    config: write(
      'part.conf',
      'http {\ninclude broken.inc;\ninclude gone.inc;\nkeepalive_timeout 9s;\nserver { listen 81; } }',
    ),
  });
  assert.equal(part.timeouts.clientIdle?.value, 9);
  assert.deepEqual(
    part.problems.map((p) => [
      p.where.split('/').at(-1),
      /broken\.inc:2: a "\{" is never closed|gone\.inc: no such file/.test(p.what),
    ]),
    [
      ['part.conf:2', true],
      ['part.conf:3', true],
    ],
  );
  const junk = write(
    'junk.cfg',
    `frontend x\n bind "\n use_backend %[\n${'acl a hdr(host) -f\n'.repeat(1000)} server\ndefaults a from b\ndefaults b from a\nbackend y from a\n server s`,
  );
  assert.equal((await read('haproxy', { config: junk })).listeners.length, 1);
  mkdirSync(join(dir, 'dynamic'));
  write(
    'dynamic/a.yml',
    'http: {routers: {x: {rule: "Host(`shop.example.test`)", service: s}}, services: {s: {weighted: {services: [{name: s}]}}}}',
  );
  write('dynamic/b.yml', 'http: {');
  const loop = await read('traefik', {
    config: write('loop.yml', 'entryPoints: {web: {address: ":80"}}\nproviders: {file: {directory: dynamic}}'),
  });
  assert.deepEqual([loop.upstreams, loop.problems.length], [[], 1]);
  assert.match(loop.problems[0]?.what ?? '', /b\.yml:1/);
});

test('nginx: requests that are drawn by split_clients go to each of its upstreams, with its share; other variables stay unknown', async (t) => {
  const dir = scratch(t);
  const config = join(dir, 'nginx.conf');
  const upstreams = 'upstream a { server 127.0.0.1:9001; } upstream b { server 127.0.0.1:9002; }';
  const conf = (split: string): string =>
    nginxConf(
      `${split} ${upstreams} server { listen 127.0.0.1:8080; server_name ${HOST}; location / { proxy_pass http://$pool; proxy_buffer_size 16k; proxy_buffers 8 16k; } }`,
    );
  const drawn = async (split: string): Promise<unknown[]> => {
    writeFileSync(config, conf(split));
    const { nginx } = findBinaries();
    execFileSync(nginx, ['-t', '-q', '-p', dir, '-e', 'error.log', '-c', config], { stdio: 'pipe' });
    const { upstreams, limits } = await read('nginx', { config });
    assert.equal(limits.answerHeaderBytes?.value, 16_384);
    return upstreams.map(({ name, servers, drawn }) => [name, servers.map((one) => one.address), drawn?.share]);
  };
  mkdirSync(join(dir, 'tmp'));
  assert.deepEqual(await drawn('split_clients $request_id $pool { 0.5% b; * a; }'), [
    ['a', ['127.0.0.1:9001'], 0.995],
    ['b', ['127.0.0.1:9002'], 0.005],
  ]);
  assert.deepEqual(await drawn('split_clients $request_id $pool { 30% b; 70% a; }'), [
    ['a', ['127.0.0.1:9001'], 0.7],
    ['b', ['127.0.0.1:9002'], 0.3],
  ]);
  assert.deepEqual(await drawn('map $http_x_canary $pool { default a; yes b; }'), [['$pool', [], undefined]]);
});
