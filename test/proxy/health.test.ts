import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ProxyHealth } from '../../diagnostics/io/proxy-health.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { Instance, PathHop } from '../../diagnostics/types.ts';
import { healthOf } from '../../proxy/adapters/health/health.ts';
import { THIS_MACHINE } from '../../proxy/adapters/health/machine.ts';
import { workersOf } from '../../proxy/adapters/health/processes.ts';
import { blankInstance } from '../../proxy/inventory/blank.ts';
import { until } from '../../proxy/lab/until.ts';
import { freePorts, scratch, startHaproxy, startNginx } from '../diagnostics/real-servers.ts';

const signal = AbortSignal.timeout(60_000);
const hop = (kind: string): PathHop => ({ name: 'edge', hop: 'proxy', kind }) as unknown as PathHop;
const noPages = { page: () => Promise.reject(new BlindLook('not-configured', 'no page')) };
const overHttp = { page: async (url: string) => (await fetch(url)).text() };

function instance(parts: Partial<Instance>): Instance {
  const none = { https: null, http: null, metrics: null, admin: null, node: null, config: null };
  return {
    ...blankInstance('edge-1'),
    ...none,
    ...parts,
  };
}
const nginxIn = (dir: string, port: number): Instance =>
  instance({
    http: `127.0.0.1:${port}`,
    config: join(dir, 'nginx.conf'),
    errorLog: join(dir, 'error.log'),
    pidFile: join(dir, 'nginx.pid'),
  });
const look = (one: Instance, kind = 'nginx', betweenMs = 50): Promise<ProxyHealth> =>
  healthOf(hop(kind), one, noPages, signal, THIS_MACHINE, betweenMs);

/** Clients that connect and stay; those whose SYN is dropped keep trying. */
function clients(t: TestContext, port: number, count: number): Socket[] {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}
const connected = (sockets: Socket[]): number => sockets.filter((s) => !s.connecting && !s.destroyed).length;

/**
 * Stops the workers of a master. To be called before the server is started: hooks run in the order in which they were
 * set, and a stopped process cannot be ended in order.
 */
function stopper(t: TestContext): (master: number) => Promise<void> {
  const pids: number[] = [];
  t.after(() => pids.map((pid) => process.kill(pid, 'SIGCONT')));
  return async (master) => {
    for (const { pid } of await workersOf(master)) {
      process.kill(pid, 'SIGSTOP');
      pids.push(pid);
    }
  };
}

test('an nginx as it is: processes, files, slots, queue; nothing was ever dropped, so one reading is enough', async (t) => {
  const dir = scratch(t);
  const { web } = await freePorts(t, 'web');
  const pid = await startNginx(t, dir, [web], `server { listen 127.0.0.1:${web} backlog=8; return 200 ok; }`);
  const health = await look(nginxIn(dir, web));
  assert.equal(health.pid, pid);
  assert.deepEqual([health.workers?.count, health.workers?.restarted, health.workers?.exits], [1, 0, []]);
  assert.ok(Math.abs(Date.parse(health.startedAt ?? '') - Date.now()) < 60_000);
  assert.equal(health.starts.length, 1);
  assert.ok(health.files && health.files.open > 3 && health.files.limit >= health.files.open);
  // The listening socket and the channel to its master.
  assert.deepEqual([health.connections?.now, health.connections?.limit, health.connections?.fullAt], [2, 512, 480]);
  assert.deepEqual(health.queues, [
    { address: `127.0.0.1:${web}`, waiting: 0, waitedBefore: 0, length: 8, dropped: { count: 0, overMs: 0, total: 0 } },
  ]);
  assert.ok(health.somaxconn && health.somaxconn >= 128);
  assert.deepEqual(health.cannotTell, []);
});

const droppedAt = (health: ProxyHealth): number =>
  (health.queues ?? []).reduce((sum, queue) => sum + (queue.dropped?.total ?? 0), 0);

