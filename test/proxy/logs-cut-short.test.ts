import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServedRequests } from '../../diagnostics/io/proxy-reader.ts';
import { rowsOf } from '../../proxy/adapters/logs/compact-rows.ts';
import { haproxyReader } from '../../proxy/adapters/logs/haproxy-log.ts';
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
