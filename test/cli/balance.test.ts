import assert from 'node:assert/strict';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runSetup, SETUPS } from '../../bench/balance-live.ts';
import { balance as balanceCommand } from '../../bot/cli/balance.ts';
import type { BalanceGroup } from '../../diagnostics/balance/balance.ts';
import { EXIT, TriageError } from '../../diagnostics/errors.ts';
import { differenceOf, readFileOf, readPage, sumOf } from '../../proxy/adapters/metrics/balance-source.ts';
import { freePorts, scratch, startHaproxy } from '../diagnostics/real-servers.ts';
import { dev } from './dev.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url).pathname;
interface Said {
  source: string;
  groups: BalanceGroup[];
}
const balance = async (...args: string[]): Promise<Said & Said[]> => {
  const ran = await dev(['balance', ...args, '--json']);
  assert.equal(ran.code, 0, ran.err);
  return JSON.parse(ran.out) as Said & Said[];
};
test('every format that proxies write is read: endpoints of one service and their requests', async () => {
  const rows: [string, string, number[]][] = [
    ['traefik/3.7.9/access.ndjson', 'shop@file', [28, 28, 26]],
    ['traefik/2.10.7/access.clf', 'shop@file', [26, 26, 25]],
    ['ingress-nginx/access-default-format.txt', 'shop-web-80', [70, 69, 50, 36]],
    ['envoy/access.ndjson', 'shop', [24, 24, 23]],
    ['envoy/access-default.txt', 'shop.example.test', [24, 24, 23]],
    ['envoy/1.40.0/clusters.json', 'shop', [24, 24, 23]],
  ];
  for (const [file, service, wanted] of rows) {
    const of = (await readFileOf(join(FIXTURES, file), null)).services.get(service);
    const counts = [...(of?.endpoints.values() ?? [])].map((e) => e.requests).sort((a, b) => b - a);
    assert.deepEqual(counts, wanted, file);
  }
  const envoy = readPage('clusters', readFileSync(join(FIXTURES, 'envoy/1.40.0/clusters.json'), 'utf8'));
  const dead = envoy.services.get('billing')?.endpoints.get('127.0.0.1:22012');
  assert.deepEqual([dead?.requests, dead?.errors], [6, 6], 'refused connections are requests that it was chosen for');
});

test('several sources of one proxy, alone and together', async () => {
  const ingress = join(FIXTURES, 'ingress-nginx/access-default-format.txt');
  const [one, two] = (await balance(ingress, ingress)) as Said[];
  assert.ok(one && two && one.groups.length > 0);
  assert.deepEqual(one.groups, two.groups);
  const together = await balance(ingress, ingress, '--together');
  for (const group of one.groups)
    assert.equal(together.groups.find((g) => g.service === group.service)?.requests, 2 * group.requests);
});

