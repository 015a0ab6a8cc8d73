import type { ListenerSettings, ProxySettings } from '../io/proxy-settings.ts';
import type { Instance, Path, PathHop, ProxyExpectation, ProxyHeader } from '../types.ts';
import { hopTitle, type PathSettings, settingsOfHop } from './look.ts';

/** What one side of a boundary is said to do with the PROXY header, and by whom. */
export interface Said<T> {
  value: T;
  /** `file:line`, an attribute's name, or `declared`. */
  from: string;
  /** true: its own configuration or attribute says so; false: only the inventory. */
  configured: boolean;
  /** Objects of a cluster ask for it; whether it was done is another matter. */
  asked?: true;
}

export interface HeaderBoundary {
  outer: string;
  inner: string;
  part: string | null;
  listener: string | null;
  sends: Said<ProxyHeader> | null;
  expects: Said<ProxyExpectation | 'required'> | null;
  /** Declared otherwise than configured: of the outer side, and of the inner one. */
  differs: { who: string; what: 'sends' | 'expects'; declared: string; configured: string; where: string }[];
}

const portOf = (address: string | null): string | null => /:(\d+)$/.exec(address ?? '')?.[1] ?? null;
const anyHost = (address: string): boolean => /^(0\.0\.0\.0|\[::\]|\*|):/.test(address);

/** The listener behind an address: the same one, or one of the same port on all addresses. */
function listenerAt(settings: ProxySettings, address: string | null): ListenerSettings | null {
  const port = portOf(address);
  const same = settings.listeners.find((one) => one.address === address);
  return (
    same ??
    settings.listeners.find((one) => port !== null && portOf(one.address) === port && anyHost(one.address)) ??
    null
  );
}

/** Which address of an instance the hop in front uses: as declared by `to`, else the one that fits its scheme. */
const entry = (outer: PathHop | null, instance: Instance): string | null =>
  (outer?.to ?? outer?.scheme) === 'http' ? (instance.http ?? instance.https) : (instance.https ?? instance.http);

/** What the outer hop is configured to send to one of these addresses. */
function configuredSends(
  outer: PathHop,
  settings: ProxySettings | null,
  addresses: string[],
): Said<ProxyHeader> | null {
  if (settings) {
    const groups = settings.upstreams.filter((one) => one.servers.length > 0);
    const hit = groups.flatMap((one) =>
      one.servers.filter((s) => addresses.includes(s.address)).map((s) => ({ sends: s.sends, where: one.where })),
    );
    // Without a server at that very address the groups must agree, or it cannot be told.
    const all = hit.length
      ? hit
      : groups.flatMap((one) => one.servers.map((s) => ({ sends: s.sends, where: one.where })));
    const [first] = all;
    if (!first || all.some((one) => one.sends !== first.sends)) return null;
    return { value: first.sends, from: first.where ?? settings.source, configured: true };
  }
  const key = 'proxy_protocol_v2.enabled';
  const flag = outer.attributes[key];
  // (AWS: elbv2 TargetGroupAttribute: version 2, or none)
  if (flag === 'true' || flag === 'false')
    return { value: flag === 'true' ? 'proxy-v2' : 'none', from: key, configured: true };
  // A load balancer of HTTP never sends one (AWS: ALB guide).
  if (outer.kind === 'aws-alb') return { value: 'none', from: `kind ${outer.kind}`, configured: true };
  return null;
}

/** By the Service's annotations, which set the balancer up; or by the inventory alone, which may be wrong. */
const toldSends = (outer: PathHop): Said<ProxyHeader> | null =>
  outer.sends && {
    value: outer.sends,
    from: outer.discovered ? (outer.from[0] ?? 'its Service') : 'declared',
    configured: false,
    ...(outer.discovered && { asked: true as const }),
  };

const EXPECTS = { none: 'none', required: 'required', optional: 'optional' } as const;
const agrees = (declared: ProxyExpectation, configured: ListenerSettings['proxyHeader']): boolean =>
  declared === 'none' || declared === 'optional' ? declared === configured : configured === 'required';

/** Pure: every boundary at which a hop of the path sends to a listener of a proxy, with what both sides say of it. */
export function headerBoundaries(row: PathSettings, path: Path): HeaderBoundary[] {
  const hops = path.hops.filter((hop) => hop.hop !== 'node' && hop.hop !== 'dns' && hop.hop !== 'client');
  return hops.flatMap((inner, i): HeaderBoundary[] => {
    const outer = hops[i - 1];
    if (!outer || inner.hop !== 'proxy') return [];
    const settings = settingsOfHop(row, outer);
    return inner.instances.slice(0, 20).map((instance) => {
      const own = row.parts.find((one) => one.hop === inner.name && one.part === instance.name)?.settings ?? null;
      const addresses = [instance.https, instance.http].filter((one) => one !== null);
      const used = settings?.upstreams
        .flatMap((one) => one.servers.map((s) => s.address))
        .find((address) => addresses.includes(address));
      const address = used ?? entry(outer, instance);
      const listener = own ? listenerAt(own, address) : null;
      const sends = configuredSends(outer, settings, used ? [used] : addresses);
      const differs: HeaderBoundary['differs'] = [];
      if (sends && outer.sends && outer.sends !== sends.value)
        differs.push({
          who: hopTitle(outer),
          what: 'sends',
          declared: outer.sends,
          configured: sends.value,
          where: sends.from,
        });
      if (listener && inner.expects && !agrees(inner.expects, listener.proxyHeader))
        differs.push({
          who: `${instance.name} of ${hopTitle(inner)}`,
          what: 'expects',
          declared: inner.expects,
          configured: listener.proxyHeader,
          where: listener.where ?? own?.source ?? '',
        });
      return {
        outer: hopTitle(outer),
        inner: hopTitle(inner),
        part: instance.name,
        listener: listener?.address ?? address,
        sends: sends ?? toldSends(outer),
        expects: listener
          ? { value: EXPECTS[listener.proxyHeader], from: listener.where ?? '', configured: true }
          : null,
        differs,
      };
    });
  });
}
