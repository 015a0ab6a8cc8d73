import { isIP } from 'node:net';
import type { TargetGroup, TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import { joinAddress } from '../../../diagnostics/io/address.ts';
import type { BalancerSeen, CloudTarget, TargetGroupSeen } from '../../../diagnostics/io/balancer-reader.ts';
import { ask, type Clients } from './clients.ts';
import { part, right, type Unread } from './part.ts';

/** Targets that are kept, of all groups together; quotas allow 1,000 of one application balancer. */
const MOST_TARGETS = 1_000;

/** Attributes as the interface lists them, by name; a hundred at the most. */
export const attributesIn = (
  list: { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): { [key: string]: string } =>
  Object.fromEntries(
    (list ?? []).slice(0, 100).flatMap(({ Key, Value }) => (Key && Value !== undefined ? [[Key, Value]] : [])),
  );

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

/** One target group with its attributes and the state of each target; what may not be read goes to `unread`. */
export async function groupOf(
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
