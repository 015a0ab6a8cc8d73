import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get, type Server } from 'node:http';
import { connect, createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { balanceOf, type Counted, type Dealt, type Policy } from '../diagnostics/balance/balance.ts';
import { readFileOf, readPage, siblings } from '../proxy/adapters/metrics/balance-source.ts';
import { findBinaries } from '../proxy/lab/binaries.ts';
import { claimPorts } from '../proxy/lab/ports.ts';
import { seeded } from './balance-draws.ts';

/** What was measured on one set-up and what is said of it. */
export interface LiveRow {
  setup: string;
  /** As the endpoints themselves counted. */
  requests: number[];
  connections: number[] | null;
  verdict: string;
  kind: string | null;
  pValue: number | null;
  says: string;
}

interface Setup {
  name: string;
  /** Lines of nginx's upstream block; `haproxy`: TCP mode; `vip`: one service address behind keep-alive. */
  upstream: (servers: string[], vip: string) => string;
  via?: 'nginx' | 'vip' | 'haproxy';
  delays?: number[];
  fails?: number;
  requests?: number;
  clients?: number;
  policy?: Policy;
  /** The fourth endpoint joins when this many requests are over. */
  joinsAfter?: number;
}

const rr = (servers: string[]): string => servers.map((s) => `server ${s};`).join(' ');
const vip =
  (keepalive: number, each: number) =>
  (_: string[], address: string): string =>
    `server ${address}; keepalive ${keepalive}; keepalive_requests ${each};`;

/** The set-ups of the field notes' section 4, with less load. kube-proxy's part is played by a relay: see startVip. */
export const SETUPS: Setup[] = [
  { name: 'nginx, round robin, no zone, 2 workers', upstream: rr },
  { name: 'nginx, round robin, zone', upstream: (s) => `zone a 64k; ${rr(s)}` },
  { name: 'nginx, least_conn, zone', upstream: (s) => `zone b 64k; least_conn; ${rr(s)}`, policy: 'least-conn' },
  { name: 'nginx, random, zone', upstream: (s) => `zone c 64k; random; ${rr(s)}`, policy: 'random' },
  { name: 'service address, no keep-alive', upstream: (_, v) => `server ${v};`, via: 'vip' },
  { name: 'service address, keep-alive, 10 requests a connection', upstream: vip(64, 10), via: 'vip', clients: 64 },
  { name: 'service address, 64 connections that stay', upstream: vip(64, 100_000), via: 'vip', clients: 64 },
  { name: 'service address, 16 connections that stay', upstream: vip(64, 100_000), via: 'vip', clients: 16 },
  { name: 'service address, 4 connections that stay', upstream: vip(64, 100_000), via: 'vip', clients: 4 },
  {
    name: 'service address, 32 connections that stay, the fourth endpoint joins later',
    upstream: vip(64, 100_000),
    via: 'vip',
    clients: 32,
    joinsAfter: 800,
  },
  { name: 'haproxy, tcp, round robin, 64 connections', upstream: rr, via: 'haproxy', clients: 64 },
  { name: 'round robin, one endpoint takes 20 ms', upstream: (s) => `zone d 64k; ${rr(s)}`, delays: [0, 0, 0, 20] },
  {
    name: 'least_conn, one endpoint takes 20 ms',
    upstream: (s) => `zone e 64k; least_conn; ${rr(s)}`,
    delays: [0, 0, 0, 20],
    policy: 'least-conn',
  },
  {
    name: 'round robin, one endpoint fails at once, the others take 5 ms',
    upstream: (s) => `zone f 64k; ${rr(s)}`,
    delays: [5, 5, 5, 0],
    fails: 3,
  },
  {
    name: 'least_conn, one endpoint fails at once, the others take 5 ms',
    upstream: (s) => `zone g 64k; least_conn; ${rr(s)}`,
    delays: [5, 5, 5, 0],
    fails: 3,
    policy: 'least-conn',
  },
];

const FORMAT =
  '$remote_addr [$time_local] $host "$request" $status $request_time "$upstream_addr" "$upstream_status" "$upstream_response_time"';
const REQUESTS = 2_000;
const CLIENTS = 32;

/** Four small servers that count requests and connections, and answer after a while or with 500. */
interface Endpoints {
  ports: number[];
  requests: number[];
  connections: number[];
  close(): void;
}

function startEndpoints(ports: number[], setup: Setup): Promise<Endpoints> {
  const requests = ports.map(() => 0);
  const connections = ports.map(() => 0);
  const servers: Server[] = ports.map((_, i) =>
    createServer((_request, response) => {
      requests[i] = (requests[i] as number) + 1;
      const answer = (): void => {
        response.writeHead(setup.fails === i ? 500 : 200, { 'content-length': 2 }).end('ok');
      };
      const delay = setup.delays?.[i] ?? 0;
      if (delay > 0) setTimeout(answer, delay);
      else answer();
    }).on('connection', () => {
      connections[i] = (connections[i] as number) + 1;
    }),
  );
  const listening = servers.map((server, i) => once(server.listen(ports[i], '127.0.0.1'), 'listening'));
  const close = (): void => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  };
  return Promise.all(listening).then(() => ({ ports, requests, connections, close }));
}

