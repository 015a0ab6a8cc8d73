import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytes, fromHex, toHex, u16, vector } from '../../../diagnostics/wire/bytes.ts';
import {
  alertName,
  answerIsWhole,
  flightIsWhole,
  handshakeMessages,
  keyExchangeGroup,
  looksLike,
  readTlsAnswer,
} from '../../../diagnostics/wire/tls-answer.ts';

interface Row {
  server: string;
  tls: boolean;
  expects: boolean;
  sent: string;
  how: string;
  bytes: string;
  text: string;
}
const ROWS: Row[] = JSON.parse(
  readFileSync(new URL('../../fixtures/wire/proxy-protocol.json', import.meta.url), 'utf8'),
);

test('the first 64 bytes of real ServerHellos: version and suite', () => {
  const hellos = ROWS.filter((row) => row.tls && row.bytes.startsWith('16'));
  assert.ok(hellos.length > 50);
  for (const row of hellos) {
    const answer = readTlsAnswer(fromHex(row.bytes));
    // 64 bytes end before the version extension of TLS 1.3, with the suite only where no session id came.
    if (answer.is === 'incomplete') continue;
    assert.equal(answer.is, 'hello', `${row.server}, ${row.sent}`);
  }
  const nginx = hellos.find((row) => row.server === 'nginx https' && row.sent === 'none') as Row;
  const answer = readTlsAnswer(fromHex(nginx.bytes));
  assert.deepEqual(answer.is === 'hello' && [answer.version, answer.suite.toString(16)], ['TLSv1.2', 'c02f']);
});

test('clear text on real TLS ports is told from TLS, with the software that wrote it', () => {
  const texts = ROWS.filter((row) => row.text !== '');
  assert.ok(texts.length > 150);
  const makers: [RegExp, RegExp][] = [
    [/^nginx/, /^HTTP 400 of nginx$/],
    [/^apache/, /^HTTP 400 of Apache$/],
    [/^haproxy/, /^HTTP 400 of HAProxy$/],
    [/^(traefik|caddy)/, /^HTTP 400 of a Go (server such as Traefik|TLS listener)$/],
  ];
  for (const row of texts) {
    const answer = readTlsAnswer(Buffer.from(row.text, 'latin1'));
    assert.ok(answer.is === 'plaintext', `${row.server}, ${row.sent}: ${answer.is}`);
    const [, expected] = makers.find(([name]) => name.test(row.server)) ?? [];
    assert.ok(expected, row.server);
    if (row.text.slice(9, 12) === '400') assert.match(answer.looksLike, expected, `${row.server}, ${row.sent}`);
  }
});

test('alerts of real servers carry their number', () => {
  const alerts = ROWS.filter((row) => row.bytes.startsWith('15'));
  assert.ok(alerts.length > 0);
  for (const row of alerts) {
    const answer = readTlsAnswer(fromHex(row.bytes));
    assert.deepEqual(answer, { is: 'alert', level: 2, number: Number.parseInt(row.bytes.slice(12, 14), 16) });
  }
  assert.equal(alertName(22), 'record_overflow');
  assert.equal(alertName(99), 'alert 99');
});

/** A ServerHello as RFC 8446 section 4.1.3 writes it. */
function serverHello(options: { random?: Uint8Array; session?: number; extensions?: Uint8Array } = {}): Uint8Array {
  const body = bytes(
    u16(0x0303),
    options.random ?? new Uint8Array(32).fill(7),
    vector(1, new Uint8Array(options.session ?? 0)),
    u16(0x1301),
    0,
    vector(2, options.extensions ?? bytes(u16(0x2b), vector(2, u16(0x0304)), u16(0x33), vector(2, u16(0x1d)))),
  );
  return bytes(0x16, u16(0x0303), vector(2, bytes(2, vector(3, body))));
}

test('HelloRetryRequest is known by its random (RFC 8446 section 4.1.3), and names the group', () => {
  const random = fromHex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c');
  const answer = readTlsAnswer(serverHello({ random, session: 32 }));
  assert.deepEqual(answer, { is: 'hello', version: 'TLSv1.3', suite: 0x1301, retry: true, group: 0x1d, alpn: null });
  const plain = readTlsAnswer(serverHello());
  assert.equal(plain.is === 'hello' && plain.retry, false);
});

