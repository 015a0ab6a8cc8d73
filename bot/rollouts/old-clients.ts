import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { RecorderStore } from '../../workers/recorder/store.ts';
import type { Side } from '../../workers/rollouts/types.ts';

/** A sample of this age still tells who comes, ms. */
const YOUNG_MS = 600_000;
const MOST_INSTANCES = 20;
/** What new proxies tend to leave out. Spelled as samples spell them. */
const OLD_VERSIONS = /^(SSL|TLS ?v?1(\.[01])?$|1(\.[01])?$)/i;

/**
 * What the recorder knows of old clients on a side, as a sentence to begin with: an operator knows whose they are. Empty
 * where nothing is recorded, this proxy does not count versions, or nobody old came.
 */
export async function oldClientsOf(
  side: Side,
  inventory: Inventory,
  recorder: Pick<RecorderStore, 'samples'> | null,
  now: number,
): Promise<string> {
  const hop = Object.hasOwn(inventory.hops, side.hop) ? inventory.hops[side.hop] : undefined;
  if (!hop || !recorder) return '';
  const names = (side.instances ?? hop.instances.map(({ name }) => name)).slice(0, MOST_INSTANCES);
  const window = { from: new Date(now - YOUNG_MS).toISOString(), to: new Date(now).toISOString() };
  const found = await Promise.all(names.map((name) => recorder.samples(hop.name, name, window).catch(() => null)));
  return oldClientsText(found.flatMap((one) => one?.samples.at(-1)?.tls ?? []));
}

/** Pure: `312 of 26,000 handshakes since these proxies began were TLS 1.0 or 1.1`. */
export function oldClientsText(tls: ProxySample['tls']): string {
  const sum = (rows: ProxySample['tls']) => rows.reduce((all, { count }) => all + count, 0);
  const old = tls.filter(({ version, count }) => OLD_VERSIONS.test(version) && count > 0);
  if (old.length === 0) return '';
  const versions = [...new Set(old.map(({ version }) => (/^\d/.test(version) ? `TLS ${version}` : version)))].sort();
  const number = (n: number) => n.toLocaleString('en-US');
  return `${number(sum(old))} of ${number(sum(tls))} handshakes since these proxies began were ${versions.join(' or ')}`;
}
