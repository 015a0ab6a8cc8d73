import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { handshakeBurst } from '../../../diagnostics/probes/handshake-burst.ts';
import { outcomeOf } from '../../../diagnostics/probes/proxy-protocol-beginnings.ts';
import { expectationOf, probeProxyProtocol } from '../../../diagnostics/probes/proxy-protocol-probe.ts';
import { softwareOf } from '../../../diagnostics/probes/proxy-protocol-software.ts';
import { headerPatience } from '../../../diagnostics/probes/proxy-protocol-timeout.ts';
import { lateFailure } from '../../../diagnostics/readings/proxy-protocol.ts';
import { fromHex, toHex } from '../../../diagnostics/wire/bytes.ts';
import { proxyV2Local } from '../../../diagnostics/wire/proxy-header.ts';
import { loopbackIo, patient, peer } from '../peers.ts';

const io = loopbackIo();
/** A ServerHello of TLS 1.2, as short as one can be. */
const HELLO = fromHex(`160303002a0200002603030000${'11'.repeat(30)}00c02f00`);
/** The longest that a whole probe may take: two rounds of patience, and a busy machine. */
const LATE_MS = 12_000;

const after = (then: (socket: Socket) => void) => (socket: Socket) => void socket.once('data', () => then(socket));
const forever = (socket: Socket, chunk: Uint8Array, everyMs: number): void => {
  const timer = setInterval(() => socket.writable && socket.write(chunk), everyMs);
  socket.on('close', () => clearInterval(timer));
};

const PEERS: { [what: string]: (socket: Socket, nth: number) => void } = {
  'one byte a second': after((s) => forever(s, HELLO.subarray(0, 1), 1_000)),
  'an endless flood': after((s) => {
    const more = (): void => {
      while (!s.destroyed && s.write(Buffer.alloc(65_536, 0x41)));
    };
    s.on('drain', more);
    more();
  }),
  'a record that lies about its length': after((s) => s.end(fromHex('1603037fff0200ffff0303'))),
  'a hello without an end': after((s) => s.write(fromHex('16030300ff020000fb0303'))),
  'half open: a FIN at once, and it goes on reading': (s) => void s.end(),
  'TLS inside PROXY inside TLS': after((s) => s.end(Buffer.concat([HELLO, proxyV2Local(), HELLO, proxyV2Local()]))),
  'our own bytes back': (s) => void s.on('data', (data: Buffer) => s.write(data)),
  'a header of its own': (s) => void s.write(proxyV2Local()),
  'HTTP without an end': after((s) => s.write('HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n')),
  'another answer each time': (s, nth) => {
    const answers = ['HTTP/1.1 200 OK\r\n\r\n', HELLO, '\x15\x03\x03\x00\x02\x02\x16', 'SSH-'];
    s.once('data', () => s.end(answers[nth % 4] ?? ''));
  },
};

test('peers that do what they like: a result in time, no connection left', { concurrency: 12 }, async (t) => {
  await Promise.all(
    Object.entries(PEERS).map(([what, behave]) =>
      t.test(what, async (t) => {
        const there = await peer(t, behave);
        const to = { address: there.address, host: 'shop.example.test', tls: true };
        const began = performance.now();
        const probe = await probeProxyProtocol(io, to, patient(t), { thorough: true });
        assert.ok(performance.now() - began < LATE_MS);
        assert.ok(probe.tries.every((one) => one.firstBytes.length <= 128));
        assert.ok(JSON.stringify(probe).length < 20_000);
        assert.ok(typeof expectationOf(probe, true) === 'string' && lateFailure(probe, true) !== undefined);
        for (let waited = 0; there.open() > 0 && waited < 3_000; waited += 20) await pause(20);
        assert.equal(there.open(), 0);
      }),
    ),
  );
});

test('a reset or an end at every byte of an answer, and half of each sent in one go', async (t) => {
  const answers = [HELLO, Buffer.from('HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\n\r\n')];
  for (const [kind, answer] of answers.entries()) {
    await Promise.all(
      Array.from({ length: answer.length + 1 }, (_, cut) => cut).flatMap((cut) =>
        (['reset', 'end'] as const).map(async (how) => {
          const there = await peer(
            t,
            after((s) => {
              s.write(answer.subarray(0, cut), () => (how === 'reset' ? s.resetAndDestroy() : s.end()));
            }),
          );
          const spec = { address: there.address, send: [{ bytes: HELLO }], keep: 512, patienceMs: 2_000 };
          const seen = await io.converse(spec, patient(t));
          const { outcome } = outcomeOf(seen);
          // A reset may overtake what was sent before it; what is read is never anything else.
          const allowed = kind === 0 ? ['tls', 'reset', 'closed'] : ['plaintext-error', 'http', 'reset', 'closed'];
          assert.ok(allowed.includes(outcome), `${kind} cut at ${cut} by ${how}: ${outcome}`);
          assert.ok(toHex(answer).startsWith(seen.bytes));
        }),
      ),
    );
  }
});

test('a deadline ends a burst and a wait at once, and closes what was open', async (t) => {
  const there = await peer(t, () => {});
  const to = { address: there.address, host: 'shop.example.test', tls: true };
  const limit = (): AbortSignal => AbortSignal.timeout(300);
  const began = performance.now();
  await Promise.all([
    assert.rejects(handshakeBurst(io, { ...to, header: 'local' }, { connections: 400, perSecond: 400 }, limit())),
    assert.rejects(
      headerPatience(
        { io, to, version: 'TLSv1.2', signal: limit() },
        { lateMs: 300, taken: true, through: () => true },
        60_000,
      ),
    ),
    assert.rejects(probeProxyProtocol(io, to, limit(), { thorough: true })),
  ]);
  assert.ok(performance.now() - began < 3_000);
  for (let waited = 0; there.open() > 0 && waited < 3_000; waited += 20) await pause(20);
  assert.equal(there.open(), 0);
});

test('any bytes have an outcome, and name a server or none', () => {
  const outcomes = new Set(['tls', 'http', 'plaintext-error', 'reset', 'closed', 'timeout', 'alert']);
  const starts = ['', '16', '15', '485454502f312e3120343030', '485454502f312e3020343030', toHex(HELLO)];
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      fc.uint8Array({ maxLength: 600 }),
      fc.constantFrom('fin', 'rst', 'open'),
      (start, rest, ending) => {
        const bytes = start + toHex(rest);
        assert.ok(outcomes.has(outcomeOf({ bytes, ending }).outcome));
        const named = softwareOf([Buffer.from(bytes, 'hex').toString('latin1')]);
        assert.ok(named === null || /^[\w.+/ ()-]{2,80}$/.test(named), String(named));
      },
    ),
    { numRuns: 500 },
  );
});
