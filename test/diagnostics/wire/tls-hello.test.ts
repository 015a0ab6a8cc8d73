import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { fromHex, readUint, toHex } from '../../../diagnostics/wire/bytes.ts';
import {
  answerIsWhole,
  keyExchangeGroup,
  readTlsAnswer,
  type TlsAnswer,
} from '../../../diagnostics/wire/tls-answer.ts';
import { clientHello, GROUPS, groupName, type Hello } from '../../../diagnostics/wire/tls-hello.ts';
import {
  CLASSIC_SUITES,
  isTls13Suite,
  suiteId,
  suiteName,
  TLS13_SUITES,
} from '../../../diagnostics/wire/tls-suites.ts';
import { listen, loopbackIo, patient } from '../peers.ts';
import { authority, openssl, scratch } from '../real-servers.ts';

test('a real OpenSSL takes our hellos and answers what was offered', async (t) => {
  const ca = authority(scratch(t));
  const leaf = ca.leaf('shop.example.test', { kind: 'rsa' });
  const files = { cert: readFileSync(leaf.pem), key: readFileSync(leaf.key) };
  const io = loopbackIo();
  const signal = patient(t);
  const names: (string | undefined)[] = [];
  const serve = async (options: TlsOptions): Promise<string> => {
    const remember: TlsOptions['SNICallback'] = (name, done) => {
      names.push(name);
      done(null);
    };
    const server = createServer({ ...files, ...options, SNICallback: remember });
    server.on('tlsClientError', () => {});
    t.after(() => server.close());
    return `127.0.0.1:${await listen(server)}`;
  };
  const offer = async (
    address: string,
    hello: Hello,
    flight = false,
  ): Promise<{ answer: TlsAnswer; data: Uint8Array }> => {
    const enough = flight ? undefined : answerIsWhole;
    const spec = { address, send: [{ bytes: clientHello(hello) }], keep: 8_192, patienceMs: flight ? 500 : 4_000 };
    const { bytes } = await io.converse({ ...spec, ...(enough && { enough }) }, signal);
    return { answer: readTlsAnswer(fromHex(bytes)), data: fromHex(bytes) };
  };
  const both = await serve({ minVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'] });
  const hello: Hello = { version: 'TLSv1.2', suites: CLASSIC_SUITES.slice(0, 128), serverName: 'shop.example.test' };

  await t.test('TLS 1.2: each suite that the server was given is picked when it alone is offered', async () => {
    const suites = {
      'ECDHE-RSA-AES128-GCM-SHA256': 0xc02f,
      'ECDHE-RSA-CHACHA20-POLY1305': 0xcca8,
      'AES256-SHA256': 0x003d,
    };
    const address = await serve({ maxVersion: 'TLSv1.2', ciphers: Object.keys(suites).join(':') });
    for (const suite of Object.values(suites)) {
      const { answer } = await offer(address, { ...hello, suites: [suite] });
      assert.deepEqual(answer.is === 'hello' && [answer.version, answer.suite], ['TLSv1.2', suite]);
    }
    const refused = await offer(address, { ...hello, suites: [0xc030] });
    assert.deepEqual(refused.answer, { is: 'alert', level: 2, number: 40 });
  });

  await t.test('TLS 1.3: a HelloRetryRequest names suite and group', async () => {
    const { answer } = await offer(both, {
      ...hello,
      version: 'TLSv1.3',
      suites: TLS13_SUITES,
      groups: [GROUPS.secp384r1 as number],
    });
    assert.ok(answer.is === 'hello');
    assert.deepEqual([answer.version, answer.retry, answer.group], ['TLSv1.3', true, GROUPS.secp384r1]);
    assert.ok(TLS13_SUITES.includes(answer.suite));
  });

  await t.test('TLS 1.2: the group of the key exchange', async () => {
    const { data } = await offer(both, { ...hello, suites: [0xc02f], groups: [GROUPS.secp521r1 as number] }, true);
    assert.equal(keyExchangeGroup(data), GROUPS.secp521r1);
  });

  await t.test('SNI arrives as sent, and not at all without one', async () => {
    names.length = 0;
    await offer(both, { ...hello, suites: [0xc02f] });
    assert.deepEqual(names, ['shop.example.test']);
    await offer(both, { ...hello, suites: [0xc02f], serverName: null });
    assert.equal(names.length, 1);
  });

  await t.test('ALPN: the answer names the protocol (TLS 1.2 says it in clear)', async () => {
    const { answer } = await offer(both, { ...hello, suites: [0xc02f], alpn: ['http/1.1'] });
    assert.equal(answer.is === 'hello' && answer.alpn, 'http/1.1');
  });

  await t.test('an old version gets alert 70 from a server that does not speak it', async () => {
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const { answer } = await offer(both, { ...hello, version });
      assert.deepEqual(answer, { is: 'alert', level: 2, number: 70 }, version);
    }
  });

  await t.test('128 suites and every group in one hello are taken', async () => {
    const { answer } = await offer(both, hello);
    assert.equal(answer.is, 'hello');
  });
});

test('what stands in a hello: lengths fit, no ticket, no name for none', () => {
  for (const version of ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const) {
    const random = new Uint8Array(32).fill(9);
    const wire = clientHello({ version, suites: [0x002f, 0xc02f], serverName: 'a.example.test', random });
    assert.equal(readUint(wire, 3, 2), wire.length - 5, version);
    assert.equal(readUint(wire, 6, 3), wire.length - 9, version);
    assert.equal(toHex(wire.subarray(11, 43)), '09'.repeat(32));
    assert.equal(Buffer.from(wire).includes('a.example.test'), version !== 'SSLv3', 'SSL 3.0 has no extensions');
    assert.ok(readUint(wire, 1, 2)! <= 0x0301, 'a record version that old servers take');
  }
});

test('suites: IANA names and numbers agree with what OpenSSL says of its own', () => {
  const lines = openssl('ciphers', '-s', '-stdname', '-V', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0').trim().split('\n');
  assert.ok(lines.length > 60);
  for (const line of lines) {
    const [, high, low, standard] = /0x([0-9A-F]{2}),0x([0-9A-F]{2}) +- (\S+)/.exec(line) ?? [];
    const id = Number.parseInt(`${high}${low}`, 16);
    assert.equal(suiteName(id), standard, line);
    assert.ok((isTls13Suite(id) ? TLS13_SUITES : CLASSIC_SUITES).includes(id), line);
  }
  assert.equal(suiteId(0x2f), '0x002f');
  assert.equal(suiteName(0xfafa), 'TLS_UNKNOWN_FAFA');
  assert.equal(new Set([...CLASSIC_SUITES, ...TLS13_SUITES]).size, CLASSIC_SUITES.length + TLS13_SUITES.length);
  assert.equal(groupName(0x1d), 'x25519');
  assert.equal(groupName(0xabc), '0x0abc');
});
