import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handshakeBurstCheck } from '../../../diagnostics/checks/handshake-burst.ts';
import { burstLimits, handshakeBurst, type Series } from '../../../diagnostics/probes/handshake-burst.ts';
import { readBurst } from '../../../diagnostics/readings/handshake-burst.ts';
import { wilson } from '../../../diagnostics/stats.ts';
import type { Case, Path } from '../../../diagnostics/types.ts';
import { fromHex } from '../../../diagnostics/wire/bytes.ts';
import { readProxyHeader } from '../../../diagnostics/wire/proxy-header-read.ts';
import { blankHop, blankInstance } from '../../../proxy/inventory/blank.ts';
import { loopbackIo, patient, peer } from '../peers.ts';

const io = loopbackIo();
/** A ServerHello of TLS 1.2, as short as one can be. */
const HELLO = fromHex(`160303002a0200002603030000${'11'.repeat(30)}00c02f00`);
const CLEAR = Buffer.from(
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n',
);

test('what an inventory may ask for, and no more', () => {
  assert.deepEqual(burstLimits(120), { connections: 120, perSecond: 200 });
  assert.deepEqual(burstLimits({ connections: 50.9, perSecond: 10 }), { connections: 50, perSecond: 10 });
  assert.deepEqual(burstLimits({ connections: 1e9, perSecond: 1e9 }), { connections: 400, perSecond: 400 });
  assert.deepEqual(burstLimits({ connections: 100, perSecond: -3 }), { connections: 100, perSecond: 200 });
  assert.deepEqual(burstLimits({ connections: 100, perSecond: 8 }), { connections: 40, perSecond: 8 }, 'five seconds');
  assert.equal(burstLimits({ connections: 100, perSecond: 2 }), null, 'too few in five seconds to say anything');
  for (const none of [undefined, null, true, 'many', 0, 19, -5, Number.NaN, {}, [], { connections: '100' }])
    assert.equal(burstLimits(none), null, JSON.stringify(none));
});

const path = (settings: { [key: string]: number }): Path => ({
  host: 'shop.example.test',
  path: '/',
  port: 443,
  routed: true,
  hops: [
    { ...blankHop('nlb', 'load-balancer', 'aws-nlb'), address: '127.0.0.1:1', sends: 'proxy-v2', to: 'https' },
    {
      ...blankHop('edge', 'proxy', 'traefik'),
      settings,
      instances: [{ ...blankInstance('edge-1'), https: '127.0.0.1:2' }],
    },
  ],
  others: [],
  nodes: [],
  dns: null,
  trust: [],
  changes: null,
  prometheus: null,
  ambiguous: [],
  unknown: [],
});
const about = (kinds: Case['symptoms']['kinds']): Case => ({
  version: 1,
  id: 'c-1',
  at: '2026-11-21T09:30:00.000Z',
  report: null,
  target: { host: 'shop.example.test', port: 443, path: '/', scheme: 'https' },
  symptoms: { kinds, statuses: [], errors: [], course: 'steady', suspects: [], clients: [], onlyReporter: false },
  since: null,
  deadlineMs: 20_000,
  only: null,
});

test('off unless the inventory allows it, and then only where connections are complained about', () => {
  const planned = (settings: { [key: string]: number }, kinds: Case['symptoms']['kinds']) =>
    handshakeBurstCheck
      .plan({ case: about(kinds), path: path(settings) })
      .map(({ look }) => [look.vantage, look.address, look.with.header]);
  assert.deepEqual(planned({}, ['handshake']), []);
  assert.deepEqual(planned({ handshake_burst: 5 }, ['handshake']), []);
  assert.deepEqual(planned({ handshake_burst: 80 }, ['slow']), []);
  assert.deepEqual(planned({ handshake_burst: 80 }, ['handshake']), [
    ['public', '127.0.0.1:1', 'none'],
    ['proxy-replica', '127.0.0.1:2', 'local'],
  ]);
});

