import type {
  Action,
  DescribeLoadBalancersInput,
  Listener,
  LoadBalancer,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { BalancerSeen } from '../../../diagnostics/io/balancer-reader.ts';
import { ask, type Clients, pages } from './clients.ts';
import type { BalancerName } from './name.ts';
import { part, right, type Unread } from './part.ts';
import { alike, attributesIn, groupOf, withinReason } from './target-groups.ts';

/** Network and application balancers, by the interface of 2015-12-01 (ELBv2). */

/** A balancer may serve a hundred ingresses: groups of the path's listener, and no more of them than these. */
const MOST_GROUPS = 12;
const MOST_PAGES = 20;

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

/** Target groups that an action leads to, by their ARNs. */
const forwards = (actions: Action[] | undefined): string[] =>
  (actions ?? []).flatMap((action) => [
    ...(action.TargetGroupArn ? [action.TargetGroupArn] : []),
    ...(action.ForwardConfig?.TargetGroups ?? []).flatMap((one) => (one.TargetGroupArn ? [one.TargetGroupArn] : [])),
  ]);

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
