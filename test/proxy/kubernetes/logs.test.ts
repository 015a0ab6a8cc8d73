import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import { blankInstance } from '../../../proxy/inventory/blank.ts';
import { emptyInventory, type Inventory } from '../../../proxy/inventory/inventory.ts';
import type { Connection } from '../../../proxy/kubernetes/connection.ts';
import { ApiError } from '../../../proxy/kubernetes/connection.ts';
import { inOurZone } from '../../../proxy/kubernetes/logs/zone.ts';
import { type PodLogs, podLogs } from '../../../proxy/kubernetes/logs.ts';
import { ioFor } from '../../../proxy/triage.ts';
import { livedIn } from './changes/lived-in.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/kubernetes/pod-logs');
const log = (name: string): string => readFileSync(join(FIXTURES, `${name}.txt`), 'utf8');
const TRAFFIC = log('ingress-nginx-traffic');
const WINDOW = { from: '2026-11-21T15:59:00.000Z', to: '2026-11-21T16:05:00.000Z' };
const soon = (): AbortSignal => AbortSignal.timeout(5_000);

/** An API server's log endpoint: `tailLines` from the end, then cut at its end by `limitBytes`, as the kubelet does. */
function serving(texts: { [pod: string]: string | ApiError }) {
  const asked: { [key: string]: string }[] = [];
  const connection = {
    cluster: 'test',
    async text(path: string, params: { [key: string]: string }, most: number) {
      asked.push({ path, ...params });
      const text = texts[path.split('/')[6] as string];
      if (text === undefined) throw new ApiError(404, 'NotFound', 'pods "x" not found');
      if (text instanceof ApiError) throw text;
      const lines = text.replace(/\n$/, '').split('\n');
      const tail = `${lines.slice(-Number(params.tailLines)).join('\n')}\n`;
      return Buffer.from(tail)
        .subarray(0, Math.min(most, Number(params.limitBytes)))
        .toString('utf8');
    },
  } as unknown as Connection;
  return { asked, connection };
}

const instance = (name: string, container: string | null = 'controller'): Instance => ({
  ...blankInstance(name),
  more: { pod: `edge/${name}`, ...(container && { container }) },
});

function inventoryOf(kind: string, ...instances: Instance[]): Inventory {
  const edge = { name: 'edge/proxy', hop: 'proxy', kind, instances, listeners: [], endpoints: null, discovered: true };
  return { ...emptyInventory(), hops: { edge: edge as unknown as PathHop } };
}

const NOW = Date.parse('2026-11-21T16:05:00Z');
const view = livedIn().view;
function reading(kind: string, texts: { [pod: string]: string | ApiError }, logs?: PodLogs) {
  const { asked, connection } = serving(texts);
  const inventory = inventoryOf(kind, ...Object.keys(texts).map((name) => instance(name)), instance('gone'));
  const io = ioFor(inventory, '', null, null, logs ?? podLogs(connection, view, () => NOW));
  return { asked, proxy: io.proxy, of: (part: string) => ({ hop: 'edge/proxy', part }) };
}

