import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import fc from 'fast-check';
import { flight } from '../../../diagnostics/probes/tls/flight.ts';
import { proberFor } from '../../../diagnostics/probes/tls/prober.ts';
import { bytes, fromHex, toHex, vector } from '../../../diagnostics/wire/bytes.ts';
import { hybridShare } from '../../../diagnostics/wire/hybrid-share.ts';
import { keyShare, SHARED_GROUPS } from '../../../diagnostics/wire/key-share.ts';
import { readStaple } from '../../../diagnostics/wire/ocsp.ts';
import { certificateList, readFlight } from '../../../diagnostics/wire/tls-flight.ts';
import { SIGNATURES } from '../../../diagnostics/wire/tls-groups.ts';
import { clientHello } from '../../../diagnostics/wire/tls-hello.ts';
import { readFlight13 } from '../../../diagnostics/wire/tls13-flight.ts';
import { listen, loopbackIo, patient } from '../peers.ts';
import { authority, scratch } from '../real-servers.ts';

test("a real server's flight, in clear and encrypted", async (t) => {
  const ca = authority(scratch(t));
  const leaf = ca.leaf('shop.example.test', { kind: 'rsa' });
  const chain = readFileSync(leaf.pem, 'utf8') + readFileSync(ca.intermediate, 'utf8');
  const serve = async (options: TlsOptions): Promise<string> => {
    const server = createServer({ cert: chain, key: readFileSync(leaf.key), ALPNProtocols: ['h2'], ...options });
    server.on('tlsClientError', () => {});
    server.on('OCSPRequest', (_certificate, _issuer, done) => done(null, Buffer.from('30030a0100', 'hex')));
    t.after(() => server.close());
    return `127.0.0.1:${await listen(server)}`;
  };
  const ask = async (address: string, version: 'TLSv1.2' | 'TLSv1.3', suites: number[], groups?: number[]) => {
    const prober = proberFor(
      loopbackIo(),
      { address, servername: 'shop.example.test', proxyHeader: 'none' },
      patient(t),
    );
    return flight(prober, { version, suites, alpn: ['h2'], ...(groups ? { groups } : {}) }, 'certificates');
  };
  const sent = [leaf.pem, ca.intermediate].map((file) => new X509Certificate(readFileSync(file)).raw);

  for (const [suite, ciphers] of [
    [0x1301, 'TLS_AES_128_GCM_SHA256'],
    [0x1302, 'TLS_AES_256_GCM_SHA384'],
    [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
    [0x1304, 'TLS_AES_128_CCM_SHA256'],
    [0x1305, 'TLS_AES_128_CCM_8_SHA256'],
  ] as const)
    await t.test(`TLS 1.3 with ${ciphers}`, async () => {
      const seen = await ask(
        await serve({ ciphers: `${ciphers}:AES128-SHA:@SECLEVEL=0`, minVersion: 'TLSv1.3' }),
        'TLSv1.3',
        [suite],
      );
      assert.deepEqual(
        [seen.version, seen.suite, seen.alpn, seen.signature, seen.asksForCertificate],
        ['TLSv1.3', suite, 'h2', SIGNATURES.rsa_pss_rsae_sha256, false],
      );
      assert.deepEqual(
        seen.certificates.map((der) => Buffer.from(der)),
        sent,
      );
      assert.equal(toHex(seen.staple ?? new Uint8Array(0)), '30030a0100');
    });

  await t.test('TLS 1.3 with every group that a share can be made for, and by way of a HelloRetryRequest', async () => {
    for (const group of SHARED_GROUPS) {
      const name = { 29: 'X25519', 23: 'P-256', 24: 'P-384', 25: 'P-521', 30: 'X448' }[group];
      const address = await serve({ ecdhCurve: name as string, minVersion: 'TLSv1.3' });
      for (const known of [[group], [0x1d, 0x17, group]])
        assert.equal(
          (await ask(address, 'TLSv1.3', [0x1301, 0x1302], known)).certificates.length,
          2,
          `${name} of ${known}`,
        );
    }
  });

  await t.test('TLS 1.3 with a demand for a certificate', async () => {
    const seen = await ask(await serve({ requestCert: true, minVersion: 'TLSv1.3' }), 'TLSv1.3', [0x1301]);
    assert.equal(seen.asksForCertificate, true);
  });

  await t.test('TLS 1.2, in clear', async () => {
    const seen = await ask(await serve({ maxVersion: 'TLSv1.2', requestCert: true }), 'TLSv1.2', [0xc02f]);
    assert.deepEqual([seen.version, seen.suite, seen.alpn, seen.asksForCertificate], ['TLSv1.2', 0xc02f, 'h2', true]);
    assert.deepEqual(
      seen.certificates.map((der) => Buffer.from(der)),
      sent,
    );
    assert.equal(toHex(seen.staple ?? new Uint8Array(0)), '30030a0100');
  });

  await t.test('an alert has its number', async () => {
    const seen = await ask(await serve({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }), 'TLSv1.2', [0xc02f]);
    assert.deepEqual([seen.version, seen.alert], [null, 40]);
  });
});

test('both sides of a key exchange come to the same secret; what is no key gives none', () => {
  for (const group of SHARED_GROUPS) {
    const [one, other] = [keyShare(group), keyShare(group)];
    assert.ok(one && other);
    assert.deepEqual(Buffer.from(one.secret(other.key) ?? []), Buffer.from(other.secret(one.key) ?? [1]), `${group}`);
    assert.equal(one.secret(new Uint8Array(3)), null);
  }
  assert.equal(keyShare(0x0100), null);
  // Sizes of draft-ietf-tls-ecdhe-mlkem section 4.1.
  assert.deepEqual(
    [0x11ec, 0x11eb, 0x11ed].map((group) => hybridShare(group)?.length),
    [1216, 1249, 1665],
  );
  assert.equal(hybridShare(0x001d), null);
});

test('lists of certificates are read back as written, however they are cut', () => {
  const ders = fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { maxLength: 8 });
  fc.assert(
    fc.property(ders, fc.boolean(), fc.nat(800), (list, is13, cut) => {
      const entries = list.map((der) => bytes(vector(3, der), is13 ? vector(2, new Uint8Array(0)) : []));
      const body = vector(3, bytes(...entries));
      assert.deepEqual(
        certificateList(body, 0, is13).map(({ der }) => der),
        list,
      );
      const part = certificateList(body.subarray(0, cut), 0, is13).map(({ der }) => der);
      assert.deepEqual(part, list.slice(0, part.length), 'only whole ones, in their order');
    }),
  );
});

