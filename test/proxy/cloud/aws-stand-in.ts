import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/**
 * A stand-in for the three interfaces of AWS that we ask: ELBv2 (query, XML, 2015-12-01), Classic ELB (query, XML,
 * 2012-06-01) and CloudWatch (JSON 1.0, 2010-08-01). It checks signatures, pages, throttles and refuses as AWS does; the
 * SDK's own serializers read its answers. What it does not do: IAM policies beyond a list of refused actions, metric
 * mathematics, periods other than a minute. As a program: `node aws-stand-in.ts WORLD.json PORT`.
 */

export interface World {
  region: string;
  /** Requests must be signed by these. */
  key: { id: string; secret: string; token?: string };
  balancers: {
    arn: string;
    type: 'network' | 'application' | 'classic';
    name: string;
    dnsName: string;
    zones: string[];
    attributes: { [key: string]: string };
    listeners: {
      port: number;
      protocol: string;
      groups: string[];
      rules?: number;
      attributes?: { [key: string]: string };
    }[];
    groups: {
      name: string;
      port: number;
      protocol: string;
      targetType: string;
      check: { protocol: string; port: string; path?: string; interval: number; fall: number; rise: number };
      attributes: { [key: string]: string };
      targets: { id: string; port?: number; zone?: string; state: string; reason?: string; description?: string }[];
    }[];
    /** Classic: version 1 of the PROXY header is switched on for the port behind. */
    proxyProtocol?: boolean;
  }[];
  metrics: {
    namespace: string;
    name: string;
    dimensions: { [name: string]: string };
    points: { minutesAgo: number; value: number }[];
  }[];
  /** Minutes by which CloudWatch is late. */
  late?: number;
  pageSize?: number;
  /** IAM actions that are refused: `elasticloadbalancing:DescribeRules`. */
  denied?: string[];
  trouble?: { [action: string]: Trouble };
  /** Our clock against the caller's, s. */
  clock?: number;
}
export type Trouble =
  | 'throttle'
  | 'throttle-once'
  | 'expired'
  | 'silent'
  | 'garbage'
  | 'cut'
  | 'endless'
  | 'not-found'
  | 'broken';

const xml = (text: unknown): string => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const tag = (name: string, value: unknown): string => (value === undefined ? '' : `<${name}>${xml(value)}</${name}>`);
const members = <T>(name: string, items: T[], one: (item: T) => string): string =>
  `<${name}>${items.map((item) => `<member>${one(item)}</member>`).join('')}</${name}>`;
const pairs = (name: string, attributes: { [key: string]: string }): string =>
  members(name, Object.entries(attributes), ([key, value]) => tag('Key', key) + tag('Value', value));

type Balancer = World['balancers'][number];
type Asked = URLSearchParams;
class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const listenerArn = (b: Balancer, port: number): string => `${b.arn.replace(':loadbalancer/', ':listener/')}/${port}`;
const groupArn = (b: Balancer, name: string): string =>
  `${b.arn.split(':loadbalancer/')[0]}:targetgroup/${name}/0123456789abcdef`;
const listed = (asked: Asked, name: string): string[] =>
  [...asked].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);

/** One page of a list, as the query interfaces cut it: an opaque marker where there is more. */
function cut<T>(asked: Asked, items: T[], size: number): { page: T[]; next: string } {
  const marker = asked.get('Marker');
  const at = marker ? Number(Buffer.from(marker, 'base64').toString()) : 0;
  if (!Number.isInteger(at)) throw new Refusal(400, 'ValidationError', 'The marker is not valid');
  const end = at + size;
  return {
    page: items.slice(at, end),
    next: end < items.length ? tag('NextMarker', Buffer.from(String(end)).toString('base64')) : '',
  };
}

