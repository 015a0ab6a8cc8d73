import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Case, Verdict } from '../../../diagnostics/types.ts';
import { type Inventory, loadInventory } from '../../../proxy/inventory/inventory.ts';
import { triageInProcess } from '../../../workers/in-process.ts';
import { freePorts, scratch, startNginx } from '../../diagnostics/real-servers.ts';
import { startStandIn, type Trouble, type World } from './aws-stand-in.ts';
import { ALB, KEY, world } from './aws-worlds.ts';

/** Whole cases: a real nginx behind a balancer of HTTP whose cloud is the stand-in, rights taken away one by one. */

const DIMENSION = { LoadBalancer: 'app/web/1f2e3d4c5b6a7988' };
const minutes = (value: number): { minutesAgo: number; value: number }[] =>
  [3, 4, 5, 6, 7, 8, 9, 10].map((minutesAgo) => ({ minutesAgo, value }));
const metric = (name: string, value: number): World['metrics'][number] => ({
  namespace: 'AWS/ApplicationELB',
  name,
  dimensions: DIMENSION,
  points: minutes(value),
});

/** Everything answers now; the balancer counted 502s of its own, nginx closes idle connections after 15 s. */
async function placeOf(
  t: TestContext,
): Promise<{ world: World; inventory: Inventory; standsOn: (of: World) => Promise<Inventory> }> {
  const dir = scratch(t);
  const { LB, EDGE, APP } = await freePorts(t, 'LB', 'EDGE', 'APP');
  await startNginx(
    t,
    dir,
    [LB, EDGE, APP],
    `keepalive_timeout 15;
     server { listen 127.0.0.1:${EDGE}; listen 127.0.0.1:${LB}; server_name shop.example.test; location / { proxy_pass http://127.0.0.1:${APP}; } }
     server { listen 127.0.0.1:${APP}; location / { return 200 "fine"; } }`,
  );
  writeFileSync(
    join(dir, 'credentials'),
    `[triage]\naws_access_key_id = ${KEY.AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${KEY.AWS_SECRET_ACCESS_KEY}\n`,
  );
  const of = world();
  const alb = of.balancers[1] as World['balancers'][number];
  alb.listeners = [{ port: LB, protocol: 'HTTP', groups: ['web'], rules: 40 }];
  (alb.groups[0] as World['balancers'][number]['groups'][number]).targets = [
    { id: '127.0.0.1', port: EDGE, zone: 'eu-central-1a', state: 'healthy' },
  ];
  alb.attributes['idle_timeout.timeout_seconds'] = '75';
  of.metrics = [metric('RequestCount', 900), metric('HTTPCode_ELB_5XX_Count', 3), metric('HTTPCode_ELB_502_Count', 3)];
  const standsOn = async (its: World): Promise<Inventory> => {
    const stand = await startStandIn(its);
    t.after(() => stand.close());
    const file = join(dir, `inventory-${stand.port}.yaml`);
    writeFileSync(
      file,
      `version: 1
aws: { endpoint: "${stand.url}", credentials: ./credentials, profile: triage }
allow: ["*.example.test", 127.0.0.0/8]
dns: { shop.example.test: [127.0.0.1] }
routes: [ { host: shop.example.test, via: [alb, edge, shop] } ]
hops:
  alb: { hop: load-balancer, kind: aws-alb, arn: "${ALB}", scheme: http, address: "127.0.0.1:${LB}", to: http }
  edge: { hop: proxy, kind: nginx, scheme: http, instances: [ { name: edge-1, http: "127.0.0.1:${EDGE}", config: nginx.conf } ] }
  shop: { hop: service, endpoints: [ { address: "127.0.0.1:${APP}" } ] }
`,
    );
    return loadInventory(file);
  };
  return { world: of, inventory: await standsOn(of), standsOn };
}