/**
 * One address in front of endpoints that draws one of them at random for each connection: what kube-proxy's iptables mode
 * does (statistic mode random). A relay, since iptables is not everywhere, and needs rights.
 */
function startVip(port: number, endpoints: number[], count: () => number): Promise<TcpServer> {
  const random = seeded(port);
  const server = createTcp((client: Socket) => {
    const target = connect(endpoints[Math.floor(random() * count())] as number, '127.0.0.1');
    client.pipe(target).pipe(client);
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  return once(server.listen(port, '127.0.0.1'), 'listening').then(() => server);
}

/** Sends requests over so many connections kept open; `at` is told how many are done. */
async function load(port: number, requests: number, clients: number, at: (done: number) => void): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let begun = 0;
  let done = 0;
  const one = async (): Promise<void> => {
    while (begun++ < requests) {
      await new Promise<void>((resolve) => {
        get({ port, host: '127.0.0.1', agent }, (response) => {
          response.resume().on('end', resolve);
        }).on('error', () => resolve());
      });
      at(++done);
    }
  };
  await Promise.all(Array.from({ length: clients }, one));
  agent.destroy();
}

async function started(child: ChildProcess, ports: number[]): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 25) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended at its start`);
    const open = await Promise.all(
      ports.map(
        (port) =>
          new Promise<boolean>((resolve) => {
            const socket = connect(port, '127.0.0.1', () => {
              socket.destroy();
              resolve(true);
            }).on('error', () => resolve(false));
          }),
      ),
    );
    if (open.every(Boolean)) return;
    await pause(25);
  }
  throw new Error(`${child.spawnfile} does not listen`);
}

function nginxConf(dir: string, port: number, upstream: string): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path tmp/${n};`).join(' ');
  mkdirSync(join(dir, 'tmp'), { recursive: true });
  return `${process.getuid?.() === 0 ? `user ${userInfo().username};` : ''}
daemon off; worker_processes 2; pid nginx.pid; error_log error.log error;
events { worker_connections 1024; }
http { ${temp} keepalive_requests 100000;
  log_format upstream '${FORMAT}';
  access_log access.log upstream;
  upstream backends { ${upstream} }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://backends; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream off; } } }
`;
}

const haproxyConf = (port: number, stats: number, servers: string[]): string => `global
  maxconn 1000
defaults
  timeout connect 2s
  timeout client 20s
  timeout server 20s
frontend web
  mode tcp
  bind 127.0.0.1:${port}
  default_backend backends
backend backends
  mode tcp
  balance roundrobin
${servers.map((s, i) => `  server s${i} ${s}`).join('\n')}
frontend stats
  mode http
  bind 127.0.0.1:${stats}
  http-request use-service prometheus-exporter
`;

