import assert from 'node:assert/strict';
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { resumption } from '../../../diagnostics/io/resumption.ts';
import { authority, scratch } from '../real-servers.ts';

async function listener(t: TestContext, options: TlsOptions, sessions?: Map<string, Buffer>) {
  const leaf = authority(scratch(t)).leaf('shop.example.test');
  const server = createServer({ key: readFileSync(leaf.key), cert: readFileSync(leaf.pem), ...options }, (socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  if (sessions) {
    server.on('newSession', (id: Buffer, data: Buffer, done: () => void) => {
      sessions.set(id.toString('hex'), data);
      done();
    });
    server.on('resumeSession', (id: Buffer, done: (error: null, data: Buffer | null) => void) =>
      done(null, sessions.get(id.toString('hex')) ?? null),
    );
  }
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return (version: 'TLSv1.2' | 'TLSv1.3') =>
    resumption(
      { address, proxyHeader: 'none', servername: 'shop.example.test', version, patienceMs: 5_000 },
      { check: () => {} },
      t.signal,
    );
}

test('tickets are taken up again in both versions', async (t) => {
  const ask = await listener(t, {});
  assert.deepEqual(await ask('TLSv1.2'), { given: 'ticket', resumed: true });
  assert.deepEqual(await ask('TLSv1.3'), { given: 'ticket', resumed: true });
});

test('without tickets TLS 1.2 resumes by session id, if the server remembers it', async (t) => {
  const ask = await listener(t, { secureOptions: constants.SSL_OP_NO_TICKET }, new Map());
  assert.deepEqual(await ask('TLSv1.2'), { given: 'session-id', resumed: true });
});

test('a listener of another version gives nothing', async (t) => {
  const ask = await listener(t, { maxVersion: 'TLSv1.2' });
  assert.deepEqual(await ask('TLSv1.3'), { given: null, resumed: null });
});