function v2(world: World, action: string, asked: Asked): string {
  const own = world.balancers.filter((one) => one.type !== 'classic');
  const size = Math.min(world.pageSize ?? 400, Number(asked.get('PageSize') ?? 400));
  const balancer = (): Balancer => {
    const found = own.find((one) => one.arn === asked.get('LoadBalancerArn'));
    if (!found) throw new Refusal(400, 'LoadBalancerNotFound', 'One or more load balancers not found');
    return found;
  };
  const group = (): Balancer['groups'][number] => {
    const found = own
      .flatMap((b) => b.groups.map((g) => ({ g, arn: groupArn(b, g.name) })))
      .find((one) => one.arn === asked.get('TargetGroupArn'));
    if (!found) throw new Refusal(400, 'TargetGroupNotFound', 'One or more target groups not found');
    return found.g;
  };
  const listener = (): { b: Balancer; l: Balancer['listeners'][number] } => {
    const found = own
      .flatMap((b) => b.listeners.map((l) => ({ b, l })))
      .find(({ b, l }) => listenerArn(b, l.port) === asked.get('ListenerArn'));
    if (!found) throw new Refusal(400, 'ListenerNotFound', 'One or more listeners not found');
    return found;
  };
  const forward = (b: Balancer, names: string[]): string =>
    members(
      'DefaultActions',
      names.slice(0, 1),
      (name) => tag('Type', 'forward') + tag('TargetGroupArn', groupArn(b, name)),
    );
  switch (action) {
    case 'DescribeLoadBalancers': {
      const arns = listed(asked, 'LoadBalancerArns');
      const found = arns.length ? own.filter((one) => arns.includes(one.arn)) : own;
      if (arns.length && !found.length)
        throw new Refusal(400, 'LoadBalancerNotFound', `Load balancers '${arns}' not found`);
      const { page, next } = cut(asked, found, size);
      return (
        members(
          'LoadBalancers',
          page,
          (b) =>
            tag('LoadBalancerArn', b.arn) +
            tag('DNSName', b.dnsName) +
            tag('LoadBalancerName', b.name) +
            tag('CreatedTime', '2026-01-11T09:30:00.000Z') +
            tag('Scheme', 'internet-facing') +
            `<State><Code>active</Code></State>` +
            tag('Type', b.type) +
            members('AvailabilityZones', b.zones, (zone) => tag('ZoneName', zone) + tag('SubnetId', 'subnet-0')),
        ) + next
      );
    }
    case 'DescribeLoadBalancerAttributes':
      return pairs('Attributes', balancer().attributes);
    case 'DescribeListeners': {
      const b = balancer();
      const { page, next } = cut(asked, b.listeners, size);
      return (
        members(
          'Listeners',
          page,
          (l) =>
            tag('ListenerArn', listenerArn(b, l.port)) +
            tag('LoadBalancerArn', b.arn) +
            tag('Port', l.port) +
            tag('Protocol', l.protocol) +
            forward(b, l.groups),
        ) + next
      );
    }
    case 'DescribeListenerAttributes':
      return pairs('Attributes', listener().l.attributes ?? {});
    case 'DescribeRules': {
      const { b, l } = listener();
      const rules = Array.from({ length: l.rules ?? 1 }, (_, i) => i);
      const { page, next } = cut(asked, rules, size);
      return (
        members(
          'Rules',
          page,
          (i) =>
            tag('RuleArn', `${listenerArn(b, l.port)}/${i}`) +
            tag('Priority', i === 0 ? 'default' : i) +
            forward(b, [l.groups[i % l.groups.length] as string]).replaceAll('DefaultActions', 'Actions') +
            tag('IsDefault', i === 0),
        ) + next
      );
    }
    case 'DescribeTargetGroups': {
      const b = balancer();
      const { page, next } = cut(asked, b.groups, size);
      return (
        members(
          'TargetGroups',
          page,
          (g) =>
            tag('TargetGroupArn', groupArn(b, g.name)) +
            tag('TargetGroupName', g.name) +
            tag('Protocol', g.protocol) +
            tag('Port', g.port) +
            tag('HealthCheckProtocol', g.check.protocol) +
            tag('HealthCheckPort', g.check.port) +
            tag('HealthCheckEnabled', true) +
            tag('HealthCheckIntervalSeconds', g.check.interval) +
            tag('HealthyThresholdCount', g.check.rise) +
            tag('UnhealthyThresholdCount', g.check.fall) +
            tag('HealthCheckPath', g.check.path) +
            tag('TargetType', g.targetType),
        ) + next
      );
    }
    case 'DescribeTargetGroupAttributes':
      return pairs('Attributes', group().attributes);
    case 'DescribeTargetHealth':
      return members(
        'TargetHealthDescriptions',
        group().targets,
        (t) =>
          `<Target>${tag('Id', t.id)}${tag('Port', t.port)}${tag('AvailabilityZone', t.zone)}</Target>` +
          `<TargetHealth>${tag('State', t.state)}${tag('Reason', t.reason)}${tag('Description', t.description)}</TargetHealth>`,
      );
    default:
      throw new Refusal(400, 'InvalidAction', `Could not find operation ${action} for version 2015-12-01`);
  }
}

