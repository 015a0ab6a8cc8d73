import { mkdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { WorldPorts } from './ports.ts';
import type { ProcessGuard } from './process-guard.ts';
import { mustRun, readIfThere } from './server-process.ts';
import { until } from './until.ts';

/** A Unix socket's path has 108 bytes (107 and a zero); HAProxy adds a suffix of up to 16 while it binds. */
const SOCKET_PATH_LIMIT = 90;

/** The load balancer `public`: HAProxy in tcp mode, the model of a cloud's network load balancer. */
export interface Balancer {
  pid: number;
  /** Path of the admin socket; null when the world's folder has too long a name for one. */
  socket: string | null;
  /** Does it put a PROXY v2 header before what it sends to the edge? A change reloads it. */
  sendProxy(on: boolean): Promise<void>;
  /** Takes an edge replica out of new connections, or back in. */
  drain(edge: string, on: boolean): Promise<void>;
  mustRun(): void;
}

export function startBalancer(guard: ProcessGuard, haproxy: string, dir: string, ports: WorldPorts): Balancer {
  const home = join(dir, 'public');
  const log = join(home, 'haproxy.log');
  const config = join(home, 'haproxy.cfg');
  const socketPath = join(home, 'admin.sock');
  const socket = socketPath.length <= SOCKET_PATH_LIMIT ? socketPath : null;
  mkdirSync(home, { recursive: true });
  writeFileSync(config, balancerConfig(ports, home, socket, true));
  // Master and worker (-W), so that SIGUSR2 reloads it as its packages do.
  const child = guard.start('public', haproxy, ['-W', '-f', config], { cwd: home, log });

  async function reload(): Promise<void> {
    const said = readIfThere(log).length;
    child.kill('SIGUSR2');
    await until('HAProxy has a new worker', () => /Loading success/.test(readIfThere(log).slice(said)));
  }

  return {
    pid: child.pid ?? 0,
    socket,
    async sendProxy(on) {
      writeFileSync(config, balancerConfig(ports, home, socket, on));
      await reload();
    },
    async drain(edge, on) {
      for (const backend of ['edge-https', 'edge-http']) {
        await command(socketPath, `set server ${backend}/${edge} state ${on ? 'drain' : 'ready'}`);
      }
    },
    mustRun: () => mustRun('public', child, [log]),
  };
}

function balancerConfig(ports: WorldPorts, home: string, socket: string | null, sendProxy: boolean): string {
  const header = sendProxy ? ' send-proxy-v2' : '';
  const servers = (listener: 'https' | 'http'): string =>
    ports.edges
      .map((edge) => `  server ${edge.name} 127.0.0.1:${edge[listener]}${header} check inter 1s fall 2 rise 1`)
      .join('\n');
  return `# public: the load balancer in front of the edge. Passes TCP on, looks into nothing.
global
  log stdout format raw local0 info
${socket ? `  stats socket ${socket} mode 600 level admin expose-fd listeners` : '  # no admin socket: its path would be too long'}
  pidfile ${join(home, 'haproxy.pid')}
  hard-stop-after 3s
  maxconn 2000

defaults
  mode tcp
  log global
  option tcplog
  option dontlognull
  timeout connect 2s
  timeout client 350s
  timeout server 350s
  timeout check 1s

frontend https
  bind 127.0.0.1:${ports.public.https}
  default_backend edge-https

frontend http
  bind 127.0.0.1:${ports.public.http}
  default_backend edge-http

backend edge-https
  balance roundrobin
${servers('https')}

backend edge-http
  balance roundrobin
${servers('http')}

frontend metrics
  mode http
  no log
  timeout client 5s
  bind 127.0.0.1:${ports.public.metrics}
  http-request use-service prometheus-exporter if { path /metrics }
  http-request deny deny_status 404
`;
}

/** Sends one command to the admin socket and returns the answer. */
function command(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    createConnection(path)
      .on('error', reject)
      .on('data', (chunk) => {
        answer += chunk;
      })
      .on('end', () => resolve(answer))
      .end(`${text}\n`);
  });
}
