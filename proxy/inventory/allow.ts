import { BlockList, isIP } from 'node:net';
import { splitAddress } from '../../diagnostics/io/address.ts';
import { type Guard, guardFor, isNeverProbed } from '../../diagnostics/io/guard.ts';
import type { PathHop } from '../../diagnostics/types.ts';
import type { Inventory } from './model.ts';
import { hostMatches } from './path.ts';

const family = (ip: string): 'ipv4' | 'ipv6' => (isIP(ip) === 6 ? 'ipv6' : 'ipv4');

const hostOfUrl = (url: string | null | undefined): string | null =>
  url && URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : null;

/** Addresses that a hop names, of any kind: listeners, targets, instances, endpoints, metrics and admin URLs. */
function addressesOf(hop: PathHop): string[] {
  const urls = hop.instances.flatMap((i) => [i.metrics, i.admin]);
  const direct = [
    hop.address,
    ...hop.listeners.map((l) => l.address),
    ...(hop.targets ?? []).map((t) => t.address),
    ...hop.instances.flatMap((i) => [i.https, i.http]),
    ...(hop.endpoints ?? []).map((e) => e.address),
  ].map((address) => splitAddress(address ?? '')?.host ?? null);
  return [...direct, ...urls.map(hostOfUrl), ...(hop.endpoints ?? []).map((e) => hostOfUrl(e.metrics))].filter(
    (host) => host !== null,
  );
}

/** Names and addresses that `allow` or the inventory itself cover. */
interface Allowance {
  /** True when probes may go to this name or address: it matches `allow`, or the inventory names it. */
  name(host: string): boolean;
  /** A guard for one host's case; `permit` lets through what an allowed name was just resolved to. */
  guard(host: string): Guard & { permit(ips: string[]): void };
}

/**
 * What may be probed in the name of one inventory (DESIGN 8): what it names, what its `allow` covers, and for one host
 * the answers that its `dns` gives. Without an inventory file the person who typed the target allows it.
 */
export function allowanceOf(inventory: Inventory): Allowance {
  const list = new BlockList();
  const patterns: string[] = [];
  const put = (into: BlockList, ip: string): void => {
    if (isIP(ip)) into.addAddress(ip, family(ip));
  };
  for (const entry of inventory.allow ?? []) {
    const [ip = '', bits] = entry.split('/');
    if (isIP(ip) && bits !== undefined)
      list.addSubnet(ip, Math.min(Number(bits), isIP(ip) === 6 ? 128 : 32), family(ip));
    else if (isIP(entry)) put(list, entry);
    else patterns.push(entry.toLowerCase());
  }
  const named = new Set<string>();
  const prometheus = hostOfUrl(inventory.prometheus);
  // What was only found in a cluster is probed where `allow` covers it, and nowhere else.
  const hops = Object.values(inventory.hops).filter((hop) => !hop.discovered);
  for (const host of [...hops.flatMap(addressesOf), ...(prometheus === null ? [] : [prometheus])]) {
    if (isIP(host)) put(list, host);
    else named.add(host.toLowerCase());
  }
  for (const node of inventory.nodes) put(list, splitAddress(node.healthCheckNodePort ?? '')?.host ?? '');
  const anyone = inventory.file === null;
  const covers = (host: string): boolean =>
    anyone ||
    named.has(host) ||
    Object.hasOwn(inventory.dns, host) ||
    patterns.some((pattern) => hostMatches(pattern, host)) ||
    inventory.routes.some((route) => hostMatches(route.host, host)) ||
    (isIP(host) !== 0 && list.check(host, family(host)));
  return {
    name: (host) => covers(host.toLowerCase()) && !(isIP(host) !== 0 && isNeverProbed(host)),
    guard(host) {
      const own = new BlockList();
      const name = host.toLowerCase();
      for (const ip of Object.hasOwn(inventory.dns, name) ? (inventory.dns[name] ?? []) : []) put(own, ip);
      const guard = guardFor((ip) => anyone || list.check(ip, family(ip)) || own.check(ip, family(ip)));
      return {
        check: guard.check,
        permit(ips) {
          for (const ip of ips) put(own, ip);
        },
      };
    },
  };
}
