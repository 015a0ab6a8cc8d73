import { isIP } from 'node:net';
import type {
  Action,
  DescribeLoadBalancersInput,
  Listener,
  LoadBalancer,
  TargetGroup,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { joinAddress } from '../../../diagnostics/io/address.ts';
import type { BalancerSeen, CloudTarget, TargetGroupSeen } from '../../../diagnostics/io/balancer-reader.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { ask, type Clients, pages } from './clients.ts';
import type { BalancerName } from './name.ts';

/** Network and application balancers, by the interface of 2015-12-01 (ELBv2). */

/** A balancer may serve a hundred ingresses: groups of the path's listener, and no more of them than these. */
const MOST_GROUPS = 12;
const MOST_PAGES = 20;
/** Targets that are kept, of all groups together; quotas allow 1,000 of one application balancer. */
const MOST_TARGETS = 1_000;
const right = (what: string): string => `elasticloadbalancing:${what}`;
type Unread = BalancerSeen['unread'];

/** What a part gives, or null and why not. A balancer without its rules is still worth telling. */
export async function part<T>(unread: Unread, what: Unread[number]['what'], work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof BlindLook)) throw error;
    const reason = error.reason === 'denied' || error.reason === 'unreadable' ? error.reason : 'no-connection';
    if (!unread.some((one) => one.detail === error.message)) unread.push({ what, reason, detail: error.message });
    return null;
  }
}

async function findBalancer(
  { v2, place, commands }: Clients,
  name: BalancerName,
  abortSignal: AbortSignal,
): Promise<LoadBalancer | null> {
  const page = async (
    input: DescribeLoadBalancersInput,
  ): Promise<{ items: LoadBalancer[]; next: string | undefined }> => {
    const answer = await ask(
      place,
      right('DescribeLoadBalancers'),
      v2.send(new commands.v2.DescribeLoadBalancersCommand(input), { abortSignal }),
    );
    return { items: answer.LoadBalancers ?? [], next: answer.NextMarker };
  };
  if (name.arn !== null) return (await page({ LoadBalancerArns: [name.arn] })).items[0] ?? null;
  const all = await pages((Marker) => page({ PageSize: 400, ...(Marker && { Marker }) }), MOST_PAGES);
  return all.find((one) => one.DNSName?.toLowerCase() === name.dnsName) ?? null;
}

