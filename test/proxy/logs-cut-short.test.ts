import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServedRequests } from '../../diagnostics/io/proxy-reader.ts';
import { rowsOf } from '../../proxy/adapters/logs/compact-rows.ts';
import { envoyReader } from '../../proxy/adapters/logs/envoy-log.ts';
import { haproxyReader } from '../../proxy/adapters/logs/haproxy-log.ts';
import { nginxReader } from '../../proxy/adapters/logs/nginx-format.ts';
import { countRequests } from '../../proxy/adapters/logs/tally.ts';

/** Lines of HAProxy 2.6 for one host: times (TR/Tw/Tc/Tr/Ta), status, and how it ended. */
const counted = (...ends: [times: string, status: number, flags: string][]): ServedRequests => {
  const rows = ends.flatMap(([times, status, flags]) => {
    const line = `127.0.0.1:37830 [22/Nov/2026:00:50:53.658] web alarm/a1 ${times} ${status} 209 - - ${flags} 9/9/8/8/0 0/0 {alarm.example.test} "GET /socket HTTP/1.1"`;
    return haproxyReader(line) ?? assert.fail(line);
  });
  const log = { source: '/x', rows: rowsOf(rows), lines: rows.length, unreadable: 0, truncated: false };
  return countRequests(log, 'alarm.example.test');
};

test('tunnels that ended, and those that the proxy cut for silence', () => {
  const { tunnels } = counted(
    ['0/0/0/2/2003', 101, 'sD--'],
    ['0/0/0/1/2410', 101, 'cD--'],
    ['0/0/0/1/90000', 101, '----'],
    ['0/0/0/1/30', 101, 'CD--'],
    ['0/0/0/1/5', 200, '----'],
  );
  assert.deepEqual(tunnels, { ended: 4, cut: 2, leastMs: 2003, mostMs: 2410 });
  assert.equal(counted(['0/0/0/1/5', 200, '----']).tunnels, undefined);
});

test('gateway timeouts of the proxy, not those that were passed on or that are of a connection', () => {
  const { gaveUp } = counted(
    ['0/0/0/-1/1001', 504, 'sH--'],
    ['0/0/0/-1/1004', 504, 'sH--'],
    ['0/0/-1/-1/2001', 504, 'sC--'],
    ['0/0/0/700/701', 504, '----'],
  );
  assert.deepEqual(gaveUp, { count: 2, leastMs: 1001, mostMs: 1004 });
});

test('429 of the application and of the proxy are told apart', () => {
  const served = counted(['0/0/0/1/2', 429, '----'], ['0/0/0/1/2', 429, '----'], ['0/-1/-1/-1/0', 429, 'PR--']);
  assert.deepEqual([served.limitedUpstream, served.madeByProxy], [2, { 429: 1 }]);
});

/** Lines of nginx 1.22 for one host, a second apart, as `host rt us` of its `log_format` say. */
const nginxCounted = (...ends: [status: number, seconds: string, upstream: string][]): ServedRequests => {
  const reader = nginxReader(
    '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent host=$host rt=$request_time ua="$upstream_addr" us="$upstream_status"',
  );
  const rows = ends.flatMap(([status, seconds, upstream], i) => {
    const asked = upstream ? '127.0.0.1:8080' : '-';
    const line = `192.0.2.7 - - [22/Nov/2026:03:09:${10 + i} +0000] "POST /v1/photos HTTP/1.1" ${status} 0 host=alarm.example.test rt=${seconds} ua="${asked}" us="${upstream || '-'}"`;
    return reader(line) ?? assert.fail(line);
  });
  const log = { source: '/x', rows: rowsOf(rows), lines: rows.length, unreadable: 0, truncated: false };
  return countRequests(log, 'alarm.example.test');
};

test('callers that left and requests that were not sent whole: the largest group that took equally long', () => {
  const { left, unsent } = nginxCounted(
    [499, '3.001', '-'],
    [499, '2.999', '-'],
    [499, '0.212', '-'],
    [408, '2.000', ''],
    [408, '2.001', ''],
    [200, '3.000', '200'],
  );
  assert.deepEqual(left, { all: 3, count: 2, leastMs: 2999, mostMs: 3001 });
  assert.deepEqual(unsent, { all: 2, count: 2, leastMs: 2000, mostMs: 2001 });
  const none = nginxCounted([200, '0.010', '200'], [408, '1.000', '408']);
  assert.deepEqual([none.left, none.unsent], [undefined, undefined]);
});

test('400 of the proxy: others that were answered amid them count, those before half of them do not', () => {
  const bad: [number, string, string] = [400, '0.001', ''];
  const good: [number, string, string] = [200, '0.010', '200'];
  assert.deepEqual(nginxCounted(bad, good, bad, good, good, bad).bad, {
    count: 3,
    half: '2026-11-22T03:09:12.000Z',
    answeredSince: 2,
  });
  assert.equal(nginxCounted(good, bad, good, good, bad, bad, bad).bad?.answeredSince, 0);
  assert.equal(nginxCounted(good, [400, '0.001', '400']).bad, undefined);
});

test('Envoy: refused since the authorization service failed is told from refused by it', () => {
  const rows = ['UAEX ext_authz_error', 'UAEX ext_authz_denied', '- via_upstream'].flatMap((end) => {
    const line = `[2026-11-22T03:09:10.000Z] "GET /books HTTP/1.1" 403 ${end} - "-" 0 0 201 - "-" "curl" "1" "alarm.example.test" "127.0.0.1:8080" ledger - - - - -`;
    return envoyReader(line) ?? assert.fail(line);
  });
  assert.deepEqual(
    rows.map(({ why }) => why),
    ['auth-failed', 'denied', undefined],
  );
  const log = { source: '/x', rows: rowsOf(rows), lines: 3, unreadable: 0, truncated: false };
  assert.equal(countRequests(log, 'alarm.example.test').authFailed, 1);
});

test('connections that an endpoint closed at the very moment they were used, not those that broke at work', () => {
  const line = (ms: number): string =>
    `[2026-11-22T02:36:57.444Z] "POST /n/1 HTTP/1.1" 503 UC 9 95 ${ms} - "-" "Mozilla/5.0" "-" "alarm.example.test" "10.0.0.1:8080"`;
  const rows = [1, 2, 900].map((ms) => envoyReader(line(ms)) ?? assert.fail('an Envoy line'));
  const log = { source: '/x', rows: rowsOf(rows), lines: 3, unreadable: 0, truncated: false };
  const { closedAtOnce, reasons } = countRequests(log, 'alarm.example.test');
  assert.deepEqual([closedAtOnce, reasons], [2, { 'closed-early': 3 }]);
});
