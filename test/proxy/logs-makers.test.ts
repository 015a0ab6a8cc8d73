import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { type AccessRow, detectReader } from '../../proxy/adapters/logs/access-log.ts';
import { proxyReader } from '../../proxy/adapters/reader.ts';
import { emptyInventory, type Inventory } from '../../proxy/inventory/inventory.ts';
import { instance } from './log-worlds.ts';

/**
 * Every request that curl made of Traefik 2.10.7, 3.0.4 and 3.7.9 and of Envoy 1.40 while they were recorded, against
 * what their logs say: who made the status (and why), or that there is no row, because the proxy never saw a request.
 */

const FIXTURES = new URL('../fixtures/', import.meta.url);
const text = (file: string): string => readFileSync(new URL(file, FIXTURES), 'utf8');
const linesOf = (file: string): string[] =>
  text(file)
    .split('\n')
    .filter((line) => line !== '');

type Said = `${AccessRow['maker']}${'' | ` ${string}`}`;
/** By case, by the status that curl saw where there are several. `no row`: the log has nothing of it. */
type Truth = { [name: string]: Said | 'no row' | { [status: string]: Said } };

const TRAEFIK: Truth = {
  'app 500': 'upstream',
  'app 503': 'upstream',
  'origin closes (EOF)': 'proxy no-answer',
  'half of the endpoints refuse, retry on': 'upstream',
  'origin slower than the proxy waits': 'proxy proxy-timeout',
  'TLS 1.2 client at a TLS 1.3 router': 'no row',
  'no servers': 'proxy no-endpoint',
  'all servers unhealthy': 'proxy no-endpoint',
  'rate limited': { 200: 'upstream', 429: 'proxy rate-limited' },
  'client address not allowed': 'proxy denied',
  'auth refuses': 'proxy denied',
  'body too large': 'proxy too-large',
  weighted: { 200: 'upstream', 502: 'proxy no-answer' },
  'router without its service': 'proxy no-route',
  'unknown host': 'proxy no-route',
  'clear to https redirect': 'proxy',
  'client gives up': 'client client-left',
  'clear HTTP on the TLS port': 'proxy no-route',
  'TLS on the clear port': 'upstream',
  'strange path': 'upstream',
  'PROXY v1 header nobody expects': 'no row',
  'no PROXY header where one may come': 'upstream',
};

const ENVOY: Truth = {
  'app 500': 'upstream',
  'app 503': 'upstream',
  'origin closes (EOF)': 'proxy closed-early',
  'origin header too big': 'upstream',
  'half of the endpoints refuse, retry on': 'upstream',
  'no endpoints': 'proxy no-endpoint',
  'all unhealthy': 'proxy no-endpoint',
  'route timeout': 'proxy proxy-timeout',
  'route to a missing cluster': 'proxy no-route',
  'unknown host': 'proxy no-route',
  'circuit breaker': { 200: 'upstream', 503: 'proxy queue-full' },
  'one of two endpoints refuses, outlier detection on': { 200: 'upstream', 503: 'proxy refused' },
  'client gives up': 'client client-left',
  'clear HTTP on the TLS port': 'no row',
  'TLS 1.0 client': 'no row',
  'no shared suite': 'no row',
  'PROXY v1 nobody expects': 'no row',
  'PROXY v1 where it is required': 'upstream',
  'no PROXY header where it is required': 'no row',
};

/** Rows of a log in their order, from the first case on: what was asked before it only drew attention. */
function rowsOfCases(lines: string[]): AccessRow[] {
  const reader = detectReader(lines);
  assert.ok(reader, 'the format is found out');
  const rows = lines.map(reader).filter((row) => row !== null);
  assert.equal(rows.length, lines.length, 'every line is read');
  return rows.slice(rows.findIndex((row) => row.request.endsWith(' /500') || row.request.includes(' /500 ')));
}

/** Goes through the cases in the order in which they were asked, and takes one row for each request that has one. */
function judge(saw: { [name: string]: string | string[] }, truth: Truth, rows: AccessRow[], textOf = 'both'): void {
  let next = 0;
  for (const [name, answers] of Object.entries(saw)) {
    const said = truth[name];
    assert.ok(said, `${name}: not judged here`);
    if (said === 'no row') continue;
    for (const answer of [answers].flat()) {
      const code = Number(answer.slice(0, 3));
      const row = rows[next++];
      const wanted: string | undefined = typeof said === 'string' ? said : said[code];
      const words: (string | undefined)[] = (wanted ?? '').split(' ');
      // curl says 000 where it left before there was a status.
      const shown = [row?.status, row?.maker, row?.why];
      const [maker, why] = words;
      // Envoy's text format has no details: a refused connection and a late one look alike there.
      const reason = textOf === 'text' && why === 'refused' ? 'connect-failed' : why;
      assert.deepEqual(shown, [code === 0 ? 499 : code, maker, reason], `${name}: ${answer}`);
    }
  }
  // After Traefik's cases two more requests were made on a held connection; nothing else may stand there.
  assert.ok(rows.length - next <= 2 && rows.slice(next).every((row) => row.maker === 'upstream'));
}

