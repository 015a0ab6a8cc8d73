import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { readDump } from '../../proxy/adapters/envoy/admin.ts';
import { routesIn } from '../../proxy/adapters/envoy/routes.ts';
import { targetsOf } from '../../proxy/adapters/envoy/targets.ts';
import { routesInHaproxy } from '../../proxy/adapters/routes/haproxy-routes.ts';
import { backendsOf } from '../../proxy/adapters/routes/ingress-nginx-backends.ts';
import { locationFor, nginxRoutes, routesInNginx } from '../../proxy/adapters/routes/nginx-routes.ts';
import { fits } from '../../proxy/adapters/routes/pattern.ts';
import { ruleCovers, traefikRoutes } from '../../proxy/adapters/routes/traefik-routes.ts';
import { asks } from '../../proxy/adapters/routes/traefik-rule.ts';
import { parseNginx } from '../../proxy/config/nginx-config.ts';
import { blankInstance } from '../../proxy/inventory/blank.ts';

const file = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const fixture = (name: string): string => readFileSync(file(name), 'utf8');
const json = (name: string): never => JSON.parse(fixture(name)) as never;
const signal = AbortSignal.timeout(20_000);
const instance = {
  ...blankInstance('traefik-1'),
  admin: 'http://a/',
};
const reach = (page: (url: string) => string) => ({
  page: async (url: string) => page(url),
  stream: () => assert.fail('no page of these is streamed'),
  command: () => assert.fail('there is no socket'),
});
/** The API of a recorded Traefik: each list from its own file. */
const traefik = (version: string) =>
  reach((url) => {
    const name = new URL(url).pathname.replace('/api/', '').replace('/', '-');
    return fixture(`traefik/${version}/api.${name}.json`);
  });

test('which routers of real Traefiks take a request, where, and who made them', async (t) => {
  for (const version of ['2.10.7', '3.0.4', '3.7.9']) {
    await t.test(version, async () => {
      const found = (host: string, path = '/') => traefikRoutes(instance, host, path, traefik(version), signal);
      const shop = await found('shop.example.test');
      assert.deepEqual(
        shop.matching.map((r) => [r.name, r.covers, r.priority, r.listeners, r.takes, r.owner, r.ok]),
        [
          ['shop-clear@file', 'host', 25, ['web'], 'clear', 'file', true],
          ['shop@file', 'host', 25, ['web', 'websecure'], 'tls', 'file', true],
        ],
        'without a priority it is the length of the rule, as 3.x says itself',
      );
      assert.deepEqual(shop.matching[0]?.redirectsTo, { scheme: 'https', host: null, path: null, always: false });
      assert.equal(shop.matching[1]?.redirectsTo, undefined);
      assert.deepEqual(
        shop.listeners?.find((one) => one.name === 'websecure'),
        { name: 'websecure', port: { '2.10.7': 20443, '3.0.4': 20443, '3.7.9': 20443 }[version] },
      );
      assert.equal(shop.total, (json(`traefik/${version}/api.http-routers.json`) as unknown[]).length);
      const lost = await found('lost.example.test');
      assert.deepEqual(
        lost.matching.map((r) => [r.name, r.ok, r.error]),
        [['lost@file', false, 'the service "nowhere@file" does not exist']],
      );
      assert.deepEqual((await found('unknown.example.test')).matching, []);
      const mail = await found('mail.example.test');
      assert.deepEqual(
        mail.matching.map((r) => [r.name, r.priority]),
        [['mail@file', null]],
        'a TCP router takes the name from the hello',
      );
    });
  }
});

