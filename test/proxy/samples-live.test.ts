import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { guardFor } from '../../diagnostics/io/guard.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import { targetsIn } from '../../proxy/adapters/metrics/haproxy-servers.ts';
import { reachOf } from '../../proxy/adapters/metrics/page.ts';
import { sampleOf } from '../../proxy/adapters/metrics/sample.ts';
import { sendCommand } from '../../proxy/adapters/metrics/unix-socket.ts';
import { findBinaries } from '../../proxy/lab/binaries.ts';
import { findEnvoy, startEnvoy } from '../../proxy/lab/envoy.ts';
import { openGuard } from '../../proxy/lab/process-guard.ts';
import { startTraefik } from '../../proxy/lab/traefik.ts';
import { until } from '../../proxy/lab/until.ts';
import { authority, freePorts, scratch, startHaproxy, startNginx } from '../diagnostics/real-servers.ts';
import { hopOf, instanceAt, patient, requestsOf, sum } from './samples-world.ts';

const anywhere = guardFor(() => true);
const itself = async (host: string): Promise<string[]> => [host];
const reach = reachOf(itself, anywhere);
const read = (kind: string, metrics: string | null, admin: string | null = null): Promise<ProxySample> =>
  sampleOf(hopOf(kind), instanceAt(metrics, admin), reach, patient());

/** An application that answers 200, or the status that the path names. */
async function application(t: TestContext, port: number): Promise<void> {
  const server = createServer((request, answer) => {
    answer.statusCode = Number(/^\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200);
    answer.end('x');
  });
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

async function get(port: number, path: string, host = 'shop.example.test'): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, headers: { host }, agent: false };
    request(options, (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)))
      .on('error', reject)
      .end();
  });
}

test('nginx: stub_status, the version it says, and its clock', async (t) => {
  const dir = scratch(t);
  const { port } = await freePorts(t, 'port');
  await startNginx(
    t,
    dir,
    [port],
    `server { listen 127.0.0.1:${port}; location = /s { stub_status; } location / { return 200; } }`,
  );
  const url = `http://127.0.0.1:${port}/s`;
  const before = await read('nginx', url);
  for (let i = 0; i < 3; i++) assert.equal(await get(port, '/'), 200);
  const after = await read('nginx', url);
  // Three requests, and our own for the second page.
  assert.equal(sum(after, () => true) - sum(before, () => true), 4);
  assert.equal((after.connections.accepted ?? 0) - (before.connections.accepted ?? 0), 4);
  assert.equal(after.connections.dropped, 0);
  assert.match(after.software ?? '', /^nginx \d+\.\d+/);
  assert.ok(Math.abs(Date.parse(after.clock ?? '') - Date.parse(after.at)) < 2_000);
});

test('HAProxy: the exporter, the stats socket and a TCP socket say the same, and who made each status', async (t) => {
  const dir = scratch(t);
  const p = await freePorts(t, 'web', 'app', 'dead', 'cli');
  await application(t, p.app);
  const socket = join(dir, 'sock');
  await startHaproxy(
    t,
    dir,
    [p.web, p.cli],
    `global
  stats socket ${socket} mode 600 level operator
  stats socket ipv4@127.0.0.1:${p.cli} level user
frontend web
  mode http
  # The test's own "does it listen" closes at once; HAProxy counts a 400 for that.
  option http-ignore-probes
  bind 127.0.0.1:${p.web}
  http-request use-service prometheus-exporter if { path /metrics }
  http-request deny deny_status 403 if { path /deny }
  use_backend dead if { path /dead }
  default_backend app
backend app
  mode http
  server one 127.0.0.1:${p.app}
backend dead
  mode http
  server two 127.0.0.1:${p.dead}`,
  );
  const seen = [];
  for (const path of ['/', '/', '/500', '/503', '/deny', '/dead']) seen.push(await get(p.web, path));
  assert.deepEqual(seen, [200, 200, 500, 503, 403, 503]);
  const expected = [
    '- - - 4xx proxy 1',
    '- app one 2xx upstream 2',
    '- app one 5xx upstream 2',
    '- dead - 5xx proxy 1',
  ];
  const samples = [
    await read('haproxy', `http://127.0.0.1:${p.web}/metrics`),
    await read('haproxy', null, socket),
    await read('haproxy', null, `tcp://127.0.0.1:${p.cli}`),
    await read('haproxy', `http://127.0.0.1:${p.web}/metrics`, socket),
  ];
  for (const sample of samples) {
    assert.deepEqual(
      requestsOf(sample).filter((line) => !line.startsWith('- - - 2xx')),
      expected,
      sample.source,
    );
    assert.match(sample.software ?? '', /^haproxy \d/);
    assert.equal(sample.endpoints.find((one) => one.endpoint === 'two')?.connectErrors, 1);
    // The exporter names servers; the socket knows their addresses too.
    const told = sample.endpoints.every((one) => one.address);
    assert.deepEqual(targetsIn(sample).groups, [
      { name: 'app', up: [told ? `127.0.0.1:${p.app}` : 'one'], down: [] },
      { name: 'dead', up: [told ? `127.0.0.1:${p.dead}` : 'two'], down: [] },
    ]);
    assert.equal(sample.connections.limit, 500);
  }
  assert.equal(samples[1]?.endpoints.find((one) => one.endpoint === 'one')?.address, `127.0.0.1:${p.app}`);
  assert.equal(samples[2]?.endpoints.find((one) => one.endpoint === 'one')?.address, null, 'not at level user');
  assert.equal(samples[3]?.refusedBeforeRequest.handshake, 0);
});

