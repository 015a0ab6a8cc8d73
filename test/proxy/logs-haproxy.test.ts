import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { detectReader } from '../../proxy/adapters/logs/access-log.ts';
import type { AccessRow } from '../../proxy/adapters/logs/access-row.ts';
import { rowsOf } from '../../proxy/adapters/logs/compact-rows.ts';
import { haproxyReader, whyOfFlags } from '../../proxy/adapters/logs/haproxy-log.ts';
import { countRequests } from '../../proxy/adapters/logs/tally.ts';

const linesOf = (name: string): string[] =>
  readFileSync(new URL(`../fixtures/haproxy/${name}.txt`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const rowsIn = (name: string): AccessRow[] => linesOf(name).flatMap((line) => haproxyReader(line) ?? []);
const short = (row: AccessRow): string =>
  `${row.host ?? '-'} ${row.status} ${row.maker} ${row.why ?? '-'} ${row.upstreams.map((u) => u.address).join() || '-'}`;

test('httpslog behind a head of RFC 5424, HTTP/2: host, maker and reason of each', () => {
  assert.ok(detectReader(linesOf('httpslog-rfc5424')));
  assert.deepEqual(rowsIn('httpslog-rfc5424').map(short), [
    'a.example.test 503 proxy refused d',
    'a.example.test 500 proxy denied -',
    'a.example.test 200 proxy - -',
    'a.example.test 503 proxy no-endpoint -',
    'a.example.test 504 proxy proxy-timeout h',
    'a.example.test 504 proxy proxy-timeout h',
  ]);
  // The name of HTTP/1.1 requests stands in the SNI alone; no query is kept.
  assert.equal(rowsIn('httpslog-rfc5424').at(-1)?.request, 'GET /hung');
});

test('httplog: a queue, slow clients, a rule, servers that are down', () => {
  const distinct = (name: string): string[] => [...new Set(rowsIn(name).slice(1).map(short))];
  assert.deepEqual(distinct('queue'), [
    'yard.example.test 503 proxy queue-full -',
    'yard.example.test 200 upstream - app-1',
  ]);
  assert.deepEqual(distinct('deny'), ['yard.example.test 403 proxy denied -']);
  assert.deepEqual(distinct('down'), ['yard.example.test 503 proxy no-endpoint -']);
  const slow = rowsIn('slowclient').slice(1);
  assert.ok(slow.every((row) => row.receiving === 1.403 && row.seconds === 1.408 && row.maker === 'upstream'));
  // A connection that said nothing (`<BADREQ>`, CR) was the client's.
  assert.equal(short(rowsIn('queue')[0] as AccessRow), '- 400 client client-left -');
});

test('tcplog: connections have no status; those that came to nothing are counted with the reason', () => {
  const rows = rowsIn('tcp');
  assert.deepEqual([...new Set(rows.map(short))].sort(), ['- 0 proxy refused app-2', '- 0 upstream - app-1']);
  const log = { source: '/x', rows: rowsOf(rows), lines: rows.length, unreadable: 0, truncated: false };
  const counted = countRequests(log, 'yard.example.test');
  assert.deepEqual(
    [counted.total, counted.connections, counted.reasons, counted.statuses, counted.others],
    [11, 11, { refused: 5 }, {}, null],
  );
});

test('every head that syslog and journald put before a line', () => {
  const [line = ''] = linesOf('deny').slice(1);
  for (const head of [
    '',
    'Nov 21 21:12:06 edge-1 haproxy[26069]: ',
    '<134>Nov 21 21:12:06 haproxy[26069]: ',
    '<134>1 2026-11-21T21:12:06.329000+00:00 edge-1 haproxy 26069 - - ',
    '2026-11-21T21:12:06.329000+00:00 edge-1 haproxy[26069]: ',
    '[NOTICE]   (1) : ',
  ])
    assert.equal(short(haproxyReader(head + line) as AccessRow), 'yard.example.test 403 proxy denied -', head);
});

/** The letters of section 8.5 of the configuration manual, with a server chosen or not, and a status. */
test('termination flags: who and why', () => {
  const table: [string, boolean, number, string | undefined][] = [
    ['----', true, 200, undefined],
    ['CD--', true, 200, 'client-left'],
    ['CC--', true, 503, 'client-left'],
    ['cD--', true, 200, 'client-slow'],
    ['cR--', false, 408, 'client-slow'],
    ['SC--', true, 503, 'refused'],
    ['SC--', false, 503, 'no-endpoint'],
    ['sC--', true, 503, 'connect-timeout'],
    ['SH--', true, 502, 'closed-early'],
    ['sH--', true, 504, 'proxy-timeout'],
    ['SD--', true, 200, 'closed-early'],
    ['sD--', true, 200, 'proxy-timeout'],
    ['sQ--', false, 503, 'queue-full'],
    ['PC--', true, 503, 'out-of-resources'],
    ['RC--', true, 503, 'out-of-resources'],
    ['PR--', false, 403, 'denied'],
    ['PR--', false, 429, 'rate-limited'],
    ['PR--', false, 400, 'bad-request'],
    ['PR--', false, 413, 'too-large'],
    ['PT--', false, 500, 'denied'],
    ['PH--', true, 502, 'bad-answer'],
    ['PH--', true, 500, 'no-room'],
    ['PD--', true, 200, 'bad-answer'],
    ['D---', true, 503, 'marked-down'],
    ['I---', true, 500, 'internal'],
    ['LR--', false, 301, undefined],
  ];
  for (const [flags, chosen, status, why] of table) assert.equal(whyOfFlags(flags, chosen, status), why, flags);
});
