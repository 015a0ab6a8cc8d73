import type { ReadScope } from '../define-check.ts';
import type { PathHop } from '../types.ts';

/** Which side of a boundary is not as declared, so that it is the one to change; `either`: nobody declared enough. */
export type Side = 'listener' | 'sender' | 'either';

/** How a header is switched at a listener of this kind (proxies.md C.3 to C.5; each the documentation's own name). */
const LISTENER: { [kind: string]: string } = {
  nginx: '`proxy_protocol` on its `listen` line',
  'ingress-nginx': '`use-proxy-protocol` in its ConfigMap',
  haproxy: '`accept-proxy` on its `bind` line',
  traefik: '`proxyProtocol.trustedIPs` of its entry point',
  envoy: 'the listener filter `envoy.filters.listener.proxy_protocol`',
};
/** How a sender of this kind is told to put a header before each connection. */
const SENDER: { [kind: string]: string } = {
  'aws-nlb': 'the target group attribute `proxy_protocol_v2.enabled`',
  'aws-clb': "the backend policy `ProxyProtocol` of its instances' port",
  haproxy: '`send-proxy-v2` on its `server` line',
  nginx: '`proxy_protocol` in its stream server',
  envoy: "the upstream's PROXY protocol transport socket",
};

const where = (table: { [kind: string]: string }, kind: string | undefined): string =>
  Object.hasOwn(table, kind ?? '') ? ` (${table[kind as string]})` : '';

/** The hop that sends to the one that was asked. */
export function senderBefore(scope: ReadScope): PathHop | null {
  const i = scope.path.hops.findIndex((hop) => hop.name === scope.look.at.hop);
  return i > 0 ? (scope.path.hops[i - 1] ?? null) : null;
}

/** The proxy that listens: the hop that was asked, or the next one behind a balancer. */
export function listenerOf(scope: ReadScope): PathHop | null {
  if (scope.look.hop === 'proxy') return scope.hop;
  const i = scope.path.hops.findIndex((hop) => hop.name === scope.look.at.hop);
  return scope.path.hops.slice(i + 1).find((hop) => hop.hop === 'proxy') ?? null;
}

/**
 * Pure: who has to change. A listener that is not what it is declared to be is wrong; one that is as declared has a
 * sender that does otherwise. `parses`: what the listener was seen to do.
 */
export function sideToChange(listener: PathHop | null, parses: boolean): Side {
  if (!listener || listener.expects === null) return 'either';
  return (listener.expects !== 'none') === parses ? 'sender' : 'listener';
}

/** Pure: the one step, in words, with the switch's own name where the kind is known. `on`: the header is to be parsed and sent. */
export function stepFor(
  f: { side: string; listener: string | null; listenerKind: string; sender: string | null; senderKind: string },
  wrong: 'missing' | 'unexpected',
): string {
  const listener = `${f.listener ?? "the proxy's listener"}${where(LISTENER, f.listenerKind)}`;
  const sender = `${f.sender ?? 'the hop in front'}${where(SENDER, f.senderKind)}`;
  const [atListener, atSender] = wrong === 'unexpected' ? ['on', 'off'] : ['off', 'on'];
  if (f.side === 'listener') return `Switch PROXY protocol ${atListener} at ${listener}: there it is not as declared.`;
  if (f.side === 'sender')
    return `Switch PROXY protocol ${atSender} at ${sender}: the listener behind it is as declared.`;
  return `Switch PROXY protocol ${atListener} at ${listener}, or ${atSender} at ${sender}. Both sides must agree.`;
}
