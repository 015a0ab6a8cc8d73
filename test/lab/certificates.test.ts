import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeCertificates } from '../../proxy/lab/certificates.ts';
import { run } from './as-a-user.ts';

test('OpenSSL agrees with every certificate of a world', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'iti-test-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const certificates = await writeCertificates(dir, ['shop.example.test', 'wiki.example.test'], ['shop.example.test']);
  const verify = (file: string): Promise<{ code: number; err: string }> =>
    run('openssl', ['verify', '-x509_strict', '-CAfile', certificates.root, '-untrusted', file, file]);

  for (const [host, files] of Object.entries(certificates.own)) {
    assert.equal((await verify(files.chain)).code, 0);
    const leaf = new X509Certificate(readFileSync(files.chain));
    assert.equal(leaf.subjectAltName, `DNS:${host}`);
    assert.equal(leaf.publicKey.asymmetricKeyType, host.startsWith('shop') ? 'rsa' : 'ec');
    assert.equal(readFileSync(files.chain, 'utf8').split('BEGIN CERTIFICATE').length, 3, 'leaf and intermediate');
    assert.equal(statSync(files.key).mode & 0o77, 0, 'the key is for its owner only');
  }
  for (const files of Object.values(certificates.expired)) {
    assert.match((await verify(files.chain)).err, /certificate has expired/);
  }
  assert.match((await verify(certificates.fallback.chain)).err, /self-signed certificate/);
});
