import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loopbackIo, patient, peer } from '../peers.ts';

test('the size of an answer counts its status line and headers as they came, body and informational answers left out', async (t) => {
  const head = `HTTP/1.1 200 Very Well\r\nServer: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Long: ${'y'.repeat(5000)}\r\nContent-Length: 4\r\n\r\n`;
  const { address } = await peer(t, (socket) => {
    socket.once('data', () => socket.end(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${head}body`));
  });
  const spec = { address, scheme: 'http', host: 'shop.example.test', path: '/', proxyHeader: 'none' } as const;
  const attempt = await loopbackIo().request({ ...spec, patienceMs: 2_000 }, patient(t));
  assert.deepEqual([attempt.status, attempt.headerBytes], [200, head.length]);
});