const attributesIn = (
  list: { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): { [key: string]: string } =>
  Object.fromEntries(
    (list ?? []).slice(0, 100).flatMap(({ Key, Value }) => (Key && Value !== undefined ? [[Key, Value]] : [])),
  );

/** Target groups that an action leads to, by their ARNs. */
const forwards = (actions: Action[] | undefined): string[] =>
  (actions ?? []).flatMap((action) => [
    ...(action.TargetGroupArn ? [action.TargetGroupArn] : []),
    ...(action.ForwardConfig?.TargetGroups ?? []).flatMap((one) => (one.TargetGroupArn ? [one.TargetGroupArn] : [])),
  ]);

function targetOf(one: TargetHealthDescription, type: string): CloudTarget {
  const id = one.Target?.Id ?? '';
  const port = one.Target?.Port;
  return {
    id,
    address: type === 'ip' && isIP(id) && port ? joinAddress(id, port) : null,
    zone: one.Target?.AvailabilityZone ?? null,
    state: one.TargetHealth?.State ?? 'unknown',
    reason: one.TargetHealth?.Reason ?? null,
    description: one.TargetHealth?.Description?.slice(0, 200) ?? null,
  };
}

const badFirst = (a: CloudTarget, b: CloudTarget): number =>
  Number(a.state === 'healthy') - Number(b.state === 'healthy');

async function groupOf(
  clients: Clients,
  group: TargetGroup,
  unread: Unread,
  abortSignal: AbortSignal,
): Promise<TargetGroupSeen> {
  const { v2, place, commands } = clients;
  const TargetGroupArn = group.TargetGroupArn as string;
  const type = group.TargetType ?? 'instance';
  const [attributes, health] = await Promise.all([
    part(
      unread,
      'attributes',
      ask(
        place,
        right('DescribeTargetGroupAttributes'),
        v2.send(new commands.v2.DescribeTargetGroupAttributesCommand({ TargetGroupArn }), { abortSignal }),
      ),
    ),
    part(
      unread,
      'targets',
      ask(
        place,
        right('DescribeTargetHealth'),
        v2.send(new commands.v2.DescribeTargetHealthCommand({ TargetGroupArn }), { abortSignal }),
      ),
    ),
  ]);
  const check = group.HealthCheckEnabled === false || !group.HealthCheckProtocol ? null : group;
  return {
    name: group.TargetGroupName ?? TargetGroupArn,
    port: group.Port ?? null,
    protocol: group.Protocol ?? null,
    targetType: type,
    check: check && {
      protocol: check.HealthCheckProtocol as string,
      port: check.HealthCheckPort ?? 'traffic-port',
      path: check.HealthCheckPath ?? null,
      intervalSeconds: check.HealthCheckIntervalSeconds ?? 30,
      fall: check.UnhealthyThresholdCount ?? 2,
      rise: check.HealthyThresholdCount ?? 5,
    },
    attributes: attributesIn(attributes?.Attributes),
    targets: health && (health.TargetHealthDescriptions ?? []).map((one) => targetOf(one, type)).sort(badFirst),
  };
}

/** Listener of the path's port; the only one where there is one; null: cannot be told. */
const listenerFor = (listeners: Listener[], port: number | null): Listener | null =>
  listeners.find((one) => one.Port === port) ?? (listeners.length === 1 ? (listeners[0] ?? null) : null);

async function rulesOf(
  { v2, place, commands }: Clients,
  listener: Listener,
  abortSignal: AbortSignal,
): Promise<{ count: number; groups: string[] }> {
  const rules = await pages(async (Marker) => {
    const answer = await ask(
      place,
      right('DescribeRules'),
      v2.send(
        new commands.v2.DescribeRulesCommand({
          ListenerArn: listener.ListenerArn,
          PageSize: 400,
          ...(Marker && { Marker }),
        }),
        { abortSignal },
      ),
    );
    return { items: answer.Rules ?? [], next: answer.NextMarker };
  }, MOST_PAGES);
  return { count: rules.length, groups: rules.flatMap((rule) => forwards(rule.Actions)) };
}

/** Everything that can be read of one network or application balancer; null: there is none of that name. */
export async function describeV2(
  clients: Clients,
  name: BalancerName,
  signal: AbortSignal,
): Promise<{ arn: string; seen: BalancerSeen } | null> {
  const found = await findBalancer(clients, name, signal);
  if (!found?.LoadBalancerArn) return null;
  const { v2, place, commands } = clients;
  const LoadBalancerArn = found.LoadBalancerArn;
  const kind = found.Type === 'application' ? 'aws-alb' : 'aws-nlb';
  const unread: Unread = [];
  const [own, listeners, groups] = await Promise.all([
    part(
      unread,
      'attributes',
      ask(
        place,
        right('DescribeLoadBalancerAttributes'),
        v2.send(new commands.v2.DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }), { abortSignal: signal }),
      ),
    ),
    part(
      unread,
      'listeners',
      pages(async (Marker) => {
        const answer = await ask(
          place,
          right('DescribeListeners'),
          v2.send(new commands.v2.DescribeListenersCommand({ LoadBalancerArn, ...(Marker && { Marker }) }), {
            abortSignal: signal,
          }),
        );
        return { items: answer.Listeners ?? [], next: answer.NextMarker };
      }, MOST_PAGES),
    ),
    part(
      unread,
      'targets',
      pages(async (Marker) => {
        const answer = await ask(
          place,
          right('DescribeTargetGroups'),
          v2.send(new commands.v2.DescribeTargetGroupsCommand({ LoadBalancerArn, ...(Marker && { Marker }) }), {
            abortSignal: signal,
          }),
        );
        return { items: answer.TargetGroups ?? [], next: answer.NextMarker };
      }, MOST_PAGES),
    ),
  ]);
  const listener = listenerFor(listeners ?? [], name.port);
  const [rules, ofListener] = await Promise.all([
    listener && kind === 'aws-alb' ? part(unread, 'rules', rulesOf(clients, listener, signal)) : null,
    listener && kind === 'aws-nlb'
      ? part(
          unread,
          'attributes',
          ask(
            place,
            right('DescribeListenerAttributes'),
            v2.send(new commands.v2.DescribeListenerAttributesCommand({ ListenerArn: listener.ListenerArn }), {
              abortSignal: signal,
            }),
          ),
        )
      : null,
  ]);
  const led = new Set([...forwards(listener?.DefaultActions), ...(rules?.groups ?? [])]);
  const chosen = (groups ?? [])
    .filter((one) => led.size === 0 || led.has(one.TargetGroupArn ?? ''))
    .slice(0, MOST_GROUPS);
  const seen = withinReason(await Promise.all(chosen.map((one) => groupOf(clients, one, unread, signal))), unread);
  const attributes = { ...attributesIn(own?.Attributes), ...attributesIn(ofListener?.Attributes), ...alike(seen) };
  const header = attributes['proxy_protocol_v2.enabled'];
  return {
    arn: LoadBalancerArn,
    seen: {
      source: `AWS ${place.region}`,
      name: found.LoadBalancerName ?? LoadBalancerArn,
      kind,
      zones: (found.AvailabilityZones ?? []).flatMap((zone) => (zone.ZoneName ? [zone.ZoneName] : [])).sort(),
      attributes,
      // A balancer of HTTP never sends one (AWS: ALB guide).
      sends: kind === 'aws-alb' ? 'none' : header === 'true' ? 'proxy-v2' : header === 'false' ? 'none' : null,
      groups: seen,
      listeners: (listeners ?? []).slice(0, 50).map((one) => ({
        port: one.Port ?? 0,
        protocol: one.Protocol ?? '',
        rules: one === listener ? (rules?.count ?? null) : null,
      })),
      unread,
    },
  };
}

/** Pure: groups whose targets are too many to keep count as not read: a part of them would make counts that are none. */
export function withinReason(groups: TargetGroupSeen[], unread: BalancerSeen['unread']): TargetGroupSeen[] {
  let room = MOST_TARGETS;
  return groups.map((group) => {
    const count = group.targets?.length ?? 0;
    if (count <= room) {
      room -= count;
      return group;
    }
    unread.push({
      what: 'targets',
      reason: 'unreadable',
      detail: `${group.name} has ${count} targets, too many to keep`,
    });
    return { ...group, targets: null };
  });
}

/** Pure: what all groups say alike, their health checks among it, by the names of the interface. */
export function alike(groups: TargetGroupSeen[]): { [key: string]: string } {
  const each = groups.map((group) => ({
    ...group.attributes,
    ...(group.check && {
      HealthCheckIntervalSeconds: String(group.check.intervalSeconds),
      UnhealthyThresholdCount: String(group.check.fall),
      HealthyThresholdCount: String(group.check.rise),
    }),
  })) as { [key: string]: string }[];
  const [first, ...rest] = each;
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([key, value]) => rest.every((one) => one[key] === value)),
  );
}
