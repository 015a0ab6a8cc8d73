import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BalancerReader } from '../../../diagnostics/io/balancer-reader.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { asksCloud } from '../../../diagnostics/settings/balancers.ts';
import { balancerName, dimensionOf } from '../../../proxy/cloud/aws/name.ts';
import { balancerReader } from '../../../proxy/cloud/reader.ts';
import { emptyInventory } from '../../../proxy/inventory/model.ts';
import { findPath } from '../../../proxy/inventory/path.ts';
import { type StandIn, startStandIn, type Trouble, type World } from './aws-stand-in.ts';
import { ALB, awsHop, CLASSIC, KEY, NLB, world } from './aws-worlds.ts';

Object.assign(process.env, KEY);

async function reading(
  t: TestContext,
  of: World,
  arn: string | null,
  more: { address?: string; kind?: string; region?: string } = {},
): Promise<{ stand: StandIn; reader: BalancerReader }> {
  const stand = await startStandIn(of);
  t.after(() => stand.close());
  const hop = awsHop({ ...(arn && { arn }), address: more.address ?? '127.0.0.1:443', kind: more.kind ?? 'aws-nlb' });
  const inventory = {
    ...emptyInventory(),
    aws: { region: more.region ?? null, endpoint: stand.url, profile: null, credentials: null },
    hops: { edge: hop },
  };
  return { stand, reader: balancerReader(inventory) };
}
const soon = (): AbortSignal => AbortSignal.timeout(15_000);
const lastHalfHour = (): { from: string; to: string } => ({
  from: new Date(Date.now() - 30 * 60_000).toISOString(),
  to: new Date().toISOString(),
});
const blind = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (e: unknown) => e,
  );
  assert.ok(error instanceof BlindLook, String(error));
  return `${error.reason}: ${error.message}`;
};

test('a network balancer, page by page: zones, attributes of the right listener, groups and targets', async (t) => {
  const { stand, reader } = await reading(t, { ...world(), pageSize: 1 }, NLB);
  const [seen, again] = await Promise.all([reader.describe('edge', soon()), reader.describe('edge', soon())]);
  assert.equal(seen, again, 'described once for all who ask');
  assert.deepEqual(
    [seen.kind, seen.zones, seen.sends, seen.unread],
    ['aws-nlb', ['eu-central-1a', 'eu-central-1b'], 'proxy-v2', []],
  );
  assert.equal(seen.attributes['tcp.idle_timeout.seconds'], '350');
  assert.equal(seen.attributes.HealthCheckIntervalSeconds, '10');
  assert.deepEqual(
    seen.groups.map((group) => [group.name, group.targets?.map((one) => `${one.address} ${one.state}`)]),
    [['https', ['10.0.1.6:8443 draining', '10.0.1.5:8443 healthy']]],
  );
  assert.equal(stand.asked.filter((one) => one.endsWith('DescribeTargetGroups')).length, 2, 'both pages, once');
});

test('an application balancer: rules are counted over pages, and no PROXY header is sent', async (t) => {
  const { reader } = await reading(t, world(), ALB, { kind: 'aws-alb' });
  const seen = await reader.describe('edge', soon());
  assert.deepEqual(
    [seen.kind, seen.sends, seen.listeners],
    ['aws-alb', 'none', [{ port: 443, protocol: 'HTTPS', rules: 87 }]],
  );
  assert.equal(seen.attributes['idle_timeout.timeout_seconds'], '60');
});

test('a Classic balancer: its policy says version 1', async (t) => {
  const { reader } = await reading(t, world(), CLASSIC, { kind: 'aws-clb' });
  const seen = await reader.describe('edge', soon());
  assert.deepEqual(
    [seen.kind, seen.sends, seen.attributes['connection_settings.idle_timeout']],
    ['aws-clb', 'proxy-v1', '75'],
  );
  assert.deepEqual(
    seen.groups[0]?.targets?.map((one) => [one.id, one.state, one.reason]),
    [
      ['i-0a', 'InService', null],
      ['i-0b', 'OutOfService', 'Instance'],
    ],
  );
});