test('never more connections than allowed, each series its own, every ending counted once', async (t) => {
  const late: number[] = [];
  const there = await peer(t, (socket, nth) => {
    const began = performance.now();
    socket.once('data', (data: Buffer) => {
      const header = readProxyHeader(data);
      const waited = performance.now() - began > 200;
      if (waited) late.push(nth);
      // The bug: a header that comes late is none, and what does not begin a record is clear text.
      if (header.is === 'v2' && waited) socket.end(CLEAR);
      else if (nth % 20 === 7 && !waited) socket.resetAndDestroy();
      else socket.end(HELLO);
    });
  });
  const to = { address: there.address, host: 'shop.example.test', header: 'local' } as const;
  const series = await handshakeBurst(io, to, { connections: 60, perSecond: 400 }, patient(t));
  assert.equal(there.connections(), 62, 'two to find out what it speaks, and sixty');
  const by = Object.fromEntries(series.map((one) => [one.name, one])) as { [name: string]: Series };
  assert.deepEqual(
    series.map((one) => [one.name, one.total]),
    [
      ['prompt', 30],
      ['late', 15],
      ['control', 15],
    ],
  );
  for (const one of series)
    assert.equal(one.ok + one.clearText + one.reset + one.closed + one.timeout + one.alert + one.refused, one.total);
  assert.equal(by.late?.clearText, 15);
  assert.match(by.late?.sample ?? '', /^485454502f312e3120343030/);
  assert.equal(by.control?.ok, 15);
  assert.ok((by.prompt?.ok ?? 0) > 0);
});

const one = (name: Series['name'], total: number, failed: Partial<Series>): Series => {
  const kinds = { clearText: 0, reset: 0, closed: 0, timeout: 0, alert: 0, refused: 0, ...failed };
  const lost = kinds.clearText + kinds.reset + kinds.closed + kinds.timeout + kinds.alert + kinds.refused;
  return { name, total, ok: total - lost, sample: null, ...kinds };
};

test('convicted only by clear text that the control does not show', () => {
  const codes = (...series: Series[]): string[] =>
    readBurst({ host: 'shop.example.test', header: 'local', limits: { connections: 80, perSecond: 200 }, series }, {
      address: '127.0.0.1:2',
    } as Parameters<typeof readBurst>[1]).map((f) => f.code);
  assert.deepEqual(codes(one('prompt', 40, {}), one('late', 20, {}), one('control', 20, {})), ['HANDSHAKE_BURST_FINE']);
  assert.deepEqual(codes(one('prompt', 40, {}), one('late', 20, { clearText: 20 }), one('control', 20, {})), [
    'HANDSHAKE_BURST_CLEAR_TEXT',
  ]);
  // Too few to tell, the same in the control, no clear text at all: said, and nobody accused.
  for (const rest of [
    [one('late', 20, { clearText: 2 }), one('control', 20, {})],
    [one('late', 20, { clearText: 20 }), one('control', 20, { clearText: 18 })],
    [one('late', 20, { reset: 20 }), one('control', 20, {})],
    [one('late', 20, { clearText: 20 })],
  ])
    assert.ok(
      codes(one('prompt', 40, {}), ...rest).every((code) => code === 'HANDSHAKE_BURST_FAILS'),
      JSON.stringify(rest),
    );
  const stray = [one('late', 20, { clearText: 20 }), one('control', 20, {})];
  assert.deepEqual(
    new Set(codes(one('prompt', 40, { clearText: 40 }), ...stray)),
    new Set(['HANDSHAKE_BURST_FAILS']),
    'a listener that parses no header at all',
  );
  assert.deepEqual(codes(), []);
});

test('the interval of a share, by the figures of the literature', () => {
  const close = (share: { low: number; high: number }, low: number, high: number): void => {
    assert.ok(Math.abs(share.low - low) < 5e-4 && Math.abs(share.high - high) < 5e-4, JSON.stringify(share));
  };
  // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  close(wilson(81, 263), 0.2553, 0.3662);
  close(wilson(15, 148), 0.0624, 0.1605);
  close(wilson(0, 20), 0, 0.1611);
  close(wilson(1, 29), 0.0061, 0.1718);
  assert.deepEqual(wilson(0, 0), { low: 0, high: 1 });
  assert.equal(wilson(20, 20).high, 1);
});
