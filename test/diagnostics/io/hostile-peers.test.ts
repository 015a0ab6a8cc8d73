import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import type { Attempt, Conversation } from '../../../diagnostics/io/io.ts';
import { listen, loopbackIo, patient, peer } from '../peers.ts';
import { authority, scratch } from '../real-servers.ts';

const io = loopbackIo();
const PATIENCE = 700;
/** A busy machine may be late, but never by more than this. */
const LATE = 2_500;

type Behaviour = (socket: Socket) => void;
const afterRequest =
  (then: Behaviour): Behaviour =>
  (socket) => {
    socket.once('data', () => then(socket));
  };
const send = (text: string | Buffer, then?: (socket: Socket) => void): Behaviour =>
  afterRequest((socket) => {
    socket.write(text);
    then?.(socket);
  });
const forever = (socket: Socket, chunk: string | Buffer, everyMs: number): void => {
  const timer = setInterval(() => socket.writable && socket.write(chunk), everyMs);
  socket.on('close', () => clearInterval(timer));
};
const flood = (socket: Socket, chunk: Buffer): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
};
const later = (socket: Socket, ms: number, act: () => void): void => {
  const timer = setTimeout(act, ms);
  socket.on('close', () => clearTimeout(timer));
};
const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: strange\r\nSet-Cookie: secret=1\r\n';

interface Expected {
  phase: Attempt['phase'];
  error: string | RegExp | null;
  status?: number | null;
  /** Least time that must be waited, ms: patience is used, not given up. */
  waits?: boolean;
}