test('without an ARN it is found by the name that AWS gave it, among many', async (t) => {
  const of = world();
  const dnsName = of.balancers[0]?.dnsName as string;
  const { reader } = await reading(t, { ...of, pageSize: 1 }, null, { address: `${dnsName}:443` });
  assert.equal((await reader.describe('edge', soon())).name, 'edge');
  const classic = of.balancers[2]?.dnsName as string;
  const other = await reading(t, of, null, { address: `${classic}:443`, kind: 'other' });
  assert.equal((await other.reader.describe('edge', soon())).kind, 'aws-clb');
});

test('counters: what is late or absent is said, pages are put together', async (t) => {
  const { reader } = await reading(t, { ...world(), pageSize: 3, late: 3 }, NLB);
  const seen = await reader.counters('edge', lastHalfHour(), soon());
  const resets = seen.counters.find((one) => one.name === 'TCP_ELB_Reset_Count');
  assert.deepEqual([resets?.value, resets?.points], [42, 2]);
  assert.deepEqual(
    seen.counters.filter((one) => one.zone !== null).map((one) => [one.name, one.zone, one.value]),
    [
      ['NewFlowCount', 'eu-central-1a', 600],
      ['NewFlowCount', 'eu-central-1b', 580],
    ],
  );
  assert.ok(seen.until !== null && Date.parse(seen.until) <= Date.now() - 2 * 60_000);
  assert.equal(
    seen.counters.some((one) => one.name === 'PortAllocationErrorCount'),
    false,
    'absent is not 0',
  );
});

test('one refused action leaves the rest; the right to grant is named', async (t) => {
  const { reader } = await reading(
    t,
    { ...world(), denied: ['elasticloadbalancing:DescribeTargetHealth', 'cloudwatch:GetMetricData'] },
    NLB,
  );
  const seen = await reader.describe('edge', soon());
  assert.equal(seen.groups[0]?.targets, null);
  assert.equal(seen.attributes['proxy_protocol_v2.enabled'], 'true');
  assert.deepEqual(
    seen.unread.map((one) => [one.what, one.reason, one.detail]),
    [
      [
        'targets',
        'denied',
        'AWS refuses elasticloadbalancing:DescribeTargetHealth; allow it to this process\' role (Resource: "*")',
      ],
    ],
  );
  assert.match(
    await blind(reader.counters('edge', lastHalfHour(), soon())),
    /^denied: AWS refuses cloudwatch:GetMetricData; allow it/,
  );
});

const TROUBLES: [Trouble, RegExp][] = [
  ['expired', /^denied: the AWS session of this process has expired; renew/],
  ['not-found', /^not-configured: AWS knows no such balancer/],
  ['garbage', /^(unreadable|not-configured): /],
  ['cut', /^no-connection: http:\/\/127\.0\.0\.1:\d+ cannot be reached for elasticloadbalancing:DescribeLoadBalancers/],
  ['throttle', /^no-connection: AWS throttles elasticloadbalancing:DescribeLoadBalancers/],
  ['broken', /^no-connection: .* answered elasticloadbalancing:DescribeLoadBalancers with 503/],
  ['endless', /^(too-large|unreadable|no-connection|deadline): /],
];
for (const [trouble, expected] of TROUBLES) {
  test(`trouble at AWS is blind, never an error of ours: ${trouble}`, async (t) => {
    const { reader } = await reading(t, { ...world(), trouble: { '*': trouble } }, NLB);
    assert.match(await blind(reader.describe('edge', soon())), expected);
  });
}

test('what is throttled once is asked again, and answered', async (t) => {
  const { reader, stand } = await reading(
    t,
    { ...world(), trouble: { 'elasticloadbalancing:DescribeTargetHealth': 'throttle-once' } },
    NLB,
  );
  assert.equal((await reader.describe('edge', soon())).groups[0]?.targets?.length, 2);
  assert.equal(stand.asked.filter((one) => one.endsWith('DescribeTargetHealth')).length, 2);
});

test("a clock that is off by an hour is corrected by the answer's date; a wrong key is named", async (t) => {
  const late = await reading(t, { ...world(), clock: 3_600 }, NLB);
  assert.equal((await late.reader.describe('edge', soon())).name, 'edge');
  const of = world();
  const wrong = await reading(t, { ...of, key: { ...of.key, secret: 'another' } }, NLB);
  assert.match(
    await blind(wrong.reader.describe('edge', soon())),
    /^denied: AWS refuses our signature of elasticloadbalancing:DescribeLoadBalancers/,
  );
  const unknown = await reading(t, { ...of, key: { ...of.key, id: 'AKIAOTHER' } }, NLB);
  assert.match(await blind(unknown.reader.describe('edge', soon())), /^denied: AWS does not know the credentials/);
});

