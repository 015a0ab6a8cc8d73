import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { parse } from 'yaml';
import { FAULTS } from '../../proxy/lab/faults/index.ts';
import type { Fault } from '../../proxy/lab/types.ts';
import { startWorld, type World } from '../../proxy/lab/world.ts';
import { curl, handshake, run } from './as-a-user.ts';
import { holdLive, pageOf, sharesWhile, workersShuttingDown } from './from-inside.ts';

const SHOP = 'shop.example.test';
const METABASE = 'metabase.example.test';
const WIKI = 'wiki.example.test';

/** What real clients see while a fault is on, beside what the lab itself waited for. */
const PROOFS: Record<string, (world: World) => Promise<void>> = {
  none: async (world) => {
    for (const host of world.hosts) assert.equal((await curl(world, host)).status, 200);
  },
  'app-errors': async (world) => {
    const { status, out } = await curl(world, SHOP);
    assert.equal(status, 500);
    assert.match(out, /something went wrong/);
    for (const { port } of world.ports.endpoints.shop ?? [])
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 500);
    assert.equal((await curl(world, METABASE)).status, 200);
  },
  'app-down': async (world) => {
    const { status, out } = await curl(world, METABASE);
    assert.equal(status, 502);
    assert.match(out, /nginx\/1\./);
    for (const { port } of world.ports.endpoints.metabase ?? [])
      await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
    assert.equal((await curl(world, SHOP)).status, 200);
    assert.match(readFileSync(join(world.dir, 'edge-1', 'error.log'), 'utf8'), /connect\(\) failed \(111/);
  },
  'app-slow': async (world) => {
    assert.equal((await curl(world, SHOP, '--max-time', '3')).code, 28);
    const [endpoint] = world.ports.endpoints.shop ?? [];
    const began = performance.now();
    assert.equal((await fetch(`http://127.0.0.1:${endpoint?.port}/`)).status, 200);
    assert.ok(performance.now() - began > 3000);
  },
  'service-no-endpoints': async (world) => {
    assert.equal((await curl(world, METABASE)).status, 503);
    assert.deepEqual(parse(readFileSync(world.inventory, 'utf8')).hops.metabase.endpoints, []);
    const logs = ['edge-1', 'edge-2'].map((edge) => readFileSync(join(world.dir, edge, 'access.log'), 'utf8')).join('');
    assert.match(logs, / 503 .*host=metabase\.example\.test .*ua="-" us="-"/);
  },
  'proxy-protocol-unexpected': async (world) => {
    const seen = await curl(world, SHOP);
    assert.equal(seen.code, 35);
    assert.match(seen.err, /wrong version number/);
    assert.match(await firstBytesToHello(world.addresses[SHOP] ?? ''), /^HTTP\/1\.1 400 Bad Request/);
    for (const edge of world.ports.edges)
      assert.equal(await subjectAt(edge.https), SHOP, 'straight to a replica it works');
    assert.match(readFileSync(join(world.dir, 'edge-1', 'access.log'), 'utf8'), /"\\x00" 400 157/);
  },
  'proxy-protocol-missing': async (world) => {
    assert.equal((await curl(world, SHOP)).code, 35);
    assert.equal((await curl(world, SHOP, '--haproxy-protocol')).status, 200, 'a header cures it');
    assert.match(readFileSync(join(world.dir, 'edge-1', 'error.log'), 'utf8'), /while reading PROXY protocol/);
  },
  'tls-certificate-expired': async (world) => {
    const seen = await curl(world, SHOP);
    assert.equal(seen.code, 60);
    assert.match(seen.err, /certificate has expired/);
    assert.equal((await curl(world, SHOP, '--insecure')).status, 200);
    assert.equal((await curl(world, METABASE)).status, 200);
  },
  'tls-certificate-wrong': async (world) => {
    const seen = await curl(world, METABASE);
    assert.equal(seen.code, 60);
    assert.match(seen.err, /self.signed certificate/);
    assert.equal((await curl(world, SHOP)).status, 200);
  },
  'tls-policy-too-strict': async (world) => {
    assert.equal((await curl(world, SHOP)).status, 200, 'browsers work');
    const sap = await handshake(world, SHOP, '-tls1_2', '-cipher', 'AES128-SHA');
    assert.match(sap.err, /alert handshake failure/);
    const scanner = await handshake(world, SHOP, '-tls1', '-cipher', 'ALL:@SECLEVEL=0');
    assert.match(scanner.err, /alert protocol version/);
    assert.equal((await handshake(world, SHOP, '-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256')).code, 0);
  },
  'endpoint-imbalance': async (world) => {
    const shares = await sharesWhile(world, 'shop', 2000);
    assert.ok(Math.max(...shares) > 0.95, String(shares));
    const began = performance.now();
    assert.equal((await curl(world, SHOP)).status, 200);
    assert.ok(performance.now() - began > 1000, 'users wait');
    const idle = (world.ports.endpoints.shop ?? []).filter((_, i) => (shares[i] ?? 0) < 0.1);
    assert.equal(idle.length, 3);
    for (const { port } of idle) assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
  },
  'reload-failed': async (world) => {
    assert.equal((await curl(world, SHOP)).status, 502);
    assert.match(readFileSync(join(world.dir, 'edge-2', 'error.log'), 'utf8'), /\[emerg\].*unknown directive/);
    const config = readFileSync(join(world.dir, 'edge-1', 'nginx.conf'), 'utf8');
    const listed = parse(readFileSync(world.inventory, 'utf8')).hops.shop.endpoints;
    assert.equal(listed.length, 4);
    for (const { address } of listed) {
      assert.ok(config.includes(`server ${address} `), `${address} is in the file on disk`);
      assert.equal((await fetch(`http://${address}/`)).status, 200, `${address} is well`);
    }
  },
  'reload-storm': async (world) => {
    assert.equal((await curl(world, SHOP)).status, 200, 'single pages load');
    const cutAfterMs = await holdLive(world, SHOP, 8000);
    assert.ok(cutAfterMs !== null && cutAfterMs < 7000, `the live feed was cut after ${cutAfterMs} ms`);
    if (process.platform === 'linux') assert.ok(workersShuttingDown(world) >= 2);
  },
  'traefik-guilty': async (world) => {
    const seen = await curl(world, WIKI);
    assert.equal(seen.status, 404);
    assert.match(seen.out, /^404 page not found\n/);
    for (const { port } of world.ports.endpoints.wiki ?? [])
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
    assert.equal((await curl(world, 'billing.example.test')).status, 200);
  },
  'wrong-suspect': async (world) => {
    assert.equal((await curl(world, METABASE)).status, 500);
    const last = readFileSync(join(world.dir, 'changes.ndjson'), 'utf8').trim().split('\n').at(-1) ?? '';
    assert.equal(JSON.parse(last).object, 'metabase');
    assert.ok(Date.now() - Date.parse(JSON.parse(last).at) < 60_000);
    if (!world.ports.traefik) return;
    const asked = [
      '--connect-to',
      `${METABASE}:443:127.0.0.1:${world.ports.traefik.https}`,
      '-k',
      `https://${METABASE}/`,
    ];
    assert.match((await run('curl', ['-sS', ...asked])).out, /^404 page not found/, 'Traefik does not serve it');
  },
};

