import type { LoadBalancerDescription } from '@aws-sdk/client-elastic-load-balancing';
import type { BalancerSeen, CloudTarget } from '../../../diagnostics/io/balancer-reader.ts';
import { ask, type Clients, pages } from './clients.ts';
import { type BalancerName, dimensionOf } from './name.ts';
import { part, right } from './part.ts';
import { withinReason } from './target-groups.ts';

/** Classic balancers, by the interface of 2012-06-01. */

const MOST_PAGES = 20;

async function findClassic(
  { classic, place, commands }: Clients,
  name: BalancerName,
  abortSignal: AbortSignal,
): Promise<LoadBalancerDescription | null> {
  const page = async (input: object): Promise<{ items: LoadBalancerDescription[]; next: string | undefined }> => {
    const answer = await ask(
      place,
      right('DescribeLoadBalancers'),
      classic.send(new commands.classic.DescribeLoadBalancersCommand(input), { abortSignal }),
    );
    return { items: answer.LoadBalancerDescriptions ?? [], next: answer.NextMarker };
  };
  if (name.arn !== null) return (await page({ LoadBalancerNames: [dimensionOf(name.arn)] })).items[0] ?? null;
  const all = await pages((Marker) => page({ PageSize: 400, ...(Marker && { Marker }) }), MOST_PAGES);
  return all.find((one) => one.DNSName?.toLowerCase() === name.dnsName) ?? null;
}

/** `HTTP:32110/healthz`, `TCP:30443` */
function checkOf(found: LoadBalancerDescription): BalancerSeen['groups'][number]['check'] {
  const [, protocol, port, path] = /^(\w+):(\d+)(\/.*)?$/.exec(found.HealthCheck?.Target ?? '') ?? [];
  if (!protocol || !port) return null;
  return {
    protocol,
    port,
    path: path?.slice(0, 200) ?? null,
    intervalSeconds: found.HealthCheck?.Interval ?? 30,
    fall: found.HealthCheck?.UnhealthyThreshold ?? 2,
    rise: found.HealthCheck?.HealthyThreshold ?? 10,
  };
}

/** Everything that can be read of one Classic balancer; null: there is none of that name. */
export async function describeClassic(
  clients: Clients,
  name: BalancerName,
  signal: AbortSignal,
): Promise<{ arn: string; seen: BalancerSeen } | null> {
  const found = await findClassic(clients, name, signal);
  const LoadBalancerName = found?.LoadBalancerName;
  if (!found || !LoadBalancerName) return null;
  const { classic, place, commands } = clients;
  const unread: BalancerSeen['unread'] = [];
  const abortSignal = signal;
  const [own, health, policies] = await Promise.all([
    part(
      unread,
      'attributes',
      ask(
        place,
        right('DescribeLoadBalancerAttributes'),
        classic.send(new commands.classic.DescribeLoadBalancerAttributesCommand({ LoadBalancerName }), { abortSignal }),
      ),
    ),
    part(
      unread,
      'targets',
      ask(
        place,
        right('DescribeInstanceHealth'),
        classic.send(new commands.classic.DescribeInstanceHealthCommand({ LoadBalancerName }), { abortSignal }),
      ),
    ),
    part(
      unread,
      'attributes',
      ask(
        place,
        right('DescribeLoadBalancerPolicies'),
        classic.send(new commands.classic.DescribeLoadBalancerPoliciesCommand({ LoadBalancerName }), { abortSignal }),
      ),
    ),
  ]);
  const a = own?.LoadBalancerAttributes;
  const listeners = (found.ListenerDescriptions ?? []).flatMap(({ Listener }) => (Listener ? [Listener] : []));
  const listener = listeners.find((one) => one.LoadBalancerPort === name.port) ?? listeners[0];
  const check = checkOf(found);
  const attributes = {
    ...(a?.ConnectionSettings?.IdleTimeout !== undefined && {
      'connection_settings.idle_timeout': String(a.ConnectionSettings.IdleTimeout),
    }),
    ...(a?.CrossZoneLoadBalancing && {
      'load_balancing.cross_zone.enabled': String(a.CrossZoneLoadBalancing.Enabled ?? false),
    }),
    ...(a?.ConnectionDraining && { 'connection_draining.enabled': String(a.ConnectionDraining.Enabled ?? false) }),
    ...(a?.ConnectionDraining?.Timeout !== undefined && {
      'deregistration_delay.timeout_seconds': String(a.ConnectionDraining.Timeout),
    }),
    ...(check && {
      HealthCheckIntervalSeconds: String(check.intervalSeconds),
      UnhealthyThresholdCount: String(check.fall),
      HealthyThresholdCount: String(check.rise),
    }),
  };
  // The policy is set for a port of the servers behind, not for a listener (Classic guide, proxy protocol: version 1).
  const header = new Set(
    (policies?.PolicyDescriptions ?? [])
      .filter((one) => one.PolicyTypeName === 'ProxyProtocolPolicyType')
      .map((one) => one.PolicyName),
  );
  const behind = (found.BackendServerDescriptions ?? []).find((one) => one.InstancePort === listener?.InstancePort);
  return {
    arn: LoadBalancerName,
    seen: {
      source: `AWS ${place.region}`,
      name: LoadBalancerName,
      kind: 'aws-clb',
      zones: [...(found.AvailabilityZones ?? [])].sort(),
      attributes,
      sends:
        policies === null ? null : (behind?.PolicyNames ?? []).some((one) => header.has(one)) ? 'proxy-v1' : 'none',
      groups: withinReason(
        [
          {
            name: LoadBalancerName,
            port: listener?.InstancePort ?? null,
            protocol: listener?.InstanceProtocol ?? null,
            targetType: 'instance',
            check,
            attributes: {},
            targets:
              health &&
              (health.InstanceStates ?? []).map(
                (one): CloudTarget => ({
                  id: one.InstanceId ?? '',
                  address: null,
                  zone: null,
                  state: one.State ?? 'Unknown',
                  reason: one.ReasonCode && one.ReasonCode !== 'N/A' ? one.ReasonCode : null,
                  description: one.Description && one.Description !== 'N/A' ? one.Description.slice(0, 200) : null,
                }),
              ),
          },
        ],
        unread,
      ),
      listeners: listeners
        .slice(0, 50)
        .map((one) => ({ port: one.LoadBalancerPort ?? 0, protocol: one.Protocol ?? '', rules: null })),
      unread,
    },
  };
}
