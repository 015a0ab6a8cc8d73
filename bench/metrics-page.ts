import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What a real ingress-nginx v1.15.1 wrote after some traffic to 18 hosts. */
const REAL = join(import.meta.dirname, '..', 'test', 'fixtures', 'ingress-nginx', '06-after-traffic.prom');
const DOMAIN = 'example.test';

/**
 * Writes a page of at least `bytes`: every series of a host once for each of many domains, family by family, as the
 * controller of that many ingresses would. Returns its size, bytes.
 */
export function writePage(file: string, bytes: number): number {
  const lines = readFileSync(REAL, 'utf8').split('\n').filter(Boolean);
  const ofHosts = (line: string): boolean => !line.startsWith('#') && line.includes(DOMAIN);
  const once = lines.filter(ofHosts).reduce((sum, line) => sum + line.length + 1, 0);
  const copies = Math.max(1, Math.ceil(bytes / once));
  const out = openSync(file, 'w');
  let size = 0;
  try {
    for (const line of lines) {
      const series = ofHosts(line)
        ? Array.from({ length: copies }, (_, i) => line.replaceAll(DOMAIN, `n${i}.${DOMAIN}`))
        : [line];
      size += writeSync(out, `${series.join('\n')}\n`);
    }
  } finally {
    closeSync(out);
  }
  return size;
}
