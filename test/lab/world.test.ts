import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { parse } from 'yaml';
import { findBinaries } from '../../proxy/lab/binaries.ts';
import { LabError } from '../../proxy/lab/lab-error.ts';
import { pause, until } from '../../proxy/lab/until.ts';
import { startWorld, type World } from '../../proxy/lab/world.ts';
import { processesOf } from './what-runs.ts';

const SCRIPT = join(import.meta.dirname, 'start-and-wait.ts');

test('a world is up within seconds, and its logs have something to say', async (t) => {
  const began = performance.now();
  const world = await startWorld();
  t.after(world.stop);
  t.diagnostic(`ready after ${Math.round(performance.now() - began)} ms`);

  const statuses = await Promise.all(world.hosts.map(async (host) => (await world.asUser(host)).status));
  assert.deepEqual(
    statuses,
    world.hosts.map(() => 200),
  );
  for (const edge of ['edge-1', 'edge-2']) {
    const rows = readFileSync(join(world.dir, edge, 'access.log'), 'utf8')
      .trim()
      .split('\n');
    assert.ok(rows.length > 5, `${edge} has ${rows.length} rows`);
    assert.match(rows.at(-1) ?? '', / 200 .* host=\w+\.example\.test rt=\d.* ua="127\.0\.0\.1:\d+" us="200"/);
  }
  assert.match(await page(`http://127.0.0.1:${world.ports.edges[0]?.status}/status`), /^Active connections: \d+/);
  assert.match(await page(`http://127.0.0.1:${world.ports.public.metrics}/metrics`), /haproxy_server_status\{.*edge-1/);
  const endpoint = world.ports.endpoints.shop?.[0]?.port;
  assert.match(
    await page(`http://127.0.0.1:${endpoint}/metrics`),
    /http_requests_total\{app="shop".*code="200"\} [1-9]/,
  );
  if (world.ports.traefik) {
    const admin = `http://127.0.0.1:${world.ports.traefik.admin}`;
    assert.match(await page(`${admin}/metrics`), /traefik_service_requests_total\{.*wiki@file/);
    assert.match(await page(`${admin}/api/http/routers`), /wiki@file/);
    assert.match(readFileSync(join(world.dir, 'traefik', 'access.json'), 'utf8'), /"ServiceName":"wiki@file"/);
  }
  await t.test('a drained replica gets no new connection', () => drained(world));
});

async function drained(world: World): Promise<void> {
  const rows = (): number =>
    readFileSync(join(world.dir, 'edge-2', 'access.log'), 'utf8').split('example-probe').length;
  await world.parts.balancer.drain('edge-2', true);
  for (let i = 0; i < 4; i++) await world.asUser('shop.example.test', { path: '/?example-probe' });
  assert.equal(rows(), 1);
  await world.parts.balancer.drain('edge-2', false);
  await until('edge-2 is used again', async () => {
    await world.asUser('shop.example.test', { path: '/?example-probe' });
    return rows() > 1;
  });
}

test('the inventory is what an operator would write, and every path in it exists', async (t) => {
  const world = await startWorld();
  t.after(world.stop);
  const inventory = parse(readFileSync(world.inventory, 'utf8'));
  assert.equal(inventory.version, 1);
  assert.equal(inventory.aliases.metabase, 'metabase.example.test');
  assert.deepEqual(inventory.routes[0], { host: 'shop.example.test', path: '/', via: ['public', 'edge', 'shop'] });
  assert.equal(inventory.hops.public.sends, 'proxy-v2');
  assert.equal(inventory.hops.edge.expects, 'proxy-v2');
  assert.equal(inventory.hops.shop.endpoints.length, 4);
  for (const route of inventory.routes) for (const hop of route.via) assert.ok(inventory.hops[hop], hop);
  const files = JSON.stringify(inventory).match(/"\.\/[^"]+"/g) ?? [];
  assert.ok(files.length > 10);
  for (const file of files) assert.ok(statSync(join(world.dir, JSON.parse(file))), file);
  for (const line of readFileSync(join(world.dir, 'changes.ndjson'), 'utf8').trim().split('\n')) {
    const change = JSON.parse(line);
    assert.ok(inventory.hops[change.object] && Date.parse(change.at) < Date.now() - 3_600_000);
  }
});

test('a stopped world leaves no process, no folder and no port taken', async () => {
  const world = await startWorld();
  assert.ok(processesOf(world.dir).length >= 6);
  const began = performance.now();
  await Promise.all([world.stop(), world.stop()]);
  assert.ok(performance.now() - began < 1000);
  await world.stop();
  assert.deepEqual(processesOf(world.dir), []);
  assert.equal(existsSync(world.dir), false);
  for (const port of JSON.stringify(world.ports).match(/\d{4,}/g) ?? []) {
    await until(`port ${port} is free`, () => isFree(Number(port)), { withinMs: 2000 });
  }
});

test('a world whose parent is killed ends without a trace', async () => {
  const { child, world } = await elsewhere({});
  assert.ok(processesOf(world.dir).length >= 6);
  child.kill('SIGKILL');
  await until('everything is gone', () => processesOf(world.dir).length === 0 && !existsSync(world.dir));
});

test('a world can be stopped in the middle of a fault', async () => {
  const world = await startWorld({ traefik: false });
  await world.inject('app-down');
  world.parts.edge.storm(20);
  await pause(100);
  await world.stop();
  await pause(100);
  assert.deepEqual(processesOf(world.dir), []);
  assert.equal(existsSync(world.dir), false);
});

test('a world whose guard was killed too still ends with its stop', async () => {
  const world = await startWorld({ traffic: false, traefik: false });
  process.kill(world.pids.guard ?? 0, 'SIGKILL');
  await world.stop();
  // Workers of what was stopped go a moment after their master.
  await until('everything is gone', () => processesOf(world.dir).length === 0);
  assert.equal(existsSync(world.dir), false);
});

test('another user than root can have a world', async (t) => {
  const nobody = { uid: 65534, gid: 65534 };
  if (process.getuid?.() !== 0) return t.skip('needs root to become somebody else');
  const readable = `for (const f of [${JSON.stringify(SCRIPT)}]) require('fs').readFileSync(f)`;
  if (spawnSync(process.execPath, ['-e', readable], nobody).status !== 0)
    return t.skip('nobody may not read this folder');
  const { child, world } = await elsewhere(nobody);
  assert.ok(
    world.statuses.every((status) => status === 200),
    String(world.statuses),
  );
  assert.equal(statSync(world.dir).uid, nobody.uid);
  child.kill('SIGTERM');
  await until('everything is gone', () => processesOf(world.dir).length === 0 && !existsSync(world.dir));
});

test('a given folder keeps its files, and two worlds do not meet', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'iti-test-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const [one, two] = await Promise.all([
    startWorld({ dir, traefik: false, traffic: false }),
    startWorld({ traefik: false, traffic: false }),
  ]);
  t.after(two.stop);
  assert.equal(one.hosts.length, 2);
  assert.equal(one.faults().find(({ name }) => name === 'traefik-guilty')?.unavailable, 'Traefik is not here');
  await assert.rejects(one.inject('traefik-guilty'), (error: LabError) => error.missing === 'traefik');
  await assert.rejects(one.inject('no-such-fault'), LabError);
  await one.stop();
  assert.deepEqual(processesOf(dir), []);
  assert.deepEqual(readdirSync(dir).sort(), ['ca', 'changes.ndjson', 'edge-1', 'edge-2', 'inventory.yaml', 'public']);
  assert.equal((await two.asUser('shop.example.test')).status, 200);
});

test('a machine without the servers is told which one is missing', () => {
  const nowhere = { PATH: '/nowhere', ITI_PARTS: '/nowhere' };
  assert.throws(
    () => findBinaries(nowhere, []),
    (error) => error instanceof LabError && error.missing === 'nginx',
  );
  assert.equal(findBinaries({ ...process.env, ITI_PARTS: '/nowhere' }).traefik, null);
});

interface Elsewhere {
  dir: string;
  pids: Record<string, number>;
  statuses: number[];
}

/** A world that another process is the parent of. */
async function elsewhere(as: { uid?: number; gid?: number }): Promise<{ child: ChildProcess; world: Elsewhere }> {
  const child = spawn(process.execPath, [SCRIPT], { ...as, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! });
  const said = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => null)]);
  assert.ok(said, 'the world did not start');
  return { child, world: JSON.parse(said[0]) };
}

async function page(url: string): Promise<string> {
  return (await fetch(url)).text();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