test('rules: hosts, patterns, paths, operators, and what is taken as fulfilled', () => {
  const rows: [string, string, string, boolean][] = [
    ['Host(`a.test`)', 'a.test', '/', true],
    ['Host(`A.test`)', 'a.test', '/', true],
    ['Host(`a.test`)', 'b.test', '/', false],
    ['Host(`a.test`, `b.test`)', 'b.test', '/', true],
    ['Host(`a.test`) || Host(`b.test`)', 'b.test', '/', true],
    ['Host("a.test") && PathPrefix("/api")', 'a.test', '/api/x', true],
    ['Host(`a.test`) && PathPrefix(`/api`)', 'a.test', '/', false],
    ['(Host(`a.test`) && PathPrefix(`/api`)) || Host(`b.test`)', 'a.test', '/', false],
    ['(Host(`a.test`) && PathPrefix(`/api`)) || Host(`b.test`)', 'b.test', '/', true],
    ['Host(`a.test`) && !PathPrefix(`/api`)', 'a.test', '/', true],
    ['Host(`a.test`) && !PathPrefix(`/api`)', 'a.test', '/api', false],
    ['!Host(`a.test`)', 'b.test', '/', true],
    ['!Host(`a.test`)', 'a.test', '/', false],
    ['!(Host(`a.test`) || Host(`b.test`))', 'b.test', '/', false],
    ['Host(`a.test`) && Path(`/x`)', 'a.test', '/x?q=1', true],
    ['Host(`a.test`) && Path(`/x`)', 'a.test', '/x/y', false],
    ['Path(`/x/{id}`)', 'a.test', '/x/7', true],
    ['Path(`/x/{id:[0-9]{2,3}}`)', 'a.test', '/x/7', false],
    ['PathRegexp(`^/v[0-9]+/`)', 'a.test', '/v2/x', true],
    ['HostRegexp(`{sub:[a-z]+}.example.test`)', 'wiki.example.test', '/', true],
    ['HostRegexp(`{sub:[a-z]+}.example.test`)', 'wiki.exampleXtest', '/', false],
    ['HostRegexp(`^.+\\.example\\.test$`)', 'wiki.example.test', '/', true],
    ['HostRegexp(`^.+\\.example\\.test$`)', 'wiki.example.org', '/', false],
    ['PathPrefix(`/`)', 'any.test', '/', true],
    ['Host(`a.test`) && Headers(`X`, `y`)', 'a.test', '/', true],
    ['Host(`a.test`) && Headers(`X`, `)`)', 'b.test', '/', false],
    ['Host(`a.test`) && !Headers(`X`, `y`)', 'a.test', '/', true],
    // What cannot be read accuses nobody of having no route.
    ['HostRegexp(`(?P<broken`)', 'a.test', '/', true],
    ['HostRegexp(`^(a+)+$`)', `${'a'.repeat(60)}.test`, '/', true],
    ['', 'a.test', '/', true],
    ['Host(`a.test`', 'b.test', '/', true],
    ['&& ||', 'b.test', '/', true],
    [`${'('.repeat(20_000)}Host(\`a.test\`)`, 'b.test', '/', true],
    [`${'!'.repeat(20_000)}Host(\`a.test\`)`, 'b.test', '/', true],
  ];
  for (const [rule, host, path, expected] of rows)
    assert.equal(ruleCovers(rule, host, path), expected, `${rule.slice(0, 80)} ${host}${path}`);
  const covers = (rule: string) => asks(rule, { host: 'a.test', path: '/' }).covers;
  assert.deepEqual(
    [
      'Host(`a.test`)',
      'HostRegexp(`.+`)',
      'PathPrefix(`/`)',
      '!Host(`b.test`)',
      'PathPrefix(`/`) || Host(`a.test`)',
    ].map(covers),
    ['host', 'pattern', 'any', 'any', 'host'],
  );
});

test('a pattern that would think for ever is stopped', () => {
  const began = performance.now();
  assert.equal(fits('^(a+)+$', `${'a'.repeat(200)}b`), null);
  assert.equal(fits('(', 'a'), null);
  assert.equal(fits('^[a-z]+$', 'abc'), true);
  assert.equal(fits('x'.repeat(5_000), 'a'), null);
  assert.ok(performance.now() - began < 5_000);
});

test('an API that answers something else is blind', async () => {
  for (const page of ['', 'not json', '{}', '<html>'])
    await assert.rejects(
      traefikRoutes(
        instance,
        'a',
        '/',
        reach(() => page),
        signal,
      ),
      (error) => error instanceof BlindLook && error.reason === 'unreadable',
    );
  await assert.rejects(
    traefikRoutes(
      { ...instance, admin: null },
      'a',
      '/',
      reach(() => '[]'),
      signal,
    ),
    /switch it on/,
  );
  for (const page of [null, 1, [], {}, { cluster_statuses: 7 }]) assert.throws(() => targetsOf(page, 'x'), BlindLook);
  assert.throws(() => backendsOf({}, 'x'), BlindLook);
});

