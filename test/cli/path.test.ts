import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RESOURCES } from '../../proxy/kubernetes/resources.ts';
import { scratch } from '../diagnostics/real-servers.ts';
import type { User } from '../kubernetes/api-server/rights.ts';
import { type ApiServer, startApiServer } from '../kubernetes/api-server/server.ts';
import { objectsOf } from '../proxy/kubernetes/scenarios.ts';
import { dev } from './dev.ts';

interface World {
  server: ApiServer;
  ask: (...args: string[]) => ReturnType<typeof dev>;
}

/** A scenario's objects behind a stand-in API server, and an inventory that names it. */
async function world(t: TestContext, scenario: string, user?: User): Promise<World> {
  const server = await startApiServer({
    objects: objectsOf(scenario) as never,
    clear: true,
    ...(user && { tokens: { 'reader-token': user } }),
  });
  t.after(() => server.close());
  const dir = scratch(t);
  writeFileSync(join(dir, 'kubeconfig'), server.kubeconfig('prod'), { mode: 0o600 });
  const inventory = join(dir, 'inventory.yaml');
  writeFileSync(inventory, 'version: 1\nkubernetes: { kubeconfig: ./kubeconfig, context: prod }\n');
  return { server, ask: (...args) => dev(['path', ...args, '--inventory', inventory]) };
}

test('the chain to a host, each hop with the objects that it was found in', async (t) => {
  const { ask } = await world(t, 'nlb-instance-targets');
  const ran = await ask('shop.example.test', '--json');
  assert.equal(ran.code, 0, ran.err);
  const path = JSON.parse(ran.out);
  assert.deepEqual(Object.keys(path).sort(), ['ambiguous', 'cluster', 'hops', 'host', 'path', 'unknown', 'unserved']);
  assert.equal(path.cluster.name, 'prod');
  assert.deepEqual(
    path.hops.map((hop: { hop: string; kind: string }) => `${hop.hop} ${hop.kind}`),
    ['load-balancer aws-nlb', 'node other', 'proxy ingress-nginx', 'service service'],
  );
  assert.deepEqual(path.unknown, []);
  for (const hop of path.hops)
    for (const from of hop.from) assert.match(from, /^[A-Z][A-Za-z]+ [a-z0-9/.-]+( \(.*\))?$/);
  const text = await ask('shop.example.test');
  assert.match(text.out, /^shop\.example\.test\/ in prod\n/);
  assert.match(text.out, /sends PROXY header: proxy-v2 {3}\[Service ingress-nginx\/ingress-nginx-controller\]/);
  assert.match(text.out, /expects PROXY header: proxy-v2 {3}\[ConfigMap ingress-nginx\/ingress-nginx-controller\]/);
  assert.match(text.out, /n3: https 10\.0\.0\.3:31443 .*\(not ready\) {3}\[Node n3\]/);
  assert.match(text.out, /shop-a 10\.244\.1\.20:8080 {3}\[EndpointSlice shop\/shop-ipv4-8080\]/);
  assert.match(text.out, /from Ingress shop\/shop \(IngressClass nginx names k8s\.io\/ingress-nginx\)/);
});

test('an API server that is away: an answer all the same, and what is not known', async (t) => {
  const { server, ask } = await world(t, 'nlb-ip-targets');
  await server.kill();
  const ran = await ask('shop.example.test', '--json');
  assert.equal(ran.code, 0, ran.err);
  const path = JSON.parse(ran.out);
  assert.deepEqual([path.hops, path.unserved, path.cluster.asOf], [[], [], null]);
  assert.match(path.unknown.join('\n'), /the API server of prod cannot be watched: nothing is known of it/);
});

test('a right that is missing is named with verb and resource', async (t) => {
  const every = Object.keys(RESOURCES).filter((one) => one !== 'endpointslices');
  const rules = [{ apiGroups: ['*'], resources: every, verbs: ['get', 'list', 'watch'] }];
  const { ask } = await world(t, 'nlb-ip-targets', { name: 'reader', rules });
  const path = JSON.parse((await ask('shop.example.test', '--json')).out);
  assert.equal(path.hops.length, 3);
  assert.match(path.unknown.join('\n'), /list.*endpointslices/);
  assert.match(path.unknown.join('\n'), /shop\/shop: its endpoints/);
});

test('a context that the kubeconfig does not have is said, with the exit code for bad input', async (t) => {
  const dir = scratch(t);
  const { server } = await world(t, 'nothing-found');
  writeFileSync(join(dir, 'kubeconfig'), server.kubeconfig('prod'), { mode: 0o600 });
  writeFileSync(join(dir, 'inventory.yaml'), 'version: 1\nkubernetes: { kubeconfig: ./kubeconfig, context: other }\n');
  const ran = await dev(['path', 'a.test', '--inventory', join(dir, 'inventory.yaml')]);
  assert.equal(ran.code, 65, ran.out);
  assert.match(ran.err, /other/);
});
