import assert from 'node:assert/strict';
import { test } from 'node:test';
import { framingFault } from '../../../diagnostics/wire/framing.ts';
import { loopbackIo, patient, peer } from '../peers.ts';

const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';

/** An answer's framing, what is wrong with it, and whether our own parser takes it. */
const ANSWERS: { name: string; headers: string; body: string; how?: string; status: number | null }[] = [
  { name: 'a length', headers: 'Content-Length: 5\r\n', body: 'hello', status: 200 },
  { name: 'chunks', headers: 'Transfer-Encoding: chunked\r\n', body: CHUNKS, status: 200 },
  { name: 'compressed chunks', headers: 'Transfer-Encoding: gzip, chunked\r\n', body: CHUNKS, status: 200 },
  { name: 'to the end', headers: '', body: 'hello', status: 200 },
  {
    name: 'chunked twice, as HAProxy answers 502 to',
    headers: 'transfer-encoding: chunked\r\nX: 1\r\nTransfer-Encoding: Chunked\r\n',
    body: CHUNKS,
    how: 'Transfer-Encoding: chunked twice',
    status: 200,
  },
  {
    name: 'chunked twice on one line',
    headers: 'Transfer-Encoding: chunked, chunked\r\n',
    body: CHUNKS,
    how: 'Transfer-Encoding: chunked twice',
    status: 200,
  },
  {
    name: 'a length and chunks',
    headers: 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    body: CHUNKS,
    how: 'both Transfer-Encoding and Content-Length',
    status: null,
  },
  {
    name: 'chunks and a length',
    headers: 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
    body: CHUNKS,
    how: 'both Transfer-Encoding and Content-Length',
    status: null,
  },
  {
    name: 'two lengths',
    headers: 'Content-Length: 5\r\nContent-Length: 6\r\n',
    body: 'hello!',
    how: 'Content-Length twice',
    status: null,
  },
];

test('what no server may say of its body is seen, also where our own parser gives up on it', async (t) => {
  const io = loopbackIo();
  for (const { name, headers, body, how, status } of ANSWERS) {
    await t.test(name, async (t) => {
      const { port } = await peer(t, (socket) => socket.end(`HTTP/1.1 200 OK\r\n${headers}\r\n${body}`));
      const spec = {
        address: `127.0.0.1:${port}`,
        scheme: 'http',
        host: 'a.test',
        path: '/',
        proxyHeader: 'none',
      } as const;
      const answer = await io.request({ ...spec, patienceMs: 5_000 }, patient(t));
      assert.equal(answer.misframed, how);
      assert.equal(answer.status, status);
      assert.equal(answer.error, status === null ? 'NOT_HTTP' : null);
    });
  }
});

test('names and values by turns: a value that looks like a name is none', () => {
  assert.equal(framingFault(['x', 'content-length', 'Content-Length', '5', 'y', 'Content-Length']), null);
  assert.equal(framingFault([]), null);
});
