import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { gceEntry, gceLog } from '../../../proxy/cloud/gce-log.ts';
import { scratch } from '../../diagnostics/real-servers.ts';

const BEGAN = Date.parse('2026-11-21T10:00:00Z');
/** An entry as Cloud Logging exports it: the fields of a LogEntry for resource http_load_balancer. */
const entry = (minute: number, status: number, statusDetails: string, host = 'shop.example.test'): string =>
  JSON.stringify({
    httpRequest: {
      requestMethod: 'GET',
      requestUrl: `https://${host}/cart?id=7`,
      status,
      remoteIp: '198.51.100.7',
      latency: '0.02s',
    },
    insertId: '1a2b3c',
    jsonPayload: { '@type': 'type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry', statusDetails },
    resource: { type: 'http_load_balancer', labels: { zone: 'global' } },
    timestamp: new Date(BEGAN + minute * 60_000).toISOString(),
  });
const window = { from: '2026-11-21T10:10:00.000Z', to: '2026-11-21T10:40:00.000Z' };

test('statusDetails of one host in the window, counted by the side that they name', async (t) => {
  const file = join(scratch(t), 'requests.ndjson');
  const closed = 'backend_connection_closed_before_data_sent_to_client';
  writeFileSync(
    file,
    [
      entry(1, 502, closed),
      ...Array.from({ length: 30 }, (_, i) => entry(10 + i, 200, 'response_sent_by_backend')),
      entry(20, 502, closed),
      // Entries come in the order of their arrival.
      entry(15, 502, closed),
      entry(21, 500, 'response_sent_by_backend'),
      entry(22, 0, 'client_disconnected_before_any_response'),
      entry(23, 502, 'failed_to_pick_backend', 'other.example.test'),
      entry(50, 502, closed),
    ].join('\n'),
  );
  assert.deepEqual(await gceLog(file, 'Shop.example.test', window), {
    source: file,
    total: 34,
    errors: 3,
    details: [
      { word: closed, count: 2, first: '2026-11-21T10:15:00.000Z', last: '2026-11-21T10:20:00.000Z' },
      {
        word: 'response_sent_by_backend',
        count: 1,
        first: '2026-11-21T10:21:00.000Z',
        last: '2026-11-21T10:21:00.000Z',
      },
      {
        word: 'client_disconnected_before_any_response',
        count: 1,
        first: '2026-11-21T10:22:00.000Z',
        last: '2026-11-21T10:22:00.000Z',
      },
    ],
    reachesBackTo: '2026-11-21T10:01:00.000Z',
  });
});

test('what is no entry is none, whatever it looks like', () => {
  for (const line of [
    '',
    '{',
    'null',
    '[]',
    '{"httpRequest":7}',
    '{"timestamp":"2026-11-21T10:00:00Z"}',
    `{"a":${'['.repeat(5_000)}`,
    entry(1, 1e9, 'x'),
  ])
    assert.equal(gceEntry(line), null, line.slice(0, 40));
  assert.equal(gceEntry(entry(1, 502, `x'; rm -rf /`))?.word, '', 'a word is a word');
  assert.equal(gceEntry(entry(1, 502, 'backend_timeout'))?.word, 'backend_timeout');
});

test('another format, and a file that is not there, are blind', async (t) => {
  const file = join(scratch(t), 'access.log');
  writeFileSync(file, '127.0.0.1 - - [21/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 5\n');
  const reasonOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => null,
      (e: unknown) => (e instanceof BlindLook ? e.reason : e),
    );
  assert.equal(await reasonOf(gceLog(file, 'shop.example.test', window)), 'unreadable');
  assert.equal(await reasonOf(gceLog(`${file}.gone`, 'shop.example.test', window)), 'not-configured');
});