/** Runs one set-up with its own servers and says what `./dev balance` says of it. */
export async function runSetup(setup: Setup): Promise<LiveRow> {
  const dir = mkdtempSync(join(tmpdir(), 'iti-balance-'));
  const claim = await claimPorts();
  const next = (): number => claim.next();
  const binaries = findBinaries();
  const [web, stats, vipPort] = [next(), next(), next()];
  const endpoints = await startEndpoints([next(), next(), next(), next()], setup);
  let there = setup.joinsAfter === undefined ? 4 : 3;
  let joined: string | null = null;
  const vipServer = setup.via === 'vip' ? await startVip(vipPort, endpoints.ports, () => there) : null;
  const addresses = endpoints.ports.map((port) => `127.0.0.1:${port}`);
  const haproxy = setup.via === 'haproxy';
  const file = join(dir, haproxy ? 'haproxy.cfg' : 'nginx.conf');
  const upstream = setup.upstream(addresses, `127.0.0.1:${vipPort}`);
  writeFileSync(file, haproxy ? haproxyConf(web, stats, addresses) : nginxConf(dir, web, upstream));
  const child = haproxy
    ? spawn(binaries.haproxy, ['-db', '-q', '-f', file], { stdio: 'ignore' })
    : spawn(binaries.nginx, ['-p', dir, '-e', 'error.log', '-c', file], { stdio: 'ignore' });
  const ended = once(child, 'close');
  try {
    await started(child, haproxy ? [web, stats] : [web]);
    const from = new Date().toISOString();
    const reset = endpoints.connections.map(() => 0);
    endpoints.connections.splice(0, 4, ...reset);
    await load(web, setup.requests ?? REQUESTS, setup.clients ?? CLIENTS, (done) => {
      if (done !== setup.joinsAfter) return;
      there = 4;
      joined = new Date().toISOString();
    });
    const dealt: Dealt = {
      ...(setup.policy && { policy: setup.policy }),
      ...(setup.via === 'vip' && { from, to: new Date().toISOString() }),
    };
    const { counted, own } = await countsOf(setup, endpoints, join(dir, 'access.log'), stats, joined);
    const group = balanceOf(setup.name, counted, { ...own, ...dealt });
    const { verdict, kind = null, pValue, says } = group;
    const connections = setup.via ? [...endpoints.connections] : null;
    return { setup: setup.name, requests: [...endpoints.requests], connections, verdict, kind, pValue, says };
  } finally {
    child.kill(haproxy ? 'SIGKILL' : 'SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(late);
    endpoints.close();
    vipServer?.close();
    claim.release();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What `./dev balance` would read: the access log, HAProxy's page, or behind a service address the endpoints' own pages. */
async function countsOf(
  setup: Setup,
  endpoints: Endpoints,
  log: string,
  stats: number,
  joined: string | null,
): Promise<{ counted: Counted[]; own: Dealt }> {
  if (setup.via === 'vip') {
    const pages = endpoints.ports.map((port, i) => {
      const page = `http_requests_total ${endpoints.requests[i]}\nhttp_connections_total ${endpoints.connections[i]}\n`;
      const { own } = readPage(`http://127.0.0.1:${port}/metrics`, page);
      return { ...(own as Counted), ...(i === 3 && joined !== null && { startedAt: joined }) };
    });
    const service = siblings(pages, setup.name).get(setup.name);
    return { counted: [...(service?.endpoints.values() ?? [])], own: service?.dealt ?? {} };
  }
  const read =
    setup.via === 'haproxy'
      ? readPage('haproxy', await (await fetch(`http://127.0.0.1:${stats}/metrics`)).text())
      : await readFileOf(log, FORMAT);
  const [service] = [...read.services.values()].filter((one) => one.endpoints.size > 1);
  if (!service) throw new Error(`${setup.name}: nothing was counted`);
  return { counted: [...service.endpoints.values()], own: service.dealt };
}

/** All set-ups, one after another. */
export async function runLive(): Promise<LiveRow[]> {
  const rows: LiveRow[] = [];
  for (const setup of SETUPS) rows.push(await runSetup(setup));
  return rows;
}