test('every fault of the lab has a proof, and its texts', () => {
  assert.deepEqual(
    Object.keys(PROOFS).sort(),
    FAULTS.map(({ name }) => name),
  );
  for (const fault of FAULTS) {
    assert.ok(fault.title && fault.hint && fault.report.length > 40, fault.name);
    assert.equal(fault.expect.answer === 'ingress', ['proxy', 'load-balancer', 'node'].includes(fault.expect.hop));
  }
});

/** These take longest, so they begin first. */
const SLOW = ['app-slow', 'endpoint-imbalance', 'reload-storm'];
const WORLDS = 3;

test('users feel every fault, and are well before and after', { concurrency: true }, async (t) => {
  // Some worlds share the work, each takes the next fault that is left: waiting is most of it.
  const todo = FAULTS.toSorted((a, b) => Number(SLOW.includes(b.name)) - Number(SLOW.includes(a.name)));
  const worlds = Array.from({ length: WORLDS }, (_, i) =>
    t.test(`world ${i + 1}`, async (t) => {
      const world = await startWorld();
      t.after(world.stop);
      for (let fault = todo.shift(); fault; fault = todo.shift()) await feel(t, world, fault);
      if (i === 0) await t.test('a switch from fault to fault heals between them', () => switchQuickly(world));
    }),
  );
  await Promise.all(worlds);
});

async function feel(t: TestContext, world: World, fault: Fault): Promise<void> {
  const skip = world.faults().find(({ name }) => name === fault.name)?.unavailable ?? false;
  await t.test(fault.name, { skip }, async () => {
    await everyHostIsWell(world);
    await world.inject(fault.name);
    assert.equal(world.faults().find(({ on }) => on)?.name, fault.name);
    await PROOFS[fault.name]?.(world);
    await world.heal();
    assert.ok(world.faults().every(({ on }) => !on));
    await everyHostIsWell(world);
  });
}

async function switchQuickly(world: World): Promise<void> {
  await Promise.all(['app-down', 'proxy-protocol-unexpected', 'app-errors'].map(world.inject));
  assert.equal((await curl(world, SHOP)).status, 500);
  assert.equal((await curl(world, METABASE)).status, 200);
  await world.heal();
  await everyHostIsWell(world);
}

async function everyHostIsWell(world: World): Promise<void> {
  const statuses = await Promise.all(world.hosts.map(async (host) => (await curl(world, host)).status));
  assert.deepEqual(
    statuses,
    world.hosts.map(() => 200),
  );
  const old = await handshake(
    world,
    SHOP,
    '-tls1_2',
    '-cipher',
    'AES128-SHA',
    '-CAfile',
    world.trust,
    '-verify_return_error',
  );
  assert.equal(old.code, 0, old.err);
  assert.equal((await handshake(world, SHOP, '-tls1', '-cipher', 'ALL:@SECLEVEL=0')).code, 0, 'TLS 1.0');
  assert.equal(await pageOf(world, 'shop', '/healthz'), 200);
}

/** What the balancer's TLS port answers to the start of a TLS handshake, as text. */
function firstBytesToHello(address: string): Promise<string> {
  const [host = '', port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(Buffer.from('160301000501000001', 'hex')));
    socket.setTimeout(3000, () => socket.destroy(new Error('no answer')));
    socket.once('data', (bytes) => {
      resolve(bytes.toString('latin1'));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

/** The host that a replica's certificate names, when it is asked without the balancer. */
function subjectAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ port, host: '127.0.0.1', servername: SHOP, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.setTimeout(3000, () => socket.destroy(new Error('no handshake')));
    socket.once('error', reject);
  });
}
