import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The path of a Prometheus server on this machine (Debian package `prometheus`), or null. */
export function prometheusBinary(): string | null {
  const places = [
    process.env.PROMETHEUS ?? '',
    ...(process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, 'prometheus')),
  ];
  const usable = (path: string): boolean => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  return places.find((path) => path !== '' && usable(path)) ?? null;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A Prometheus of our own that scrapes one target every second. */
export async function startPrometheus(
  binary: string,
  target: string,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'iti-prometheus-'));
  const port = await freePort();
  const scrape = `global: { scrape_interval: 1s, scrape_timeout: 900ms }
scrape_configs:
  - job_name: edge
    honor_labels: false
    static_configs: [{ targets: ['${target}'], labels: { service: edge-metrics } }]
  - job_name: edge-again
    scrape_interval: 2s
    static_configs: [{ targets: ['${target}'] }]
    metric_relabel_configs: [{ source_labels: [__name__], regex: 'go_.*|process_virtual.*', action: drop }]
`;
  writeFileSync(join(dir, 'prometheus.yml'), scrape);
  const child = spawn(
    binary,
    [
      `--config.file=${dir}/prometheus.yml`,
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