test('a ServerHello cut at every byte never throws, never says alert or clear text', () => {
  const whole = serverHello({ session: 32 });
  for (let cut = 0; cut <= whole.length; cut++) {
    const part = whole.subarray(0, cut);
    const answer = readTlsAnswer(part);
    assert.ok(['incomplete', 'hello'].includes(answer.is), `cut at ${cut}: ${answer.is}`);
    assert.equal(answerIsWhole(part), cut === whole.length, `whole at ${cut} of ${whole.length}`);
  }
});

test('any bytes get a typed answer; the judges of completeness never throw', () => {
  const kinds = new Set(['hello', 'alert', 'plaintext', 'incomplete', 'unknown']);
  const beginning = fc.constantFrom('', '15', '16', '160303', '16030300', '1603030045020000410303', '48545450');
  fc.assert(
    fc.property(beginning, fc.uint8Array({ maxLength: 300 }), (start, rest) => {
      const data = Buffer.concat([fromHex(start), rest]);
      const answer = readTlsAnswer(data);
      assert.ok(kinds.has(answer.is));
      assert.equal(typeof answerIsWhole(data), 'boolean');
      assert.equal(typeof flightIsWhole(data), 'boolean');
      assert.ok(Array.isArray(handshakeMessages(data)));
      const group = keyExchangeGroup(data);
      assert.ok(group === null || (group >= 0 && group <= 0xffff));
    }),
    { numRuns: 2_000 },
  );
});

test('every real answer, cut anywhere and with a byte spoilt, gets a typed answer', () => {
  const real = ROWS.filter((row) => row.bytes !== '').map((row) => row.bytes);
  fc.assert(
    fc.property(
      fc.constantFrom(...new Set(real)),
      fc.nat(64),
      fc.nat(63),
      fc.integer({ min: 0, max: 255 }),
      (hex, cut, at, value) => {
        const data = fromHex(hex).slice(0, cut);
        if (at < data.length) data[at] = value;
        assert.equal(typeof readTlsAnswer(data).is, 'string');
      },
    ),
    { numRuns: 2_000 },
  );
});

test('handshake messages are put together across records', () => {
  const key = bytes(12, vector(3, bytes(3, u16(0x1d), vector(1, new Uint8Array(32)))));
  const hello = bytes(2, vector(3, new Uint8Array(38)));
  const flight = bytes(hello, key, bytes(14, vector(3, new Uint8Array(0))));
  for (let cut = 1; cut < flight.length; cut++) {
    const record = (part: Uint8Array): Uint8Array => bytes(0x16, u16(0x0303), vector(2, part));
    const wire = bytes(record(flight.subarray(0, cut)), record(flight.subarray(cut)));
    assert.deepEqual(
      handshakeMessages(wire).map((m) => m.type),
      [2, 12, 14],
      `cut at ${cut}`,
    );
    assert.equal(keyExchangeGroup(wire), 0x1d);
    assert.ok(flightIsWhole(wire));
  }
  assert.equal(flightIsWhole(bytes(0x16, u16(0x0303), vector(2, hello))), false, toHex(hello));
});

test('other protocols that sit on a port by mistake', () => {
  assert.equal(looksLike('SSH-2.0-OpenSSH_9.2p1\r\n'), 'SSH');
  assert.equal(looksLike('220 mail.example.test ESMTP\r\n'), 'SMTP or FTP');
  assert.equal(looksLike('+OK ready\r\n'), 'POP3');
  assert.equal(looksLike("-ERR unknown command 'GET'\r\n"), 'Redis');
  assert.equal(looksLike('hello there\n'), 'clear text');
  assert.equal(looksLike('\x00\x01\x02\x03\x04'), 'bytes that are no TLS record');
  assert.equal(looksLike('HTTP/1.1 204 No Content\r\n\r\n'), 'HTTP 204');
});
