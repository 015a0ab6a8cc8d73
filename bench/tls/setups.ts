import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findBinaries } from '../../proxy/lab/binaries.ts';
import { findEnvoy } from '../../proxy/lab/envoy.ts';
import type { Material } from './material.ts';
import { envoyFiles, haproxyFiles, java, traefikFiles } from './other-servers.ts';

/** One listener that scanners are sent at. */
export interface Setup {
  id: string;
  title: string;
  port: number;
  /** Process whose CPU time is the server's; its children count too. */
  pid: number;
  stop(): Promise<void>;
}

/** What could not be started, and how it can be had. */
export interface Missing {
  id: string;
  title: string;
  skipped: string;
}

/** How a set-up is started: a command, or why it cannot be. */
type Recipe = { id: string; title: string } & (
  | { command: (port: number, dir: string, m: Material) => string[]; env?: NodeJS.ProcessEnv }
  | { skipped: string }
);

export const OLD_CIPHERS = 'ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0';
const INTERMEDIATE =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384';

/** nginx with these lines, one worker, everything in its own folder. */
function nginx(lines: (m: Material) => string): (port: number, dir: string, m: Material) => string[] {
  return (port, dir, m) => {
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path tmp/${n};`).join(' ');
    mkdirSync(join(dir, 'tmp'), { recursive: true });
    const server = `server { listen 127.0.0.1:${port} ssl; server_name lab.test; ${lines(m)} return 200 ok; }`;
    writeFileSync(
      join(dir, 'nginx.conf'),
      `worker_processes 1; daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} pid nginx.pid; error_log error.log error;\nevents { worker_connections 512; }\nhttp { access_log off; ${temp}\n${server} }\n`,
    );
    return [findBinaries().nginx, '-p', dir, '-e', 'error.log', '-c', 'nginx.conf'];
  };
}

const both = (m: Material): string =>
  `ssl_certificate ${m.rsa.pem}; ssl_certificate_key ${m.rsa.key}; ssl_certificate ${m.ec.pem}; ssl_certificate_key ${m.ec.key};`;
const rsa = (m: Material): string => `ssl_certificate ${m.rsa.pem}; ssl_certificate_key ${m.rsa.key};`;
const ec = (m: Material): string => `ssl_certificate ${m.ec.pem}; ssl_certificate_key ${m.ec.key};`;

/** The command's path, looked for as a shell would and in the system's folders. */
export function which(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin'];
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  return found ?? null;
}

const sServer =
  (...args: string[]) =>
  (port: number, _dir: string, m: Material): string[] => [
    'openssl',
    's_server',
    '-accept',
    `127.0.0.1:${port}`,
    '-quiet',
    '-www',
    '-cert',
    m.rsa.pem,
    '-key',
    m.rsa.key,
    '-dcert',
    m.ec.pem,
    '-dkey',
    m.ec.key,
    ...args,
  ];

function gnutls(
  priority: string,
): Recipe['id'] extends string ? (port: number, dir: string, m: Material) => string[] : never {
  return (port, _dir, m) => [
    which('gnutls-serv') as string,
    '--quiet',
    '--http',
    '-p',
    String(port),
    '--priority',
    priority,
    '--x509certfile',
    m.rsa.pem,
    '--x509keyfile',
    m.rsa.key,
    '--x509certfile',
    m.ec.pem,
    '--x509keyfile',
    m.ec.key,
    '--dhparams',
    m.dh,
  ];
}

/** Every set-up, lab.md's A and B first. */
export function recipes(): Recipe[] {
  const parts = process.env.ITI_PARTS ?? '.parts';
  const one = (
    id: string,
    title: string,
    command: (port: number, dir: string, m: Material) => string[],
    lack?: string | false,
    env?: NodeJS.ProcessEnv,
  ): Recipe => (lack ? { id, title, skipped: lack } : { id, title, command, ...(env ? { env } : {}) });
  const noGnutls = !which('gnutls-serv') && 'not installed: apt-get install gnutls-bin';
  const noJava = !(which('java') && which('javac')) && 'not installed: apt-get install default-jdk-headless';
  return [
    one(
      'A',
      'nginx, TLS 1.0 to 1.3, everything old, RSA and ECDSA',
      nginx(
        (m) =>
          `${both(m)} ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on; ssl_ciphers ${OLD_CIPHERS};`,
      ),
    ),
    one(
      'B',
      'nginx, intermediate profile',
      nginx((m) => `${both(m)} ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ${INTERMEDIATE};`),
    ),
    one(
      'tls13',
      'nginx, TLS 1.3 only',
      nginx((m) => `${both(m)} ssl_protocols TLSv1.3;`),
    ),
    one(
      'ecdsa',
      'nginx, ECDSA certificate only',
      nginx((m) => `${ec(m)} ssl_protocols TLSv1.2; ssl_ciphers HIGH:!aNULL:!PSK:!SRP;`),
    ),
    one(
      'rsa-kx',
      'nginx, RSA key exchange only',
      nginx((m) => `${rsa(m)} ssl_protocols TLSv1.2; ssl_prefer_server_ciphers on; ssl_ciphers kRSA:!PSK:!eNULL;`),
    ),
    one(
      'dhe',
      'nginx, DHE',
      nginx(
        (m) =>
          `${rsa(m)} ssl_dhparam ${m.dh}; ssl_protocols TLSv1 TLSv1.2; ssl_prefer_server_ciphers on; ssl_ciphers DHE:!aNULL:!PSK:!eNULL:@SECLEVEL=0;`,
      ),
    ),
    one('haproxy', 'HAProxy, defaults', haproxyFiles),
    one(
      's_server',
      'OpenSSL s_server, anonymous and NULL suites too, order of the client',
      sServer('-cipher', 'ALL:eNULL:aNULL:@SECLEVEL=0', '-min_protocol', 'TLSv1'),
    ),
    one('gnutls', 'GnuTLS, defaults', gnutls('NORMAL'), noGnutls),
    one(
      'gnutls-old',
      'GnuTLS, TLS 1.0 to 1.3, Camellia, CCM, 3DES, RC4',
      gnutls('LEGACY:+VERS-ALL:+CIPHER-ALL:+MAC-ALL:+KX-ALL:+ARCFOUR-128:+3DES-CBC:%SERVER_PRECEDENCE'),
      noGnutls,
    ),
    one(
      'traefik',
      'Traefik (Go)',
      traefikFiles,
      !existsSync(join(parts, 'traefik')) && 'not here: ./dev test brings it',
    ),
    one('envoy', 'Envoy (BoringSSL)', envoyFiles, !findEnvoy() && 'not here: ./dev test brings it'),
    one('java', 'Java, defaults', java('default'), noJava),
    one('java-old', 'Java with SSLv3, SSL 2.0 hellos and every suite', java('old'), noJava),
  ];
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(!socket.destroy().connecting));
    socket.on('error', () => resolve(false));
  });

/** Starts one set-up; it is listening when this resolves. Throws with what it said. */
export async function startSetup(recipe: Recipe, port: number, material: Material): Promise<Setup | Missing> {
  if ('skipped' in recipe) return recipe;
  const dir = join(material.dir, recipe.id);
  mkdirSync(dir, { recursive: true });
  const [command = '', ...args] = recipe.command(port, dir, material);
  const log = openSync(join(dir, 'said'), 'a');
  const child: ChildProcess = spawn(command, args, {
    cwd: dir,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...recipe.env },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill(command.endsWith('nginx') ? 'SIGTERM' : 'SIGKILL');
    await ended;
  };
  for (let waited = 0; waited < 15_000; waited += 25) {
    if (child.exitCode !== null) break;
    if (await listens(port)) return { id: recipe.id, title: recipe.title, port, pid: child.pid as number, stop };
    await pause(25);
  }
  await stop();
  return {
    id: recipe.id,
    title: recipe.title,
    skipped: `did not start: ${readFileSync(join(dir, 'said'), 'utf8').trim().slice(-200)}`,
  };
}
