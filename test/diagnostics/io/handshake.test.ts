import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { TriageError } from '../../../diagnostics/errors.ts';
import { alertOf, plainError } from '../../../diagnostics/io/secure.ts';
import { trustIn } from '../../../diagnostics/io/trust.ts';
import { listen, loopbackIo, patient, peer } from '../peers.ts';
import { authority, scratch } from '../real-servers.ts';

test('a handshake with real TLS servers shows what they sent, and judges nothing but the chain', async (t) => {
  const dir = scratch(t);
  const ca = authority(dir);
  const io = loopbackIo([ca.root]);
  const signal = patient(t);
  const leaf = ca.leaf('shop.example.test');
  const key = readFileSync(leaf.key);
  const [own, between, root] = [leaf.pem, ca.intermediate, ca.root].map((file) => readFileSync(file, 'utf8')) as [
    string,
    string,
    string,
  ];
  const serve = async (options: TlsOptions): Promise<string> => {
    const server = createServer({ key, ...options }, (socket) => socket.on('error', () => {}));
    server.on('tlsClientError', () => {});
    t.after(() => server.close());
    return `127.0.0.1:${await listen(server)}`;
  };
  const look = (address: string, servername: string | null = 'shop.example.test', alpn?: string[]) =>
    io.handshake({ address, servername, proxyHeader: 'none', patienceMs: 3_000, ...(alpn && { alpn }) }, signal);

  const chains: [string, string, string, number][] = [
    ['leaf and intermediate', own + between, 'complete', 2],
    ['the root too', own + between + root, 'complete', 3],
    ['the intermediate is missing', own, 'incomplete', 1],
  ];
  for (const [what, cert, chain, sent] of chains) {
    await t.test(what, async () => {
      const seen = await look(await serve({ cert }));
      assert.deepEqual([seen.chain, seen.certificates.length, seen.error, seen.nameMatches], [chain, sent, null, true]);
      assert.equal(seen.certificates[0]?.subject, 'CN=shop.example.test');
    });
  }

  await t.test('the intermediate is missing: the root in our own trust does not complete what was sent', async () => {
    const seen = await loopbackIo([ca.root, ca.root]).handshake(
      { address: await serve({ cert: own }), servername: 'shop.example.test', proxyHeader: 'none', patienceMs: 3_000 },
      signal,
    );
    assert.equal(seen.certificates.length, 1);
  });

  await t.test('without our trust the same chain is untrusted', async () => {
    const address = await serve({ cert: own + between + root });
    const seen = await loopbackIo().handshake(
      { address, servername: null, proxyHeader: 'none', patienceMs: 3_000 },
      signal,
    );
    assert.deepEqual([seen.chain, seen.nameMatches], ['untrusted', null]);
  });

  await t.test('another name; a wildcard covers one label', async () => {
    const address = await serve({ cert: own + between });
    assert.equal((await look(address, 'wiki.example.test')).nameMatches, false);
    const wild = ca.leaf('wild', { names: 'DNS:*.example.test' });
    const at = await serve({ cert: readFileSync(wild.pem, 'utf8') + between, key: readFileSync(wild.key) });
    assert.equal((await look(at, 'any.example.test')).nameMatches, true);
    assert.equal((await look(at, 'a.b.example.test')).nameMatches, false);
    assert.equal((await look(at, 'example.test')).nameMatches, false);
  });

  await t.test('version, suite by its IANA name, and protocol', async () => {
    const address = await serve({
      cert: own + between,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
      ALPNProtocols: ['http/1.1', 'h2'],
    });
    const seen = await look(address);
    assert.deepEqual(
      [seen.version, seen.cipher, seen.alpn],
      ['TLSv1.2', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'http/1.1'],
    );
    assert.equal((await look(address, null, ['h2'])).alpn, 'h2');
  });

  await t.test('an old server shows its certificate too; a server without a shared suite its alert', async () => {
    const old = await serve({
      cert: own + between,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    const seen = await look(old);
    assert.deepEqual([seen.version, seen.certificates.length], ['TLSv1', 2]);
    const strange = await serve({ cert: own + between, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
    assert.deepEqual([(await look(strange)).alert, (await look(strange)).certificates], [40, []]);
  });

  await t.test('mute, closing and refusing peers', async (t) => {
    const mute = await peer(t, () => {});
    const began = performance.now();
    const seen = await io.handshake(
      { address: mute.address, servername: null, proxyHeader: 'none', patienceMs: 300 },
      signal,
    );
    assert.equal(seen.error, 'TIMEOUT');
    assert.ok(performance.now() - began < 2_500);
    const closing = await peer(t, (socket) => void socket.end());
    assert.equal((await look(closing.address)).error, 'CLOSED');
    assert.equal((await look(mute.address.replace(/\d+$/, '1'))).error, 'ECONNREFUSED');
  });
});

test('files under `trust`: what is wrong is said with the file', (t) => {
  const dir = scratch(t);
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const broken: [string, RegExp][] = [
    [join(dir, 'missing.pem'), /missing\.pem: ENOENT.*named under `trust`/],
    [file('empty.pem', ''), /empty\.pem: no PEM certificate in it/],
    [file('key.pem', '-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n'), /key\.pem: no PEM certificate/],
    [file('cut.pem', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'), /cut\.pem: /],
    [dir, /EISDIR/],
  ];
  for (const [path, message] of broken) {
    assert.throws(
      () => trustIn([path]),
      (error) => error instanceof TriageError && error.code === 'unreadable' && message.test(error.message),
      path,
    );
  }
  assert.ok(trustIn([]).roots.length > 0, 'the usual authorities');
});

test('one vocabulary for what ends a connection', () => {
  const error = (code: string, message = ''): NodeJS.ErrnoException => Object.assign(new Error(message), { code });
  const words: [NodeJS.ErrnoException, string][] = [
    [error('ERR_SSL_WRONG_VERSION_NUMBER'), 'PLAINTEXT'],
    [error('ERR_SSL_PACKET_LENGTH_TOO_LONG'), 'PLAINTEXT'],
    [error('ECONNRESET', 'Client network socket disconnected before secure TLS connection was established'), 'CLOSED'],
    [error('ECONNRESET', 'socket hang up'), 'CLOSED'],
    [error('ECONNRESET', 'read ECONNRESET'), 'RESET'],
    [error('EPIPE'), 'RESET'],
    [error('HPE_INVALID_CONSTANT'), 'NOT_HTTP'],
    [error('ECONNREFUSED'), 'ECONNREFUSED'],
    [new Error('no code'), 'UNKNOWN'],
  ];
  for (const [given, word] of words) assert.equal(plainError(given), word, given.message);
  const alerts: [string, number | null][] = [
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 40],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 40],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 70],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 112],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 116],
    ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 120],
    ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 80],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 42],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 46],
    ['ECONNRESET', null],
    ['ERR_SSL_WRONG_VERSION_NUMBER', null],
  ];
  for (const [code, number] of alerts) assert.equal(alertOf(code), number, code);
});
