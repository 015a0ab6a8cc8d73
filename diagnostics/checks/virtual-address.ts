import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import { type AddressSeen, lookAtAddress, planAddress } from '../nodes/address.ts';
import { inTurn } from '../nodes/owners.ts';
import { clock, shellWord } from '../wording.ts';

interface Base {
  service: string;
  addresses: string[];
  cluster: string | null;
  now: string;
  [key: string]: string | number | boolean | string[] | null;
}
interface AddressFacts {
  VIP_TWO_OWNERS: Base & { first: string; second: string; since: string; last: string };
  VIP_CLAIMED_TWICE: Base & { other: string; address: string; port: number };
  VIP_OWNER_LOST: Base & { node: string; at: string; gone: boolean };
  VIP_NOT_ANNOUNCED: Base & { why: string };
  VIP_NOT_GIVEN: Base & { why: string };
  VIP_MOVED: Base & { from: string; to: string; at: string; within: boolean };
  VIP_HAS_ONE_OWNER: Base & { node: string; at: string };
  VIP_OWNER_UNTOLD: Base & { why: string };
}
type Found = Draft<AddressFacts>[];

/** Both nodes have been there all along: then neither took over from the other. */
function bothStayed(seen: AddressSeen, names: string[], since: string): boolean {
  return names.every((name) => {
    const node = seen.nodes.find((one) => one.name === name);
    return node?.ready === true && (node.readySince === null || node.readySince < since);
  });
}

function announced(seen: AddressSeen, base: Base, since: string): Found {
  const layer2 = seen.announcers.filter((one) => one.protocol === 'layer2');
  const owner = layer2.at(-1);
  if (!owner) return [];
  const turn = inTurn(layer2);
  if (turn && bothStayed(seen, [turn[0].node, turn[1].node], turn[1].first)) {
    const [a, b] = turn;
    const facts = { ...base, first: a.node, second: b.node, since: b.first, last: b.last };
    return [{ code: 'VIP_TWO_OWNERS', facts }];
  }
  const node = seen.nodes.find((one) => one.name === owner.node);
  const found: Found = [];
  if (seen.nodesRead && !node?.ready)
    found.push({ code: 'VIP_OWNER_LOST', facts: { ...base, node: owner.node, at: owner.last, gone: !node } });
  const before = layer2.at(-2);
  if (before)
    found.push({
      code: 'VIP_MOVED',
      facts: { ...base, from: before.node, to: owner.node, at: owner.first, within: owner.first >= since },
    });
  if (found.length === 0 && node)
    found.push({ code: 'VIP_HAS_ONE_OWNER', facts: { ...base, node: owner.node, at: owner.last } });
  return found;
}

function read(seen: AddressSeen, scope: ReadScope): Found {
  const { service, cluster, addresses } = seen;
  const base: Base = { service, cluster, addresses: addresses.slice(0, 5), now: scope.case.at };
  const { window } = scope.look.with as { window: { from: string } };
  const [rival] = seen.rivals;
  const found: Found = rival
    ? [
        {
          code: 'VIP_CLAIMED_TWICE',
          facts: { ...base, other: rival.service, address: rival.address, port: rival.port },
        },
      ]
    : [];
  const refused = seen.refusals.at(-1);
  if (seen.type === 'LoadBalancer' && addresses.length === 0)
    return [...found, { code: 'VIP_NOT_GIVEN', facts: { ...base, why: refused ?? 'nothing says why' } }];
  found.push(...announced(seen, base, window.from));
  if (found.length || seen.announcers.length) return found;
  // No event proves nothing, since they are forgotten after an hour; one of an address given, and none of a node, does.
  if (seen.allocated !== null || refused?.startsWith('announceFailed'))
    found.push({
      code: 'VIP_NOT_ANNOUNCED',
      facts: {
        ...base,
        why:
          refused ??
          `it was given at ${clock(seen.allocated as string, base.now)}, and no node said that it announces it`,
      },
    });
  else if (seen.held)
    found.push({
      code: 'VIP_OWNER_UNTOLD',
      facts: { ...base, why: seen.eventsRead ? 'no event of the last hours says it' : 'events may not be read' },
    });
  return found;
}

