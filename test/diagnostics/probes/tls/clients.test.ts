import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import fc from 'fast-check';
import { CLIENT_PROFILES } from '../../../../diagnostics/probes/client-profiles.ts';
import { CHUNKS, OFFER, OFFER_13, slices } from '../../../../diagnostics/probes/tls/offers.ts';
import { profile } from '../../../../diagnostics/probes/tls/profiles/recorded.ts';
import { probeTls } from '../../../../diagnostics/probes/tls-probe.ts';
import { readUint, toHex } from '../../../../diagnostics/wire/bytes.ts';
import { CLASSIC_SUITES, TLS13_SUITES } from '../../../../diagnostics/wire/tls-suites.ts';
import { listen, loopbackIo, patient, peer } from '../../peers.ts';
import { authority, scratch } from '../../real-servers.ts';

test('what is computed of a client is what its own hello gets', async (t) => {
  const ca = authority(scratch(t));
  const [rsa, ec] = [ca.leaf('shop.example.test', { kind: 'rsa' }), ca.leaf('shop.example.test')];
  const pair = ({ pem, key }: { pem: string; key: string }) => ({ cert: readFileSync(pem), key: readFileSync(key) });
  const both = { cert: [pair(rsa).cert, pair(ec).cert], key: [pair(rsa).key, pair(ec).key] };
  const cases: [string, TlsOptions][] = [
    ['defaults', pair(rsa)],
    ['everything old, both certificates', { ...both, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['order of the client', { ...pair(rsa), honorCipherOrder: false, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['ECDSA only', { ...pair(ec), maxVersion: 'TLSv1.2' }],
    ['RSA key exchange only', { ...pair(rsa), maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-GCM-SHA384' }],
    ['one rare group', { ...pair(rsa), ecdhCurve: 'P-521', maxVersion: 'TLSv1.2' }],
    [
      'own finite field',
      {
        ...pair(rsa),
        dhparam: 'auto',
        maxVersion: 'TLSv1.2',
        ciphers: 'DHE-RSA-AES128-SHA:@SECLEVEL=0',
        minVersion: 'TLSv1',
      },
    ],
  ];
  for (const [what, options] of cases)
    await t.test(what, async (t) => {
      const server = createServer({ ALPNProtocols: ['h2', 'http/1.1'], ...options }, (socket) =>
        socket.on('error', () => {}),
      );
      server.on('tlsClientError', () => {});
      t.after(() => server.close());
      const to = {
        address: `127.0.0.1:${await listen(server)}`,
        servername: 'shop.example.test',
        proxyHeader: 'none' as const,
      };
      const [computed, replayed] = [
        await probeTls(loopbackIo(), to, patient(t)),
        await probeTls(loopbackIo(), to, patient(t), { replay: true }),
      ];
      assert.ok(computed.clients.filter((c) => c.how === 'computed').length > 25, 'most are proved');
      for (const [i, one] of computed.clients.entries()) {
        const own = replayed.clients[i];
        assert.equal(own?.how, 'replayed');
        const short = (c: typeof one | undefined): unknown[] => [
          c?.profile,
          c?.result,
          c?.negotiated?.version,
          c?.negotiated?.id,
        ];
        assert.deepEqual(short(one), short(own), `${one.profile} is ${one.how}`);
      }
    });
});

test('hellos are replayed as recorded: order, lengths, name, fresh keys', () => {
  for (const client of CLIENT_PROFILES) {
    const hello = client.replay('a.example.test');
    if (client.v2) {
      assert.equal(hello[2], 1, client.profile);
      assert.equal(readUint(hello, 0, 2), 0x8000 | (hello.length - 2));
      continue;
    }
    assert.equal(readUint(hello, 3, 2), hello.length - 5, client.profile);
    assert.equal(readUint(hello, 6, 3), hello.length - 9, client.profile);
    assert.equal(Buffer.from(hello).includes('a.example.test'), client.sni, client.profile);
    assert.ok(!Buffer.from(client.replay(null)).includes('a.example.test'));
    assert.notEqual(toHex(client.replay(null)), toHex(client.replay(null)), 'a random of its own each time');
  }
  assert.ok(CLIENT_PROFILES.length >= 30);
});

test('Node 24, as it is recorded, is Node 24 as it runs here', async (t) => {
  const { request } = await import('node:https');
  const seen = Promise.withResolvers<Buffer>();
  const there = await peer(t, (socket) => void socket.once('data', (data) => seen.resolve(data)));
  const asking = request({ host: '127.0.0.1', port: there.port, servername: 'a.example.test' }).on('error', () => {});
  asking.end();
  const real = await seen.promise;
  asking.destroy();
  const known = CLIENT_PROFILES.find((one) => one.profile === 'node-24');
  const suites = (hello: Uint8Array): string => {
    const at = 44 + (hello[43] ?? 0);
    return toHex(hello.subarray(at, at + 2 + (readUint(hello, at, 2) ?? 0)));
  };
  assert.equal(suites(known?.replay('a.example.test') ?? new Uint8Array(0)), suites(real));
});

test('all suites stand in offers of at most 128, each once, however they are sliced', () => {
  assert.deepEqual(new Set(CHUNKS.flat()), new Set(CLASSIC_SUITES));
  assert.equal(CHUNKS.flat().length, CLASSIC_SUITES.length);
  assert.ok(CHUNKS.every((chunk) => chunk.length <= OFFER));
  assert.deepEqual(new Set(OFFER_13), new Set(TLS13_SUITES));
  assert.equal(OFFER_13[0], 0x1301);
  fc.assert(
    fc.property(
      fc.subarray([...CLASSIC_SUITES]),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      (suites, parts, old) => {
        const list = slices(suites, parts, old);
        assert.deepEqual(list.flat(), suites);
        assert.ok(list.length <= parts);
      },
    ),
  );
});

test('a server that chokes on long hellos is told, and asked with short ones', async (t) => {
  const ca = authority(scratch(t));
  const leaf = ca.leaf('shop.example.test', { kind: 'rsa' });
  const server = createServer({ cert: readFileSync(leaf.pem), key: readFileSync(leaf.key), maxVersion: 'TLSv1.2' });
  server.on('tlsClientError', () => {});
  t.after(() => server.close());
  const upstream = await listen(server);
  const { connect } = await import('node:net');
  // A box in between that resets every hello of more than 300 bytes.
  const box = await peer(t, (socket) => {
    socket.once('data', (data) => {
      if (data.length > 300) return void socket.resetAndDestroy();
      const far = connect(upstream, '127.0.0.1', () => far.write(data));
      far.on('error', () => {}).pipe(socket);
      socket.on('close', () => far.destroy());
    });
  });
  const to = { address: box.address, servername: 'shop.example.test', proxyHeader: 'none' as const };
  const seen = await probeTls(loopbackIo(), to, patient(t), { only: 'suites' });
  assert.deepEqual([seen.choke?.got, seen.choke?.suites, seen.versions], ['rst', 128, ['TLSv1.2']]);
  assert.ok((seen.choke?.bytes ?? 0) > 300 && (seen.choke?.works.bytes ?? 999) <= 300);
  const direct = await probeTls(loopbackIo(), { ...to, address: `127.0.0.1:${upstream}` }, patient(t), {
    only: 'suites',
  });
  const ids = (one: typeof seen): string[] => (one.ciphers['TLSv1.2'] ?? []).map((suite) => suite.id).sort();
  assert.deepEqual(ids(seen), ids(direct), 'and nothing is missed');
  assert.equal(direct.choke, null);
});

test('a recording says itself what the client has', () => {
  const made = profile({
    profile: 'x',
    title: 'X',
    words: [],
    oldest: 'TLSv1',
    source: 'made up',
    hello: '0301 0303 0',
    suites: '0a0a c02f 00ff',
    extensions: '0000 000a:00060a0a001d0017 000d:00020401 0010:0003026832',
  });
  assert.deepEqual(made.versions, ['TLSv1', 'TLSv1.1', 'TLSv1.2']);
  assert.deepEqual(
    [made.suites, made.groups, made.signatures, made.alpn, made.sni],
    [[0xc02f], ['x25519', 'secp256r1'], [0x0401], ['h2'], true],
  );
});
