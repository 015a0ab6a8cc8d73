import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { Attempt } from '../../../diagnostics/io/io.ts';
import { whoMade } from '../../../diagnostics/wire/answer-maker.ts';
import { listen, loopbackIo, patient, peer } from '../peers.ts';
import { freePorts, scratch, startHaproxy, startNginx } from '../real-servers.ts';

test('pages of real proxies are theirs; pages of applications behind them are not', async (t) => {
  const dir = scratch(t);
  const haproxyDir = scratch(t);
  const app = createServer((request, answer) => {
    const status = Number(/\d{3}/.exec(request.url ?? '')?.[0] ?? 200);
    if (request.url?.includes('json'))
      answer.writeHead(status, { 'content-type': 'application/json' }).end(`{"status":${status}}`);
    else
      answer
        .writeHead(status, { 'content-type': 'text/html' })
        .end(`<html><head><title>${status} Oops</title></head><body><h1>${status}</h1></body></html>`);
  });
  t.after(() => app.close());
  const appPort = await listen(app);
  const mute = await peer(t, () => {});
  const ports = await freePorts(t, 'nginx', 'quiet', 'haproxy', 'dead');
  const locations = `
    location /missing { return 404; } location /teapot { return 403; } location /moved { return 301 /; }
    location /dead { proxy_pass http://127.0.0.1:${ports.dead}; }
    location /mute { proxy_pass http://127.0.0.1:${mute.port}; proxy_read_timeout 300ms; }
    location /none { return 503; } location /limit { limit_req zone=z; limit_req_status 429; proxy_pass http://127.0.0.1:${appPort}; }
    location /app { proxy_pass http://127.0.0.1:${appPort}; }`;
  await Promise.all([
    startNginx(
      t,
      dir,
      [ports.nginx, ports.quiet],
      `limit_req_zone $binary_remote_addr zone=z:1m rate=1r/m;
server { listen 127.0.0.1:${ports.nginx}; ${locations} } server { listen 127.0.0.1:${ports.quiet}; server_tokens off; ${locations} }`,
    ),
    startHaproxy(
      t,
      haproxyDir,
      [ports.haproxy],
      `frontend f\n  mode http\n  bind 127.0.0.1:${ports.haproxy}
  http-request deny deny_status 403 if { path /teapot }\n  http-request deny deny_status 429 if { path /limit }
  use_backend dead if { path_beg /dead }\n  use_backend none if { path_beg /none }\n  use_backend mute if { path_beg /mute }\n  default_backend app
backend app\n  mode http\n  server s 127.0.0.1:${appPort}\nbackend dead\n  mode http\n  server s 127.0.0.1:${ports.dead}
backend none\n  mode http\nbackend mute\n  mode http\n  timeout server 300ms\n  server s 127.0.0.1:${mute.port}\n`,
    ),
  ]);
  const io = loopbackIo();
  const ask = (port: number, path: string): Promise<Attempt> =>
    io.request(
      {
        address: `127.0.0.1:${port}`,
        scheme: 'http',
        host: 'shop.example.test',
        path,
        proxyHeader: 'none',
        patienceMs: 5_000,
      },
      patient(t),
    );
  await ask(ports.nginx, '/limit');
  const rows: [number, string, number, string | null][] = [
    ...[ports.nginx, ports.quiet].flatMap((port): [number, string, number, string | null][] => [
      [port, '/missing', 404, 'nginx'],
      [port, '/teapot', 403, 'nginx'],
      [port, '/moved', 301, 'nginx'],
      [port, '/dead', 502, 'nginx'],
      [port, '/mute', 504, 'nginx'],
      [port, '/none', 503, 'nginx'],
      [port, '/limit', 429, 'nginx'],
      [port, '/app/200', 200, null],
      [port, '/app/404', 404, null],
      [port, '/app/502', 502, null],
      [port, '/app/json/500', 500, null],
    ]),
    [ports.haproxy, '/teapot', 403, 'HAProxy'],
    [ports.haproxy, '/limit', 429, 'HAProxy'],
    [ports.haproxy, '/dead', 503, 'HAProxy'],
    [ports.haproxy, '/none', 503, 'HAProxy'],
    [ports.haproxy, '/mute', 504, 'HAProxy'],
    [ports.haproxy, '/app/503', 503, null],
    [ports.haproxy, '/app/json/404', 404, null],
  ];
  for (const [port, path, status, maker] of rows) {
    await t.test(`${port === ports.haproxy ? 'HAProxy' : 'nginx'} ${path}`, async () => {
      const answer = await ask(port, path);
      assert.equal(answer.status, status, answer.body);
      assert.equal(whoMade(answer), maker, JSON.stringify(answer));
    });
  }
});

test('answers that other proxies are known to give, word for word', () => {
  const made = (status: number, body: string, headers: { [name: string]: string } = {}): string | null =>
    whoMade({ status, body, headers });
  const plain = { 'content-type': 'text/plain; charset=utf-8' };
  assert.equal(made(404, '404 page not found\n', plain), 'Traefik');
  assert.equal(made(502, 'Bad Gateway', plain), 'Traefik');
  assert.equal(made(503, 'no available server\n', plain), 'Traefik');
  assert.equal(made(504, 'Gateway Timeout', plain), 'Traefik');
  assert.equal(made(502, 'Bad Gateway', { 'content-length': '11' }), 'Traefik', 'version 3 names no type');
  assert.equal(made(503, 'no healthy upstream', { ...plain, server: 'envoy' }), 'Envoy');
  assert.equal(
    made(503, 'upstream connect error or disconnect/reset before headers. reset reason: connection failure'),
    'Envoy',
  );
  assert.equal(made(522, '', { 'cf-ray': '1' }), 'Cloudflare');
  // Nearly the same words are somebody else's.
  assert.equal(made(502, 'Bad Gateway', { server: 'gunicorn' }), null);
  assert.equal(made(502, 'Bad Gateway', { 'content-type': 'text/html' }), null);
  assert.equal(made(404, '404 page not found: /x', plain), null);
  assert.equal(made(502, 'Bad Gateway', { 'content-type': 'text/html' }), null);
  assert.equal(made(200, '<html><head><title>200 OK</title></head><center>nginx</center>'), null);
  assert.equal(whoMade({ status: null, body: '', headers: {} }), null);
});
