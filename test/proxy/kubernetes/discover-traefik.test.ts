import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type FoundProxy, findProxies, flagsOf } from '../../../proxy/kubernetes/discover/proxies.ts';
import { claimsFor } from '../../../proxy/kubernetes/discover/routes.ts';
import { findBinaries } from '../../../proxy/lab/binaries.ts';
import { openGuard } from '../../../proxy/lab/process-guard.ts';
import { freePorts } from '../../diagnostics/real-servers.ts';
import { startApiServer } from '../../kubernetes/api-server/server.ts';
import { objectsOf, viewOf } from './scenarios.ts';

const { traefik } = findBinaries();

/** Hosts for which a real Traefik makes routers of its Kubernetes providers when it reads these objects. */
async function routersOf(
  t: TestContext,
  scenario: string,
  provider: string,
  args: string[],
  wanted: string[],
): Promise<string[]> {
  const server = await startApiServer({ objects: objectsOf(scenario) as never, clear: true });
  t.after(() => server.close());
  const ports = await freePorts(t, 'web', 'api');
  // Not `scratch`: the guard needs its folder until it has ended what it started, and removes it then.
  const dir = mkdtempSync(join(tmpdir(), 'iti-test-'));
  const guard = openGuard(dir, 'remove');
  t.after(() => guard.close());
  const own = [`--providers.${provider}.endpoint=${server.url}`, `--providers.${provider}.token=${server.token}`];
  const fixed = ['--api.insecure=true', `--entrypoints.web.address=127.0.0.1:${ports.web}`];
  const api = `--entrypoints.traefik.address=127.0.0.1:${ports.api}`;
  guard.start('traefik', traefik as string, [...fixed, api, ...own, ...args], { cwd: dir, log: `${dir}/traefik.log` });
  // It takes classes and Ingresses in as they come: what it serves is what it says twice in a row, or at last.
  let seen: string[] = [];
  const [touched] = (objectsOf(scenario) as { kind: string; metadata: { namespace?: string; name: string } }[]).filter(
    (one) => one.kind === 'Ingress',
  );
  for (let waited = 0, same = 0; waited < 10_000 && same < 2; waited += 100) {
    const routers = await fetch(`http://127.0.0.1:${ports.api}/api/http/routers?per_page=200`)
      .then((answer) => answer.json() as Promise<{ name: string; rule: string; status: string }[]>)
      .catch(() => []);
    const ours = routers.filter((one) => /@kubernetes/.test(one.name));
    seen = [...new Set(ours.flatMap(({ rule }) => /Host\(["`]([^"`]+)["`]\)/.exec(rule)?.[1] ?? []))].sort();
    same = isDeepStrictEqual(seen, wanted) ? same + 1 : 0;
    // An Ingress that it heard of before its class is looked at again only when something changes.
    if (touched && waited % 2_000 === 1_900)
      server.patch('ingresses', touched.metadata.namespace ?? 'default', touched.metadata.name, {
        metadata: { annotations: { 'example.test/touched': String(waited) } },
      });
    await pause(100);
  }
  return seen;
}

/** The same by what we make of the objects, for a Traefik with these arguments. */
function claimed(scenario: string, args: string[]): string[] {
  const view = viewOf(objectsOf(scenario));
  const [found] = findProxies(viewOf(objectsOf('traefik-3-classes')));
  // Of a version as new as the one that runs here: before 3.7 a pattern of hosts was a longer rule than a host.
  const proxy: FoundProxy = { ...(found as FoundProxy), version: null, args: flagsOf(args) };
  const hosts = [...new Set([...view.hosts(), '*.other.test'])];
  return hosts.filter((host) => claimsFor(view, [proxy], host.replace('*', 'x'), '/api')[0]?.host === host).sort();
}

const CASES: [string, string, string[]][] = [
  ['traefik-3-classes', 'kubernetesingress', ['--providers.kubernetesingress=true']],
  [
    'traefik-class-lookup-off',
    'kubernetesingress',
    ['--providers.kubernetesingress.ingressclass=edge', '--providers.kubernetesingress.disableingressclasslookup=true'],
  ],
  [
    'nginx-classes',
    'kubernetesingressnginx',
    [
      '--providers.kubernetesingressnginx.ingressclass=public',
      '--providers.kubernetesingressnginx.ingressclassbyname=true',
      '--providers.kubernetesingressnginx.watchingresswithoutclass=true',
    ],
  ],
  ['traefik-paths', 'kubernetesingress', ['--providers.kubernetesingress=true']],
];

for (const [scenario, provider, args] of CASES)
  test(`a real Traefik serves the Ingresses that we say it does: ${scenario}`, {
    skip: traefik ? false : 'Traefik is not here',
  }, async (t) => {
    const wanted = claimed(scenario, args);
    assert.ok(wanted.length > 0);
    assert.deepEqual(await routersOf(t, scenario, provider, args, wanted), wanted);
  });