test('a command socket: only show commands, behind the guard, and blind where it is not there', async (t) => {
  const send = (address: string, line = 'show info', guard = anywhere): Promise<string> =>
    sendCommand(address, line, itself, guard, AbortSignal.timeout(2_000));
  const blind = (reason: string) => (error: unknown) => error instanceof BlindLook && error.reason === reason;
  await assert.rejects(send('/nowhere/sock'), blind('no-connection'));
  await assert.rejects(send('/nowhere/sock', 'disable server app/one'), /only show commands/);
  await assert.rejects(send('/nowhere/sock', 'show info; disable server a/b'), /only show commands/);
  await assert.rejects(
    send(
      'tcp://127.0.0.1:9',
      'show info',
      guardFor(() => false),
    ),
    blind('not-allowed'),
  );
  await assert.rejects(send('tcp://169.254.169.254:80'), blind('not-allowed'));
  await assert.rejects(send('what?'), blind('unreadable'));
  const { port, silent } = await freePorts(t, 'port', 'silent');
  const { createServer: listen } = await import('node:net');
  const endless = listen((one) => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const more = (): void => void (one.writable && one.write(chunk, more));
    one.on('error', () => {});
    more();
  }).listen(port, '127.0.0.1');
  const mute = listen((one) => one.on('error', () => {})).listen(silent, '127.0.0.1');
  t.after(() => [endless.close(), mute.close()]);
  await assert.rejects(send(`tcp://127.0.0.1:${port}`), blind('too-large'));
  await assert.rejects(
    sendCommand(`tcp://127.0.0.1:${silent}`, 'show info', itself, anywhere, AbortSignal.timeout(150)),
    blind('deadline'),
  );
  if (process.getuid?.() !== 0) {
    const dir = scratch(t);
    const closed = listen(() => {}).listen(join(dir, 's'));
    t.after(() => closed.close());
    chmodSync(join(dir, 's'), 0o000);
    await assert.rejects(send(join(dir, 's')), blind('denied'));
  }
});

const { traefik } = findBinaries();

