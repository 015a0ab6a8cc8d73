import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { EventFacts, ProxyFacts } from '../../../diagnostics/io/cluster-reader.ts';
import { announcersIn, inTurn, ownerOf } from '../../../diagnostics/nodes/owners.ts';
import { inRanges } from '../../../diagnostics/nodes/ranges.ts';
import { clusterSettings, secondsIn } from '../../../diagnostics/settings/cluster.ts';
import { nodeFacts } from '../../../proxy/kubernetes/facts/nodes.ts';
import { proxyFacts } from '../../../proxy/kubernetes/facts/proxy.ts';
import { livedInLists, objectOf, refused, viewOf } from '../../proxy/kubernetes/lived-in.ts';
import { EDITS, listening } from './edits.ts';
import { codesOf, lookedAt } from './lived-in-looks.ts';

const NGINX = 'ingress-nginx/ingress-nginx-controller';
const TRAEFIK = 'traefik/traefik';

test('every reading from the lived-in cluster comes out of a look as its file holds it', async (t) => {
  for (const [file, one] of Object.entries(EDITS))
    await t.test(file, async () => {
      const { look, close } = await listening(one);
      try {
        const looked = await lookedAt(look);
        const [row] = looked.rows;
        const fixture = JSON.parse(readFileSync(new URL(`../checks/${file}.json`, import.meta.url), 'utf8'));
        assert.ok(row);
        assert.deepEqual(codesOf(looked, row), fixture.expect);
        assert.deepEqual(row.blind, fixture.row.blind);
      } finally {
        await close();
      }
    });
});

test('a proxy and its nodes as the recorded objects tell of them', () => {
  const view = viewOf(livedInLists());
  const nginx = proxyFacts(view, NGINX);
  assert.deepEqual(
    [nginx.kind, nginx.version, nginx.workload.graceSeconds, nginx.workload.limits.memory],
    ['ingress-nginx', 'v1.11.3', 300, 512 * 1024 * 1024],
  );
  assert.deepEqual([nginx.config['use-proxy-protocol'], nginx.leader?.transitions], ['true', 4]);
  assert.deepEqual(
    [nginx.front?.externalTrafficPolicy, nginx.front?.healthCheckNodePort, nginx.front?.endpoints.length],
    ['Cluster', null, 2],
  );
  const traefik = proxyFacts(view, TRAEFIK);
  assert.deepEqual([traefik.workload.kind, traefik.front?.healthCheckNodePort], ['DaemonSet', 32_110]);
  assert.deepEqual(
    nodeFacts(view, TRAEFIK).map((node) => [node.name, node.ready, node.readyProxies, node.excluded]),
    [
      ['n1', true, 1, false],
      ['n2', true, 1, false],
      ['n3', false, 0, false],
    ],
  );
});

test('a leaving pod is no ready proxy; labels keep a node from being a target', () => {
  const lists = livedInLists();
  objectOf(lists, 'pods', 'traefik/traefik-b4x2k').metadata.deletionTimestamp = '2026-11-21T15:41:00Z';
  objectOf(lists, 'services', TRAEFIK).metadata.annotations[
    'service.beta.kubernetes.io/aws-load-balancer-target-node-labels'
  ] = 'topology.kubernetes.io/zone=eu-west-1b';
  const nodes = nodeFacts(viewOf(lists), TRAEFIK);
  assert.deepEqual(
    nodes.map((node) => [node.readyProxies, node.excluded]),
    [
      [0, true],
      [1, false],
      [0, true],
    ],
  );
});

test('what may not be read is named; a proxy that is not there is no fault of rights', () => {
  const blind = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return [(error as { reason?: string }).reason, (error as Error).message];
    }
  };
  const pods = viewOf(livedInLists(), [refused('pods', 'traefik')]);
  assert.deepEqual(
    blind(() => proxyFacts(pods, TRAEFIK)),
    ['denied', refused('pods', 'traefik').detail],
  );
  assert.deepEqual(
    blind(() => nodeFacts(pods, TRAEFIK)),
    ['denied', refused('pods', 'traefik').detail],
  );
  const nodes = viewOf(livedInLists(), [refused('nodes')]);
  assert.deepEqual(
    blind(() => nodeFacts(nodes, TRAEFIK)),
    ['denied', refused('nodes').detail],
  );
  const whole = viewOf(livedInLists());
  assert.deepEqual((blind(() => proxyFacts(whole, 'traefik/other')) as string[])[0], 'not-configured');
  const config = proxyFacts(viewOf(livedInLists(), [refused('configmaps', 'ingress-nginx')]), NGINX);
  assert.deepEqual(config.unread, [refused('configmaps', 'ingress-nginx').detail]);
  // Defaults would be a guess where the ConfigMap may not be read.
  assert.equal(clusterSettings(config), null);
});