test('HAProxy says of its servers what it does: exporter and CSV, backup and drained ones aside, two readings', async (t) => {
  const dir = scratch(t);
  const ports = await freePorts(t, 'web', 'stats', 'a', 'b');
  for (const port of [ports.a, ports.b]) {
    const server = createServer((_, response) => response.end('ok')).listen(port, '127.0.0.1');
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
  }
  await startHaproxy(
    t,
    dir,
    [ports.web, ports.stats],
    `frontend web
  mode http
  bind 127.0.0.1:${ports.web}
  default_backend shop
backend shop
  mode http
  balance roundrobin
  server one 127.0.0.1:${ports.a} weight 10
  server two 127.0.0.1:${ports.b} weight 30
  server spare 127.0.0.1:${ports.b} backup
  server leaving 127.0.0.1:${ports.b} disabled
frontend stats
  mode http
  bind 127.0.0.1:${ports.stats}
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /stats
  stats show-legends`,
  );
  const page = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${ports.stats}${path}`)).text();
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      get({ port: ports.web, agent: false }, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
  for (let i = 0; i < 20; i++) await ask();
  const before = readPage('m', await page('/metrics')).services;
  for (let i = 0; i < 40; i++) await ask();
  const [metrics, csv] = [
    readPage('m', await page('/metrics')).services,
    readPage('c', await page('/stats;csv')).services,
  ];
  for (const services of [metrics, csv]) {
    const shop = services.get('shop');
    assert.deepEqual(
      [...(shop?.endpoints.values() ?? [])].map((e) => [e.address, e.requests, e.weight]),
      [
        ['one', 15, 10],
        ['two', 45, 30],
        ['spare', 0, 1],
        ['leaving', 0, 1],
      ],
    );
    assert.equal(shop?.endpoints.get('leaving')?.aside, 'maint');
  }
  assert.equal(csv.get('shop')?.endpoints.get('spare')?.aside, 'backup');
  assert.equal(csv.get('shop')?.dealt.policy, 'round-robin');
  const during = differenceOf(before, metrics).get('shop');
  assert.deepEqual([during?.endpoints.get('one')?.requests, during?.endpoints.get('two')?.requests], [10, 30]);
  // A counter that went back was reset: what it has is what it counted since.
  assert.equal(differenceOf(metrics, before).get('shop')?.endpoints.get('two')?.requests, 15);
  assert.equal(sumOf([before, metrics]).get('shop')?.endpoints.get('two')?.requests, 60);
});

test("nginx Plus's API (the example of ngx_http_api_module's documentation, shortened) and exporter", () => {
  const peer = (server: string, requests: number, more: object): object => ({
    id: 0, server, name: server, backup: false, weight: 1, state: 'up', active: 0, requests,
    responses: { '1xx': 0, '2xx': requests, '3xx': 0, '4xx': 0, '5xx': 3 }, header_time: 20, response_time: 36, ...more,
  }); // biome-ignore format: one peer
  const api = readPage('api', JSON.stringify({
    'trac-backend': { peers: [peer('10.0.0.1:8080', 667231, {}), peer('10.0.0.1:8081', 9, { backup: true })], keepalive: 0, zone: 'trac-backend' },
  })); // biome-ignore format: one answer
  const endpoints = [...(api.services.get('trac-backend')?.endpoints.values() ?? [])];
  assert.deepEqual(
    endpoints.map((e) => [e.address, e.requests, e.errors, e.seconds, e.aside ?? null]),
    [
      ['10.0.0.1:8080', 667231, 3, 0.036, null],
      ['10.0.0.1:8081', 9, 3, 0.036, 'backup'],
    ],
  );
  const exported = readPage(
    'prom',
    'nginxplus_upstream_server_requests{server="a:1",upstream="u"} 5\nnginxplus_upstream_server_state{server="a:1",upstream="u"} 2\n',
  );
  assert.deepEqual(exported.services.get('u')?.endpoints.get('a:1')?.aside, 'drained');
});

test("endpoints' own pages are judged beside each other, read twice over the wire; one alone says nothing", async (t) => {
  const open = async (requests: number, connections: number): Promise<string> => {
    let reads = 0;
    const server = createServer((_, response) => {
      // The page counts its own reading, as stub_status does; between two readings `requests` come in.
      reads++;
      const n = 1000 + reads + (reads > 1 ? requests : 0);
      response.end(
        `Active connections: ${connections + 1} \nserver accepts handled requests\n ${50 + reads} ${50 + reads} ${n} \nReading: 0 Writing: 1 Waiting: ${connections} \n`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    return `http://127.0.0.1:${(server.address() as { port: number }).port}/nginx_status`;
  };
  const urls = await Promise.all([open(300, 3), open(10, 1), open(820, 10), open(200, 2)]);
  const [group] = (await balance(...urls)).groups;
  assert.deepEqual([group?.endpoints.map((e) => e.requests), group?.connections], [[300, 10, 820, 200], 16]);
  assert.deepEqual([group?.verdict, group?.kind], ['not-enough-data', 'pinned-connections']);
  assert.match(group?.says ?? '', /follow 16 connections/);
});