test('a full accept queue, by socket: length and one, and what comes after is dropped and counted', async (t) => {
  const dir = scratch(t);
  const { web, other } = await freePorts(t, 'web', 'other');
  const stop = stopper(t);
  const server = (port: number): string => `server { listen 127.0.0.1:${port} backlog=8; return 200 ok; }`;
  const pid = await startNginx(t, dir, [web, other], `${server(web)} ${server(other)}`);
  await stop(pid);
  const held = clients(t, web, 40);
  await until('nine are connected', async () => connected(held) === 9);
  const one = { ...nginxIn(dir, web), https: `127.0.0.1:${other}` };
  await until('the kernel has dropped some', async () => droppedAt(await look(one)) >= 31);
  const health = await look(one, 'nginx', 1_100);
  const queues = new Map(health.queues?.map((queue) => [queue.address, queue]));
  const full = queues.get(`127.0.0.1:${web}`);
  assert.deepEqual([full?.waiting, full?.waitedBefore, full?.length], [9, 9, 8]);
  // Clients whose SYN was dropped send it again each second.
  assert.ok(full?.dropped && full.dropped.count > 0 && full.dropped.overMs >= 1_000);
  assert.deepEqual(queues.get(`127.0.0.1:${other}`)?.dropped?.total, 0);
  assert.ok(health.overflows && health.overflows.count >= (full?.dropped?.count ?? 0));
  assert.equal(health.overflows.namespace, 'shared');
});

test('a worker that was killed was started anew; a reload starts none anew', async (t) => {
  const dir = scratch(t);
  const { web } = await freePorts(t, 'web');
  const pid = await startNginx(t, dir, [web], `server { listen 127.0.0.1:${web}; return 200 ok; }`);
  const [before] = await workersOf(pid);
  process.kill(pid, 'SIGHUP');
  await until('the reload is done', async () => {
    const now = await workersOf(pid);
    return now.length === 1 && now[0]?.pid !== before?.pid;
  });
  const reloaded = await look(nginxIn(dir, web));
  assert.deepEqual([reloaded.workers?.restarted, reloaded.workers?.exits, reloaded.starts.length], [0, [], 1]);
  const [victim] = await workersOf(pid);
  process.kill(victim?.pid as number, 'SIGKILL');
  await until('another one is there', async () => {
    const now = await workersOf(pid);
    return now.length === 1 && now[0]?.pid !== victim?.pid;
  });
  const { workers } = await look(nginxIn(dir, web));
  assert.deepEqual(
    workers?.exits.map((exit) => exit.signal),
    [9],
  );
});

test('slots and files of a worker are counted against their limits', async (t) => {
  const dir = scratch(t);
  const { web } = await freePorts(t, 'web');
  const conf = `server { listen 127.0.0.1:${web}; client_header_timeout 60s; return 200 ok; }`;
  const pid = await startNginx(t, dir, [web], conf, 'worker_rlimit_nofile 30;');
  const held = clients(t, web, 40);
  await until('all are connected', async () => connected(held) === 40);
  const one = nginxIn(dir, web);
  await until('the worker has taken what it can', async () => ((await look(one)).files?.open ?? 0) >= 30);
  const health = await look(one);
  // A file that was inherited may have a number above the limit, and counts all the same.
  assert.ok(health.files && health.files.open >= 30 && health.files.limit === 30);
  // Files that are no sockets (logs, epoll, event descriptors) are no connections.
  assert.ok(health.connections && health.connections.now > 15 && health.connections.now < 30);
  assert.ok((health.queues?.[0]?.waiting ?? 0) > 5);
  assert.equal(health.pid, pid);
});

