import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServedRequests } from '../../diagnostics/io/proxy-reader.ts';
import { rowsOf } from '../../proxy/adapters/logs/compact-rows.ts';
import { nginxReader } from '../../proxy/adapters/logs/nginx-format.ts';
import { countRequests } from '../../proxy/adapters/logs/tally.ts';

/** Lines of nginx 1.22 for one host: request, status, bytes of the body, seconds, and those of the upstream. */
const reader = nginxReader(
  '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent host=$host rt=$request_time ua="$upstream_addr" us="$upstream_status" urt="$upstream_response_time"',
);
type Line = [request: string, status: number, bytes: number, seconds: string, upstream: string];
function counted(...lines: Line[]): ServedRequests {
  const rows = lines.map(([request, status, bytes, seconds, upstream]) => {
    const [us, urt] = upstream.split(' ');
    const line = `192.0.2.7 - - [22/Nov/2026:03:09:10 +0000] "${request} HTTP/1.1" ${status} ${bytes} host=parts.example.test rt=${seconds} ua="${us === '-' ? '-' : '127.0.0.1:8080'}" us="${us}" urt="${urt}"`;
    return reader(line) ?? assert.fail(line);
  });
  const log = { source: '/x', rows: rowsOf(rows), lines: rows.length, unreadable: 0, truncated: false };
  return countRequests(log, 'parts.example.test');
}

test('only GETs with small answers that were quick behind the proxy were held back by it', () => {
  const { slow, slowHeld } = counted(
    ['GET /api/search', 200, 12, '3.812', '200 0.012'],
    ['HEAD /api/search', 200, 0, '2.100', '200 0.011'],
    ['POST /api/search', 200, 12, '3.500', '200 0.012'],
    ['GET /film', 200, 700_000, '3.500', '200 0.012'],
    ['GET /report', 200, 12, '3.500', '200 3.490'],
    ['GET /cached', 200, 12, '3.500', '- -'],
    ['GET /quick', 200, 12, '0.020', '200 0.012'],
  );
  assert.deepEqual([slow, slowHeld], [6, 2]);
});

test('a format without the time of upstreams does not say where the time went', () => {
  const short = nginxReader(
    '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent rt=$request_time ua="$upstream_addr"',
  );
  const line = '192.0.2.7 - - [22/Nov/2026:03:09:10 +0000] "GET / HTTP/1.1" 200 12 rt=3.512 ua="127.0.0.1:8080"';
  const rows = rowsOf([short(line) ?? assert.fail(line)]);
  const served = countRequests({ source: '/x', rows, lines: 1, unreadable: 0, truncated: false }, 'parts.example.test');
  assert.deepEqual([served.slow, served.slowUntold, served.slowHeld], [1, 1, undefined]);
});

test('413 from behind, with the size of its page; those of nginx itself are counted elsewhere', () => {
  const own = counted(['POST /scans', 413, 183, '0.001', '- -']);
  assert.deepEqual([own.tooLarge, own.madeByProxy], [undefined, { 413: 1 }]);
  const { tooLarge } = counted(
    ['POST /scans', 413, 183, '0.002', '413 0.002'],
    ['POST /scans', 413, 52, '0.002', '413 0.002'],
    ['POST /scans', 201, 52, '0.002', '201 0.002'],
  );
  assert.deepEqual(tooLarge, { behind: 2, untold: 0, sized: 2, asNginx: 1, first: '2026-11-22T03:09:10.000Z' });
});

test('a format without upstreams does not tell who made a 413', () => {
  const combined = nginxReader('$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent');
  const line = '192.0.2.7 - - [22/Nov/2026:03:09:10 +0000] "POST /scans HTTP/1.1" 413 52';
  const log = {
    source: '/x',
    rows: rowsOf([combined(line) ?? assert.fail(line)]),
    lines: 1,
    unreadable: 0,
    truncated: false,
  };
  const { tooLarge } = countRequests(log, 'parts.example.test');
  assert.deepEqual([tooLarge?.behind, tooLarge?.untold, tooLarge?.asNginx], [0, 1, 0]);
});