test('Traefik: its page and its API', { skip: !traefik && 'Traefik is not here' }, async (t) => {
  // Not `scratch`: the guard needs its folder until it has ended what it started, and removes it then.
  const dir = mkdtempSync(join(tmpdir(), 'iti-test-'));
  const guard = openGuard(dir, 'remove');
  t.after(() => guard.close());
  const p = await freePorts(t, 'https', 'http', 'admin', 'app', 'dead');
  await application(t, p.app);
  const made = authority(dir).leaf('shop.example.test');
  const site = (host: string, service: string, port: number) => ({
    host,
    service,
    certificate: { chain: made.pem, key: made.key },
    endpoints: [{ name: 'one', port }],
  });
  startTraefik(guard, traefik as string, dir, p, [
    site('shop.example.test', 'shop', p.app),
    site('dead.example.test', 'dead', p.dead),
  ]);
  const { request } = await import('node:https');
  const ask = (path: string, host: string): Promise<number> =>
    new Promise((resolve) => {
      const options = { port: p.https, host: '127.0.0.1', path, servername: host, headers: { host } };
      request({ ...options, rejectUnauthorized: false, agent: false }, (answer) =>
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0)),
      )
        .on('error', () => resolve(0))
        .end();
    });
  await until('traefik serves', async () => (await ask('/', 'shop.example.test')) === 200, { withinMs: 15_000 });
  const admin = `http://127.0.0.1:${p.admin}`;
  const before = await read('traefik', `${admin}/metrics`, admin);
  for (const [path, host] of [
    ['/', 'shop.example.test'],
    ['/503', 'shop.example.test'],
    ['/', 'dead.example.test'],
    ['/', 'unknown.example.test'],
  ] as const)
    await ask(path, host);
  const after = await read('traefik', `${admin}/metrics`, admin);
  const more = (wanted: (r: ProxySample['requests'][number]) => boolean): number =>
    sum(after, wanted) - sum(before, wanted);
  assert.equal(
    more((r) => r.service === 'shop@file' && r.status === '503' && r.maker === 'upstream'),
    1,
  );
  assert.equal(
    more((r) => r.service === 'dead@file' && r.status === '502' && r.maker === 'unknown'),
    1,
  );
  assert.equal(
    more((r) => r.service === null && r.status === '404' && r.maker === 'proxy'),
    1,
  );
  assert.equal(
    more(() => true),
    4,
  );
  assert.match(after.software ?? '', /^traefik 3\./);
  assert.ok(after.tls.some((one) => one.version === '1.3' && one.count >= 4));
  assert.ok(after.certificates.some((one) => one.names.includes('shop.example.test')));
  assert.equal(after.endpoints.find((one) => one.service === 'shop@file')?.endpoint, `127.0.0.1:${p.app}`);
  assert.ok((after.reloads.ok ?? 0) >= 1 && after.process.startedAt !== null);
});

test('Envoy: its page and its admin interface', { skip: !findEnvoy() && 'Envoy is not here' }, async (t) => {
  const dir = scratch(t);
  const p = await freePorts(t, 'web', 'admin', 'app', 'dead');
  await application(t, p.app);
  const envoy = await startEnvoy(dir, {
    admin: p.admin,
    dynamic: true,
    listeners: [{ port: p.web }],
    clusters: { app: { endpoints: [p.app] }, dead: { endpoints: [p.dead] }, empty: { endpoints: [] } },
    sites: [
      {
        name: 'shop',
        domains: ['shop.example.test'],
        routes: [
          { prefix: '/dead', cluster: 'dead' },
          { prefix: '/empty', cluster: 'empty' },
          { prefix: '/', cluster: 'app' },
        ],
      },
    ],
  });
  t.after(() => envoy.stop());
  await until('envoy serves', async () => (await get(p.web, '/').catch(() => 0)) === 200, { withinMs: 10_000 });
  const before = await read('envoy', null, envoy.admin);
  const seen = [];
  for (const path of ['/', '/503', '/dead', '/empty']) seen.push(await get(p.web, path));
  seen.push(await get(p.web, '/', 'unknown.example.test'));
  assert.deepEqual(seen, [200, 503, 503, 503, 404]);
  const after = await read('envoy', null, envoy.admin);
  const more = (wanted: (r: ProxySample['requests'][number]) => boolean): number =>
    sum(after, wanted) - sum(before, wanted);
  assert.equal(
    more((r) => r.service === 'app' && r.status === '503' && r.maker === 'upstream'),
    1,
  );
  assert.equal(
    more((r) => r.service === 'dead' && r.status === '503' && r.maker === 'proxy'),
    1,
  );
  assert.equal(
    more((r) => r.service === 'empty' && r.status === '503' && r.maker === 'proxy'),
    1,
  );
  assert.equal(
    more((r) => r.service === null && r.status === '4xx' && r.maker === 'proxy'),
    1,
  );
  assert.equal(
    more(() => true),
    5,
  );
  assert.match(after.software ?? '', /^envoy 1\./);
  assert.equal(after.endpoints.find((one) => one.service === 'dead')?.connectErrors, 1);
  assert.deepEqual([after.reloads.ok, after.reloads.failed], [2, 0], 'clusters and listeners came from files');
  assert.ok(Math.abs(Date.parse(after.reloads.lastAt ?? '') - Date.parse(after.at)) < 60_000);
});