async function verdictOn(inventory: Inventory, port: number): Promise<Verdict> {
  const triage: Case = {
    version: 1,
    id: 'c-20261121-0001',
    at: new Date().toISOString(),
    report: 'shop.example.test answers 502 now and then',
    target: { host: 'shop.example.test', port, path: '/', scheme: 'http' },
    symptoms: {
      kinds: ['errors-5xx'],
      statuses: [502],
      errors: [],
      course: 'intermittent',
      suspects: [],
      clients: [],
      onlyReporter: false,
    },
    since: null,
    deadlineMs: 20_000,
    only: null,
  };
  const bugs: unknown[] = [];
  const { verdict } = await triageInProcess(triage, inventory, (error) => bugs.push(error));
  assert.deepEqual(bugs, []);
  return verdict;
}
const portOf = (of: World): number => of.balancers[1]?.listeners[0]?.port as number;

const RIGHTS = [
  'elasticloadbalancing:DescribeLoadBalancers',
  'elasticloadbalancing:DescribeLoadBalancerAttributes',
  'elasticloadbalancing:DescribeListeners',
  'elasticloadbalancing:DescribeRules',
  'elasticloadbalancing:DescribeTargetGroups',
  'elasticloadbalancing:DescribeTargetGroupAttributes',
  'elasticloadbalancing:DescribeTargetHealth',
  'cloudwatch:GetMetricData',
];

test("the balancer's own 502s convict; without any one right never a wrong answer, and the right is named", async (t) => {
  const place = await placeOf(t);
  const whole = await verdictOn(place.inventory, portOf(place.world));
  assert.deepEqual([whole.answer, whole.cause], ['ingress', 'lb-idle-timeout'], whole.headline);
  const race = whole.findings.find((f) => f.code === 'PROXY_CLOSES_IDLE_FIRST');
  assert.deepEqual([race?.facts.outerValue, race?.facts.innerValue], [75, 15], 'the attribute, as AWS tells it');
  assert.ok(whole.findings.some((f) => f.code === 'RULES_COUNTED' && f.facts.rules === 40));
  for (const right of RIGHTS) {
    const verdict = await verdictOn(await place.standsOn({ ...place.world, denied: [right] }), portOf(place.world));
    const answer = `${verdict.answer} ${verdict.cause}`;
    assert.ok(answer === 'ingress lb-idle-timeout' || answer === 'inconclusive null', `${right}: ${answer}`);
    const told = [...verdict.blind.map((one) => one.detail), ...verdict.findings.map((f) => f.says)].join('\n');
    assert.ok(told.includes(right), `${right} is not named in:\n${told}`);
  }
});

test('trouble at AWS never makes an answer, and never a bug', async (t) => {
  const place = await placeOf(t);
  for (const trouble of ['expired', 'garbage', 'cut', 'broken'] satisfies Trouble[]) {
    const verdict = await verdictOn(
      await place.standsOn({ ...place.world, trouble: { '*': trouble } }),
      portOf(place.world),
    );
    assert.deepEqual([verdict.answer, verdict.cause], ['inconclusive', null], `${trouble}: ${verdict.headline}`);
    assert.ok(
      verdict.blind.some((one) => one.check === 'balancer-resets'),
      trouble,
    );
  }
});

test('an inventory that says what AWS is in another form is refused with its line', async (t) => {
  const file = join(scratch(t), 'inventory.yaml');
  const refused = async (lines: string): Promise<string> => {
    writeFileSync(file, `version: 1\n${lines}\n`);
    return loadInventory(file).then(
      () => 'taken',
      (error: Error) => error.message.slice(error.message.indexOf('inventory.yaml')),
    );
  };
  assert.match(await refused('aws: { endpoint: "ftp://127.0.0.1" }'), /^inventory\.yaml:2: aws\.endpoint: /);
  assert.match(
    await refused('hops:\n  lb: { hop: load-balancer, arn: "arn:aws:s3:::bucket" }'),
    /^inventory\.yaml:3: hops\.lb\.arn: not the ARN of a load balancer/,
  );
  assert.equal(await refused('aws: {}'), 'taken');
});
