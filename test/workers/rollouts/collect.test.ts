import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Interval } from '../../../diagnostics/rollout/types.ts';
import { ioFor } from '../../../proxy/triage.ts';
import { noBase, readCounters } from '../../../workers/rollouts/counters.ts';
import { probeSides } from '../../../workers/rollouts/probes.ts';
import { sidesOf } from '../../../workers/rollouts/sides.ts';
import { withoutOurs } from '../../../workers/rollouts/watch.ts';
import { listen } from '../../diagnostics/peers.ts';
import { authority, freePorts, scratch, startHaproxy, startNginx } from '../../diagnostics/real-servers.ts';
import { aPair, T0 } from './stand-ins.ts';

const EVERY = 1_000;
const HOST = 'shop.example.test';
const signal = () => AbortSignal.timeout(20_000);

/** Two real nginx, the new one with a TLS policy that old clients do not meet. Tells when a request was asked of each. */
async function nginxPair(t: TestContext) {
  const dir = scratch(t);
  const leaf = authority(dir).leaf(HOST, { kind: 'rsa' });
  const ports = await freePorts(t, 'old', 'oldStatus', 'new', 'newStatus');
  const start = (name: string, https: number, status: number, tls: string) => {
    const own = join(dir, name);
    mkdirSync(own, { recursive: true });
    const server = `server { listen 127.0.0.1:${https} ssl; server_name ${HOST};
      ssl_certificate ${leaf.pem}; ssl_certificate_key ${leaf.key}; ${tls}
      location / { return 200 "ok"; } location /broken { return 502; } }
      server { listen 127.0.0.1:${status}; location / { stub_status; } }`;
    return startNginx(t, own, [https, status], server);
  };
  await start('old', ports.old, ports.oldStatus, 'ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;');
  await start('new', ports.new, ports.newStatus, 'ssl_protocols TLSv1.3;');
  const instance = (https: number, status: number) => ({
    https: `127.0.0.1:${https}`,
    metrics: `http://127.0.0.1:${status}/`,
  });
  const { inventory, sides } = aPair({
    kind: 'nginx',
    old: instance(ports.old, ports.oldStatus),
    fresh: instance(ports.new, ports.newStatus),
  });
  // A self-made authority: trusted, as an organisation's own would be.
  inventory.trust.push(join(dir, 'root.pem'), join(dir, 'intermediate.pem'));
  return { inventory, io: ioFor(inventory, HOST), sides: sidesOf(inventory, sides), ports };
}

test('two real nginx: users by the counters, old clients by our probes, and what nginx does not tell is said', async (t) => {
  const { io, sides, ports } = await nginxPair(t);
  const clock = () => Date.now();
  const parts = { sample: io.proxy.sample, everyMs: EVERY, patienceMs: 5_000, now: clock, signal: signal() };
  const first = await readCounters(sides, [HOST], noBase(), parts);
  assert.equal(first.interval, null, 'one reading is no difference');

  const users = (port: number, n: number) =>
    Promise.all(
      Array.from({ length: n }, () =>
        io.request(
          {
            address: `127.0.0.1:${port}`,
            scheme: 'https',
            host: HOST,
            path: '/',
            proxyHeader: 'none',
            patienceMs: 5_000,
          },
          signal(),
        ),
      ),
    );
  await Promise.all([users(ports.old, 27), users(ports.new, 3)]);
  const rates = { perSecond: 4, clientsPerMinute: 600 };
  const probing = { io, everyMs: EVERY, from: null, now: clock, signal: signal() };
  const probed = await probeSides(sides, [HOST, '*.example.test'], T0, rates, probing);
  const counted = await readCounters(sides, [HOST], first.base, parts);
  assert.deepEqual(probed.blind, []);
  const probes = probed.interval as Interval;
  assert.deepEqual([probes.old.requests, probes.fresh.requests, probes.old.errors, probes.fresh.errors], [4, 4, 0, 0]);
  assert.equal(
    probes.fresh.latency?.counts.reduce((a, b) => a + b),
    4,
  );
  assert.deepEqual(probes.fresh.handshakes.probe, { tried: 4, failed: 0 });
  // Each of ten old clients once on both sides: those with TLS 1.2 get in on the old side, and none on the new one.
  const names = Object.keys(probes.old.handshakes).filter((name) => name !== 'probe');
  assert.equal(names.length, 10);
  assert.ok(
    names.every((name) => probes.fresh.handshakes[name]?.failed === 1),
    JSON.stringify(probes.fresh.handshakes),
  );
  assert.deepEqual(probes.old.handshakes['openssl-1.0.1'], { tried: 1, failed: 0 });
  assert.deepEqual(probes.old.handshakes['sap-ccl'], { tried: 1, failed: 0 });
  assert.deepEqual(probes.old.handshakes['java-6'], { tried: 1, failed: 1 }, 'TLS 1.0 was gone before');

  assert.ok(counted.interval);
  const ours = withoutOurs(counted.interval, probes);
  // nginx counts the reading of its own counters too: one on each side.
  assert.deepEqual([ours.old.requests, ours.fresh.requests], [27 + 1, 3 + 1]);
  assert.ok(ours.unread?.includes('errors') && ours.unread.includes('resets'), String(ours.unread));
});