for (const version of ['2.10.7', '3.0.4', '3.7.9']) {
  const saw = JSON.parse(text(`traefik/${version}/what-the-client-saw.json`)) as {
    [run: string]: { [name: string]: string | string[] };
  };
  const isTraefiks = (line: string): boolean => !line.includes('@internal');

  test(`Traefik ${version}, JSON: every case has its maker`, () => {
    const rows = rowsOfCases(linesOf(`traefik/${version}/access.ndjson`).filter(isTraefiks));
    judge(saw.json as { [name: string]: string }, TRAEFIK, rows);
    assert.ok(rows.every((row) => row.host?.endsWith('.example.test') && row.at && row.bytes !== undefined));
  });

  test(`Traefik ${version}, CLF: every case has its maker`, () => {
    const rows = rowsOfCases(linesOf(`traefik/${version}/access.clf`).filter(isTraefiks));
    judge(saw.clf as { [name: string]: string }, TRAEFIK, rows);
    assert.ok(rows.every((row) => row.host === null));
  });
}

test('Envoy 1.40, JSON: every case has its maker', () => {
  const rows = rowsOfCases(linesOf('envoy/access.ndjson'));
  judge(JSON.parse(text('envoy/what-the-client-saw.json')), ENVOY, rows);
  const timeout = rows.find((row) => row.status === 504);
  assert.deepEqual(
    [timeout?.host, timeout?.service, timeout?.upstreams, timeout?.seconds],
    ['slow.example.test', 'slow', [{ address: '127.0.0.1:22021', status: null, seconds: null, bytes: null }], 0.998],
  );
});

test('Envoy 1.40, its default text format: every case has its maker', () => {
  const rows = rowsOfCases(linesOf('envoy/access-default.txt'));
  judge(JSON.parse(text('envoy/what-the-client-saw.json')), ENVOY, rows, 'text');
  assert.equal(rows.find((row) => row.why === 'queue-full')?.host, 'busy.example.test');
});

test('Traefik as it is installed has no access log: every case is blind, with the line that switches it on', async () => {
  const hop = { name: 'edge', hop: 'proxy', kind: 'traefik', instances: [instance({ name: 'edge-1' })] };
  const inventory = { ...emptyInventory(), hops: { edge: hop } } as unknown as Inventory;
  const reader = proxyReader(inventory, undefined as never, async () => []);
  const window = { from: '2026-11-21T15:00:00Z', to: '2026-11-21T16:00:00Z' };
  const look = reader.requests({ hop: 'edge', part: 'edge-1' }, 'shop.example.test', window, AbortSignal.timeout(1000));
  await assert.rejects(
    look,
    (e) => e instanceof BlindLook && e.reason === 'not-configured' && e.message.includes('--accesslog=true'),
  );
});

test('Envoy in other formats: Istio’s text, Envoy Gateway’s JSON', () => {
  const istio =
    '[2026-11-21T10:00:00.123Z] "GET /x?token=1 HTTP/1.1" 503 UH no_healthy_upstream - "-" 0 19 0 - "-" "curl" "id" "shop.example.test" "-" outbound|80||shop.ns.svc - 10.0.0.1:80 10.0.0.2:4 - default';
  const [row] = [istio].map((line) => detectReader([line])?.(line));
  assert.deepEqual(
    [row?.status, row?.maker, row?.why, row?.host, row?.service, row?.request],
    [503, 'proxy', 'no-endpoint', 'shop.example.test', 'outbound|80||shop.ns.svc', 'GET /x'],
  );
  const gateway = JSON.stringify({
    start_time: '2026-11-21T10:00:00.123Z',
    method: 'GET',
    'x-envoy-origin-path': '/',
    protocol: 'HTTP/2',
    response_code: '503',
    response_flags: 'UF',
    response_code_details: 'upstream_reset_before_response_started{connection_timeout}',
    upstream_transport_failure_reason: '-',
    bytes_received: '0',
    bytes_sent: '91',
    duration: '10003',
    'x-envoy-upstream-service-time': null,
    ':authority': 'shop.example.test',
    upstream_host: '10.0.0.9:8080',
    upstream_cluster: 'httproute/shop/shop/rule/0',
    requested_server_name: 'shop.example.test',
  });
  const other = detectReader([gateway])?.(gateway);
  assert.deepEqual([other?.maker, other?.why, other?.seconds], ['proxy', 'connect-timeout', 10.003]);
});
