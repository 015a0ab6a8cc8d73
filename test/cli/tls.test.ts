import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { listen } from '../diagnostics/peers.ts';
import { authority, scratch } from '../diagnostics/real-servers.ts';
import { dev } from './dev.ts';

test('./dev tls: two probes of a listener, before and after a change of its suites', async (t) => {
  const dir = scratch(t);
  const ca = authority(dir);
  const leaf = ca.leaf('shop.example.test', { kind: 'rsa' });
  const chain = readFileSync(leaf.pem, 'utf8') + readFileSync(ca.intermediate, 'utf8');
  const serve = async (options: TlsOptions): Promise<string> => {
    const server = createServer({ cert: chain, key: readFileSync(leaf.key), maxVersion: 'TLSv1.2', ...options });
    server.on('tlsClientError', () => {}).on('secureConnection', (socket) => socket.on('error', () => {}));
    t.after(() => server.close());
    return `127.0.0.1:${await listen(server)}`;
  };
  const [before, after] = [
    await serve({ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA' }),
    await serve({ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
  ];
  const ask = (address: string, ...more: string[]) =>
    dev(['tls', address, '--servername', 'shop.example.test', '--ca', ca.root, ...more]);
  const saved = join(dir, 'before.json');
  const first = await ask(before, '--json');
  assert.equal(first.code, 0, first.err);
  writeFileSync(saved, first.out);
  const probe = JSON.parse(first.out);
  assert.deepEqual([probe.chain, probe.nameMatches, probe.chains.length], ['complete', true, 1]);

  const text = await ask(after, '--compare', saved);
  assert.match(
    text.out,
    /LOST: SAP ICM with default settings lost its last common suite: it had TLSv1\.2 with TLS_RSA_WITH_AES_128_CBC_SHA\./,
  );
  assert.doesNotMatch(text.out, /LOST: Java 8/);
  const json = JSON.parse((await ask(after, '--compare', saved, '--json')).out);
  assert.ok(json.comparison.lost.some((one: { profile: string }) => one.profile === 'sap-ccl'));
  assert.match((await ask(before, '--compare', saved)).out, /Nothing differs from the saved probe/);

  assert.match((await dev(['tls', before, '--servername', 'shop.example.test'])).out, /chain: (untrusted|incomplete)/);
  for (const [args, code, says] of [
    [['--compare', ca.root], 65, /root\.pem: .*save one with/],
    [['--compare', join(dir, 'none.json')], 65, /none\.json/],
    [['--only', 'suites', '--compare', saved], 64, /leaves out/],
    [['--only', 'groups'], 64, /groups is not suites/],
  ] as const) {
    const wrong = await ask(before, ...args);
    assert.deepEqual([wrong.code, says.test(wrong.err)], [code, true], wrong.err);
  }
});
