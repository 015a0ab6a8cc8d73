import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { FORMATS } from '../../proxy/adapters/metrics/read-page.ts';
import { startTally } from '../../proxy/adapters/metrics/tally.ts';
import { findEnvoy, startEnvoy } from '../../proxy/lab/envoy.ts';
import { freePorts, scratch } from '../diagnostics/real-servers.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures');

/** From documentation or source only: no real server here writes them. Everything else must occur in a real page. */
const FROM_DOCUMENTATION: { [proxy: string]: RegExp } = {
  // nginx-prometheus-exporter and nginx Plus: README of the exporter.
  'nginx-prometheus-exporter': /^nginx(plus)?_/,
  // The controller of haproxy-ingress: pkg/controller/services/metrics.go.
  'haproxy-ingress': /^haproxyingress_/,
  // Documented for every version, written by none of the three that were recorded with a retry middleware at work.
  traefik: /^traefik_service_retries_total$/,
};

const namesOf = (proxy: string): string[] => Object.keys(FORMATS[proxy]?.(startTally(new Date(0), 'x')).handlers ?? {});

/** Names of series in the pages that were recorded. */
function recorded(): Set<string> {
  const found = new Set<string>();
  for (const entry of readdirSync(FIXTURES, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(prom|txt)$/.test(entry.name)) continue;
    namesIn(readFileSync(join(entry.parentPath, entry.name), 'utf8'), found);
  }
  return found;
}

function namesIn(page: string, into: Set<string>): void {
  for (const [, name] of page.matchAll(/^([a-z_][\w:]*)(?:\{.*\})? [-+\d.NI]\S*$/gim)) into.add(name as string);
}

test('every metric name that an adapter reads was written by a real server', async (t) => {
  const written = recorded();
  if (findEnvoy()) {
    const p = await freePorts(t, 'admin', 'web', 'app');
    const envoy = await startEnvoy(scratch(t), {
      admin: p.admin,
      dynamic: true,
      listeners: [{ port: p.web }],
      clusters: { app: { endpoints: [p.app] } },
      sites: [{ name: 'app', domains: ['*'] }],
    });
    t.after(() => envoy.stop());
    // A running Envoy writes all counters of what it has, also those that are still 0.
    namesIn(await (await fetch(`${envoy.admin}/stats/prometheus`)).text(), written);
  }
  const missing: string[] = [];
  for (const proxy of Object.keys(FORMATS))
    for (const name of namesOf(proxy)) {
      if (written.has(name) || FROM_DOCUMENTATION[proxy]?.test(name)) continue;
      if (proxy === 'envoy' && !findEnvoy()) continue;
      missing.push(`${proxy}: ${name}`);
    }
  assert.deepEqual(missing, []);
  assert.ok(namesOf('envoy').length > 40 && namesOf('traefik').length > 20 && namesOf('haproxy').length > 20);
});

test('what is from documentation only is still in use', () => {
  for (const [proxy, names] of Object.entries(FROM_DOCUMENTATION))
    assert.ok(
      namesOf(proxy).some((name) => names.test(name)),
      proxy,
    );
});

test('no name belongs to two proxies: a page is read by all of them at once', () => {
  const all = Object.keys(FORMATS).flatMap(namesOf);
  assert.equal(new Set(all).size, all.length);
});