function classic(world: World, action: string, asked: Asked): string {
  const own = world.balancers.filter((one) => one.type === 'classic');
  const named = (): Balancer => {
    const found = own.find((one) => one.name === asked.get('LoadBalancerName'));
    if (!found)
      throw new Refusal(
        400,
        'LoadBalancerNotFound',
        `There is no ACTIVE Load Balancer named '${asked.get('LoadBalancerName')}'`,
      );
    return found;
  };
  switch (action) {
    case 'DescribeLoadBalancers': {
      const names = listed(asked, 'LoadBalancerNames');
      const found = names.length ? own.filter((one) => names.includes(one.name)) : own;
      if (names.length && !found.length)
        throw new Refusal(400, 'LoadBalancerNotFound', `There is no ACTIVE Load Balancer named '${names}'`);
      const { page, next } = cut(asked, found, Math.min(world.pageSize ?? 400, 400));
      return (
        members('LoadBalancerDescriptions', page, (b) => {
          const [g] = b.groups;
          return (
            tag('LoadBalancerName', b.name) +
            tag('DNSName', b.dnsName) +
            members(
              'ListenerDescriptions',
              b.listeners,
              (l) =>
                `<Listener>${tag('Protocol', l.protocol)}${tag('LoadBalancerPort', l.port)}${tag('InstanceProtocol', g?.protocol)}${tag('InstancePort', g?.port)}</Listener>`,
            ) +
            members(
              'BackendServerDescriptions',
              b.proxyProtocol ? [g] : [],
              (one) => `${tag('InstancePort', one?.port)}<PolicyNames><member>header</member></PolicyNames>`,
            ) +
            `<AvailabilityZones>${b.zones.map((zone) => tag('member', zone)).join('')}</AvailabilityZones>` +
            `<HealthCheck>${tag('Target', `${g?.check.protocol}:${g?.check.port}${g?.check.path ?? ''}`)}${tag('Interval', g?.check.interval)}${tag('Timeout', 5)}${tag('UnhealthyThreshold', g?.check.fall)}${tag('HealthyThreshold', g?.check.rise)}</HealthCheck>`
          );
        }) + next
      );
    }
    case 'DescribeLoadBalancerAttributes': {
      const a = named().attributes;
      return `<LoadBalancerAttributes><CrossZoneLoadBalancing>${tag('Enabled', a['cross-zone'] ?? 'false')}</CrossZoneLoadBalancing><ConnectionDraining>${tag('Enabled', a.draining !== undefined)}${tag('Timeout', a.draining ?? 300)}</ConnectionDraining><ConnectionSettings>${tag('IdleTimeout', a.idle ?? 60)}</ConnectionSettings></LoadBalancerAttributes>`;
    }
    case 'DescribeInstanceHealth':
      return members(
        'InstanceStates',
        named().groups[0]?.targets ?? [],
        (t) =>
          tag('InstanceId', t.id) +
          tag('State', t.state) +
          tag('ReasonCode', t.reason ?? 'N/A') +
          tag('Description', t.description ?? 'N/A'),
      );
    case 'DescribeLoadBalancerPolicies':
      return members(
        'PolicyDescriptions',
        named().proxyProtocol ? ['header'] : [],
        (name) => tag('PolicyName', name) + tag('PolicyTypeName', 'ProxyProtocolPolicyType'),
      );
    default:
      throw new Refusal(400, 'InvalidAction', `Could not find operation ${action} for version 2012-06-01`);
  }
}