test('a page of the API that is full is followed by the next one', async () => {
  const router = (i: number) => ({ name: `r${i}@file`, rule: `Host(\`h${i}.test\`)`, service: 's', status: 'enabled' });
  const all = Array.from({ length: 2_000 }, (_, i) => router(i));
  const asked: string[] = [];
  const found = await traefikRoutes(
    instance,
    'h1500.test',
    '/',
    reach((url) => {
      asked.push(url);
      const { pathname, searchParams } = new URL(url);
      if (!pathname.endsWith('http/routers')) return '[]';
      const page = Number(searchParams.get('page') ?? 1);
      // Traefik answers 400 to a page after the last one.
      if (page === 3) throw new BlindLook('unreadable', `${url} answers 400`);
      return JSON.stringify(all.slice((page - 1) * 1_000, page * 1_000));
    }),
    signal,
  );
  assert.deepEqual([found.matching.map((r) => r.name), found.total], [['r1500@file'], 2_000]);
  assert.equal(asked.filter((url) => url.includes('http/routers')).length, 3);
});

test("ingress-nginx's file names the object behind every host and path; its `_` server is nobody's route", async () => {
  const found = async (host: string, path = '/') =>
    (await nginxRoutes(file('ingress-nginx/many-ingresses.conf'), host, path)).matching.map((r) => [
      r.owner,
      r.service,
      r.listeners?.join(' '),
    ]);
  assert.deepEqual(await found('shop.example.test'), [['Ingress shop/web', 'shop/web:80', '80 443']]);
  assert.deepEqual(await found('shop.example.test', '/checkout/x'), [
    ['Ingress shop/web', 'shop/checkout:80', '80 443'],
  ]);
  assert.deepEqual(await found('shop.example.test', '/checkouts'), [['Ingress shop/web', 'shop/web:80', '80 443']]);
  assert.deepEqual(await found('nope.example.test'), []);
  const forced = await nginxRoutes(file('ingress-nginx/many-ingresses.conf'), 'redirect.example.test', '/');
  assert.equal(forced.matching[0]?.redirectsTo?.scheme, 'https');
  const backends = backendsOf(json('ingress-nginx/many-ingresses.backends.json'), 'x');
  assert.deepEqual(
    backends.groups.filter((g) => g.name.startsWith('shop-web-80') || g.name === 'shop-empty-80'),
    [
      { name: 'shop-empty-80', up: [], down: [] },
      { name: 'shop-web-80', up: ['10.244.1.11:8080', '10.244.1.12:8080', '10.244.1.13:8080'], down: [] },
    ],
  );
});

test('nginx: names in its order, the default server of each port, locations, redirects', () => {
  const http = (servers: string) => parseNginx(`http { ${servers} }`);
  const names = (servers: string, host: string) =>
    routesInNginx(http(servers), 'x', host, '/').matching.map((r) => `${r.name} ${r.covers} ${r.service ?? ''}`);
  const many = `
    server { listen 80 default_server; server_name _; location / { proxy_pass http://any; } }
    server { listen 80; server_name a.example.test; location / { proxy_pass http://a; } }
    server { listen 80; server_name *.example.test; location / { proxy_pass http://wild; } }
    server { listen 80; server_name *.sub.example.test; location / { proxy_pass http://sub; } }
    server { listen 80; server_name www.*; location / { proxy_pass http://www; } }
    server { listen 80; server_name ~^v(?<n>\\d+)\\.test$; location / { proxy_pass http://re; } }`;
  assert.deepEqual(names(many, 'a.example.test'), ['server a.example.test host http://a']);
  assert.deepEqual(names(many, 'x.sub.example.test'), ['server *.sub.example.test pattern http://sub']);
  assert.deepEqual(names(many, 'www.other.test'), ['server www.* pattern http://www']);
  assert.deepEqual(names(many, 'v7.test')[0], 'server ~^v(?<n>\\d+)\\.test$ pattern http://re');
  assert.deepEqual(names(many.replace('server_name _;', 'server_name x;'), 'none.test'), ['server x any http://any']);
  assert.deepEqual(names('server { server_name a.test; return 404; }', 'b.test'), [], 'a default that leads nowhere');
  const block = (text: string) => parseNginx(text);
  const at = (path: string) =>
    locationFor(
      block(
        `location / { } location = /x { } location ^~ /static/ { } location ~ \\.php$ { } location /api { location /api/v2 { } }`,
      ),
      path,
    )?.args.join(' ');
  assert.deepEqual(['/', '/x', '/static/a.php', '/a.php', '/api/v2/z', '/api?q'].map(at), [
    '/',
    '= /x',
    '^~ /static/',
    '~ \\.php$',
    '/api/v2',
    '/api',
  ]);
  const to = (body: string) =>
    routesInNginx(http(`server { listen 80; server_name a.test; ${body} }`), 'x', 'a.test', '/').matching[0]
      ?.redirectsTo;
  assert.deepEqual(to('return 301 https://$host$request_uri;'), {
    scheme: 'https',
    host: null,
    path: null,
    always: true,
  });
  assert.equal(to('if ($http_x_forwarded_proto = http) { return 301 https://$host$request_uri; }'), undefined);
  assert.equal(to('location / { return 301 https://www.a.test$request_uri; }')?.host, 'www.a.test');
});

