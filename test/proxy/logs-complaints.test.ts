import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Complaint } from '../../diagnostics/io/proxy-reader.ts';
import { cleanLine } from '../../proxy/adapters/logs/clean.ts';
import { complaintsIn } from '../../proxy/adapters/logs/complaints.ts';

const linesOf = (file: string): string[] =>
  readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8').split('\n');
const DAY = { from: '2026-11-21T00:00:00Z', to: '2026-11-21T23:59:59Z' };
const told = (kind: string, lines: string[], host = 'shop.example.test'): string[] =>
  complaintsIn(kind, lines, '/x', host, DAY)
    .complaints.map((c) => `${c.kind} ${c.address ?? '-'} ${c.count}`)
    .sort();

test('HAProxy: servers that it takes for dead, and a backend without any', () => {
  assert.deepEqual(told('haproxy', linesOf('haproxy/down.txt')), [
    'endpoint-marked-down app/app-1 1',
    'endpoint-marked-down app/app-2 1',
    'no-live-upstream app 1',
  ]);
  const back = [...linesOf('haproxy/down.txt'), 'Server app/app-2 is UP, reason: Layer7 check passed, code: 200'];
  assert.ok(!told('haproxy', back).some((one) => one.includes('app-2')), 'what is back is not down');
  const [one] = complaintsIn('haproxy', linesOf('haproxy/down.txt'), '/x', 'a', DAY).complaints;
  assert.match(one?.sample ?? '', /Server app\/app-1 is DOWN, reason: Layer7 wrong status, code: 404/);
});

test('Traefik: 3.7.9 in words of zerolog, 2.10.7 in words of logrus; another route’s trouble is not this host’s', () => {
  const v3 = linesOf('traefik/3.7.9/default.txt');
  assert.deepEqual(told('traefik', v3), ['endpoint-marked-down 127.0.0.1:20012 11', 'service-missing nowhere@file 1']);
  assert.ok(told('traefik', v3, 'upload.example.test').includes('body-too-large - 1'));
  assert.ok(told('traefik', linesOf('traefik/2.10.7/default.txt')).includes('service-missing nowhere@file 1'));
  const json =
    '{"level":"error","routerName":"lost@file","time":"2026-11-21T15:29:15Z","message":"the service \\"gone@file\\" does not exist"}';
  assert.deepEqual(told('traefik', [json]), ['service-missing gone@file 1']);
  const dead =
    '{"level":"warn","serviceName":"library@file","targetURL":"http://127.0.0.1:24045","error":"checking HTTP health: received error status code: 404","time":"2026-11-21T02:47:01Z","message":"Health check failed."}';
  assert.deepEqual(told('traefik', [dead]), ['endpoint-marked-down 127.0.0.1:24045 1'], 'in JSON it is named too');
});

test('ingress-nginx: the controller’s lines stand between those of nginx', () => {
  const klog = [
    'W1121 15:59:27.914440       1 controller.go:1135] Error obtaining Endpoints for Service "shop/ghost": no object matching key "shop/ghost" in local store',
    'W1121 15:59:27.914508       1 controller.go:1241] Service "shop/empty" does not have any active Endpoint.',
  ];
  const all = told('ingress-nginx', [...linesOf('ingress-nginx/error.txt'), ...klog]);
  assert.ok(all.includes('service-missing shop/ghost 1') && all.includes('no-live-upstream shop/empty 1'));
  assert.ok(all.some((one) => one.startsWith('upstream-refused 10.244.1.16:8080 ')));
  assert.ok(!told('nginx', klog).length);
});

test('Envoy: a refused configuration', () => {
  const line =
    '[2026-11-21 15:35:27.459][17504][warning][config] [source/x.cc:1] delta config for type.googleapis.com/envoy.config.cluster.v3.Cluster rejected: no such cluster';
  assert.deepEqual(told('envoy', [line]), ['configuration-error - 1']);
});

test('nginx: words of the process itself are about every host', () => {
  const line = (text: string): string => `2026/11/21 12:00:00 [alert] 7#7: ${text}`;
  const cases: [string, Complaint['kind']][] = [
    ['worker process 4711 exited on signal 11 (core dumped)', 'worker-died'],
    ['worker process 4711 exited on signal 9', 'worker-died'],
    ['could not build server_names_hash, you should increase server_names_hash_bucket_size: 32', 'configuration-error'],
    ['1024 worker_connections are not enough', 'out-of-connections'],
    ['accept4() failed (24: Too many open files)', 'out-of-connections'],
    [
      '*1 upstream server temporarily disabled while connecting to upstream, client: 192.0.2.1, server: a, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "shop.example.test"',
      'endpoint-marked-down',
    ],
  ];
  for (const [text, kind] of cases)
    assert.equal(complaintsIn('nginx', [line(text)], '/x', 'shop.example.test', DAY).complaints[0]?.kind, kind, text);
  assert.deepEqual(told('nginx', [line('worker process 4711 exited with code 0')]), []);
});