interface MetricAsk {
  MetricDataQueries: {
    Id: string;
    MetricStat: {
      Metric: { Namespace: string; MetricName: string; Dimensions: { Name: string; Value: string }[] };
      Period: number;
    };
  }[];
  StartTime: number;
  EndTime: number;
  NextToken?: string;
}

function metricData(world: World, asked: MetricAsk, now: number): object {
  const newest = now - (world.late ?? 0) * 60_000;
  const results = asked.MetricDataQueries.map(({ Id, MetricStat }) => {
    const wanted = JSON.stringify(MetricStat.Metric.Dimensions.map((d) => [d.Name, d.Value]).sort());
    const found = world.metrics.filter(
      (m) =>
        m.namespace === MetricStat.Metric.Namespace &&
        m.name === MetricStat.Metric.MetricName &&
        JSON.stringify(Object.entries(m.dimensions).sort()) === wanted,
    );
    const points = found
      .flatMap((m) => m.points)
      .map((p) => ({ at: Math.floor((now - p.minutesAgo * 60_000) / 60_000) * 60, value: p.value }))
      .filter((p) => p.at * 1000 + 60_000 <= newest && p.at >= asked.StartTime && p.at < asked.EndTime)
      .sort((a, b) => a.at - b.at);
    return {
      Id,
      Label: MetricStat.Metric.MetricName,
      Timestamps: points.map((p) => p.at),
      Values: points.map((p) => p.value),
      StatusCode: 'Complete',
    };
  });
  const size = world.pageSize ?? 500;
  const at = asked.NextToken ? Number(asked.NextToken) : 0;
  return {
    MetricDataResults: results.slice(at, at + size),
    Messages: [],
    ...(at + size < results.length && { NextToken: String(at + size) }),
  };
}

const sha = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** AWS Signature Version 4 ("Create a signed AWS API request"), checked as AWS does. */
function checkSignature(world: World, req: IncomingMessage, body: Buffer, now: number): void {
  const [, id, date, region, service, signed, given] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]+)$/.exec(
      req.headers.authorization ?? '',
    ) ?? [];
  if (!id || !date || !signed) throw new Refusal(403, 'MissingAuthenticationToken', 'Missing Authentication Token');
  if (id !== world.key.id)
    throw new Refusal(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
  const at = String(req.headers['x-amz-date'] ?? '');
  const theirs = Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (Math.abs(theirs - now) > 5 * 60_000)
    throw new Refusal(
      403,
      'SignatureDoesNotMatch',
      `Signature expired: ${at} is now earlier than ${new Date(now).toISOString()} - 5 min.`,
    );
  const canonical = [
    req.method,
    req.url,
    '',
    ...signed.split(';').map((name) => `${name}:${String(req.headers[name] ?? '').trim()}`),
    '',
    signed,
    sha(body),
  ].join('\n');
  const sign = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const key = [date, region as string, service as string, 'aws4_request'].reduce<Buffer>(
    (k, text) => sign(k, text ?? ''),
    Buffer.from(`AWS4${world.key.secret}`),
  );
  const right = sign(
    key,
    ['AWS4-HMAC-SHA256', at, `${date}/${region}/${service}/aws4_request`, sha(canonical)].join('\n'),
  ).toString('hex');
  if (right !== given)
    throw new Refusal(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    );
}

