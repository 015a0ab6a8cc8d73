import type { PartName } from '../../diagnostics/types.ts';
import { allowanceOf } from '../../proxy/inventory/allow.ts';
import { type Inventory, partNamed } from '../../proxy/inventory/inventory.ts';

/** Every managed proxy that could be asked for its counters: it has a metrics page or an admin page or socket. */
export function recordable(inventory: Inventory): { hop: string; part: string }[] {
  const hops = Object.values(inventory.hops);
  const allowance = hops.some((hop) => hop.discovered) ? allowanceOf(inventory) : null;
  // What was only found in a cluster is asked where `allow` covers it: elsewhere each sample would be a gap.
  const isAllowed = (page: string | null): boolean =>
    page !== null && URL.canParse(page) && (allowance?.name(new URL(page).hostname.replace(/^\[|\]$/g, '')) ?? false);
  return hops.flatMap((hop) =>
    hop.instances
      .filter((instance) => instance.metrics !== null || instance.admin !== null)
      .filter((instance) => !hop.discovered || isAllowed(instance.metrics) || isAllowed(instance.admin))
      .map((instance) => ({ hop: hop.name, part: instance.name })),
  );
}

/** Whether the inventory still names it. */
export function isRecordable(inventory: Inventory, of: PartName): boolean {
  const found = partNamed(inventory, of)?.instance;
  return found !== undefined && (found.metrics !== null || found.admin !== null);
}

/** When within its slot a proxy is asked, as a share of the spread: always the same, different from others (FNV-1a). */
export function jitterOf(hop: string, part: string): number {
  let hash = 2_166_136_261;
  for (const char of `${hop}/${part}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  // The last characters (`proxy-1`, `proxy-2`) only reach the low bits: they are spread over all (Murmur3's finaliser).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
