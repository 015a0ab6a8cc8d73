import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinaries } from '../../proxy/lab/binaries.ts';
import { findEnvoy } from '../../proxy/lab/envoy.ts';
import { envoyConfig } from '../../proxy/lab/envoy-config.ts';
import type { Material } from './material.ts';

/** Traefik with both certificates and a route for everything; the command. */
export function traefikFiles(port: number, dir: string, m: Material): string[] {
  const tls = { certificates: [m.rsa, m.ec].map((one) => ({ certFile: one.pem, keyFile: one.key })) };
  const http = {
    routers: { all: { rule: 'PathPrefix(`/`)', service: 'none', tls: {} } },
    services: { none: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:9' }] } } },
  };
  writeFileSync(join(dir, 'dynamic.yaml'), JSON.stringify({ tls, http }));
  const binary = join(process.env.ITI_PARTS ?? '.parts', 'traefik');
  return [
    binary,
    `--entrypoints.web.address=127.0.0.1:${port}`,
    `--providers.file.filename=${join(dir, 'dynamic.yaml')}`,
    '--log.level=ERROR',
  ];
}

/** Envoy with the RSA certificate; the command. */
export function envoyFiles(port: number, dir: string, m: Material): string[] {
  const plan = {
    admin: 0,
    listeners: [{ port, certificate: { chain: m.rsa.pem, key: m.rsa.key } }],
    clusters: { none: { endpoints: [9] } },
    sites: [{ name: 'none', domains: ['*'] }],
  };
  writeFileSync(join(dir, 'envoy.json'), JSON.stringify(envoyConfig(plan)));
  return [
    findEnvoy() as string,
    '-c',
    join(dir, 'envoy.json'),
    '--concurrency',
    '1',
    '--disable-hot-restart',
    '-l',
    'error',
  ];
}

/** HAProxy with the RSA certificate and its default suites; the command. */
export function haproxyFiles(port: number, dir: string, m: Material): string[] {
  const pem = join(dir, 'both.pem');
  writeFileSync(pem, readFileSync(m.rsa.pem, 'utf8') + readFileSync(m.rsa.key, 'utf8'));
  writeFileSync(
    join(dir, 'haproxy.cfg'),
    `global\n  maxconn 500\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 20s\n  timeout server 20s\nlisten tls\n  bind 127.0.0.1:${port} ssl crt ${pem} alpn h2,http/1.1\n  http-request return status 200\n`,
  );
  return [findBinaries().haproxy, '-db', '-q', '-f', join(dir, 'haproxy.cfg')];
}

/** Server.java, compiled; `kind` is `default` or `old`; the command. */
export const java =
  (kind: string) =>
  (port: number, dir: string, m: Material): string[] => {
    const source = join(import.meta.dirname, 'Server.java');
    execFileSync('javac', ['-d', dir, source], { timeout: 60_000 });
    return ['java', '-Xshare:auto', '-cp', dir, 'Server', String(port), m.p12, kind];
  };
