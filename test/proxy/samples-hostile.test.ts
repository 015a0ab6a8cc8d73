import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { guardFor } from '../../diagnostics/io/guard.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { readCerts, readClusters, readServerInfo } from '../../proxy/adapters/metrics/envoy-admin.ts';
import { reachOf } from '../../proxy/adapters/metrics/page.ts';
import { sampleOf } from '../../proxy/adapters/metrics/sample.ts';
import { startTally } from '../../proxy/adapters/metrics/tally.ts';
import { readServices, readVersion } from '../../proxy/adapters/metrics/traefik-admin.ts';
import { fixture, hopOf, instanceAt, patient, reachTo, sampleIn, sum } from './samples-world.ts';

const blind =
  (reason: string, about = /./) =>
  (error: unknown) =>
    error instanceof BlindLook && error.reason === reason && about.test(error.message);

/** A server on loopback; what its address is. */
async function serving(t: TestContext, answer: (to: ServerResponse, url: string) => void): Promise<string> {
  const server = createServer((request, response) => answer(response, request.url ?? ''));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const reach = reachOf(
  async (host) => [host],
  guardFor(() => true),
);
const read = (url: string, signal = patient()) => sampleOf(hopOf('traefik'), instanceAt(url), reach, signal);

/** Writes without end, as fast as it is taken. */
function endlessly(to: ServerResponse, chunk: Buffer): void {
  to.on('error', () => {});
  const more = (): void => {
    while (!to.destroyed && to.write(chunk));
    to.once('drain', more);
  };
  more();
}

test('a million series: kept names are bounded, and no request is lost', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('nginx_ingress_controller_config_last_reload_successful 1\n');
    for (let i = 0; i < 1000; i++) {
      const lines = Array.from(
        { length: 1000 },
        (_, j) =>
          `nginx_ingress_controller_requests{host="h${i}-${j}.example.test",namespace="n",service="s${j}",status="${200 + (j % 400)}"} 1\n`,
      );
      yield Buffer.from(lines.join(''), 'latin1');
    }
  }
  const before = process.memoryUsage().heapUsed;
  const reachChunks = {
    ...reachTo({}),
    stream: <T>(_url: string, _signal: AbortSignal, take: (page: never) => Promise<T>) =>
      take({ chunks: chunks(), date: null, server: null } as never),
  };
  const sample = await sampleOf(hopOf('ingress-nginx'), instanceAt('http://m/'), reachChunks, patient());
  assert.equal(
    sum(sample, () => true),
    1_000_000,
  );
  assert.ok(sample.requests.length < 11_000);
  assert.ok(sample.cannotTell.some(({ what }) => /by itself/.test(what)));
  assert.ok(process.memoryUsage().heapUsed - before < 80e6);
});

test('hostile names: cut where they are long, and nothing of them is an instruction to us', async () => {
  const long = `${'a'.repeat(3_000)}.example.test`;
  const page = `nginx_ingress_controller_requests{host="${long}",service="__proto__",namespace="x\\ny",status="500"} 1
nginx_ingress_controller_requests{host="constructor",service="s",namespace="n",status="<script>"} 2
nginx_ingress_controller_requests{host="b",service="s",namespace="n",status="500"} -5
nginx_ingress_controller_requests{host="b",service="s",namespace="n",status="500"} +Inf
nginx_ingress_controller_ssl_expire_time_seconds{host="c"} 9e99
nginx_ingress_controller_ssl_expire_time_seconds{host="d"} -1
nginx_ingress_controller_config_last_reload_successful_timestamp_seconds 1e300
nginx_ingress_controller_config_last_reload_successful 1
`;
  const sample = await sampleIn(page);
  assert.deepEqual(
    sample.requests.map((r) => [r.host?.length, r.service, r.status, r.count]),
    [
      [256, 'x\ny/__proto__', '500', 1],
      [11, 'n/s', 'other', 2],
    ],
  );
  assert.deepEqual([sample.certificates, sample.reloads.lastAt], [[], null]);
  assert.deepEqual(JSON.parse(JSON.stringify(sample)), sample, 'plain JSON');
});

