import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Case, Verdict } from '../../../diagnostics/types.ts';
import { loadInventory } from '../../../proxy/inventory/inventory.ts';
import { triageInProcess } from '../../../workers/in-process.ts';
import { authority, freePorts, scratch, startNginx } from '../../diagnostics/real-servers.ts';
import { startStandIn, type World } from './aws-stand-in.ts';
import { KEY, NLB, world } from './aws-worlds.ts';

/** Whole cases with a real nginx behind: what a network balancer's cloud or a GCE log adds, and where it must not accuse. */

interface Place {
  dir: string;
  LB: number;
  EDGE: number;
  APP: number;
}

/** nginx as proxy, and as the application behind it; the balancer's port is left free. */
async function placeOf(t: TestContext, keepalive: number, status = 200): Promise<Place> {
  const dir = scratch(t);
  const ports = await freePorts(t, 'LB', 'EDGE', 'APP');
  await startNginx(
    t,
    dir,
    [ports.EDGE, ports.APP],
    `keepalive_timeout ${keepalive};
     server { listen 127.0.0.1:${ports.EDGE}; server_name shop.example.test; location / { proxy_pass http://127.0.0.1:${ports.APP}; } }
     server { listen 127.0.0.1:${ports.APP}; location / { return ${status} "app"; } }`,
  );
  return { dir, ...ports };
}

