import type { EndpointSlice, NetworkPolicy, Service } from '../objects.ts';
import { keyOf } from '../view.ts';
import {
  annotationChanges,
  by,
  type ClusterChange,
  changed,
  difference,
  phrases,
  refOf,
  settingsIn,
} from './change.ts';

const portsOf = (service: Service): string =>
  service.ports
    .map(
      (p) =>
        `${p.name ?? ''}${p.name ? ' ' : ''}${p.port}->${p.targetPort}${p.nodePort ? ` (node port ${p.nodePort})` : ''}`,
    )
    .join(', ');
const selectorOf = (service: Service): string =>
  service.selector
    ? Object.entries(service.selector)
        .map(([key, value]) => `${key}=${value}`)
        .sort()
        .join(',')
    : 'none';

const SAID = [
  ['type', (s: Service) => s.type],
  ['selector', selectorOf],
  ['ports', portsOf],
  ['externalTrafficPolicy', (s: Service) => s.externalTrafficPolicy],
  ['internalTrafficPolicy', (s: Service) => s.internalTrafficPolicy],
  ['external IPs', (s: Service) => s.externalIPs.join(', ')],
  ['external name', (s: Service) => s.externalName],
  ['health check node port', (s: Service) => s.healthCheckNodePort],
  ['load balancer class', (s: Service) => s.loadBalancerClass],
  ['publishes not ready', (s: Service) => s.publishNotReady],
] as const;

/**
 * A Service that came, went or changed. Its status addresses are written by a controller, and a change all the same where
 * they were there before: users reach another balancer.
 */
export function serviceChanges(before: Service | null, after: Service | null, heard: string): ClusterChange[] {
  const one = after ?? before;
  if (!one) return [];
  const { meta } = one;
  const name = keyOf(meta.namespace, meta.name);
  const base = { uid: meta.uid, kind: 'service', object: name, about: [refOf('Service', meta)] };
  if (!after)
    return [
      changed(heard, { ...base, summary: `Service removed (${portsOf(one)})`, state: 'removed', timeless: true }),
    ];
  const at = meta.changed?.at ?? heard;
  const state = [SAID.map(([, say]) => say(after)), settingsIn(meta)];
  if (!before)
    return [
      changed(meta.createdAt ?? at, { ...base, summary: `Service created (${portsOf(after)})`, by: by(meta), state }),
    ];
  const moved =
    before.addresses.length > 0 ? difference('addresses', before.addresses.join(', '), after.addresses.join(', ')) : [];
  const balancer = moved.map((summary) =>
    changed(heard, { ...base, kind: 'balancer', summary, state: after.addresses, timeless: true }),
  );
  const all = [
    ...SAID.flatMap(([what, say]) => difference(what, say(before), say(after))),
    ...annotationChanges(before.meta, meta),
  ];
  return all.length ? [...balancer, changed(at, { ...base, summary: phrases(all), by: by(meta), state })] : balancer;
}

const BY_CONTROLLER = 'endpointslice-controller.k8s.io';
const endpointsIn = (slice: EndpointSlice | null): string[] =>
  (slice?.endpoints ?? []).flatMap((one) =>
    one.addresses.map((a) => `${a}${one.ready === false ? ' (not ready)' : ''}`),
  );

/** Endpoints that people keep by hand, also mirrored ones. Those of the endpoint controller follow pods. */
export function sliceChanges(
  before: EndpointSlice | null,
  after: EndpointSlice | null,
  heard: string,
): ClusterChange[] {
  const one = after ?? before;
  if (!one?.service || one.meta.labels['endpointslice.kubernetes.io/managed-by'] === BY_CONTROLLER) return [];
  const [was, is] = [endpointsIn(before), endpointsIn(after)];
  const portsIn = (slice: EndpointSlice | null): string => (slice?.ports ?? []).map((p) => p.port).join(', ');
  const all = [
    ...is.filter((a) => !was.includes(a)).map((a) => `added ${a}`),
    ...was.filter((a) => !is.includes(a)).map((a) => `removed ${a}`),
    ...(before && after ? difference('ports', portsIn(before), portsIn(after)) : []),
  ];
  if (all.length === 0) return [];
  const at = after?.meta.changed?.at ?? heard;
  return [
    changed(at, {
      uid: one.meta.uid,
      kind: 'endpoints',
      object: keyOf(one.meta.namespace, one.service),
      summary: `endpoints by hand: ${phrases(all)}`,
      by: after && by(after.meta),
      about: [refOf('EndpointSlice', one.meta)],
      state: [is, portsIn(after)],
      timeless: after === null,
    }),
  ];
}

const peer = (from: NetworkPolicy['ingress'] extends (infer R)[] | null ? R : never): string =>
  from.from
    .map((one) =>
      [
        one.namespaces && `namespaces ${JSON.stringify(one.namespaces)}`,
        one.pods && `pods ${JSON.stringify(one.pods)}`,
        one.cidr,
        one.unread && 'an expression',
      ]
        .filter(Boolean)
        .join(' with '),
    )
    .join(' or ') || 'everywhere';
const lets = (policy: NetworkPolicy): string =>
  policy.ingress === null
    ? policy.types.includes('Ingress')
      ? 'nobody'
      : 'not said'
    : policy.ingress
        .map((rule) => `${peer(rule)}${rule.ports.length ? ` to ${rule.ports.join(', ')}` : ''}`)
        .join('; ') || 'nobody';

/** A NetworkPolicy that came, went or changed: it concerns what runs in its namespace. */
export function policyChanges(
  before: NetworkPolicy | null,
  after: NetworkPolicy | null,
  heard: string,
): ClusterChange[] {
  const one = after ?? before;
  if (!one) return [];
  const { meta } = one;
  const pods = (policy: NetworkPolicy): string =>
    policy.pods === null ? 'an expression' : JSON.stringify(policy.pods) === '{}' ? 'all' : JSON.stringify(policy.pods);
  const base = {
    uid: meta.uid,
    kind: 'network-policy',
    object: refOf('NetworkPolicy', meta),
    about: [`Namespace ${meta.namespace}`],
  };
  if (!after)
    return [changed(heard, { ...base, summary: `removed: it let in ${lets(one)}`, state: 'removed', timeless: true })];
  const at = meta.changed?.at ?? heard;
  const state = [pods(after), after.types, lets(after)];
  if (!before)
    return [
      changed(meta.createdAt ?? at, {
        ...base,
        summary: `created: to pods ${pods(after)} it lets in ${lets(after)}`,
        by: by(meta),
        state,
      }),
    ];
  const all = [
    ...difference('pods', pods(before), pods(after)),
    ...difference('types', before.types.join(', '), after.types.join(', ')),
    ...difference('lets in', lets(before), lets(after)),
  ];
  return all.length ? [changed(at, { ...base, summary: phrases(all), by: by(meta), state })] : [];
}