test('a log of any size needs the memory of one line; packed ones too; hostile ones end', async (t) => {
  const dir = scratch(t);
  const line = (i: number): string =>
    JSON.stringify({
      time: new Date(1.79e12 + i * 10).toISOString(),
      status: 200,
      request_uri: '/',
      host: 'a.test',
      upstream_addr: `10.0.0.${(i * 7919) % 4}:80`,
      upstream_response_time: '0.010',
    });
  const block = Array.from({ length: 20_000 }, (_, i) => line(i)).join('\n');
  const file = join(dir, 'big.log');
  const out = createWriteStream(file);
  for (let i = 0; i < 6; i++) out.write(`${block}\n`);
  await new Promise<void>((resolve) => out.end(resolve));
  const before = process.memoryUsage().arrayBuffers;
  const read = await readFileOf(file, null);
  assert.ok(process.memoryUsage().arrayBuffers - before < 32 * 2 ** 20);
  const requests = (services: typeof read.services): number[] =>
    [...(services.get('a.test')?.endpoints.values() ?? [])].map((e) => e.requests);
  assert.deepEqual(requests(read.services), [30_000, 30_000, 30_000, 30_000]);
  const packed = gzipSync(`${block}\n`);
  writeFileSync(join(dir, 'big.log.gz'), packed);
  assert.deepEqual(requests((await readFileOf(join(dir, 'big.log.gz'), null)).services), [5000, 5000, 5000, 5000]);
  // Cut off in its middle: what is there counts.
  writeFileSync(join(dir, 'cut.gz'), packed.subarray(0, packed.length / 2));
  assert.ok((requests((await readFileOf(join(dir, 'cut.gz'), null)).services)[0] as number) > 1000);
  // Every line another host, one line of two megabytes, bytes that are no text.
  const hosts = Array.from({ length: 30_000 }, (_, i) => line(i).replace('a.test', `h${i}.test`));
  writeFileSync(
    join(dir, 'hostile.log'),
    Buffer.concat([Buffer.from(`${hosts.join('\n')}\n${'x'.repeat(2e6)}\n`), Buffer.from([0xff, 0xfe, 10])]),
  );
  assert.ok((await readFileOf(join(dir, 'hostile.log'), null)).services.size <= 20_000);
});

test('what cannot be read says so with file, line and reason', async (t) => {
  const dir = scratch(t);
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  mkdirSync(join(dir, 'folder'));
  const stub = 'Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n';
  const rows: [string[], number, RegExp][] = [
    [[], 64, /something is missing/],
    [[join(dir, 'gone.log')], 65, /gone\.log: no such file/],
    [[join(dir, 'folder')], 65, /EISDIR/],
    [[file('empty.log', '')], 65, /empty\.log:1: it is empty/],
    [
      [file('prose.txt', 'Dear colleagues,\nall is well.\n')],
      65,
      /prose\.txt:1: neither a metrics page nor an access log/,
    ],
    [
      [file('plain.log', '1.2.3.4 - - [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"\n')],
      65,
      /add \$upstream_addr/,
    ],
    [[file('page.prom', '# TYPE up gauge\nup 1\n')], 65, /page\.prom:1: this page knows no endpoints/],
    [[file('cut.json', '{"cluster_statuses": [')], 65, /cut\.json:1: no whole JSON document/],
    [[file('alone.txt', stub)], 65, /one endpoint's own/],
    [[file('x.log', 'x'), '--kind', 'nonsense'], 64, /--kind: nonsense is no format/],
    [[file('x.log', 'x'), '--policy', 'fair'], 64, /--policy: fair is none of/],
    [['http://169.254.169.254/metrics'], 77, /never probed|may not be probed/],
  ];
  for (const [args, code, message] of rows)
    await assert.rejects(balanceCommand(args), (error: unknown) => {
      assert.ok(error instanceof TriageError, String(error));
      assert.equal(EXIT[error.code], code, error.message);
      assert.match(error.message, message);
      return true;
    });
  const ran = await dev(['balance', join(dir, 'gone.log')]);
  assert.deepEqual([ran.code, ran.out], [65, '']);
});

/** What is said of each set-up of the field notes, on real proxies; counts of draws differ from run to run. */
const WANTED: { [setup: string]: RegExp } = {
  'nginx, round robin, zone': /^even -$/,
  'service address, 16 connections that stay': /^not-enough-data (pinned-connections|-)$/,
  'haproxy, tcp, round robin, 64 connections': /^even -$/,
  'round robin, one endpoint takes 20 ms': /^even one-endpoint-slow$/,
  'least_conn, one endpoint takes 20 ms': /^skewed one-endpoint-slow$/,
  'round robin, one endpoint fails at once, the others take 5 ms': /^even one-endpoint-fails$/,
  'least_conn, one endpoint fails at once, the others take 5 ms': /^skewed one-endpoint-fails$/,
};

test('real nginx and HAProxy over four endpoints', async (t) => {
  for (const [name, wanted] of Object.entries(WANTED)) {
    const setup = SETUPS.find((one) => one.name === name);
    assert.ok(setup, name);
    await t.test(name, async () => {
      const row = await runSetup({ ...setup, requests: 1_600 });
      assert.match(`${row.verdict} ${row.kind ?? '-'}`, wanted, JSON.stringify(row));
    });
  }
});
