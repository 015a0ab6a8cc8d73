import { type Draft, defineCheck, type ReadScope, type Scope } from '../define-check.ts';
import type { NodeHealth } from '../io/proxy-health.ts';
import { type Asked, askAndReadAgain, type Front } from '../io/return-path.ts';
import { RETURN_PATH_FINDINGS, type ReturnPathFacts, readReturnPath } from '../nodes/return-path.ts';
import { postsOf } from '../vantages.ts';
import { duration, plural, share, shellWord } from '../wording.ts';

interface NodeFacts extends ReturnPathFacts {
  CONNTRACK_FULL: { node: string; entries: number; limit: number; dropped: number; overMs: number; source: string };
  CONNTRACK_NEARLY_FULL: { node: string; entries: number; limit: number; source: string };
  CONNTRACK_DROPS: { node: string; dropped: number; overMs: number; entries: number; limit: number; source: string };
  NODE_OVERFLOWS: { node: string; count: number; overMs: number; total: number; source: string };
  CONNTRACK_HAS_ROOM: { node: string; entries: number; limit: number; source: string };
}

/** The kernel drops early from 95 % on (net/netfilter/nf_conntrack_core.c: early_drop once max is met); new ones fail at 100 %. */
const FULL = 0.98;
/** The usual alert of node-exporter's mixin is 75 %; below 80 % nothing was ever lost (proxies.md A10). */
const NEARLY = 0.8;

/** What a node says of itself, and what became of our requests meanwhile. */
type NodeData = NodeHealth & { asked?: Asked | null };

function read(health: NodeData, scope: ReadScope): Draft<NodeFacts>[] {
  const node = scope.look.at.part ?? scope.look.at.hop;
  const { source } = health;
  const found: Draft<NodeFacts>[] = [];
  if (health.conntrack) {
    const { entries, limit } = health.conntrack;
    const { count: dropped, overMs } = health.conntrack.dropped ?? { count: 0, overMs: 0 };
    const base = { node, entries, limit, source };
    if (entries >= limit * FULL) found.push({ code: 'CONNTRACK_FULL', facts: { ...base, dropped, overMs } });
    else if (entries >= limit * NEARLY) found.push({ code: 'CONNTRACK_NEARLY_FULL', facts: base });
    else if (dropped > 0) found.push({ code: 'CONNTRACK_DROPS', facts: { ...base, dropped, overMs } });
    else found.push({ code: 'CONNTRACK_HAS_ROOM', facts: base });
  }
  const { overflows } = health;
  if (overflows && overflows.count > 0) {
    const { count, overMs, total } = overflows;
    found.push({ code: 'NODE_OVERFLOWS', facts: { node, count, overMs, total, source } });
  }
  return [...found, ...readReturnPath(health, node)];
}

const curl = (f: { source: string }): string =>
  `curl -s ${shellWord(f.source)} | grep -aE '^node_(nf_conntrack|netstat_TcpExt_Listen)'`;

/** More addresses than these tell no more. */
const MOST_ADDRESSES = 3;

/** Where users come in: the place to ask while a node's counters are watched. */
function frontOf({ case: { target }, path }: Scope): Front {
  const posts = postsOf(path, target).filter((post) => post.vantage === 'public');
  const addresses = posts.map((post) => post.address).slice(0, MOST_ADDRESSES);
  return { scheme: target.scheme, host: target.host, path: target.path, addresses };
}

/** Do the nodes that the path crosses have room in their connection tables, and let in what users send? */
export const nodeConnections = defineCheck<NodeData, NodeFacts>({
  id: 'node-connections',
  title: 'Connection tables and filters of the nodes',
  asks: 'Do the nodes on the path drop connections, for a full table or queue or for the way they came in?',
  vantages: ['inside'],
  budgetMs: 8_000,
  plan: (scope) => {
    const { path } = scope;
    const crossed = new Set(path.hops.flatMap((hop) => hop.instances.map((one) => one.node).filter((n) => n !== null)));
    const overNodes = path.hops.some((hop) => hop.hop === 'node');
    return path.nodes
      .filter((node) => overNodes || crossed.size === 0 || crossed.has(node.name))
      .map((node) => ({
        look: {
          check: 'node-connections',
          vantage: 'inside' as const,
          hop: 'node' as const,
          at: { hop: path.hops.find((hop) => hop.hop === 'node')?.name ?? node.name, part: node.name },
          address: node.metrics ?? node.name,
          with: { front: { ...frontOf(scope) } },
        },
      }));
  },
  async look(io, look, _address, signal) {
    const before = await io.proxy.node(look.at.part ?? look.at.hop, signal);
    const again = await askAndReadAgain(io, look, before, signal);
    return again ? { ...again.after, asked: again.asked } : before;
  },
  read,
  findings: {
    CONNTRACK_FULL: {
      hop: 'node',
      direction: 'implicates',
      title: 'The connection table of a node is full',
      says: (f) =>
        `${f.node} tracks ${share(f.entries, f.limit)} connections that its table holds${f.dropped ? `, and dropped ${f.dropped} within ${duration(f.overMs)}` : ''}: new ones are lost there.`,
      next: (f) =>
        `Raise net.netfilter.nf_conntrack_max on ${f.node} (kube-proxy: conntrack.maxPerCore), and see who opens so many.`,
      reproduce: curl,
    },
    CONNTRACK_NEARLY_FULL: {
      hop: 'node',
      direction: 'context',
      title: 'The connection table of a node is nearly full',
      says: (f) =>
        `${f.node} tracks ${share(f.entries, f.limit)} connections that its table holds; there is still room.`,
      next: (f) => `Raise net.netfilter.nf_conntrack_max on ${f.node} before the next peak.`,
      reproduce: curl,
    },
    CONNTRACK_DROPS: {
      hop: 'node',
      direction: 'context',
      title: 'A node drops tracked connections though its table has room',
      says: (f) =>
        `${f.node} dropped or could not insert ${plural(f.dropped, 'connection')} within ${duration(f.overMs)}, with ${share(f.entries, f.limit)} entries in use.`,
      next: () =>
        'A few failed inserts are a known race of two packets of one flow (DNS); many are worth a look at its firewall.',
      reproduce: curl,
    },
    NODE_OVERFLOWS: {
      hop: 'node',
      direction: 'context',
      title: "Connections are dropped for full accept queues in the node's own network namespace",
      says: (f) =>
        `${f.node} dropped ${plural(f.count, 'attempt')} to connect for full accept queues within ${duration(f.overMs)} (${f.total} in all), in its own network namespace: pods have theirs.`,
      next: () => 'See with ss -ltnm whose queue it is; a proxy in a pod counts elsewhere.',
      reproduce: curl,
    },
    ...RETURN_PATH_FINDINGS,
    CONNTRACK_HAS_ROOM: {
      hop: 'node',
      direction: 'clears',
      title: 'The connection table of the node has room',
      says: (f) => `${f.node} tracks ${share(f.entries, f.limit)} connections that its table holds.`,
      next: () => 'Nothing to do here.',
      reproduce: curl,
    },
  },
});
