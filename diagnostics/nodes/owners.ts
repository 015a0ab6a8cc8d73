import type { EventFacts } from '../io/cluster-reader.ts';

/** A node that said of itself that it announces a Service's addresses, from when to when. */
export interface Announcer {
  node: string;
  /** `layer2`: one node answers for the address; `bgp`: all of them may. */
  protocol: string;
  first: string;
  last: string;
  count: number;
}

/**
 * Who announced, by MetalLB's events, the latest last. A speaker says `nodeAssigned` each time it looks at a Service
 * that it announces, and nothing when it stops (metallb: speaker/main.go, handleService).
 */
export function announcersIn(events: EventFacts[]): Announcer[] {
  const found = new Map<string, Announcer>();
  for (const { reason, message, first, at, count } of events) {
    const said = /^announcing from node "([^"]{1,253})" with protocol "([^"]{1,40})"/.exec(message);
    if (reason !== 'nodeAssigned' || !said) continue;
    const [, node = '', protocol = ''] = said;
    const before = found.get(`${protocol} ${node}`);
    const begin = first ?? at;
    found.set(`${protocol} ${node}`, {
      node,
      protocol,
      first: before && before.first < begin ? before.first : begin,
      last: before && before.last > at ? before.last : at,
      count: (before?.count ?? 0) + count,
    });
  }
  return [...found.values()].sort((a, b) => a.last.localeCompare(b.last) || a.node.localeCompare(b.node));
}

/** The node that holds a Service's addresses by its own last word; null: by no event, or several may (BGP). */
export function ownerOf(events: EventFacts[]): Announcer | null {
  const layer2 = announcersIn(events).filter((one) => one.protocol === 'layer2');
  return layer2.at(-1) ?? null;
}

/**
 * Two nodes that say so in turn: each of them again after the other had. One that takes over speaks only after the other
 * has fallen silent; one that comes back looks the same, so that its node's own story must be known too.
 */
export function inTurn(announcers: Announcer[]): [Announcer, Announcer] | null {
  const layer2 = announcers.filter((one) => one.protocol === 'layer2' && one.count > 1);
  for (const [i, a] of layer2.entries()) for (const b of layer2.slice(i + 1)) if (b.first < a.last) return [a, b];
  return null;
}