test('nginx: addresses that a route leads to, by its group or its own, and none where a variable or a name decides', () => {
  const config = `http {
    upstream api { server 192.0.2.7:80; server 192.0.2.8; keepalive 4; }
    server { listen 80; server_name a.test;
      location /api/ { proxy_pass http://api/v1/; }
      location /own { proxy_pass http://192.0.2.9:8080; }
      location /name { proxy_pass http://web.internal:80; }
      location /drawn { proxy_pass http://$variant; }
      location / { return 404; } } }`;
  const { matching, groups } = routesInNginx(parseNginx(config), 'x', 'a.test', '/api/v2');
  assert.deepEqual(groups, [{ name: 'api', addresses: ['192.0.2.7:80', '192.0.2.8:80'] }]);
  assert.deepEqual(matching[0]?.addresses, groups?.[0]?.addresses);
  const at = (path: string) => routesInNginx(parseNginx(config), 'x', 'a.test', path).matching[0]?.addresses;
  assert.deepEqual(['/own', '/name', '/drawn', '/'].map(at), [['192.0.2.9:8080'], undefined, undefined, undefined]);
});

test('HAProxy: ACLs by name and without, negated, by end and by map; what it hangs on is not guessed', () => {
  const config = (rules: string) => `
defaults
  mode http
frontend web
  bind 127.0.0.1:80
${rules}
backend shop
  server a 127.0.0.1:1
`;
  const found = (rules: string, host = 'shop.example.test', path = '/') =>
    routesInHaproxy(config(rules), 'x', host, path).matching.map((r) => `${r.service} ${r.covers ?? '?'}`);
  assert.deepEqual(found(' acl s hdr(host) -i SHOP.example.test\n use_backend shop if s'), ['shop host']);
  assert.deepEqual(found(' use_backend shop if { req.hdr(host) -i shop.example.test }'), ['shop host']);
  assert.deepEqual(found(' use_backend shop if { hdr(host),lower -m end .example.test }'), ['shop pattern']);
  assert.deepEqual(found(' use_backend shop if { hdr_end(host) .example.org }'), []);
  assert.deepEqual(found(' acl s hdr(host) shop.example.test\n use_backend other if !s\n use_backend shop if s'), [
    'shop host',
  ]);
  assert.deepEqual(found(' use_backend shop unless { hdr(host) other.test }'), ['shop any']);
  assert.deepEqual(found(' use_backend api if { path_beg /api }'), []);
  assert.deepEqual(found(' use_backend api if { path_beg /api }', 'x', '/api/1'), ['api any']);
  assert.deepEqual(found(' use_backend a if { src 10.0.0.0/8 }\n default_backend shop'), ['a any', 'shop any']);
  assert.deepEqual(found(' use_backend %[req.hdr(host),lower,map(/etc/hosts.map)]'), [
    '%[req.hdr(host),lower,map(/etc/hosts.map)] ?',
  ]);
  assert.deepEqual(found(' acl s hdr(host) -f /etc/hosts.lst\n use_backend shop if s'), ['shop pattern']);
  const redirect = (rule: string) =>
    routesInHaproxy(config(` ${rule}`), 'x', 'h', '/').matching[0]?.redirectsTo?.scheme;
  assert.equal(redirect('http-request redirect scheme https unless { ssl_fc }'), 'https');
  assert.equal(redirect('redirect scheme https if !{ ssl_fc }'), 'https');
  assert.equal(redirect('http-request redirect scheme https if { hdr(x-forwarded-proto) http }'), undefined);
  const tls = config(' redirect scheme https if !{ ssl_fc }').replace(':80', ':443 ssl crt x.pem');
  assert.deepEqual(routesInHaproxy(tls, 'x', 'h', '/').matching, []);
  assert.deepEqual(routesInHaproxy('', 'x', 'h', '/'), { source: 'x', matching: [], total: 0, listeners: [] });
});

