import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import { probeTls, type TlsProbe } from '../../../diagnostics/probes/tls-probe.ts';
import { listen, loopbackIo, patient, peer } from '../peers.ts';
import { authority, freePorts, openssl, scratch, startHaproxy, startNginx } from '../real-servers.ts';

const run = promisify(execFile);
const INTERMEDIATE =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256';

const idsOf = (probe: TlsProbe, version: string): string[] => (probe.ciphers[version] ?? []).map((suite) => suite.id);

test('what real listeners speak', { concurrency: 4 }, async (t) => {
  const dir = scratch(t);
  const ca = authority(dir);
  const rsa = ca.leaf('shop.example.test', { kind: 'rsa' });
  const ec = ca.leaf('shop.example.test');
  const ports = await freePorts(
    t,
    'only13',
    'intermediate',
    'old',
    'header',
    'clear',
    'reject',
    'haproxyClear',
    'haproxy',
  );
  const both = `ssl_certificate ${rsa.pem}; ssl_certificate_key ${rsa.key}; ssl_certificate ${ec.pem}; ssl_certificate_key ${ec.key};`;
  const server = (port: number, lines: string, more = ''): string =>
    `server { listen 127.0.0.1:${port}${more}; server_name shop.example.test; ${lines} return 200 ok; }\n`;
  const haproxyDir = scratch(t);
  writeFileSync(
    `${haproxyDir}/both.pem`,
    readFileSync(rsa.pem, 'utf8') + readFileSync(ca.intermediate, 'utf8') + readFileSync(rsa.key, 'utf8'),
  );
  await Promise.all([
    startNginx(
      t,
      dir,
      [ports.only13, ports.intermediate, ports.old, ports.header, ports.clear, ports.reject],
      server(ports.only13, `${both} ssl_protocols TLSv1.3;`, ' ssl http2') +
        server(
          ports.intermediate,
          `${both} ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ${INTERMEDIATE};`,
          ' ssl http2',
        ) +
        server(
          ports.old,
          `${both} ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_prefer_server_ciphers on; ssl_ciphers ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0; ssl_ecdh_curve secp384r1:prime256v1;`,
          ' ssl',
        ) +
        server(ports.header, `${both} ssl_protocols TLSv1.2;`, ' ssl proxy_protocol') +
        server(ports.clear, '') +
        `server { listen 127.0.0.1:${ports.reject} ssl; ssl_reject_handshake on; }\n`,
    ),
    startHaproxy(
      t,
      haproxyDir,
      [ports.haproxyClear, ports.haproxy],
      `listen web\n  mode http\n  bind 127.0.0.1:${ports.haproxyClear}\n  http-request return status 200
listen tls\n  mode http\n  bind 127.0.0.1:${ports.haproxy} ssl crt both.pem ssl-min-ver TLSv1.2 alpn h2,http/1.1\n  http-request return status 200`,
    ),
  ]);
  const io = loopbackIo([ca.root]);
  const probe = (port: number, header: 'none' | 'local' | 'v1' = 'none'): Promise<TlsProbe> =>
    probeTls(io, { address: `127.0.0.1:${port}`, servername: 'shop.example.test', proxyHeader: header }, patient(t));

  /** What OpenSSL itself gets, suite by suite: another implementation's word for the same question. */
  const byOpenssl = async (port: number, version: string): Promise<Set<string>> => {
    const known = openssl('ciphers', '-s', '-V', `-${version}`, 'ALL:!PSK:!SRP:!aNULL:!eNULL:@SECLEVEL=0')
      .trim()
      .split('\n');
    const got = new Set<string>();
    const todo = known.map((line) => {
      const [, high = '', low = '', name = ''] = /0x([0-9A-F]{2}),0x([0-9A-F]{2}) +- (\S+)/.exec(line) ?? [];
      return { id: `0x${high}${low}`.toLowerCase(), name };
    });
    const worker = async (): Promise<void> => {
      for (let next = todo.shift(); next; next = todo.shift()) {
        const args = [
          's_client',
          '-connect',
          `127.0.0.1:${port}`,
          `-${version}`,
          '-cipher',
          `${next.name}:@SECLEVEL=0`,
        ];
        const asking = run('openssl', args, { timeout: 10_000 });
        asking.child.stdin?.end();
        const { stdout } = await asking.catch((error) => error as { stdout: string });
        if (/Cipher is (?!\(NONE\))/.test(stdout)) got.add(next.id);
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    assert.ok(known.length > 10);
    return got;
  };

  await Promise.all([
    t.test('nginx, TLS 1.3 only', async () => {
      const seen = await probe(ports.only13);
      assert.deepEqual(seen.versions, ['TLSv1.3']);
      assert.deepEqual(idsOf(seen, 'TLSv1.3').sort(), ['0x1301', '0x1302', '0x1303']);
      assert.deepEqual(seen.alpn.sort(), ['h2', 'http/1.1']);
      assert.ok(seen.groups.includes('x25519') && seen.groups.includes('secp256r1'), String(seen.groups));
      assert.equal(seen.clients.find((c) => c.profile === 'java-8')?.result, 'no-shared-version');
      assert.equal(seen.clients.find((c) => c.profile === 'browser')?.result, 'ok');
    }),
    t.test('nginx, intermediate: the same set as OpenSSL gets, suite by suite', async () => {
      const [seen, openssls] = await Promise.all([probe(ports.intermediate), byOpenssl(ports.intermediate, 'tls1_2')]);
      assert.deepEqual(seen.versions, ['TLSv1.2', 'TLSv1.3']);
      assert.deepEqual(new Set(idsOf(seen, 'TLSv1.2')), openssls);
      assert.equal(openssls.size, 6, 'both certificates, no DH parameters');
      assert.equal(seen.chain, 'incomplete', 'only the leaf is sent');
      assert.equal(seen.nameMatches, true);
      assert.equal(seen.clients.find((c) => c.profile === 'sap-ccl')?.result, 'no-shared-cipher');
      const java = seen.clients.find((c) => c.profile === 'java-8');
      assert.equal(java?.result, 'certificate-chain', 'it fetches no missing intermediate');
      assert.ok(java?.negotiated, 'and yet shares a suite');
    }),
    t.test('nginx, everything old: each version as OpenSSL gets it, in the order of the server', async () => {
      const seen = await probe(ports.old);
      assert.deepEqual(seen.versions, ['TLSv1', 'TLSv1.1', 'TLSv1.2']);
      assert.deepEqual(new Set(idsOf(seen, 'TLSv1.2')), await byOpenssl(ports.old, 'tls1_2'));
      assert.deepEqual(new Set(idsOf(seen, 'TLSv1')), await byOpenssl(ports.old, 'tls1'));
      assert.deepEqual(seen.serverPreference, { 'TLSv1.2': true, 'TLSv1.1': true, TLSv1: true });
      assert.deepEqual(seen.groups, ['secp384r1', 'secp256r1'], 'no other group is served');
      assert.equal(seen.clients.find((c) => c.profile === 'java-7')?.negotiated?.version, 'TLSv1');
      // One connection for each suite found and one refusal for each slice: nothing is asked twice.
      const found = Object.values(seen.ciphers).flat().length;
      const spent = (seen.spent?.suites ?? 0) + (seen.spent?.order ?? 0);
      assert.ok(spent <= found + 48, `${spent} connections for ${found} suites`);
      assert.ok(seen.connections <= found + 100, `${seen.connections} connections in all`);
    }),
    t.test('nginx behind a PROXY header: nothing without it, everything with it', async () => {
      const bare = await probe(ports.header);
      assert.deepEqual([bare.versions, bare.reachable], [[], true]);
      assert.match(bare.refusal ?? '', /rst|fin/);
      for (const header of ['local', 'v1'] as const) {
        const seen = await probe(ports.header, header);
        assert.deepEqual(seen.versions, ['TLSv1.2'], header);
        assert.equal(seen.certificates.length, 1);
      }
    }),
    t.test('HAProxy', async () => {
      const seen = await probe(ports.haproxy);
      assert.deepEqual([seen.versions, seen.chain, seen.nameMatches], [['TLSv1.2', 'TLSv1.3'], 'complete', true]);
      assert.deepEqual(new Set(idsOf(seen, 'TLSv1.2')), await byOpenssl(ports.haproxy, 'tls1_2'));
    }),
    t.test('clear text ports of nginx and HAProxy', async () => {
      const nginx = await probe(ports.clear);
      assert.equal(nginx.plaintext?.looksLike, 'HTTP 400 of nginx');
      assert.match(nginx.plaintext?.firstBytes ?? '', /^485454502f312e3120343030/);
      assert.equal(nginx.connections, 1, 'not asked sixty times');
      assert.equal((await probe(ports.haproxyClear)).plaintext?.looksLike, 'HTTP 400 of HAProxy');
    }),
    t.test('a listener that refuses every handshake', async () => {
      const seen = await probe(ports.reject);
      assert.deepEqual([seen.versions, seen.refusal, seen.reachable], [[], 'alert 112', true]);
    }),
  ]);
});

test('Node servers with exact settings', async (t) => {
  const ca = authority(scratch(t));
  const leaf = ca.leaf('shop.example.test', { kind: 'rsa' });
  const files = { cert: readFileSync(leaf.pem), key: readFileSync(leaf.key) };
  const serve = async (options: TlsOptions): Promise<string> => {
    const server = createServer({ ...files, ...options }, (socket) => socket.on('error', () => {}));
    server.on('tlsClientError', () => {});
    t.after(() => server.close());
    return `127.0.0.1:${await listen(server)}`;
  };
  const probe = async (options: TlsOptions): Promise<TlsProbe> =>
    probeTls(loopbackIo(), { address: await serve(options), servername: null, proxyHeader: 'none' }, patient(t));

  await t.test('three suites in the order of the server', async () => {
    const ciphers = 'ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256';
    const seen = await probe({ maxVersion: 'TLSv1.2', ciphers, honorCipherOrder: true, ecdhCurve: 'P-256' });
    assert.deepEqual(idsOf(seen, 'TLSv1.2'), ['0xc030', '0x002f', '0xc02f']);
    assert.deepEqual([seen.serverPreference, seen.groups], [{ 'TLSv1.2': true }, ['secp256r1']]);
    assert.equal(seen.clients.find((c) => c.profile === 'sap-ccl')?.negotiated?.cipher, 'TLS_RSA_WITH_AES_128_CBC_SHA');
  });
  await t.test('no order of its own', async () => {
    const ciphers = 'ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256';
    const seen = await probe({ maxVersion: 'TLSv1.2', ciphers, honorCipherOrder: false });
    assert.deepEqual(new Set(idsOf(seen, 'TLSv1.2')), new Set(['0xc030', '0x002f', '0xc02f']));
    assert.equal(seen.serverPreference['TLSv1.2'], false);
  });
  await t.test('one suite only, RSA key exchange, no group', async () => {
    const seen = await probe({ maxVersion: 'TLSv1.2', ciphers: 'AES256-SHA256' });
    assert.deepEqual([idsOf(seen, 'TLSv1.2'), seen.groups, seen.serverPreference['TLSv1.2']], [['0x003d'], [], null]);
  });
});

test('peers that are no TLS server end the probe in time, with what was seen', { concurrency: 10 }, async (t) => {
  const alert40 = Buffer.from('15030300020228', 'hex');
  const serverHello = Buffer.from(
    `160303002e0200002a0303${'07'.repeat(32)}00c02f00000200000000000000`.slice(0, 2 * (5 + 46)),
    'hex',
  );
  const cases: [string, Parameters<typeof peer>[1], (seen: TlsProbe) => void, number][] = [
    ['mute', () => {}, (s) => assert.deepEqual([s.reachable, s.refusal, s.connections], [true, 'open', 3]), 4_000],
    ['closing', (s) => void s.end(), (s) => assert.deepEqual([s.reachable, s.refusal], [true, 'fin']), 0],
    ['resetting', (s) => void s.once('data', () => s.resetAndDestroy()), (s) => assert.equal(s.refusal, 'rst'), 0],
    [
      'alert 40 for everything',
      (s) => void s.once('data', () => s.end(alert40)),
      (s) => assert.equal(s.refusal, 'alert 40'),
      0,
    ],
    [
      'SSH',
      (s) => void s.write('SSH-2.0-OpenSSH_9.2p1\r\n'),
      (s) => assert.equal(s.plaintext?.looksLike, 'SSH'),
      4_000,
    ],
    [
      'an endless stream of zeros',
      (s) => {
        const more = (): void => {
          while (!s.destroyed && s.write(Buffer.alloc(16_384)));
        };
        s.on('drain', more);
        more();
      },
      (s) => assert.ok(s.plaintext),
      0,
    ],
    [
      'half a ServerHello, then FIN',
      (s) => void s.once('data', () => s.end(serverHello.subarray(0, 20))),
      (s) => assert.ok(s.versions.length === 0 && s.unanswered > 0),
      0,
    ],
    [
      'the same ServerHello to everything',
      (s) => void s.once('data', () => s.end(serverHello)),
      (s) => assert.ok(s.connections < 2_500),
      0,
    ],
  ];
  await Promise.all(
    cases.map(([what, behave, holds, waits]) =>
      t.test(what, async (t) => {
        const there = await peer(t, behave);
        const began = performance.now();
        const to = { address: there.address, servername: 'shop.example.test', proxyHeader: 'none' as const };
        const seen = await probeTls(loopbackIo(), to, patient(t));
        assert.ok(performance.now() - began < waits + 5_000, `${performance.now() - began} ms`);
        holds(seen);
        assert.deepEqual(JSON.parse(JSON.stringify(seen)), seen);
      }),
    ),
  );
  await t.test('nobody', async (t) => {
    const to = { address: '127.0.0.1:1', servername: null, proxyHeader: 'none' as const };
    const seen = await probeTls(loopbackIo(), to, patient(t));
    assert.deepEqual([seen.reachable, seen.refusal, seen.connections], [false, 'refused', 1]);
  });
});