let zone: string | undefined;
before(() => {
  // Containers write UTC; the person who asks sits somewhere else.
  zone = process.env.TZ;
  process.env.TZ = 'America/New_York';
});
after(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test("a controller's stream: requests, its nginx' complaints and its own words, each read as what it is", async () => {
  const { proxy, of, asked } = reading('ingress-nginx', { a: TRAFFIC });
  const [served, said] = await Promise.all([
    proxy.requests(of('a'), 'shop.example.test', WINDOW, soon()),
    proxy.complaints(of('a'), 'shop.example.test', WINDOW, soon()),
  ]);
  const status = (code: number): number =>
    TRAFFIC.split('\n').filter((line) => new RegExp(`^[0-9.]+ - .*" ${code} \\d+ "`).test(line)).length;
  assert.match(served.source, /^Pod edge\/a, controller/);
  assert.equal(served.statuses['200'], status(200));
  assert.equal(served.statuses['503'], status(503));
  const refused = said.complaints.find((one) => one.kind === 'upstream-refused');
  assert.equal(refused?.address, '10.244.1.16:8080');
  // In UTC, whatever zone we are in.
  assert.match(refused?.last ?? '', /^2026-11-21T15:59:\d\d/);
  assert.equal(asked.length, 1, 'one reading serves both looks');
  assert.deepEqual(
    { ...asked[0], sinceSeconds: undefined },
    {
      path: '/api/v1/namespaces/edge/pods/a/log',
      container: 'controller',
      tailLines: '20000',
      limitBytes: String(6 * 1024 * 1024),
      sinceSeconds: undefined,
    },
  );
  assert.equal(asked[0]?.sinceSeconds, String(360 + 300));
});

test('reloads: taken ones, the first of a process, and refused ones with what nginx said of them', async () => {
  const { proxy, of } = reading('ingress-nginx', {
    start: log('ingress-nginx-start'),
    failed: log('ingress-nginx-failed-reload'),
  });
  const start = await proxy.reloads(of('start'), soon());
  assert.deepEqual(start.reloads, [
    { at: '2026-11-21T15:58:31.000Z', ok: true, error: null, where: null, of: 'start' },
  ]);
  const failed = await proxy.reloads(of('failed'), soon());
  const refused = failed.reloads.filter((one) => !one.ok);
  assert.equal(refused[0]?.error, 'invalid number of arguments in "proxy_set_header" directive');
  assert.match(refused[0]?.where ?? '', /^\/tmp\/nginx\/nginx-cfg\d+:2512$/);
  assert.deepEqual(failed.sources, ['pod log']);
  assert.equal(failed.lastRefused, failed.reloads.at(-1)?.ok === false);
});

test('Traefik: access lines among its own words; without any, the flag that switches them on', async () => {
  const own =
    'time="2026-11-21T15:59:45Z" level=error msg="the service \\"pay@file\\" does not exist" entryPointName=web routerName=shop@file';
  const access = JSON.stringify({
    ClientHost: '192.0.2.1',
    DownstreamStatus: 502,
    Duration: 3_000_000,
    OriginStatus: 502,
    RequestHost: 'shop.example.test',
    RequestMethod: 'GET',
    RequestPath: '/',
    RouterName: 'shop@file',
    ServiceAddr: '10.244.1.4:8080',
    ServiceName: 'shop@file',
    StartUTC: '2026-11-21T16:00:01.123456Z',
    level: 'info',
    msg: '',
    time: '2026-11-21T16:00:01Z',
  });
  const { proxy, of } = reading('traefik', { both: `${own}\n${access}\n${own}\n`, own: `${own}\n`.repeat(40) });
  const served = await proxy.requests(of('both'), 'shop.example.test', WINDOW, soon());
  assert.equal(served.statuses['502'], 1);
  const said = await proxy.complaints(of('own'), 'shop.example.test', WINDOW, soon());
  assert.deepEqual(
    said.complaints.map((one) => [one.kind, one.count]),
    [['service-missing', 40]],
  );
  await assert.rejects(
    proxy.requests(of('own'), 'shop.example.test', WINDOW, soon()),
    (error) =>
      error instanceof BlindLook && error.reason === 'not-configured' && /--accesslog=true/.test(error.message),
  );
});

test('a log larger than what may be read: its newest lines, whole, and it is said that older ones are missing', async () => {
  const line = TRAFFIC.split('\n').find((one) => /^[0-9.]+ - .*" 200 /.test(one)) as string;
  const long = line.replace('curl/7.88.1', `curl/${'9'.repeat(600)}`);
  const last = line.replace('" 200 ', '" 507 ');
  const { proxy, of, asked } = reading('ingress-nginx', { big: `${`${long}\n`.repeat(19_999)}${last}\n` });
  const window = { ...WINDOW, from: '2026-11-21T15:00:00.000Z' };
  const served = await proxy.requests(of('big'), '', window, soon());
  assert.equal(served.statuses['507'], 1, 'the newest line is there');
  assert.equal(served.truncated, true);
  assert.equal(served.unreadable, 0, 'no half lines');
  assert.ok(asked.length > 1 && asked.length <= 4);
});

test('what the API server refuses is blind and names what to grant', async () => {
  const forbidden = new ApiError(
    403,
    'Forbidden',
    'pods "denied" is forbidden: User "reader" cannot get resource "pods/log"',
  );
  const away = new ApiError(
    500,
    '',
    'Get "https://n1:10250/containerLogs/edge/unreachable/controller": dial tcp: i/o timeout',
  );
  const waiting = new ApiError(
    400,
    'BadRequest',
    'container "controller" in pod "waiting" is waiting to start: PodInitializing',
  );
  const { proxy, of } = reading('ingress-nginx', { denied: forbidden, unreachable: away, waiting });
  const expected: [string, BlindLook['reason'], RegExp][] = [
    ['denied', 'denied', /namespace edge: grant get on pods\/log/],
    ['unreachable', 'no-connection', /could not get its log: .*i\/o timeout/],
    ['waiting', 'not-configured', /waiting to start/],
    ['gone', 'not-configured', /it is gone/],
  ];
  for (const [pod, reason, words] of expected)
    for (const look of [
      proxy.requests(of(pod), '', WINDOW, soon()),
      proxy.complaints(of(pod), '', WINDOW, soon()),
      proxy.reloads(of(pod), soon()),
    ])
      await assert.rejects(look, (error) => {
        assert.ok(error instanceof BlindLook, String(error));
        assert.equal(error.reason, reason);
        assert.match(error.message, words);
        return true;
      });
});

test('hostile lines: garbage, control characters and a line of megabytes end in a reading or a blind look', async () => {
  const garbage = `${'\u0000\u001b[31m'.repeat(1_000)}\n${'{'.repeat(100_000)}\n${'"'.repeat(5_000_000)}\n[[[[\n`;
  for (const kind of ['ingress-nginx', 'traefik', 'envoy', 'haproxy-ingress', 'nginx']) {
    const { proxy, of } = reading(kind, { x: garbage });
    await assert.rejects(proxy.requests(of('x'), '', WINDOW, soon()), BlindLook, kind);
    const said = await proxy.complaints(of('x'), '', WINDOW, soon());
    assert.deepEqual(said.complaints, [], kind);
  }
});

test('times without a zone are the container’s, which is UTC', () => {
  assert.equal(inOurZone('2026/11/21 15:59:34 [error] 308#308: x'), '2026/11/21 10:59:34 [error] 308#308: x');
  assert.equal(
    inOurZone('10.0.0.1:5 [01/Dec/2026:02:14:14.655] http-in b/s 1/2'),
    '10.0.0.1:5 [30/Nov/2026:21:14:14.655] http-in b/s 1/2',
  );
  const other = 'W1121 16:07:10.395319       1 controller.go:1114] text';
  assert.equal(inOurZone(other), other);
});
