import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServedRequests } from '../../diagnostics/io/proxy-reader.ts';
import { rowsOf } from '../../proxy/adapters/logs/compact-rows.ts';
import { nginxReader } from '../../proxy/adapters/logs/nginx-format.ts';
import { countRequests } from '../../proxy/adapters/logs/tally.ts';

const FORMAT =
  '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent host=$host rt=$request_time ua="$upstream_addr" us="$upstream_status" urt="$upstream_response_time"';
const [SHOP, WIKI] = ['10.0.0.1:8080', '10.0.0.2:8080'];

/** A line of nginx for a request that ended in this second of a minute and took so long. */
function line(second: number, seconds: number, host: string, address: string): string {
  const at = `22/Nov/2026:03:16:${String(second).padStart(2, '0')} +0000`;
  return `10.9.9.9 - - [${at}] "GET /a HTTP/1.1" 200 50 host=${host} rt=${seconds.toFixed(3)} ua="${address}" us="200" urt="${seconds.toFixed(3)}"`;
}

function stalls(lines: string[]): ServedRequests['stalls'] {
  const read = nginxReader(FORMAT);
  const rows = rowsOf(lines.map((one) => read(one) ?? assert.fail(one)));
  const log = { source: '/x', rows, lines: lines.length, unreadable: 0, truncated: false };
  return countRequests(log, 'shop.test').stalls;
}

const EVERY = Array.from({ length: 30 }, (_, second) => second);
/** The shop stands still for three seconds out of ten; what was asked then is answered at the end. */
const still = (second: number): boolean => second % 10 >= 6 && second % 10 <= 8;
const pausing = EVERY.flatMap((second) => {
  const quick = Array.from({ length: 4 }, () => line(second, 0.01, 'shop.test', SHOP));
  if (still(second)) return [];
  return second % 10 === 9
    ? [...quick, line(second, 3.1, 'shop.test', SHOP), line(second, 3.0, 'shop.test', SHOP)]
    : quick;
});
const wiki = EVERY.map((second) => line(second, 0.02, 'wiki.test', WIKI));

test('an endpoint that stands still answers nobody while others are answered', () => {
  const found = stalls([...pausing, ...wiki]);
  assert.deepEqual({ ...found, expected: 0 }, { times: 3, endpoints: [SHOP], expected: 0, answered: 0, others: 6 });
  assert.ok((found?.expected ?? 0) >= 20, `${found?.expected} were due`);
});

test('a page that is merely slow has quick ones beside it at the same endpoint', () => {
  const lines = EVERY.flatMap((second) => [
    ...Array.from({ length: 4 }, () => line(second, 0.01, 'shop.test', SHOP)),
    ...(second % 10 === 9 ? [line(second, 3.1, 'shop.test', SHOP)] : []),
  ]);
  const found = stalls([...lines, ...wiki]);
  assert.ok(found && found.answered >= 0.5 * found.expected, JSON.stringify(found));
});

test('where the proxy itself stood still, others were answered no more than this one', () => {
  const found = stalls([
    ...pausing,
    ...EVERY.filter((second) => !still(second)).map((s) => line(s, 0.02, 'wiki.test', WIKI)),
  ]);
  assert.equal(found?.others, 0);
});

test('waits of a second hold no whole second to look into; a wait for hours is none', () => {
  assert.equal(stalls([line(3, 1.2, 'shop.test', SHOP), ...wiki]), undefined);
  assert.equal(stalls([line(3, 9_000, 'shop.test', SHOP), ...wiki]), undefined);
});