const HTTP: { [what: string]: [Behaviour, Expected] } = {
  'accepts and says nothing': [() => {}, { phase: 'answer', error: 'TIMEOUT', waits: true }],
  'one byte a second': [
    afterRequest((s) => forever(s, 'H', 1_000)),
    { phase: 'answer', error: /TIMEOUT|NOT_HTTP/, status: null },
  ],
  'headers, one byte at a time, for ever': [
    send(OK, (s) => forever(s, 'x', 30)),
    { phase: 'answer', error: 'TIMEOUT', waits: true, status: null },
  ],
  'endless headers': [
    send(OK, (s) => flood(s, Buffer.from(`X-More: ${'y'.repeat(900)}\r\n`.repeat(20)))),
    { phase: 'answer', error: 'NOT_HTTP', status: null },
  ],
  'an endless body': [
    send(`${OK}\r\n`, (s) => flood(s, Buffer.alloc(65_536, 'z'))),
    { phase: 'done', error: null, status: 200 },
  ],
  'a body that drips for ever': [
    send(`${OK}Content-Length: 100000\r\n\r\n`, (s) => forever(s, 'z', 50)),
    { phase: 'answer', error: 'TIMEOUT', waits: true, status: 200 },
  ],
  garbage: [send(Buffer.from('\x00\x01\x02\x03garbage\r\n\r\n', 'latin1')), { phase: 'answer', error: 'NOT_HTTP' }],
  'another protocol': [
    (s) => void s.write('SSH-2.0-OpenSSH_9.2p1\r\n'),
    { phase: 'answer', error: 'NOT_HTTP', status: null },
  ],
  'two lengths that differ': [
    send(`${OK}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`),
    { phase: 'answer', error: 'NOT_HTTP', status: null },
  ],
  'a chunk size that is none': [
    send(`${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n`),
    { phase: 'answer', error: /CUT_OFF|NOT_HTTP/, status: 200 },
  ],
  'FIN at once': [(s) => void s.end(), { phase: 'answer', error: 'CLOSED' }],
  'FIN after the request': [afterRequest((s) => s.end()), { phase: 'answer', error: 'CLOSED' }],
  'RST after the request': [afterRequest((s) => s.resetAndDestroy()), { phase: 'answer', error: 'RESET' }],
  'RST in the middle of the headers': [
    send('HTTP/1.1 200 OK\r\nContent-', (s) => later(s, 60, () => s.resetAndDestroy())),
    { phase: 'answer', error: 'RESET', status: null },
  ],
  'FIN in the middle of the headers': [
    send('HTTP/1.1 200 OK\r\nContent-', (s) => void s.end()),
    { phase: 'answer', error: /CLOSED|NOT_HTTP/, status: null },
  ],
  'FIN in the middle of the body': [
    send(`${OK}Content-Length: 100\r\n\r\nhalf`, (s) => void s.end()),
    { phase: 'answer', error: 'CUT_OFF', status: 200 },
  ],
  'RST in the middle of the body': [
    send(`${OK}Content-Length: 100\r\n\r\nhalf`, (s) => later(s, 60, () => s.resetAndDestroy())),
    { phase: 'answer', error: 'CUT_OFF', status: 200 },
  ],
  'a redirect is seen and not followed': [
    send('HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n'),
    { phase: 'done', error: null, status: 302 },
  ],
  'an informational answer first': [
    send(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`),
    { phase: 'done', error: null, status: 200 },
  ],
  'nothing but informational answers': [
    send('HTTP/1.1 100 Continue\r\n\r\n', (s) => forever(s, 'HTTP/1.1 100 Continue\r\n\r\n', 50)),
    { phase: 'answer', error: 'TIMEOUT', waits: true, status: null },
  ],
  'an upgrade that nobody asked for': [
    send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    { phase: 'answer', error: /.+/ },
  ],
};

function holds(what: string, attempt: Attempt, expected: Expected, took: number, patience: number): void {
  assert.equal(attempt.phase, expected.phase, `${what}: ${JSON.stringify(attempt)}`);
  if (expected.error instanceof RegExp) assert.match(attempt.error ?? '', expected.error, what);
  else assert.equal(attempt.error, expected.error, what);
  if (expected.status !== undefined) assert.equal(attempt.status, expected.status, what);
  if (expected.waits) assert.ok(took >= patience - 20, `${what}: gave up after ${took} of ${patience} ms`);
  assert.ok(took < patience + LATE, `${what}: took ${took} ms`);
  assert.ok(attempt.body.length <= 300 && !('set-cookie' in attempt.headers), what);
  assert.equal(attempt.ok, attempt.phase === 'done' && attempt.error === null && (attempt.status ?? 500) < 500, what);
  assert.deepEqual(JSON.parse(JSON.stringify(attempt)), attempt, 'plain JSON');
}

const ask = (t: TestContext, address: string, scheme: 'http' | 'https', patienceMs = PATIENCE): Promise<Attempt> =>
  io.request({ address, scheme, host: 'shop.example.test', path: '/', proxyHeader: 'none', patienceMs }, patient(t));

test('clear HTTP: whatever the peer does becomes one Attempt, in time', { concurrency: 12 }, async (t) => {
  await Promise.all(
    Object.entries(HTTP).map(([what, [behave, expected]]) =>
      t.test(what, async (t) => {
        const there = await peer(t, behave);
        const began = performance.now();
        const attempt = await ask(t, there.address, 'http');
        holds(what, attempt, expected, performance.now() - began, PATIENCE);
        assert.equal(there.connections(), 1, 'one connection, no retry');
        await goesAway(there);
      }),
    ),
  );
});

/** Nothing of ours stays connected once the look is over. */
async function goesAway(there: { open: () => number }): Promise<void> {
  for (let waited = 0; there.open() > 0 && waited < 2_000; waited += 10) await pause(10);
  assert.equal(there.open(), 0, 'the connection was left open');
}

test('an endless body is not kept: memory stays where it was', async (t) => {
  const chunk = Buffer.alloc(1 << 20, 'z');
  const there = await peer(
    t,
    send(`${OK}\r\n`, (s) => flood(s, chunk)),
  );
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 5; i++) assert.equal((await ask(t, there.address, 'http')).status, 200);
  assert.ok(process.memoryUsage().rss - before < 150 * 1024 * 1024);
});

test('TLS: whatever the peer does instead of a handshake becomes one Attempt', { concurrency: 12 }, async (t) => {
  // A ServerHello that promises more than comes.
  const cut = Buffer.from('160303007a0200007603036122093d04c4d5db4d', 'hex');
  const TLS: { [what: string]: [Behaviour, Expected] } = {
    'clear text': [send('HTTP/1.1 400 Bad Request\r\n\r\n', (s) => void s.end()), { phase: 'tls', error: 'PLAINTEXT' }],
    'FIN at once': [(s) => void s.end(), { phase: 'tls', error: 'CLOSED' }],
    'FIN after the hello': [afterRequest((s) => s.end()), { phase: 'tls', error: 'CLOSED' }],
    'RST after the hello': [afterRequest((s) => s.resetAndDestroy()), { phase: 'tls', error: 'RESET' }],
    'half a record, then FIN': [send(cut, (s) => void s.end()), { phase: 'tls', error: 'CLOSED' }],
    'half a record, then RST': [
      send(cut, (s) => later(s, 60, () => s.resetAndDestroy())),
      { phase: 'tls', error: 'RESET' },
    ],
    'an alert': [
      send(Buffer.from('15030300020228', 'hex'), (s) => void s.end()),
      { phase: 'tls', error: /HANDSHAKE_FAILURE/ },
    ],
    'random bytes': [
      send(Buffer.alloc(3_000, 0x8f), (s) => void s.end()),
      { phase: 'tls', error: /^(PLAINTEXT|ERR_SSL)/ },
    ],
  };
  await Promise.all(
    Object.entries(TLS).map(([what, [behave, expected]]) =>
      t.test(what, async (t) => {
        const there = await peer(t, behave);
        const began = performance.now();
        const attempt = await ask(t, there.address, 'https');
        holds(what, attempt, expected, performance.now() - began, PATIENCE);
        if (what === 'an alert') assert.equal(attempt.alert, 40);
        await goesAway(there);
      }),
    ),
  );
  // These two wait for the whole patience of a handshake.
  await Promise.all(
    (
      [
        ['silence', () => {}],
        ['half a record, then silence', send(cut)],
      ] as [string, Behaviour][]
    ).map(([what, behave]) =>
      t.test(what, async (t) => {
        const there = await peer(t, behave);
        const began = performance.now();
        const attempt = await ask(t, there.address, 'https');
        holds(what, attempt, { phase: 'tls', error: 'TIMEOUT', waits: true }, performance.now() - began, 3_000);
        await goesAway(there);
      }),
    ),
  );
});

test('after a good handshake: silence, FIN and RST are told apart', async (t) => {
  const leaf = authority(scratch(t)).leaf('shop.example.test');
  const serve = async (behave: (socket: Socket) => void): Promise<string> => {
    const server = createTlsServer({ cert: readFileSync(leaf.pem), key: readFileSync(leaf.key) }, behave);
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
    });
    server.on('tlsClientError', () => {});
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `127.0.0.1:${await listen(server)}`;
  };
  const untrusted = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
  const silent = await ask(t, await serve((s) => void s.on('error', () => {})), 'https');
  assert.deepEqual([silent.phase, silent.error, silent.status], ['answer', untrusted, null]);
  assert.ok(silent.tlsVersion === 'TLSv1.3' && silent.ms.tls !== null);
  const closed = await ask(t, await serve((s) => void s.end()), 'https');
  assert.deepEqual([closed.phase, closed.status], ['answer', null]);
  const answered = await ask(t, await serve((s) => void s.end(`${OK}Content-Length: 2\r\n\r\nok`)), 'https');
  assert.deepEqual(
    [answered.phase, answered.error, answered.ok],
    ['done', untrusted, false],
    'an answer that no client would have seen',
  );
});

test('nobody there', async (t) => {
  const there = await peer(t, () => {});
  const gone = there.address.replace(/\d+$/, '1');
  const refused = await ask(t, gone, 'http');
  assert.deepEqual([refused.phase, refused.error, refused.ok], ['connect', 'ECONNREFUSED', false]);
  const conversation = await io.converse({ address: gone, send: [], keep: 1, patienceMs: 500 }, patient(t));
  assert.deepEqual([conversation.ending, conversation.bytes, conversation.connectMs], ['refused', '', null]);
});

const talk = (
  t: TestContext,
  address: string,
  more: Partial<Parameters<typeof io.converse>[0]> = {},
): Promise<Conversation> =>
  io.converse({ address, send: [{ bytes: Buffer.from('hello') }], keep: 64, patienceMs: 500, ...more }, patient(t));

test('a raw conversation: how it ended, what came, no byte more than asked for', async (t) => {
  const endings: [string, Behaviour, Conversation['ending'], string][] = [
    ['FIN at once', (s) => void s.end(), 'fin', ''],
    ['FIN after bytes', send('ab', (s) => void s.end()), 'fin', '6162'],
    ['RST', afterRequest((s) => s.resetAndDestroy()), 'rst', ''],
    ['RST after bytes', send('ab', (s) => later(s, 60, () => s.resetAndDestroy())), 'rst', '6162'],
    ['silence', () => {}, 'open', ''],
    ['a flood', afterRequest((s) => flood(s, Buffer.alloc(65_536, 'z'))), 'open', '7a'.repeat(64)],
  ];
  await Promise.all(
    endings.map(([what, behave, ending, bytes]) =>
      t.test(what, async (t) => {
        const there = await peer(t, behave);
        const seen = await talk(t, there.address);
        assert.deepEqual([seen.ending, seen.bytes], [ending, bytes]);
        await goesAway(there);
      }),
    ),
  );
});

test('parts of a conversation go out each in its own time', async (t) => {
  const times: [string, number][] = [];
  const began = performance.now();
  const there = await peer(t, (socket) => {
    socket.on('data', (chunk) => times.push([chunk.toString(), performance.now() - began]));
  });
  const parts = [
    { bytes: Buffer.from('a') },
    { bytes: Buffer.from('b'), afterMs: 120 },
    { bytes: Buffer.from('c'), afterMs: 120 },
  ];
  await talk(t, there.address, { send: parts });
  assert.equal(times.map(([text]) => text).join(''), 'abc');
  assert.ok((times.at(-1)?.[1] ?? 0) >= 230, JSON.stringify(times));
});

test('`enough` ends a conversation before the peer or the clock does', async (t) => {
  const there = await peer(t, send('0123456789'));
  const began = performance.now();
  const seen = await talk(t, there.address, { patienceMs: 5_000, enough: (bytes) => bytes.length >= 3 });
  assert.ok(performance.now() - began < 2_000 && seen.bytes.startsWith('303132'));
});

test('the signal ends every kind of look at once, and leaves nothing connected', async (t) => {
  const reason = new Error('enough now');
  const ways: [string, (address: string, signal: AbortSignal) => Promise<unknown>][] = [
    ['converse', (address, signal) => io.converse({ address, send: [], keep: 9, patienceMs: 9_000 }, signal)],
    [
      'request',
      (address, signal) =>
        io.request(
          { address, scheme: 'http', host: 'a.test', path: '/', proxyHeader: 'none', patienceMs: 9_000 },
          signal,
        ),
    ],
    [
      'request by TLS',
      (address, signal) =>
        io.request(
          { address, scheme: 'https', host: 'a.test', path: '/', proxyHeader: 'v1', patienceMs: 9_000 },
          signal,
        ),
    ],
    [
      'handshake',
      (address, signal) => io.handshake({ address, servername: null, proxyHeader: 'none', patienceMs: 9_000 }, signal),
    ],
  ];
  for (const [what, look] of ways) {
    await t.test(what, async (t) => {
      const there = await peer(t, () => {});
      const controller = new AbortController();
      const began = performance.now();
      const looking = look(there.address, controller.signal);
      setTimeout(() => controller.abort(reason), 80);
      await assert.rejects(looking, (error) => error === reason);
      assert.ok(performance.now() - began < 1_500);
      await goesAway(there);
      const before = there.connections();
      await assert.rejects(look(there.address, AbortSignal.abort(reason)), (error) => error === reason);
      assert.equal(there.connections(), before, 'a signal that has already fired opens nothing');
    });
  }
});
