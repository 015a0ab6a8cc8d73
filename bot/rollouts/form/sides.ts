import { createHash } from 'node:crypto';
import type { PathHop } from '../../../diagnostics/types.ts';
import type { Inventory } from '../../../proxy/inventory/inventory.ts';
import type { Side } from '../../../workers/rollouts/types.ts';

/** A side that can be chosen: a managed proxy, or some of its instances. */
export interface SideChoice {
  /** Short and stable: option values have 150 characters, names have no limit. */
  value: string;
  label: string;
  side: Side;
}

/** Slack takes 100 options; one is kept for a side that is not there yet. */
const MOST = 99;
const MOST_LABEL = 75;
/** A side that the inventory does not know yet: nothing can be watched until it does. */
export const NOT_YET = 'not-yet';

/**
 * Every side that the inventory offers: whole proxies first, then their instances, as many as Slack takes. `noticed`: sides
 * that were seen and may be none of these, such as three of six pods.
 */
export function sideChoices(inventory: Inventory, noticed: readonly (Side | null)[] = []): SideChoice[] {
  const proxies = Object.entries(inventory.hops).filter(([, hop]) => hop.hop === 'proxy');
  const whole = proxies.map(([key, hop]) => choice(key, null, titleOf(hop, null), wholeLabel(hop)));
  const parts = proxies
    .filter(([, hop]) => hop.instances.length > 1)
    .flatMap(([key, hop]) =>
      hop.instances.map(({ name }) => choice(key, [name], titleOf(hop, name), `${hop.name}: ${name} alone`)),
    );
  const known = new Set([...whole, ...parts].map(({ value }) => value));
  const seen = noticed
    .filter((side) => side !== null)
    .map((side) => ({ ...choice(side.hop, side.instances, side.title, `As seen: ${side.title}`), side }))
    .filter(
      ({ value, side }, i, all) =>
        side.instances?.length !== 0 && !known.has(value) && all.findIndex((one) => one.value === value) === i,
    );
  return [...seen, ...whole, ...parts].slice(0, MOST);
}

/** The hosts whose path leads through a hop, without patterns. */
export function hostsThrough(inventory: Inventory, hop: string): string[] {
  const via = inventory.routes.filter((route) => route.via.includes(hop)).map((route) => route.host);
  const found = via.length > 0 || inventory.routes.length > 0 ? via : inventory.hosts;
  return [...new Set(found.filter((host) => !host.includes('*')))].sort();
}

function choice(hop: string, instances: string[] | null, title: string, label: string): SideChoice {
  const value = createHash('sha256')
    .update(JSON.stringify([hop, instances]))
    .digest('hex')
    .slice(0, 24);
  return { value, label: label.slice(0, MOST_LABEL), side: { hop, instances, title } };
}

/** `Envoy checkout-edge-old`: an instance that is called after its proxy needs no other name. */
function titleOf(hop: PathHop, instance: string | null): string {
  const name = instance === null ? hop.name : instance.includes(hop.name) ? instance : `${hop.name} ${instance}`;
  return `${KINDS[hop.kind] ?? hop.kind} ${name}`;
}

/** Proxies as they write themselves; what is not here is written as the inventory has it. */
const KINDS: { [kind: string]: string } = { envoy: 'Envoy', traefik: 'Traefik', haproxy: 'HAProxy' };

function wholeLabel(hop: PathHop): string {
  const n = hop.instances.length;
  return `${hop.name} (${hop.kind}): ${n === 1 ? 'its one instance' : `all ${n} instances`}`;
}