test('pages that are something else, or nothing, are blind and say what is known', async () => {
  for (const page of [
    '',
    '\n\n',
    'hello',
    '<html>Active connections: 1</html>',
    'up 1\n',
    'go_goroutines 5\nprocess_open_fds 3\n',
    'null',
    '"x"',
  ])
    await assert.rejects(sampleIn(page), blind('unreadable', /no page of counters/), JSON.stringify(page));
  await assert.rejects(sampleIn('["nginx",'), blind('unreadable', /broken JSON/));
  await assert.rejects(sampleIn('{"a": 1}'), blind('unreadable', /no page of counters/));
  await assert.rejects(sampleIn(`[${'1,'.repeat(200_000)}1]`), blind('unreadable', /no page of counters/));
  await assert.rejects(sampleIn('Active connections: many'), blind('unreadable'));
  await assert.rejects(sampleIn(`${'['.repeat(50_000)}1`), blind('unreadable'));
  for (const kind of ['nginx', 'ingress-nginx', 'traefik', 'haproxy', 'haproxy-ingress', 'envoy', 'apache', 'caddy'])
    await assert.rejects(
      sampleOf(hopOf(kind), instanceAt(null), reachTo({}), patient()),
      blind('not-configured', /name it as metrics:/),
    );
});

test('the page says what it is, whatever the inventory calls the proxy', async () => {
  const envoy = await sampleIn(fixture('envoy/1.40.0/stats.prometheus.txt'), 'nginx');
  assert.ok(envoy.refusedBeforeRequest.handshake);
  const nginx = await sampleIn(fixture('ingress-nginx/nginx_status.txt'), 'envoy');
  assert.equal(nginx.connections.accepted, 10);
});

test('a page without end, one that breaks off, one that hangs, one that may not be read', async (t) => {
  const line = 'nginx_ingress_controller_requests{host="a",service="s",namespace="n",status="200"} 1\n';
  const many = Buffer.from(line.repeat(10_000));
  const base = await serving(t, (to, url) => {
    if (url === '/endless') endlessly(to, many);
    else if (url === '/no-line') endlessly(to, Buffer.alloc(1024 * 1024, 'x'));
    else if (url === '/stub') endlessly(to, Buffer.from('Active connections: 1 \n'));
    else if (url === '/broken') {
      to.writeHead(200, { 'content-length': 1_000_000 });
      to.write(line, () => to.destroy());
    } else if (url === '/hangs') to.write(line);
    else if (url === '/denied') to.writeHead(403).end();
    else to.end(`nginx_ingress_controller_config_last_reload_successful 1\n${line}`);
  });
  const before = process.memoryUsage();
  await assert.rejects(read(`${base}/endless`), blind('too-large', /128 MiB/));
  await assert.rejects(read(`${base}/no-line`), blind('too-large', /128 MiB/));
  await assert.rejects(read(`${base}/stub`), blind('too-large', /16 MiB/));
  assert.ok(process.memoryUsage().heapUsed - before.heapUsed < 100e6);
  await assert.rejects(read(`${base}/broken`), blind('unreadable', /broke off/));
  await assert.rejects(read(`${base}/hangs`, AbortSignal.timeout(200)), blind('deadline'));
  await assert.rejects(read(`${base}/denied`), blind('denied'));
  const good = await read(`${base}/good`);
  assert.equal(good.requests[0]?.count, 1);
  assert.ok(good.clock, 'the Date header is there');
  const closed = reachOf(
    async (host) => [host],
    guardFor(() => false),
  );
  await assert.rejects(sampleOf(hopOf('nginx'), instanceAt(`${base}/good`), closed, patient()), blind('not-allowed'));
});

