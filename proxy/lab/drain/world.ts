import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance } from '../../../diagnostics/types.ts';
import { blankInstance } from '../../inventory/blank.ts';
import { findBinaries } from '../binaries.ts';
import { LabError } from '../lab-error.ts';
import { claimPorts } from '../ports.ts';
import { openGuard } from '../process-guard.ts';
import { mustRun, readIfThere } from '../server-process.ts';
import { until } from '../until.ts';
import { CHECK, type DrainRow, SLOW_SECONDS } from './table.ts';

export const HOST = 'drain.example.test';

/** HAProxy in front of two proxies, each before one small application. */
export interface DrainWorld {
  port: number;
  /** The balancer and the two proxies as an inventory would name them; the first proxy is the one that leaves. */
  instances: [Instance, Instance[]];
  /** Tells HAProxy to send nothing new to the first proxy; resolves when it has taken the word. */
  drain(): Promise<void>;
  /** Makes the first proxy's health page answer 503. */
  notReady(): void;
  /** Sends the signal to the first proxy, a SIGKILL to its workers too. */
  signal(name: NodeJS.Signals): void;
  close(): Promise<void>;
}

const ms = (units: number, unit: number): string => `${Math.max(1, Math.round(units * unit * 1000))}ms`;

function haproxyConfig(row: DrainRow, unit: number, ports: { front: number; proxies: number[] }, dir: string): string {
  const health = row.leaver === 'traefik' ? '/ping' : '/healthz';
  const mode = {
    L4: ['mode tcp', 'retries 0'],
    L7: ['mode http'],
    L7r: ['mode http', 'option redispatch 1', 'retry-on conn-failure empty-response response-timeout'],
  }[row.front];
  return `global
  stats socket ${dir}/admin.sock mode 600 level admin
defaults
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend in
  ${mode[0]}
  bind 127.0.0.1:${ports.front}
  default_backend proxies
backend proxies
  ${mode.join('\n  ')}
  balance roundrobin
  option httpchk GET ${health}
  default-server check inter ${ms(CHECK.interval, unit)} fall ${CHECK.fall} rise 1
  server one 127.0.0.1:${ports.proxies[0]}
  server two 127.0.0.1:${ports.proxies[1]}
`;
}

const nginxConfig = (port: number, app: number): string => `worker_processes 1;
daemon off;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/f; uwsgi_temp_path tmp/u; scgi_temp_path tmp/s;
  server {
    listen 127.0.0.1:${port};
    location = /healthz { if (-f leaving) { return 503; } return 200 "well"; }
    location / { proxy_pass http://127.0.0.1:${app}; }
  }
}
`;

const traefikStatic = (port: number, accepts: string): string => `entryPoints:
  web:
    address: 127.0.0.1:${port}
    transport:
      lifeCycle:
        requestAcceptGraceTimeout: ${accepts}
ping:
  entryPoint: web
providers:
  file:
    filename: routes.yml
log: { level: INFO, filePath: error.log }
global: { checkNewVersion: false, sendAnonymousUsage: false }
`;

const traefikRoutes = (app: number): string => `http:
  routers: { all: { rule: "PathPrefix(\`/\`)", service: app } }
  services: { app: { loadBalancer: { servers: [ { url: "http://127.0.0.1:${app}" } ] } } }
`;

/**
 * Starts the world of one row. `unit`: length of one of its units, s.
 * @throws LabError with `missing` when a server that it needs is not here.
 */
export async function drainWorld(row: DrainRow, unit: number): Promise<DrainWorld> {
  const { nginx, haproxy, traefik } = findBinaries();
  if (row.leaver === 'traefik' && !traefik) throw new LabError('Traefik is not here', { missing: 'traefik' });
  const dir = mkdtempSync(join(tmpdir(), 'iti-drain-'));
  const guard = openGuard(dir, 'remove');
  const ports = await claimPorts();
  const app = createServer((asked, answer) => {
    if (asked.url === '/slow') setTimeout(() => answer.end('slow\n'), SLOW_SECONDS * 1000);
    else answer.end('well\n');
  });
  const close = async (): Promise<void> => {
    await guard.close();
    app.closeAllConnections();
    app.close();
    ports.release();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [front, one, two, behind] = [ports.next(), ports.next(), ports.next(), ports.next()];
    await new Promise<void>((resolve, reject) => app.once('error', reject).listen(behind, '127.0.0.1', resolve));
    const started = [one, two].map((port, i) => {
      const home = join(dir, `proxy-${i + 1}`);
      mkdirSync(join(home, 'tmp'), { recursive: true });
      const log = join(home, 'stderr.log');
      if (row.leaver === 'traefik') {
        writeFileSync(join(home, 'traefik.yml'), traefikStatic(port, ms(row.acceptsFor, unit).replace(/^1ms$/, '0s')));
        writeFileSync(join(home, 'routes.yml'), traefikRoutes(behind));
        return {
          home,
          port,
          log,
          child: guard.start(`traefik-${i + 1}`, traefik as string, ['--configFile=traefik.yml'], { cwd: home, log }),
        };
      }
      writeFileSync(join(home, 'nginx.conf'), nginxConfig(port, behind));
      const args = ['-p', `${home}/`, '-e', 'error.log', '-c', 'nginx.conf'];
      return { home, port, log, child: guard.start(`nginx-${i + 1}`, nginx, args, { cwd: home, log }) };
    });
    const config = join(dir, 'haproxy.cfg');
    writeFileSync(config, haproxyConfig(row, unit, { front, proxies: [one, two] }, dir));
    for (const port of [one, two]) await until(`the proxy on ${port}`, () => takes(port));
    const log = join(dir, 'haproxy.log');
    const balancer = guard.start('haproxy', haproxy, ['-db', '-f', config], { cwd: dir, log });
    const socket = join(dir, 'admin.sock');
    await until('HAProxy', async () => {
      mustRun('haproxy', balancer, [log]);
      return (await command(socket, 'show servers state proxies').catch(() => '')).includes(' two ');
    });
    const all: [string, ChildProcess, string][] = [
      ['haproxy', balancer, log],
      ...started.map((s, i): [string, ChildProcess, string] => [`proxy ${i + 1}`, s.child, s.log]),
    ];
    for (const [name, child, file] of all) mustRun(name, child, [file]);
    const [leaving] = started as [(typeof started)[number], (typeof started)[number]];
    return {
      port: front,
      instances: [
        instance('lb-1', front, config),
        started.map(({ home, port }, i) =>
          instance(`edge-${i + 1}`, port, join(home, row.leaver === 'traefik' ? 'traefik.yml' : 'nginx.conf')),
        ),
      ],
      async drain() {
        const said = (await command(socket, 'set server proxies/one state drain')).trim();
        if (said) throw new LabError(`HAProxy would not drain: ${said}`);
      },
      notReady: () => writeFileSync(join(leaving.home, 'leaving'), ''),
      signal(name) {
        const { pid } = leaving.child;
        if (pid === undefined) throw new LabError(`the proxy did not start: ${readIfThere(leaving.log)}`);
        process.kill(name === 'SIGKILL' ? -pid : pid, name);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const instance = (name: string, port: number, config: string): Instance => ({
  ...blankInstance(name),
  http: `127.0.0.1:${port}`,
  config,
});

const takes = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** One command on HAProxy's admin socket; resolves with what it says. */
function command(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(socketPath, () => socket.write(`${line}\n`));
    socket.setTimeout(2000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => {
      said += chunk;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(said));
  });
}
