import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { findBinaries } from '../../proxy/lab/binaries.ts';
import { claimPorts } from '../../proxy/lab/ports.ts';

/** A folder that goes with the test. */
export function scratch(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'iti-test-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });

/** Files of a chain made by the openssl command: PEM paths. */
interface Authority {
  root: string;
  intermediate: string;
  /** A leaf signed by the intermediate: the certificate alone, and its key. */
  leaf(name: string, options?: { kind?: 'ec' | 'rsa'; names?: string; days?: number }): { pem: string; key: string };
}

/** An authority of one's own: root and intermediate by the openssl command, not by our own certificate writer. */
export function authority(dir: string): Authority {
  const at = (name: string): string => join(dir, name);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  openssl(
    'req',
    '-x509',
    '-nodes',
    ...ec,
    '-days',
    '90',
    '-subj',
    '/CN=Test Root',
    '-keyout',
    at('root.key'),
    '-out',
    at('root.pem'),
  );
  writeFileSync(at('ca.ext'), 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n');
  const sign = (csr: string, issuer: string, ext: string, out: string, days: number): void => {
    const by = ['-CA', at(`${issuer}.pem`), '-CAkey', at(`${issuer}.key`), '-CAcreateserial'];
    openssl('x509', '-req', '-in', csr, ...by, '-extfile', ext, '-days', String(days), '-out', out);
  };
  const request = (name: string, subject: string, kind: string[]): void => {
    openssl('req', '-nodes', ...kind, '-subj', subject, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`));
  };
  request('intermediate', '/CN=Test Issuing', ec);
  sign(at('intermediate.csr'), 'root', at('ca.ext'), at('intermediate.pem'), 60);
  return {
    root: at('root.pem'),
    intermediate: at('intermediate.pem'),
    leaf(name, { kind = 'ec', names = `DNS:${name}`, days = 30 } = {}) {
      const file = `${name}-${kind}`;
      request(file, `/CN=${name}`, kind === 'rsa' ? ['-newkey', 'rsa:2048'] : ec);
      writeFileSync(at(`${file}.ext`), `subjectAltName=${names}\n`);
      sign(at(`${file}.csr`), 'intermediate', at(`${file}.ext`), at(`${file}.pem`), days);
      return { pem: at(`${file}.pem`), key: at(`${file}.key`) };
    },
  };
}

/** Does something listen there? */
const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

async function start(t: TestContext, command: string, args: string[], dir: string, ports: number[]): Promise<number> {
  const child = spawn(command, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  t.after(async () => {
    // nginx takes its workers along at SIGTERM; HAProxy is one process here, and waits for its connections.
    child.kill(command.endsWith('haproxy') ? 'SIGKILL' : 'SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(late);
  });
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (child.exitCode !== null) throw new Error(`${command} ended at its start: ${said}`);
    if ((await Promise.all(ports.map(listens))).every(Boolean)) return child.pid as number;
    await pause(20);
  }
  throw new Error(`${command} does not listen: ${said}`);
}

/** Ports of this test alone, given back at its end. */
export async function freePorts<const T extends string>(t: TestContext, ...names: T[]): Promise<Record<T, number>> {
  const claim = await claimPorts();
  t.after(() => claim.release());
  return Object.fromEntries(names.map((name) => [name, claim.next()])) as Record<T, number>;
}

/** A real nginx with these lines in its http block (and before it), listening on these ports; its master's pid. */
export function startNginx(t: TestContext, dir: string, ports: number[], http: string, main = ''): Promise<number> {
  mkdirSync(join(dir, 'tmp'), { recursive: true });
  writeFileSync(join(dir, 'nginx.conf'), nginxConf(http, main));
  const { nginx } = findBinaries();
  return start(t, nginx, ['-p', dir, '-e', 'error.log', '-c', 'nginx.conf', '-g', 'daemon off;'], dir, ports);
}

/** A whole nginx.conf for an unprivileged nginx that keeps everything in its own folder. */
export function nginxConf(http: string, main = ''): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path tmp/${n};`).join(' ');
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : '';
  return `${user}\nworker_processes 1;\npid nginx.pid;\nerror_log error.log notice;\n${main}
events { worker_connections 512; }
http {
  access_log access.log combined;
  ${temp}
  ${http}
}
`;
}

/** A real HAProxy with these sections, listening on these ports. */
export function startHaproxy(t: TestContext, dir: string, ports: number[], sections: string): Promise<number> {
  const defaults =
    'defaults\n  timeout connect 2s\n  timeout client 20s\n  timeout server 20s\n  timeout http-request 10s\n  retries 0\n';
  writeFileSync(join(dir, 'haproxy.cfg'), `global\n  maxconn 500\n${defaults}\n${sections}\n`);
  return start(t, findBinaries().haproxy, ['-db', '-q', '-f', 'haproxy.cfg'], dir, ports);
}