/** A layer 4 balancer that writes these bytes before each connection. */
async function relay(t: TestContext, from: number, to: number, before: Buffer): Promise<void> {
  const server = createServer((inner) => {
    const outer = connect(to, '127.0.0.1');
    for (const one of [inner, outer]) one.on('error', () => one.destroy());
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
    outer.write(before);
    inner.pipe(outer);
    outer.pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(from, '127.0.0.1', resolve));
  t.after(() => server.close());
}

async function verdictOn(
  { dir, LB, EDGE, APP }: Place,
  balancer: string,
  said: Pick<Case['symptoms'], 'kinds' | 'course'> & { statuses?: number[] },
  aws = '',
  scheme: 'https' | 'http' = 'http',
): Promise<Verdict> {
  const file = join(dir, 'inventory.yaml');
  writeFileSync(
    file,
    `version: 1
${aws}
allow: ["*.example.test", 127.0.0.0/8]
dns: { shop.example.test: [127.0.0.1] }
routes: [ { host: shop.example.test, via: [lb, edge, shop] } ]
hops:
  lb: { hop: load-balancer, scheme: ${scheme}, address: "127.0.0.1:${LB}", to: ${scheme}, ${balancer} }
  edge: { hop: proxy, kind: nginx, scheme: ${scheme}, instances: [ { name: edge-1, ${scheme}: "127.0.0.1:${EDGE}", config: nginx.conf } ] }
  shop: { hop: service, endpoints: [ { address: "127.0.0.1:${APP}" } ] }
`,
  );
  const symptoms = { statuses: [], errors: [], suspects: [], clients: [], onlyReporter: false, ...said };
  const triage: Case = {
    version: 1,
    id: 'c-20261121-0002',
    at: new Date().toISOString(),
    report: 'shop.example.test is in trouble',
    target: { host: 'shop.example.test', port: LB, path: '/', scheme },
    symptoms,
    since: null,
    deadlineMs: 20_000,
    only: null,
  };
  const bugs: unknown[] = [];
  const { verdict } = await triageInProcess(triage, await loadInventory(file), (error) => bugs.push(error));
  assert.deepEqual(bugs, []);
  return verdict;
}

/** The network balancer of the worlds, with one healthy target and these counters. */
async function nlb(
  t: TestContext,
  { dir, LB, EDGE }: Place,
  counters: { [name: string]: number },
  attributes: { [key: string]: string } = {},
): Promise<string> {
  const of = world();
  const [edge] = of.balancers as [World['balancers'][number]];
  edge.listeners = [
    { port: LB, protocol: 'TCP', groups: ['https'], attributes: { 'tcp.idle_timeout.seconds': '350' } },
  ];
  const [group] = edge.groups as [World['balancers'][number]['groups'][number]];
  group.targets = [{ id: '127.0.0.1', port: EDGE, zone: 'eu-central-1a', state: 'healthy' }];
  group.attributes = { 'proxy_protocol_v2.enabled': 'false', ...attributes };
  of.metrics = Object.entries(counters).map(([name, value]) => ({
    namespace: 'AWS/NetworkELB',
    name,
    dimensions: { LoadBalancer: 'net/edge/50dc6c495c0c9188' },
    points: [4, 5, 6, 7, 8].map((minutesAgo) => ({ minutesAgo, value })),
  }));
  const stand = await startStandIn(of);
  t.after(() => stand.close());
  writeFileSync(
    join(dir, 'key'),
    `[default]\naws_access_key_id = ${KEY.AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${KEY.AWS_SECRET_ACCESS_KEY}\n`,
  );
  return `aws: { endpoint: "${stand.url}", credentials: ./key }`;
}
const isNlb = `kind: aws-nlb, arn: "${NLB}"`;
const V2_LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
const NOW_AND_THEN = { kinds: ['reset'], course: 'intermittent' } satisfies Pick<Case['symptoms'], 'kinds' | 'course'>;
const answerOf = (v: Verdict): string => `${v.answer} ${v.hop} ${v.cause}`;

test('the attribute says that a PROXY header is sent, nobody declared one, and nginx knows none', async (t) => {
  const dir = scratch(t);
  const place = { dir, ...(await freePorts(t, 'LB', 'EDGE', 'APP')) };
  const { root, leaf } = authority(dir);
  const { pem, key } = leaf('shop.example.test');
  await startNginx(
    t,
    dir,
    [place.EDGE, place.APP],
    `ssl_certificate ${pem}; ssl_certificate_key ${key};
     server { listen 127.0.0.1:${place.EDGE} ssl; server_name shop.example.test; location / { proxy_pass http://127.0.0.1:${place.APP}; } }
     server { listen 127.0.0.1:${place.APP}; location / { return 200 "app"; } }`,
  );
  await relay(t, place.LB, place.EDGE, V2_LOCAL);
  const aws = await nlb(t, place, { NewFlowCount: 300 }, { 'proxy_protocol_v2.enabled': 'true' });
  const said = { kinds: ['handshake'], course: 'steady' } satisfies Pick<Case['symptoms'], 'kinds' | 'course'>;
  const verdict = await verdictOn(place, isNlb, said, `${aws}\ntrust: ["${root}"]`, 'https');
  assert.equal(answerOf(verdict), 'ingress proxy proxy-protocol-unexpected', verdict.headline);
});

test('counters by side: fail-open and spent ports convict the balancer; resets of clients or targets alone convict nobody', async (t) => {
  const place = await placeOf(t, 75);
  await relay(t, place.LB, place.EDGE, Buffer.alloc(0));
  const told = async (counters: { [name: string]: number }): Promise<string> =>
    answerOf(await verdictOn(place, isNlb, NOW_AND_THEN, await nlb(t, place, { NewFlowCount: 300, ...counters })));
  assert.equal(await told({ UnhealthyRoutingFlowCount: 300 }), 'ingress load-balancer lb-no-healthy-target');
  assert.equal(await told({ PortAllocationErrorCount: 12 }), 'ingress load-balancer null');
  assert.equal(await told({ TCP_Client_Reset_Count: 90 }), 'inconclusive null null');
  assert.equal(await told({ TCP_Target_Reset_Count: 40 }), 'inconclusive null null');
  // Its own resets, but nginx closes idle connections long before 350 s: idle time is not why.
  assert.equal(await told({ TCP_ELB_Reset_Count: 40 }), 'inconclusive null null');
});

test("an application's own errors stay its own, whatever the balancer counted", async (t) => {
  const place = await placeOf(t, 660, 500);
  await relay(t, place.LB, place.EDGE, Buffer.alloc(0));
  const aws = await nlb(t, place, {
    NewFlowCount: 300,
    TCP_ELB_Reset_Count: 40,
    UnhealthyRoutingFlowCount: 20,
    PortAllocationErrorCount: 9,
  });
  const verdict = await verdictOn(
    place,
    isNlb,
    { kinds: ['errors-5xx'], course: 'intermittent', statuses: [500] },
    aws,
  );
  assert.equal(answerOf(verdict), 'not-ingress app app-errors', verdict.headline);
});

test('the words of a GCE log: who closed first, who was not there, who answered', async (t) => {
  const place = await placeOf(t, 75);
  await relay(t, place.LB, place.EDGE, Buffer.alloc(0));
  const told = async (status: number, word: string): Promise<string> => {
    const line = (minutes: number, of: number, statusDetails: string): string =>
      JSON.stringify({
        httpRequest: { requestUrl: 'https://shop.example.test/', status: of },
        jsonPayload: { statusDetails },
        timestamp: new Date(Date.now() - minutes * 60_000).toISOString(),
      });
    const good = Array.from({ length: 30 }, (_, i) => line(40 - i, 200, 'response_sent_by_backend'));
    writeFileSync(
      join(place.dir, 'requests.ndjson'),
      [...good, line(6, status, word), line(5, status, word)].join('\n'),
    );
    const gce = 'kind: gce, instances: [ { name: log, accessLog: requests.ndjson } ]';
    return answerOf(await verdictOn(place, gce, { kinds: ['errors-5xx'], course: 'intermittent', statuses: [502] }));
  };
  assert.equal(
    await told(502, 'backend_connection_closed_before_data_sent_to_client'),
    'ingress load-balancer lb-idle-timeout',
  );
  assert.equal(await told(502, 'failed_to_pick_backend'), 'ingress load-balancer lb-no-healthy-target');
  assert.doesNotMatch(await told(502, 'response_sent_by_backend'), /^ingress/);
  assert.doesNotMatch(await told(502, 'backend_timeout'), /^ingress/);
});

test('declared to send a header, told to send none: the declaration accuses nobody', async (t) => {
  const place = await placeOf(t, 75);
  // Every connection through it ends at once: with nobody's header, and before a word.
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(place.LB, '127.0.0.1', resolve));
  t.after(() => server.close());
  const verdict = await verdictOn(
    place,
    `${isNlb}, sends: proxy-v2`,
    { kinds: ['reset'], course: 'steady' },
    await nlb(t, place, { NewFlowCount: 300 }),
  );
  assert.ok(verdict.findings.some((f) => f.code === 'BALANCER_SENDS_OTHERWISE'));
  assert.ok(
    verdict.findings.some((f) => f.code === 'PROXY_HEADER_UNEXPECTED'),
    'by the declaration',
  );
  assert.equal(answerOf(verdict), 'ingress load-balancer null', verdict.headline);
});
