import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFiles } from './certificates.ts';
import type { EndpointPlace } from './outside/protocol.ts';
import type { ProcessGuard } from './process-guard.ts';
import { mustRun } from './server-process.ts';

/** One host that Traefik serves. */
interface TraefikSite {
  host: string;
  service: string;
  certificate: CertificateFiles;
  endpoints: EndpointPlace[];
}

/** The second managed proxy: real Traefik 3 with the file provider, which users reach directly. */
export interface TraefikProxy {
  pid: number;
  /** Serves these hosts from now on; Traefik watches the file and needs a moment. */
  serve(sites: TraefikSite[]): void;
  sites(): TraefikSite[];
  mustRun(): void;
}

interface TraefikPorts {
  https: number;
  http: number;
  admin: number;
}

export function startTraefik(
  guard: ProcessGuard,
  binary: string,
  dir: string,
  ports: TraefikPorts,
  initial: TraefikSite[],
): TraefikProxy {
  const home = join(dir, 'traefik');
  const log = join(home, 'stderr.log');
  let sites = initial;
  mkdirSync(join(home, 'dynamic'), { recursive: true });
  writeFileSync(join(home, 'traefik.yml'), staticConfig(ports));
  writeDynamic(home, sites);
  const child = guard.start('traefik', binary, ['--configFile=traefik.yml'], { cwd: home, log });
  return {
    pid: child.pid ?? 0,
    serve(next) {
      sites = next;
      writeDynamic(home, sites);
    },
    sites: () => sites,
    mustRun: () => mustRun('traefik', child, [log, join(home, 'traefik.log')]),
  };
}

function staticConfig(ports: TraefikPorts): string {
  return `# traefik: the new ingress; serves what has been moved to it so far.
entryPoints:
  web:
    address: 127.0.0.1:${ports.http}
  websecure:
    address: 127.0.0.1:${ports.https}
  traefik:
    address: 127.0.0.1:${ports.admin}
providers:
  providersThrottleDuration: 200ms
  file:
    directory: dynamic
    watch: true
api:
  insecure: true
metrics:
  prometheus: {}
log:
  level: INFO
  filePath: traefik.log
accessLog:
  filePath: access.json
  format: json
  fields:
    headers:
      defaultMode: drop
      names:
        User-Agent: keep
global:
  checkNewVersion: false
  sendAnonymousUsage: false
`;
}

/**
 * By rename: a file that is rewritten in place is often read while it is empty, and Traefik then serves nothing (measured).
 */
function writeDynamic(home: string, sites: TraefikSite[]): void {
  const routers = sites.flatMap((site) => [
    `    ${site.service}:`,
    `      rule: Host(\`${site.host}\`)`,
    '      entryPoints: [websecure]',
    `      service: ${site.service}`,
    '      tls: {}',
  ]);
  const services = sites.flatMap((site) => [
    `    ${site.service}:`,
    '      loadBalancer:',
    '        servers:',
    ...site.endpoints.map(({ port }) => `          - url: http://127.0.0.1:${port}`),
  ]);
  const certificates = sites.flatMap(({ certificate }) => [
    `    - certFile: ${certificate.chain}`,
    `      keyFile: ${certificate.key}`,
  ]);
  const text = [
    'http:',
    '  routers:',
    ...routers,
    '  services:',
    ...services,
    'tls:',
    '  certificates:',
    ...certificates,
  ];
  // Traefik reads every *.yml of the folder: the new file is written beside it.
  const fresh = join(home, 'routes.new');
  writeFileSync(fresh, `${text.join('\n')}\n`);
  renameSync(fresh, join(home, 'dynamic', 'routes.yml'));
}