const show = (f: Base): string => {
  const [namespace = '', name = ''] = f.service.split('/');
  const context = f.cluster ? `--context ${shellWord(f.cluster)} ` : '';
  return `kubectl ${context}-n ${shellWord(namespace)} get events --field-selector ${shellWord(`involvedObject.kind=Service,involvedObject.name=${name}`)}`;
};
const named = (f: Base): string => f.addresses.join(', ') || `the address of ${f.service}`;

/** Does just one node hold the virtual address that users come to? */
export const virtualAddress = defineCheck<AddressSeen, AddressFacts>({
  id: 'virtual-address',
  title: 'Owner of the virtual address',
  asks: 'Does one node, and a living one, hold the address that users come to?',
  vantages: ['inside'],
  budgetMs: 3_000,
  plan: planAddress,
  look: (io, look, _address, signal) => lookAtAddress(io, look, signal),
  read,
  findings: {
    VIP_TWO_OWNERS: {
      hop: 'node',
      direction: 'implicates',
      title: 'Two nodes announce the same address',
      says: (f) =>
        `${f.first} and ${f.second} both announce ${named(f)} of ${f.service}, in turn since ${clock(f.since, f.now)} and last at ${clock(f.last, f.now)}, though neither went away: who gets a connection is up to chance.`,
      next: (f) => `See whether the speakers on ${f.first} and ${f.second} reach each other (memberlist, port 7946).`,
      reproduce: show,
    },
    VIP_CLAIMED_TWICE: {
      hop: 'node',
      direction: 'implicates',
      title: 'Two Services claim the same address and port',
      says: (f) =>
        `Service ${f.service} and Service ${f.other} both claim ${f.address} port ${f.port}: which of them gets a connection depends on the node.`,
      next: (f) => `Give ${f.address} port ${f.port} to one of ${f.service} and ${f.other}.`,
      reproduce: (f) => `kubectl ${f.cluster ? `--context ${shellWord(f.cluster)} ` : ''}get services -A -o wide`,
    },
    VIP_OWNER_LOST: {
      hop: 'node',
      direction: 'implicates',
      title: 'The node that held the address is lost, and no other has taken it',
      says: (f) =>
        `${f.node} announced ${named(f)} last (${clock(f.at, f.now)}) and is ${f.gone ? 'no more' : 'not ready'}; no other node has said since that it does.`,
      next: (f) => `See whether another node announces ${named(f)}: arping from a neighbour, and the speakers' logs.`,
      reproduce: show,
    },
    VIP_NOT_ANNOUNCED: {
      hop: 'node',
      direction: 'implicates',
      title: 'The address is given, and no node announces it',
      says: (f) => `${f.service} has ${named(f)}, but no node announces it: ${f.why}.`,
      next: (f) => `See whether an L2Advertisement or BGPAdvertisement covers ${named(f)}.`,
      reproduce: show,
    },
    VIP_NOT_GIVEN: {
      hop: 'node',
      direction: 'implicates',
      title: 'The Service has no address',
      says: (f) => `Service ${f.service} of type LoadBalancer has no address: ${f.why}.`,
      next: (f) => `See the events of Service ${f.service}, and whether its pool has an address left.`,
      reproduce: show,
    },
    VIP_MOVED: {
      hop: 'node',
      direction: 'context',
      title: 'The address has moved to another node',
      says: (f) =>
        `${named(f)} moved from ${f.from} to ${f.to} at ${clock(f.at, f.now)}; neighbours that missed the word still send to ${f.from}.`,
      next: (f) => `Compare the neighbour table of the router in front with the hardware address of ${f.to}.`,
      reproduce: show,
    },
    VIP_HAS_ONE_OWNER: {
      hop: 'node',
      direction: 'clears',
      title: 'One node holds the address',
      says: (f) =>
        `${f.node} alone announces ${named(f)} of ${f.service} (last said at ${clock(f.at, f.now)}), and is ready.`,
      next: () => 'Nothing to do here.',
      reproduce: show,
    },
    VIP_OWNER_UNTOLD: {
      hop: 'node',
      direction: 'context',
      title: 'Which node holds the address cannot be told',
      says: (f) => `Which of the nodes holds ${named(f)} of ${f.service} cannot be told: ${f.why}.`,
      next: (f) => `Ask the nodes: ip -br address show, on which of them ${named(f)} stands.`,
      reproduce: () => null,
    },
  },
});