test('admin pages of any JSON: nothing throws, nothing that is no state comes out', () => {
  const keys = [
    'cluster_statuses',
    'name',
    'host_statuses',
    'address',
    'socket_address',
    'port_value',
    'stats',
    'value',
    'health_status',
    'eds_health_status',
    'locality',
    'zone',
    'certificates',
    'cert_chain',
    'subject_alt_names',
    'dns',
    'expiration_time',
    'version',
    'uptime_current_epoch',
    'Version',
    'serverStatus',
    'loadBalancer',
  ];
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 7 },
      fc.constantFrom(null, 0, -1, 1e300, '', 'x', 'HEALTHY', true, '2026-11-21T00:00:00Z', '9s'),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('json'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(json, (page) => {
      const tally = startTally(new Date('2026-11-21T00:00:00Z'), 'x');
      for (const one of [readClusters, readServerInfo, readCerts, readVersion, readServices]) one(page, tally);
      readClusters({ cluster_statuses: [{ name: 'c', host_statuses: [page, { address: page, stats: page }] }] }, tally);
      readServices([{ name: 's', serverStatus: page }], tally);
      const sample = tally.done();
      assert.deepEqual(JSON.parse(JSON.stringify(sample)), sample);
      for (const { up } of sample.endpoints) assert.ok(up === null || typeof up === 'boolean');
    }),
    { numRuns: 300 },
  );
});

test('nginx Plus by its API, as its documentation shows it', async () => {
  const api: { [path: string]: unknown } = {
    '/api/9': ['nginx', 'processes', 'connections', 'slabs', 'http', 'stream', 'resolvers', 'ssl'],
    '/api/9/nginx': {
      version: '1.25.5',
      build: 'nginx-plus-r32',
      address: '192.0.2.1',
      generation: 6,
      load_timestamp: '2024-06-28T11:15:44.467Z',
    },
    '/api/9/processes': { respawned: 0 },
    '/api/9/connections': { accepted: 4968119, dropped: 0, active: 5, idle: 117 },
    '/api/9/ssl': { handshakes: 79572, handshakes_failed: 21025 },
    '/api/9/http/requests': { total: 100, current: 4 },
    '/api/9/http/server_zones': {
      site: {
        processing: 2,
        requests: 100,
        responses: { '2xx': 90, '5xx': 10, codes: { 200: 90, 502: 6, 503: 4 }, total: 100 },
      },
    },
    '/api/9/http/upstreams': {
      shop: {
        peers: [
          {
            id: 0,
            server: '10.0.0.1:80',
            name: 'shop.internal:80',
            weight: 5,
            state: 'up',
            active: 1,
            requests: 60,
            fails: 0,
            responses: { '2xx': 60, codes: { 200: 60 }, total: 60 },
          },
          {
            id: 1,
            server: '10.0.0.2:80',
            name: '10.0.0.2:80',
            weight: 1,
            state: 'unhealthy',
            active: 0,
            requests: 34,
            fails: 6,
            responses: { '2xx': 30, codes: { 200: 30, 503: 4 }, total: 34 },
          },
        ],
      },
    },
  };
  const pages = Object.fromEntries(
    Object.entries(api).map(([path, page]) => [`http://m${path}`, JSON.stringify(page)]),
  );
  pages['http://m/api'] = '[1,2,9]';
  for (const url of ['http://m/api', 'http://m/api/9']) {
    const sample = await sampleOf(hopOf('nginx'), instanceAt(url), reachTo(pages), patient());
    assert.equal(sample.software, 'nginx nginx-plus-r32');
    assert.equal(
      sum(sample, () => true),
      100,
    );
    assert.equal(
      sum(sample, (r) => r.maker === 'proxy' && r.status === '502'),
      6,
    );
    assert.equal(
      sum(sample, (r) => r.maker === 'upstream' && r.status === '503' && r.endpoint === '10.0.0.2:80'),
      4,
    );
    assert.deepEqual(
      sample.endpoints.map((one) => one.up),
      [true, false],
    );
    assert.deepEqual([sample.reloads.ok, sample.reloads.lastAt], [6, '2024-06-28T11:15:44.467Z']);
    assert.equal(sample.refusedBeforeRequest.handshake, 21025);
  }
});
