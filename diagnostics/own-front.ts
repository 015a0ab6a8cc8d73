import { joinAddress } from './io/address.ts';
import type { Path, PathHop, Target } from './types.ts';

/**
 * Pure: what stands in front of the hop named `inner` (left out: of the first proxy), by each address that it is reached at.
 * What is sent there from inside goes round in a circle: through the same proxies again.
 */
export function frontOf(path: Path, target: Target, inner?: string): Map<string, PathHop> {
  const at = path.hops.findIndex((hop) => (inner === undefined ? hop.hop === 'proxy' : hop.name === inner));
  const first = path.hops.find((hop) => hop.address);
  const named = (hop: PathHop): string[] =>
    hop === first ? (path.dns ?? []).map((ip) => joinAddress(ip, target.port)) : [];
  return new Map(
    path.hops
      .slice(0, Math.max(0, at))
      .flatMap((hop) =>
        [hop.address ?? '', ...hop.listeners.map((one) => one.address), ...named(hop)]
          .filter((address) => address !== '')
          .map((address): [string, PathHop] => [address, hop]),
      ),
  );
}
