import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { reloadFromOutside } from '../../../diagnostics/checks/reload-from-outside.ts';
import type { WatchedReload } from '../../../diagnostics/io/watch-reload.ts';
import type { Json } from '../../../diagnostics/types.ts';
import { loopbackIo, patient, peer } from '../peers.ts';
import { authority, freePorts, scratch, startNginx } from '../real-servers.ts';

const io = loopbackIo();
const HOST = 'shop.example.test';
const OPEN_AT = [0, 150, 300];
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

const codes = (seen: WatchedReload): string[] =>
  reloadFromOutside
    .read(
      { tls: true, host: HOST, seen } as unknown as Json,
      { address: '127.0.0.1:1' } as Parameters<typeof reloadFromOutside.read>[1],
    )
    .map((f) => f.code);

test('a real nginx: reloaded while it is watched, or not; over TLS, clear, and with a header', async (t) => {
  const dir = scratch(t);
  const leaf = authority(dir).leaf(HOST);
  const p = await freePorts(t, 'tls', 'clear', 'pp', 'short');
  const tls = `ssl_certificate ${leaf.pem}; ssl_certificate_key ${leaf.key};`;
  await startNginx(
    t,
    dir,
    Object.values(p),
    `${tls}
    server { listen 127.0.0.1:${p.tls} ssl; location / { return 200 ok; } }
    server { listen 127.0.0.1:${p.clear}; location / { return 200 ok; } }
    server { listen 127.0.0.1:${p.pp} ssl proxy_protocol; location / { return 200 ok; } }
    server { listen 127.0.0.1:${p.short}; keepalive_timeout 400ms; location / { return 200 ok; } }`,
  );
  const watch = (port: number, scheme: 'https' | 'http', proxyHeader: 'none' | 'local', holdMs: number) =>
    io.watchReload(
      { address: `127.0.0.1:${port}`, scheme, host: HOST, path: '/', proxyHeader, holdMs, openAt: OPEN_AT },
      patient(t),
    );
  const quiet = await Promise.all([
    watch(p.tls, 'https', 'none', 600),
    watch(p.pp, 'https', 'local', 600),
    watch(p.short, 'http', 'none', 1_500),
  ]);
  assert.deepEqual(quiet[0]?.resumption, { before: true, after: true });
  assert.deepEqual(quiet.slice(0, 2).map(codes), [['NO_RELOAD_SEEN'], ['NO_RELOAD_SEEN']]);
  const [, , idle] = quiet;
  assert.deepEqual(codes(idle as WatchedReload), [], 'an idle timeout ends them one by one');
  assert.ok(idle?.idle.every((one) => one.endedMs !== null));
  const watched = Promise.all([
    watch(p.tls, 'https', 'none', 5_000),
    watch(p.clear, 'http', 'none', 5_000),
    watch(p.pp, 'https', 'local', 5_000),
  ]);
  await pause(900);
  process.kill(Number(readFileSync(join(dir, 'nginx.pid'), 'utf8')), 'SIGHUP');
  const seen = await watched;
  assert.deepEqual(seen.map(codes), [
    ['RELOAD_SEEN_FROM_OUTSIDE'],
    ['RELOAD_SEEN_FROM_OUTSIDE'],
    ['RELOAD_SEEN_FROM_OUTSIDE'],
  ]);
  assert.ok(seen.every((one) => one.idle.length === OPEN_AT.length && one.heldMs < 4_500));
  assert.deepEqual([seen[0]?.resumption.after, seen[1]?.resumption.after], [false, null]);
});

test('what peers do to those who wait: nothing is claimed, nothing hangs', async (t) => {
  const peers: { [what: string]: (socket: Socket) => void } = {
    'says nothing': () => {},
    'answers and closes': (s) => void s.once('data', () => s.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')),
    resets: (s) => void s.once('data', () => s.resetAndDestroy()),
    babbles: (s) => void s.write('SSH-2.0-x\r\n'),
    'talks on when nobody asked': (s) => void s.once('data', () => s.write(`${OK}${OK}${OK}garbage`)),
    floods: (s) => void s.once('data', () => s.write(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(200_000)}`)),
  };
  await Promise.all(
    Object.entries(peers).map(async ([what, behave]) => {
      const there = await peer(t, behave);
      const spec = { address: there.address, scheme: 'http', host: HOST, path: '/', proxyHeader: 'none' } as const;
      const began = performance.now();
      const seen = await io.watchReload({ ...spec, holdMs: 500, openAt: [0, 60] }, patient(t));
      assert.ok(performance.now() - began < 6_000, what);
      assert.ok(!codes(seen).includes('TLS_SESSIONS_LOST'), what);
      if (what !== 'talks on when nobody asked') assert.ok(!codes(seen).includes('RELOAD_SEEN_FROM_OUTSIDE'), what);
      for (let waited = 0; there.open() > 0 && waited < 3_000; waited += 20) await pause(20);
      assert.equal(there.open(), 0, `${what}: connections are left`);
    }),
  );
});

test('ends apart are a timeout, ends together a reload, one end is nothing', () => {
  const seen = (...ends: (number | null)[]): WatchedReload => ({
    idle: ends.map((endedMs, i) => ({ idleMs: i * 250 + 10, endedMs })),
    unusable: 0,
    resumption: { before: null, after: null },
    heldMs: 1_500,
  });
  assert.deepEqual(codes(seen(900, 905, 910)), ['RELOAD_SEEN_FROM_OUTSIDE']);
  assert.deepEqual(codes(seen(700, 950, 1_200)), []);
  assert.deepEqual(codes(seen(900, null, null)), ['NO_RELOAD_SEEN']);
  assert.deepEqual(codes(seen(900, 905, null)), ['NO_RELOAD_SEEN'], 'one that was there and stayed');
  assert.deepEqual(codes(seen(300, 310, null)), ['RELOAD_SEEN_FROM_OUTSIDE'], 'the third came later');
  assert.deepEqual(codes(seen()), []);
});