test('a HAProxy without a pid file is found by its address; its frontend is at its limit', async (t) => {
  const dir = scratch(t);
  const { web, stats } = await freePorts(t, 'web', 'stats');
  const pid = await startHaproxy(
    t,
    dir,
    [web, stats],
    `frontend web\n mode http\n timeout http-keep-alive 60s\n bind 127.0.0.1:${web}\n maxconn 4\n http-request return status 200\nfrontend stats\n mode http\n bind 127.0.0.1:${stats}\n http-request use-service prometheus-exporter if { path /metrics }`,
  );
  const held = clients(t, web, 6);
  // Whichever four it takes; the other two are connected by the kernel and wait.
  const answered = new Set<Socket>();
  for (const socket of held) socket.on('data', () => answered.add(socket));
  await until('all are connected', async () => connected(held) === 6);
  for (const socket of held) socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until('four answers', async () => answered.size === 4);
  const one = instance({ http: `127.0.0.1:${web}`, metrics: `http://127.0.0.1:${stats}/metrics` });
  const health = await healthOf(hop('haproxy'), one, overHttp, signal, THIS_MACHINE, 50);
  assert.equal(health.pid, pid);
  assert.deepEqual(
    [health.connections?.now, health.connections?.limit, health.connections?.what],
    [4, 4, 'frontend web'],
  );
  // HAProxy gives its listener a backlog of its maxconn; what it does not accept waits there.
  const queue = health.queues?.find((each) => each.address === `127.0.0.1:${web}`);
  assert.deepEqual([queue?.length, queue?.waiting], [4, 2]);
});

test('nothing to see is blind, and says what to do: an old pid file, a dead proxy, another machine', async (t) => {
  const dir = scratch(t);
  const { web } = await freePorts(t, 'web');
  const blind = async (one: Instance): Promise<string> => {
    const error = await look(one).then(
      () => null,
      (e: unknown) => e,
    );
    assert.ok(error instanceof BlindLook, String(error));
    return `${error.reason}: ${error.message}`;
  };
  writeFileSync(join(dir, 'old.pid'), `${process.pid}\n`);
  assert.match(
    await blind(instance({ pidFile: join(dir, 'old.pid') })),
    /^unreadable: .*no nginx: the file is an old one/,
  );
  assert.match(await blind(instance({ pidFile: join(dir, 'none.pid') })), /^not-configured: .*does not exist/);
  assert.match(await blind(instance({ http: `127.0.0.1:${web}` })), /^no-connection: .*no process here listens/);
  assert.match(await blind(instance({ http: '192.0.2.7:80' })), /^not-configured: .*name its pid file as pidFile:/);
});

test("another network namespace's queues are read there, and its counters are the proxy's own", async (t) => {
  const dir = scratch(t);
  const { web } = await freePorts(t, 'web');
  const nobody = spawn('unshare', ['-Urn', 'true'], { stdio: 'ignore' });
  const [code] = await once(nobody, 'close').catch(() => [1]);
  if (code !== 0) return t.skip('user namespaces are not allowed here');
  const http = `server { listen 127.0.0.1:${web} backlog=2; return 200 ok; }`;
  const { nginxConf } = await import('../diagnostics/real-servers.ts');
  const { findBinaries } = await import('../../proxy/lab/binaries.ts');
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(dir, 'tmp'));
  writeFileSync(join(dir, 'nginx.conf'), nginxConf(http).replace(/^user .*/m, 'user root;'));
  const inside = `ip link set lo up; ${findBinaries().nginx} -p ${dir} -e error.log -c nginx.conf -g 'daemon off;' & echo up; read line; m=$(cat ${dir}/nginx.pid); w=$(cat /proc/$m/task/$m/children); kill -STOP $w; for i in 1 2 3 4 5 6; do (exec 3<>/dev/tcp/127.0.0.1/${web}; exec sleep 60) & done; echo flooded; read line; kill -CONT $w; kill -TERM $m; kill $(jobs -p)`;
  const child = spawn('unshare', ['-Urn', 'bash', '-c', inside], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  t.after(async () => {
    child.stdin.end('\n\n');
    await once(child, 'close');
  });
  await once(child.stdout, 'data');
  const one = nginxIn(dir, web);
  await until(
    'its worker is there',
    async () =>
      (await look(one).catch(() => null))?.workers?.count === 1 &&
      readFileSync(join(dir, 'error.log'), 'utf8').includes('start worker process '),
  );
  assert.equal((await look(one)).overflows?.total, 0);
  child.stdin.write('\n');
  await until('its queue is full', async () => (await look(one)).queues?.[0]?.waiting === 3);
  await until('something was dropped', async () => ((await look(one)).overflows?.total ?? 0) >= 3);
  const health = await look(one, 'nginx', 1_100);
  assert.equal(health.overflows?.namespace, 'own');
  assert.deepEqual([health.queues?.length, health.queues?.[0]?.waiting], [1, 3]);
});