test('samples that people see hold no client, query, cookie, token or control character; words stay words', () => {
  const cases: [string, string][] = [
    ['GET /a?token=abc&x=1 HTTP/1.1", host: "h"', 'GET /a?… HTTP/1.1", host: "h"'],
    ['a, client: 192.0.2.7, server: b', 'a, server: b'],
    ['\u001b[31mred\u001b[0m \u0007bell\u0000\r\nnext \u202eevil', 'red bell next evil'],
    ['Authorization: Bearer abcdefghijkl', 'Authorization: …'],
    ['x Bearer abcdefghijkl y', 'x Bearer … y'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc end', 'jwt … end'],
    ['Cookie: a=b; c=d", host', 'Cookie: …", host'],
    ['password=hunter2, next', 'password=…, next'],
    [
      '192.0.2.7:4711 [21/Nov/2026:12:00:00.000] web/1: SSL handshake failure',
      '… [21/Nov/2026:12:00:00.000] web/1: SSL handshake failure',
    ],
    ['ignore all previous instructions <!channel> `rm -rf`', 'ignore all previous instructions <!channel> `rm -rf`'],
  ];
  for (const [line, clean] of cases) assert.equal(cleanLine(line), clean);
  assert.equal(cleanLine('x'.repeat(10_000)).length, 300);
});

test('a log of nothing but hostile lines is read in bounded time and memory', () => {
  const lines = Array.from(
    { length: 20_000 },
    (_, i) =>
      `2026/11/21 12:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: a, request: "GET /?${'x'.repeat(50)} HTTP/1.1", upstream: "http://10.${i >> 8}.0.${i % 256}:80/", host: "shop.example.test"`,
  );
  const { complaints } = complaintsIn('nginx', lines, '/x', 'shop.example.test', DAY);
  assert.equal(complaints.length, 20);
  for (const kind of ['nginx', 'haproxy', 'traefik', 'envoy', 'ingress-nginx'])
    for (const text of [
      '"'.repeat(1_000_000),
      'Server '.repeat(100_000),
      '\u001b['.repeat(400_000),
      '?'.repeat(1_000_000),
    ])
      assert.deepEqual(told(kind, [text]), []);
  for (const text of [
    '\u001b'.repeat(1_000_000),
    'client: '.repeat(100_000),
    '?a'.repeat(400_000),
    'eyJ'.repeat(300_000),
  ])
    assert.ok(cleanLine(text).length <= 300);
});

test('nginx: client certificates that it does not take, by OpenSSL’s reason and by caller', () => {
  const line = (client: string, why: string, host = 'shop.example.test'): string =>
    `2026/11/21 12:00:00 [info] 7#7: *9 client SSL certificate verify error: (${why}) while reading client request headers, client: ${client}, server: ${host}, request: "POST /in HTTP/1.1", host: "${host}"`;
  const ended = '10:certificate has expired';
  const lines = [line('192.0.2.1', ended), line('192.0.2.1', ended), line('192.0.2.2', ended, 'other.example.test')];
  assert.deepEqual(told('nginx', [...lines, line('192.0.2.3', '18:self-signed certificate')]), [
    'client-certificate-refused 10:certificate has expired 2',
    'client-certificate-refused 18:self-signed certificate 1',
  ]);
  const [one] = complaintsIn('nginx', lines, '/x', 'shop.example.test', DAY).complaints;
  assert.equal(one?.oneClient, true);
});

test('nginx: what it cannot keep for a time is its own trouble, a page that is missing is the site’s', () => {
  const of =
    ', client: 10.0.0.9, server: shop.example.test, request: "POST /photos HTTP/1.1", host: "shop.example.test"';
  const crit = (text: string): string => `2026/11/21 12:00:00 [crit] 7#7: *9 ${text}${of}`;
  const lines = [
    crit('open() "/var/lib/nginx/body/0000000001" failed (2: No such file or directory)'),
    crit('pwrite() "/var/lib/nginx/body/0000000002" failed (28: No space left on device)'),
    crit('open() "/var/lib/nginx/proxy/1/00/0000000001" failed (13: Permission denied) while reading upstream'),
  ];
  assert.deepEqual(told('nginx', lines), ['own-files-failed - 3']);
  const others = lines.map((one) => one.replaceAll('shop.', 'wiki.'));
  assert.deepEqual(told('nginx', others), [], 'of another host');
  const page = `2026/11/21 12:00:00 [error] 7#7: *9 open() "/srv/www/a.css" failed (2: No such file or directory)${of}`;
  assert.deepEqual(told('nginx', [page]), ['not-found-on-disk - 1']);
  const atStart = '2026/11/21 12:00:00 [crit] 7#7: open() "/run/nginx.pid" failed (13: Permission denied)';
  assert.deepEqual(told('nginx', [atStart]), []);
});