/** One answer in the interface's own form: XML of the query interfaces, JSON of CloudWatch. */
function answer(res: ServerResponse, json: boolean, status: number, body: string, now: number): void {
  res.writeHead(status, {
    'content-type': json ? 'application/x-amz-json-1.0' : 'text/xml',
    date: new Date(now).toUTCString(),
    'x-amzn-requestid': 'b25f48e8-84fd-11e6-80d9-574e0c4664cb',
  });
  res.end(body);
}

export interface StandIn {
  url: string;
  port: number;
  /** Actions in the order in which they were asked, refused ones too. */
  asked: string[];
  close(): Promise<void>;
}

/** Starts it on loopback. The world may be changed while it runs. */
export async function startStandIn(world: World, port = 0): Promise<StandIn> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const now = Date.now() + (world.clock ?? 0) * 1000;
      const raw = Buffer.concat(chunks);
      const body = (req.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
      const target = /^GraniteServiceVersion20100801\.(\w+)$/.exec(String(req.headers['x-amz-target'] ?? ''))?.[1];
      const form = new URLSearchParams(target ? '' : body);
      const action = target ? `cloudwatch:${target}` : `elasticloadbalancing:${form.get('Action')}`;
      const [, name = ''] = action.split(':');
      asked.push(action);
      try {
        const trouble = world.trouble?.[action] ?? world.trouble?.['*'];
        if (trouble === 'silent') return;
        if (trouble === 'cut') return void res.destroy();
        if (trouble === 'garbage') return answer(res, Boolean(target), 200, '<html>captive portal</html>', now);
        if (trouble === 'broken') throw new Refusal(503, 'ServiceUnavailable', 'Service Unavailable');
        if (trouble === 'endless') {
          res.writeHead(200, { 'content-type': 'text/xml' });
          const more = (): void => {
            while (!res.destroyed && res.write(Buffer.alloc(65_536, 32)));
          };
          res.on('drain', more);
          return more();
        }
        checkSignature(world, req, raw, now);
        if (trouble === 'throttle-once' && world.trouble) delete world.trouble[action];
        // (ELB answers 400 Throttling; CloudWatch 400 ThrottlingException)
        if (trouble?.startsWith('throttle'))
          throw new Refusal(400, target ? 'ThrottlingException' : 'Throttling', 'Rate exceeded');
        if (trouble === 'expired')
          throw new Refusal(
            403,
            target ? 'ExpiredTokenException' : 'ExpiredToken',
            'The security token included in the request is expired',
          );
        if (trouble === 'not-found')
          throw new Refusal(400, 'LoadBalancerNotFound', 'One or more load balancers not found');
        if (world.denied?.includes(action))
          throw new Refusal(
            target ? 400 : 403,
            target ? 'AccessDeniedException' : 'AccessDenied',
            `User: arn:aws:sts::111122223333:assumed-role/triage/i-0 is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
          );
        if (target) {
          if (target !== 'GetMetricData') throw new Refusal(400, 'UnknownOperationException', '');
          return answer(res, true, 200, JSON.stringify(metricData(world, JSON.parse(body) as MetricAsk, now)), now);
        }
        const classicAsked = form.get('Version') === '2012-06-01';
        const result = (classicAsked ? classic : v2)(world, name, form);
        const version = classicAsked ? '2012-06-01' : '2015-12-01';
        answer(
          res,
          false,
          200,
          `<${name}Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/${version}/"><${name}Result>${result}</${name}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${name}Response>`,
          now,
        );
      } catch (error) {
        const { status, code, message } =
          error instanceof Refusal ? error : new Refusal(500, 'InternalFailure', String(error));
        answer(
          res,
          Boolean(target),
          status,
          target
            ? JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message })
            : `<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${xml(message)}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
          now,
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: real } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${real}`,
    port: real,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

if (import.meta.main) {
  const [file = '', port = '0'] = process.argv.slice(2);
  const world = JSON.parse(readFileSync(file, 'utf8')) as World;
  const { url } = await startStandIn(world, Number(port));
  process.stdout.write(`${url}\n`);
}