test('a recorded Envoy: virtual hosts, clusters that are not there, health as it sees it', () => {
  const { configs } = json('configurations/envoy-1.40.0/config_dump.json') as { configs: never[] };
  const dump = readDump(configs);
  const found = (host: string) => routesIn(dump, 'x', host, '/').matching;
  assert.deepEqual(
    found('shop.example.test').map((r) => [r.name, r.service, r.ok, r.covers, r.listeners, r.takes]),
    [
      ['shop', 'shop', true, 'host', ['https'], 'tls'],
      ['shop', 'shop', true, 'host', ['https_pp'], 'tls'],
    ],
  );
  assert.equal(found('lost.example.test')[0]?.error, 'the cluster no_such_cluster is not there');
  assert.deepEqual(found('unknown.example.test'), []);
  assert.ok(dump.updates.length > 0 && dump.refused.length === 0);
  const { groups } = targetsOf(json('envoy/1.40.0/clusters.json'), 'x');
  const sick = groups.find((group) => group.name === 'sick');
  assert.deepEqual([sick?.up, sick?.down.length], [[], 1]);
  assert.deepEqual(Object.values(sick?.why ?? {}), ['failed its health check']);
  assert.equal(groups.find((group) => group.name === 'shop')?.up.length, 3);
});

test("Envoy's domains: exact, longest suffix, longest prefix, any; and its matches", () => {
  const routed = (domains: string[][], host: string, path = '/') => {
    const virtual_hosts = domains.map((names, i) => ({
      name: `v${i}`,
      domains: names,
      routes: [
        { match: { path: '/exact' }, direct_response: { status: 204 } },
        { match: { safe_regex: { regex: '/v[0-9]+/.*' } }, redirect: { https_redirect: true } },
        { match: { prefix: '/h', headers: [{ name: 'x' }] }, route: { cluster: 'maybe' } },
        {
          match: { path_separated_prefix: '/p' },
          route: { weighted_clusters: { clusters: [{ name: 'a' }, { name: 'b' }] } },
        },
        { match: { prefix: '/' }, route: { cluster: 'a' } },
      ],
    }));
    const manager = { '@type': 't/x.HttpConnectionManager', route_config: { name: 'r', virtual_hosts } };
    const listener = { name: 'l', filter_chains: [{ filters: [{ typed_config: manager }] }] };
    const dump = readDump([
      { '@type': 't/x.ListenersConfigDump', static_listeners: [{ listener }] },
      { '@type': 't/x.ClustersConfigDump', static_clusters: [{ cluster: { name: 'a' } }] },
    ]);
    return routesIn(dump, 'x', host, path).matching;
  };
  const domains = [['*'], ['*.test'], ['*.example.test', 'shop.example.test:*'], ['shop.*'], ['a.test:443']];
  const owner = (host: string) => routed(domains, host).map((r) => `${r.name} ${r.covers}`)[0];
  assert.deepEqual(
    ['shop.example.test', 'x.example.test', 'x.test', 'shop.org', 'x.org', 'a.test', 'test'].map(owner),
    ['v2 host', 'v2 pattern', 'v1 pattern', 'v3 pattern', 'v0 any', 'v4 host', 'v0 any'],
  );
  const served = (path: string) => routed([['*']], 'h', path).map((r) => `${r.service} ${r.ok}`);
  assert.deepEqual(served('/exact'), ['answers 204 itself true', 'a true']);
  assert.deepEqual(served('/h'), ['maybe false', 'a true']);
  assert.deepEqual(served('/p/x'), ['a, b false', 'a true']);
  assert.deepEqual(served('/pp'), ['a true']);
  assert.deepEqual(routed([['*']], 'h', '/v1/x')[0]?.redirectsTo, {
    scheme: 'https',
    host: null,
    path: null,
    always: true,
  });
});

test('pages that claim to be something else hurt nobody', () => {
  const odd = [null, 1, 'x', [], {}, { virtual_hosts: 7 }, { filters: [null, { typed_config: 3 }] }];
  for (const one of odd) {
    const dump = readDump([
      {
        '@type': 't/x.ListenersConfigDump',
        static_listeners: [one, { listener: one }, { listener: { filter_chains: [one] } }],
      },
      { '@type': 't/x.ListenersConfigDump', dynamic_listeners: [{ active_state: one, error_state: one }] },
      { '@type': 't/x.RoutesConfigDump', dynamic_route_configs: [one, { route_config: one }] },
      { '@type': 't/x.ClustersConfigDump', static_clusters: one },
    ] as never[]);
    assert.deepEqual(routesIn(dump, 'x', 'h', '/').matching, []);
  }
});