test('texts of a cloud are data: no control characters, none endless; a thousand targets are not counted in part', async (t) => {
  const of = world();
  const group = of.balancers[0]?.groups[0] as World['balancers'][number]['groups'][number];
  group.attributes.odd = `a\n\u0085b${'x'.repeat(5_000)}`;
  group.targets = Array.from({ length: 1_001 }, (_, i) => ({
    id: `10.1.${i >> 8}.${i & 255}`,
    port: 8443,
    state: 'healthy',
  }));
  const { reader } = await reading(t, of, NLB);
  const seen = await reader.describe('edge', soon());
  assert.equal(seen.attributes.odd?.length, 300);
  assert.doesNotMatch(seen.attributes.odd ?? '', /\p{Cc}/u);
  assert.equal(seen.groups[0]?.targets, null);
  assert.match(seen.unread[0]?.detail ?? '', /^https has 1001 targets, too many to keep/);
});

test('who gives up is not kept waiting, and does not spoil the answer for others', async (t) => {
  const { reader } = await reading(t, world(), NLB);
  const early = reader.describe('edge', AbortSignal.abort(new Error('enough')));
  await assert.rejects(early, /enough/);
  assert.equal((await reader.describe('edge', soon())).name, 'edge');
});

test('what is not told is not asked', async () => {
  const plain = { ...emptyInventory(), hops: { edge: awsHop({ address: '127.0.0.1:443' }) } };
  assert.match(
    await blind(balancerReader(plain).describe('edge', soon())),
    /^not-configured: edge: which balancer of AWS it is/,
  );
  const found = { ...plain, hops: { edge: awsHop({ address: 'edge-0a.elb.eu-central-1.amazonaws.com:443' }) } };
  assert.match(await blind(balancerReader(found).describe('edge', soon())), /"aws: \{\}" in the inventory/);
  assert.match(await blind(balancerReader(plain).describe('nobody', soon())), /names no balancer nobody/);
});

test('a path: a balancer of AWS by its name is asked where the file allows it, else the line that would is named', () => {
  const lb = awsHop({ address: 'edge-0a1b.elb.eu-central-1.amazonaws.com:443' });
  const of = {
    ...emptyInventory(),
    routes: [{ host: 'shop.example.test', path: '/', via: ['edge'] }],
    hops: { edge: lb },
  };
  const target = { host: 'shop.example.test', port: 443, path: '/' };
  const shut = findPath(of, target);
  assert.deepEqual(
    [shut.hops.filter(asksCloud).length, shut.unknown.filter((one) => one.includes('"aws: {}"')).length],
    [0, 1],
  );
  const open = findPath({ ...of, aws: { region: null, endpoint: null, profile: null, credentials: null } }, target);
  assert.deepEqual([open.hops.filter(asksCloud).length, open.unknown], [1, []]);
});

test('names of balancers: ARNs and DNS names of all three kinds', () => {
  const of = (address: string, arn?: string): unknown[] => {
    const name = balancerName(awsHop({ address, ...(arn && { arn }) }));
    return name ? [name.region, name.arn === null ? name.dnsName : dimensionOf(name.arn), name.classic, name.port] : [];
  };
  assert.deepEqual(of('127.0.0.1:443', NLB), ['eu-central-1', 'net/edge/50dc6c495c0c9188', false, 443]);
  assert.deepEqual(of('127.0.0.1:443', CLASSIC), ['eu-central-1', 'old-edge', true, 443]);
  assert.deepEqual(of('edge-0a1b.elb.us-east-1.amazonaws.com:80'), [
    'us-east-1',
    'edge-0a1b.elb.us-east-1.amazonaws.com',
    false,
    80,
  ]);
  assert.deepEqual(of('dualstack.k8s-a-1.us-east-1.elb.amazonaws.com:443')[1], 'k8s-a-1.us-east-1.elb.amazonaws.com');
  assert.deepEqual(of('internal-a-1.us-east-1.elb.amazonaws.com.evil.test:443'), []);
  assert.deepEqual(of('edge.example.test:443'), []);
});