test('a restart in between is blind and never negative; an instance that is away is named', async (t) => {
  const { io, sides } = await nginxPair(t);
  let clock = T0;
  // Readings of one moment are shared, and may be there within the same millisecond.
  const tick = () => (clock += 10);
  const parts = { sample: io.proxy.sample, everyMs: EVERY, patienceMs: 5_000, now: tick, signal: signal() };
  const before = await readCounters(sides, [HOST], noBase(), parts);
  // As if the new one had counted far more before: that is what a restart looks like from outside.
  // (A copy, as it comes back from the store: a reading may be shared with others of the same moment.)
  const base = structuredClone(before.base);
  const was = base.totals['new/new-1'];
  assert.ok(was);
  const [counted] = was.totals.frame.requests;
  assert.ok(counted);
  counted.count += 1_000;
  was.totals.requests += 1_000;
  was.totals.frame.connections.accepted = (was.totals.frame.connections.accepted ?? 0) + 1_000;
  const after = await readCounters(sides, [HOST], base, parts);
  assert.equal(after.interval, null);
  assert.match(after.blind.join(), /new\/new-1: its counters began anew/);
  const next = await readCounters(sides, [HOST], after.base, parts);
  assert.ok(next.interval, `and it goes on from there: ${next.blind}`);

  const gone = await readCounters(sides, [HOST], next.base, {
    ...parts,
    sample: async (of, s) => {
      if (of.hop === 'new') throw new Error('ECONNREFUSED');
      return io.proxy.sample(of, s);
    },
  });
  assert.equal(gone.interval, null, 'one side alone is held against nothing');
  assert.match(gone.blind.join(), /new\/new-1: /);
});

test('two real HAProxy: errors, endpoints and failed handshakes are told', async (t) => {
  const dir = scratch(t);
  const leaf = authority(dir).leaf(HOST);
  const { readFileSync, writeFileSync } = await import('node:fs');
  writeFileSync(join(dir, 'both.pem'), readFileSync(leaf.pem, 'utf8') + readFileSync(leaf.key, 'utf8'));
  const app = createServer((request, response) => {
    response.statusCode = request.url === '/broken' ? 503 : 200;
    response.end('ok');
  });
  const port = await listen(app);
  t.after(() => app.close());
  const ports = await freePorts(t, 'old', 'oldStats', 'new', 'newStats');
  for (const name of ['old', 'new'] as const) {
    const own = join(dir, name);
    mkdirSync(own);
    await startHaproxy(
      t,
      own,
      [ports[name], ports[`${name}Stats`]],
      `frontend in\n  mode http\n  bind 127.0.0.1:${ports[name]} ssl crt ${join(dir, 'both.pem')}\n  default_backend shop\nbackend shop\n  mode http\n  server a 127.0.0.1:${port}\nfrontend stats\n  mode http\n  bind 127.0.0.1:${ports[`${name}Stats`]}\n  http-request use-service prometheus-exporter if { path /metrics }\n  stats enable\n  stats uri /stats\n`,
    );
  }
  const instance = (name: 'old' | 'new') => ({
    https: `127.0.0.1:${ports[name]}`,
    metrics: `http://127.0.0.1:${ports[`${name}Stats`]}/stats;csv`,
  });
  const { inventory, sides: both } = aPair({ kind: 'haproxy', old: instance('old'), fresh: instance('new') });
  const io = ioFor(inventory, HOST);
  const sides = sidesOf(inventory, both);
  const parts = { sample: io.proxy.sample, everyMs: EVERY, patienceMs: 5_000, now: () => Date.now(), signal: signal() };
  const first = await readCounters(sides, [HOST], noBase(), parts);
  assert.deepEqual(first.blind, []);
  const ask = (name: 'old' | 'new', path: string) =>
    io.request(
      {
        address: `127.0.0.1:${ports[name]}`,
        scheme: 'https',
        host: HOST,
        path,
        proxyHeader: 'none',
        patienceMs: 5_000,
      },
      signal(),
    );
  for (let i = 0; i < 10; i++) await ask('old', '/');
  for (let i = 0; i < 3; i++) await ask('new', '/broken');
  const { interval } = await readCounters(sides, [HOST], first.base, parts);
  assert.ok(interval);
  assert.deepEqual([interval.fresh.errors, interval.old.errors], [3, 0]);
  assert.ok(interval.old.requests >= 10 && interval.fresh.requests >= 3);
  assert.ok(!interval.unread?.includes('errors'));
});