test('settings that flags and ConfigMap tell', () => {
  const view = viewOf(livedInLists());
  const nginx = clusterSettings(proxyFacts(view, NGINX));
  assert.deepEqual(
    nginx?.listeners.map((one) => [one.address, one.tls, one.proxyHeader, one.where]),
    [
      ['0.0.0.0:443', true, 'required', `ConfigMap ${NGINX}: use-proxy-protocol`],
      ['0.0.0.0:80', false, 'required', `ConfigMap ${NGINX}: use-proxy-protocol`],
    ],
  );
  assert.deepEqual(nginx?.timeouts.drain, { value: 240, where: `ConfigMap ${NGINX}: worker-shutdown-timeout` });
  assert.deepEqual([nginx?.limits.workers?.value, nginx?.software], ['auto', 'ingress-nginx v1.11.3']);
  // An Ingress may say otherwise for its host: nothing is told of how long it waits for an answer.
  assert.equal(nginx?.timeouts.upstreamRead, undefined);
  const traefik = clusterSettings(proxyFacts(view, TRAEFIK));
  const websecure = traefik?.listeners.find((one) => one.address === ':8443');
  assert.deepEqual([websecure?.tls, websecure?.proxyHeader], [true, 'optional']);
  assert.deepEqual(traefik?.timeouts.drain?.value, 10);
  const silent: ProxyFacts = { ...proxyFacts(view, TRAEFIK), args: { configfile: '/etc/traefik.yaml' } };
  assert.equal(clusterSettings(silent), null);
  assert.deepEqual(['240', '240s', '1m30s', '500ms', 'soon', ''].map(secondsIn), [240, 240, 90, 0.5, null, null]);
});

const said = (node: string, first: string, at: string, count: number, protocol = 'layer2'): EventFacts => ({
  at,
  first,
  count,
  type: 'Normal',
  reason: 'nodeAssigned',
  about: 'Service traefik/traefik',
  message: `announcing from node "${node}" with protocol "${protocol}"`,
  from: 'metallb-speaker',
});

test('who announces an address: a fail-over is no conflict, BGP is none, hostile names are no nodes', () => {
  const over = [said('a', '10:00', '10:20', 5), said('b', '10:21', '10:40', 4)];
  assert.deepEqual([ownerOf(over)?.node, inTurn(announcersIn(over))], ['b', null]);
  const turn = announcersIn([said('a', '10:00', '10:20', 5), said('b', '10:10', '10:40', 4)]);
  assert.deepEqual(
    inTurn(turn)?.map((one) => one.node),
    ['a', 'b'],
  );
  const bgp = [said('a', '10:00', '10:20', 5, 'bgp'), said('b', '10:10', '10:40', 4, 'bgp')];
  assert.deepEqual([ownerOf(bgp), inTurn(announcersIn(bgp))], [null, null]);
  assert.deepEqual(
    announcersIn([{ ...said('a', '10:00', '10:01', 1), message: `announcing from node "${'x'.repeat(9_999)}` }]),
    [],
  );
});

test('ranges of allow-lists, good and bad ones', () => {
  assert.equal(inRanges(['203.0.113.0/24', '10.0.0.1'], '10.0.0.1'), true);
  assert.equal(inRanges(['203.0.113.0/24'], '10.0.0.1'), false);
  assert.equal(inRanges(['0.0.0.0/0'], '10.0.0.1'), true);
  assert.equal(inRanges(['2001:db8::/32'], '2001:db8::7'), true);
  assert.equal(inRanges(['10.0.0.0/99', 'office', '', '10.0.0.0/-1'], '10.0.0.1'), false);
  assert.equal(inRanges(['10.0.0.0/8'], 'no address'), false);
});

test('a health port that says nothing, or anything else, is an answer and not a verdict', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n{"localEndpoints": "99999999"}');
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.11', () => resolve());
  await promise;
  const { port } = server.address() as { port: number };
  try {
    const { rows, codes } = await lookedAt({
      check: 'traffic-policy',
      host: 'metabase.example.test',
      file: { allow: ['127.0.0.0/8'] },
      edit: (lists) => {
        // n2 and n3 have nobody on that port.
        for (const [i, node] of (lists.nodes ?? []).entries()) node.status.addresses[0].address = `127.0.0.1${i + 1}`;
        objectOf(lists, 'services', TRAEFIK).spec.healthCheckNodePort = port;
      },
    });
    const [row] = rows;
    assert.ok(row && !row.blind);
    const seen = (row.data as unknown as { nodes: { name: string; health: object }[] }).nodes;
    assert.deepEqual(Object.fromEntries(seen.map((node) => [node.name, node.health])), {
      n1: { status: 200, error: null, endpoints: null },
      n2: { status: null, error: 'ECONNREFUSED', endpoints: null },
      n3: { status: null, error: 'ECONNREFUSED', endpoints: null },
    });
    assert.deepEqual(codes, ['NODES_LEFT_OUT', 'TRAFFIC_POLICY_HOLDS']);
  } finally {
    server.close();
  }
});
