import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ProxyHealth } from '../../diagnostics/io/proxy-health.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../diagnostics/types.ts';
import { groupIn, groupsOf } from '../../proxy/adapters/health/cgroup.ts';
import { haproxyConnections } from '../../proxy/adapters/health/connections.ts';
import { fromMetrics } from '../../proxy/adapters/health/from-metrics.ts';
import { healthOf } from '../../proxy/adapters/health/health.ts';
import { nginxTraces, traefikStarts } from '../../proxy/adapters/health/log-traces.ts';
import { detailsIn, listenersIn, tcpExtIn } from '../../proxy/adapters/health/net-namespace.ts';
import { nodeHealth } from '../../proxy/adapters/health/node.ts';
import { scratch } from '../diagnostics/real-servers.ts';

const signal = AbortSignal.timeout(60_000);
const page = readFileSync(new URL('../fixtures/node-exporter/1.5.0.idle.txt', import.meta.url), 'utf8');

/** /proc/PID/net/tcp of an nginx with backlog=8 whose worker is stopped, Linux 6.18. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:43F9 00000000:0000 0A 00000000:00000009 00:00000000 00000000     0        0 3281088 10 00000000f1920865 100 0 0 10 0
   1: 0100007F:43F9 0100007F:8B32 01 00000000:00000000 00:00000000 00000000     0        0 0 1 000000000e13a495 20 0 0 10 -1
`;
const NETSTAT =
  'TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits\nTcpExt: 0 93 93 9\nIpExt: InNoRoutes\nIpExt: 0\n';
const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             unlimited            unlimited            processes
Max open files            1024                 524288               files
`;
const stat = (pid: number, parent: number, ticks: number): string =>
  `${pid} (nginx: (odd) x) S ${parent} ${pid} ${pid} 0 -1 4194624 0 0 0 0 0 0 0 0 20 0 1 0 ${ticks} 11 22 33\n`;

/** A tree of kernel files: a master, two workers of which one is shutting down, and what `more` holds. */
function tree(t: TestContext, more: { [path: string]: string }): Promise<ProxyHealth> {
  const dir = scratch(t);
  const files: { [path: string]: string } = {
    'proc/stat': 'cpu 1 2 3\nbtime 1790000000\n',
    'proc/4711/stat': stat(4711, 1, 10_000),
    'proc/4711/cmdline': 'nginx: master process nginx\0',
    'proc/4712/stat': stat(4712, 4711, 10_001),
    'proc/4712/cmdline': 'nginx: worker process is shutting down\0',
    'proc/4713/stat': stat(4713, 4711, 60_000),
    'proc/4713/cmdline': 'nginx: worker process\0',
    'proc/4713/limits': LIMITS,
    'proc/4711/net/tcp': TCP,
    'proc/4711/net/netstat': NETSTAT,
    'nginx.pid': '4711\n',
    ...more,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  const none = { https: null, metrics: null, admin: null, config: null, accessLog: null, errorLog: null };
  const one = {
    ...none,
    name: 'edge-1',
    http: '127.0.0.1:17401',
    pidFile: join(dir, 'nginx.pid'),
  } as unknown as Instance;
  const machine = { proc: join(dir, 'proc'), cgroup: join(dir, 'cgroup'), live: false };
  const reach = { page: () => Promise.reject(new BlindLook('not-configured', 'no page')) };
  return healthOf({ kind: 'nginx' } as PathHop, one, reach, signal, machine, 5);
}

test('a control group of version 2: the tightest limit above it, kills, throttled periods', async (t) => {
  const health = await tree(t, {
    'proc/4711/cgroup': '0::/kubepods/pod7/edge\n',
    'cgroup/kubepods/pod7/memory.max': '536870912\n',
    'cgroup/kubepods/pod7/cpu.max': '50000 100000\n',
    'cgroup/kubepods/pod7/edge/memory.max': 'max\n',
    'cgroup/kubepods/pod7/edge/memory.current': '500000000\n',
    'cgroup/kubepods/pod7/edge/memory.stat': 'anon 400000000\ninactive_file 100000000\n',
    'cgroup/kubepods/pod7/edge/memory.events': 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 3\n',
    'cgroup/kubepods/pod7/edge/cpu.max': 'max 100000\n',
    'cgroup/kubepods/pod7/edge/cpu.stat': 'usage_usec 5\nnr_periods 40\nnr_throttled 30\nthrottled_usec 7\n',
    'cgroup/kubepods/pod7/edge/cgroup.procs': '4711\n4712\n4713\n',
  });
  assert.deepEqual(health.memory && { ...health.memory, oomKills: health.memory.oomKills?.total }, {
    bytes: 400_000_000,
    limit: 536_870_912,
    oomKills: 3,
    shared: false,
  });
  assert.deepEqual(
    [health.cpu?.limitCores, health.cpu?.throttledShareInAll, health.cpu?.throttledShare],
    [0.5, 0.75, null],
  );
});

test('a control group of version 1, as recorded under a quota of 2 ms; others live in it', async (t) => {
  const health = await tree(t, {
    'proc/4711/cgroup': '5:memory:/\n1:cpu,cpuacct:/edge\n0::/\n',
    'cgroup/cpu,cpuacct/edge/cpu.cfs_quota_us': '2000\n',
    'cgroup/cpu,cpuacct/edge/cpu.cfs_period_us': '100000\n',
    'cgroup/cpu,cpuacct/edge/cpu.stat': 'nr_periods 37\nnr_throttled 34\nthrottled_time 2923787186\n',
    'cgroup/cpu,cpuacct/edge/cgroup.procs': '4711\n99\n',
    'cgroup/memory/memory.usage_in_bytes': '1000\n',
    'cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    'cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
  });
  assert.deepEqual([health.cpu?.limitCores, health.cpu?.shared], [0.02, true]);
  assert.deepEqual([health.memory?.limit, health.memory?.oomKills?.total], [null, 1]);
});

test('a worker that took the place of a killed one is no stranger in the group; one of nobody known is', async (t) => {
  const dir = scratch(t);
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  put('proc/4711/cgroup', '4:memory:/edge\n');
  put('proc/4799/stat', stat(4799, 4711, 60_000));
  put('proc/4800/stat', stat(4800, 1, 60_000));
  put('cgroup/memory/edge/memory.usage_in_bytes', '1000\n');
  const shared = async (procs: string): Promise<boolean | undefined> => {
    put('cgroup/memory/edge/cgroup.procs', procs);
    const machine = { proc: join(dir, 'proc'), cgroup: join(dir, 'cgroup'), live: false };
    return (await groupsOf(machine, 4711, new Set([4711, 4712]))).memory?.shared;
  };
  assert.deepEqual(
    [await shared('4711\n4799\n'), await shared('4711\n4800\n'), await shared('4711\n4801\n')],
    [false, true, true],
  );
});

test('what is hidden is null and told, and the rest is read: a queue without its length, an old worker', async (t) => {
  const health = await tree(t, { 'proc/4711/cgroup': '0::/../../elsewhere\n' });
  assert.deepEqual([health.memory, health.cpu, health.files, health.connections], [null, null, null, null]);
  assert.deepEqual(health.queues, [
    { address: '127.0.0.1:17401', waiting: 9, waitedBefore: 9, length: null, dropped: null },
  ]);
  assert.deepEqual([health.overflows?.total, health.overflows?.namespace], [93, 'unknown']);
  assert.equal(health.startedAt, new Date(1_790_000_100_000).toISOString());
  assert.deepEqual([health.workers?.count, health.workers?.shuttingDown], [1, 1]);
  assert.ok(health.cannotTell.some((one) => one.hint.includes('iproute2')));
});

test('metrics alone: what was dropped is counted twice, and needs no limit to be told', async () => {
  const sampled = (dropped: number, limit: number | null): ProxySample => {
    const connections = { active: 20, idle: null, limit, accepted: 99, dropped };
    return { connections, process: { startedAt: null, openFiles: null, maxFiles: null } } as ProxySample;
  };
  const never = (): Promise<null> => assert.fail('nothing was dropped, so once is enough');
  const grown = await fromMetrics(sampled(3, null), () => Promise.resolve(sampled(8, null)), null);
  assert.deepEqual([grown.connections?.limit, grown.connections?.now], [null, 20]);
  assert.deepEqual([grown.connections?.dropped?.count, grown.connections?.dropped?.total], [5, 8]);
  const away = await fromMetrics(sampled(3, 40), () => Promise.resolve(null), null);
  assert.deepEqual([away.connections?.limit, away.connections?.dropped?.count], [40, 0]);
  assert.equal((await fromMetrics(sampled(0, null), never, null)).connections, null);
});

test('tables of sockets: families, mapped addresses, garbage', () => {
  const six = `   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000002 00:00000000 00000000 0 0 77 1
   1: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 78 1
   2: zz 0A\n\x00`;
  assert.deepEqual(
    listenersIn(six).map((one) => [one.address, one.port, one.inode, one.waiting]),
    [
      ['[::]:8080', 8080, 77, 2],
      ['127.0.0.1:80', 80, 78, 0],
    ],
  );
  const ss = `LISTEN 9      8      127.0.0.1:17401 0.0.0.0:* ino:3280821 sk:1 cgroup:/ <->
	 skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d62)
LISTEN 0      4096   *:22 *:* ino:12 sk:2\n`;
  assert.deepEqual(
    [...detailsIn(ss)],
    [
      [3280821, { length: 8, dropped: 62 }],
      [12, { length: 4096, dropped: null }],
    ],
  );
  assert.equal(tcpExtIn(NETSTAT).get('ListenOverflows'), 93);
  assert.equal(tcpExtIn('nothing').size, 0);
  assert.deepEqual(groupIn('7:cpu,cpuacct:/a:b\n0::/c\n', 'cpu'), { version: 1, path: '/a:b' });
});

test('what logs show of processes: nginx masters and dead workers, the begin of a Traefik', () => {
  const lines = [
    '2026/11/21 20:43:08 [notice] 100#100: start worker processes',
    '2026/11/21 20:43:08 [notice] 100#100: start worker process 101',
    '2026/11/21 20:44:00 [notice] 200#200: start worker processes',
    '2026/11/21 20:45:00 [alert] 200#200: worker process 201 exited on signal 11 (core dumped)',
    '2026/11/21 20:46:00 [notice] 200#200: start worker processes',
    'worker process 1 exited on signal 9',
  ];
  const traces = nginxTraces(lines, 200);
  assert.deepEqual([traces.starts.length, traces.exits.map((e) => e.signal)], [2, [11]]);
  assert.equal((traces.lastReload ?? 0) - (traces.starts[1] ?? 0), 120_000);
  assert.deepEqual(
    traefikStarts(['2026-11-21T15:29:14Z INF Traefik version 3.7.9 built on 2026-07-24T12:39:15Z version=3.7.9', 'x']),
    [Date.parse('2026-11-21T15:29:14Z')],
  );
});

test('HAProxy: whichever is nearest to its limit', () => {
  const metrics = `haproxy_process_max_connections 500
haproxy_process_current_connections 5
haproxy_frontend_current_sessions{proxy="web"} 4
haproxy_frontend_current_sessions{proxy="stats"} 1
haproxy_frontend_limit_sessions{proxy="web"} 4
haproxy_frontend_limit_sessions{proxy="stats"} 500
`;
  assert.deepEqual(haproxyConnections(metrics), { now: 4, limit: 4, fullAt: 4, what: 'frontend web', dropped: null });
  assert.equal(haproxyConnections(''), null);
});

test('a node is read twice where its counters ever moved; a counter that began anew says nothing', async () => {
  const node = { name: 'n1', metrics: 'http://n1/metrics', healthCheckNodePort: null };
  const reads = (...overflows: number[]) => ({
    page: async () => page.replace(/^(node_netstat_TcpExt_ListenOverflows) \d+/m, `$1 ${overflows.shift()}`),
  });
  const look = (...overflows: number[]) => nodeHealth(node, reads(...overflows), signal, 5);
  assert.deepEqual((await look(0)).overflows, { count: 0, overMs: 0, total: 0 });
  const moved = (await look(66, 117)).overflows;
  assert.deepEqual([moved?.count, moved?.total], [51, 117]);
  assert.equal((await look(66, 3)).overflows?.count, 0);
  assert.deepEqual((await look(0)).conntrack?.limit, 262_144);
  await assert.rejects(nodeHealth(node, { page: async () => '<html>' }, signal), BlindLook);
  await assert.rejects(nodeHealth({ ...node, metrics: null }, reads(0), signal), /name its node_exporter page/);
});

test('the reverse-path filter of a node: only where its page names the counter; strict by the higher of both settings', async () => {
  const node = { name: 'n1', metrics: 'http://n1/metrics', healthCheckNodePort: null };
  const look = async (more: string) =>
    (await nodeHealth(node, { page: async () => `${page}${more}` }, signal, 5)).reversePath;
  assert.equal(await look(''), undefined);
  const counter = 'node_netstat_TcpExt_IPReversePathFilter 7\n';
  assert.deepEqual(await look(counter), { dropped: 7, strict: null });
  const filter = (place: string, value: number) => `node_sysctl_net_ipv4_conf_${place}_rp_filter ${value}\n`;
  const loose = filter('all', 0) + filter('lo', 1) + filter('eth0', 2) + filter('eth1', 1);
  assert.deepEqual(await look(counter + loose), { dropped: 7, strict: ['eth1'] });
  assert.deepEqual(await look(counter + filter('all', 1) + filter('eth0', 0) + filter('eth1', 2)), {
    dropped: 7,
    strict: ['eth0'],
  });
  // One include of node_exporter names one setting: what was not asked for is not known.
  assert.deepEqual((await look(counter + filter('all', 1)))?.strict, ['all']);
  assert.equal((await look(counter + filter('eth0', 0)))?.strict, null);
  assert.deepEqual((await look(counter + filter('all', 0) + filter('eth0', 2)))?.strict, []);
});