test('any bytes get a typed result', () => {
  const hello = clientHello({ version: 'TLSv1.3', suites: [0x1301], serverName: null });
  const serverHello = `160303003a020000360303${'07'.repeat(32)}00130100000e002b0002030400330004001d0000`;
  const start = fc.constantFrom('', '16', '160303', serverHello, `${serverHello}1703030020`);
  fc.assert(
    fc.property(
      start,
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(0x1301, 0x1305, 0xc02f),
      (begin, rest, suite) => {
        const data = bytes(fromHex(begin), rest);
        for (const name of ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA', 'x'])
          assert.ok(Array.isArray(readFlight(data, name).certificates));
        const seen = readFlight13(data, hello, suite, new Uint8Array(32));
        assert.equal(seen.whole, false);
        assert.ok(['malformed', 'refused', 'good', 'revoked', 'unknown'].includes(readStaple(data).status));
      },
    ),
    { numRuns: 500 },
  );
});

test('an OCSP response made by the openssl command says good, revoked, and until when', async (t) => {
  const { openssl } = await import('../real-servers.ts');
  const { writeFileSync } = await import('node:fs');
  const dir = scratch(t);
  const ca = authority(dir);
  const leaf = ca.leaf('shop.example.test');
  const serial = openssl('x509', '-in', leaf.pem, '-noout', '-serial').trim().split('=')[1];
  for (const [state, line] of [
    ['good', `V\t351231235959Z\t\t${serial}\tunknown\t/CN=shop.example.test\n`],
    ['revoked', `R\t351231235959Z\t260101000000Z\t${serial}\tunknown\t/CN=shop.example.test\n`],
    ['unknown', ''],
  ] as const) {
    writeFileSync(`${dir}/index.txt`, line);
    const issuer = ['-issuer', ca.intermediate, '-cert', leaf.pem];
    openssl('ocsp', ...issuer, '-reqout', `${dir}/request.der`, '-no_nonce');
    openssl(
      ...[
        'ocsp',
        '-index',
        `${dir}/index.txt`,
        '-CA',
        ca.intermediate,
        '-rsigner',
        ca.intermediate,
        '-rkey',
        `${dir}/intermediate.key`,
      ],
      ...['-reqin', `${dir}/request.der`, '-respout', `${dir}/response.der`, '-ndays', '3'],
    );
    const seen = readStaple(readFileSync(`${dir}/response.der`));
    assert.equal(seen.status, state);
    assert.ok(Date.parse(seen.nextUpdate ?? '') - Date.parse(seen.thisUpdate ?? '') === 3 * 86_400_000, state);
  }
});
