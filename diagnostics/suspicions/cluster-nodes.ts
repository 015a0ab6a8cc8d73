import type { Met, Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { clock } from '../wording.ts';
import { LOST, lostOnTheWay, replicasWell, reportedLost } from './lost.ts';
import {
  answeredWith,
  appTrouble,
  byStatus,
  endpointsFine,
  failingBy,
  host,
  proxyName,
  type Rule,
  suspect,
  text,
} from './suspicion.ts';

/** Causes that stand between the balancer and the proxies of a cluster. Each needs a symptom that its mechanism makes. */

/** Nobody says that it lasts. */
const isUnsteady = (scene: Scene): boolean => scene.case.symptoms.course !== 'steady';

/** Something behind the proxies fails by itself: then nodes in front of them are not what it is about. */
const troubleBehind = (scene: Scene): boolean =>
  appTrouble(scene) ||
  scene.replicas.some((m) => m.vantage === 'proxy-replica' && m.total > 0 && m.ok < m.total) ||
  // A few errors in a log are always there: they count where nothing else shows what was lost.
  (lostOnTheWay(scene) === 0 && (scene.has('ERRORS_MADE_UPSTREAM') || scene.has('ERRORS_MADE_BY_PROXY')));

/** Logs of proxies, of some of them at least, that cover the time and hold no error: what users met need not have got that far. */
const sawNothing = (scene: Scene): Finding[] =>
  [...scene.all('NO_ERRORS_LOGGED'), ...scene.all('NO_ERRORS_COUNTED')].filter((f) => f.facts.covers === true);

/** What was met at one node's own port. */
const atNode = (scene: Scene, node: string): Met[] =>
  scene.balancers.filter((m) => m.vantage === 'node-port' && m.part === node && m.total > 0);
/** Nobody answers at these nodes' ports, while others' answer: seen from outside, not only told by objects. */
function seenDead(scene: Scene, nodes: string[]): Finding[] {
  const dead = nodes.filter((node) => atNode(scene, node).some((m) => m.ok === 0));
  const alive = scene.balancers.some((m) => m.vantage === 'node-port' && !nodes.includes(m.part ?? '') && m.ok > 0);
  if (dead.length === 0 || !alive) return [];
  return scene.all('REQUEST_FAILED').filter((f) => f.vantage === 'node-port' && dead.includes(f.about.part ?? ''));
}

const nodesOf = (findings: Finding[]): string[] => [...new Set(findings.map((f) => text(f.facts.node)))];
const list = (names: string[]): string => names.slice(0, 3).join(', ') + (names.length > 3 ? ' and others' : '');
const whether = (count: number, one: string, more: string): string => (count === 1 ? one : more);

/** Pods of the proxy that were killed in the same time would explain as much. */
const podsDied = (scene: Scene): boolean =>
  ['PROXY_POD_OUT_OF_MEMORY', 'PROXY_POD_CRASH_LOOPS', 'PROXY_POD_KILLED_BY_PROBE'].some((code) =>
    scene.all(code).some((f) => f.direction === 'implicates'),
  );

/** How sure a lost node is the reason where nothing fails any more: by when it was lost, and what else is known well. */
function unshown(scene: Scene, found: Finding[], clean: Finding[]): number {
  const well = clean.length > 0 || replicasWell(scene);
  if (found.every((f) => f.facts.gone === true)) return clean.length ? 0.78 : 0.65;
  if (podsDied(scene) && clean.length === 0) return 0.7;
  if (found.some((f) => f.facts.within === true)) return well ? 0.88 : 0.8;
  return well || found.some((f) => f.facts.listed === true) ? 0.8 : 0.72;
}

/**
 * Policy Cluster: a node that runs no proxy was a hop, and went away. It never fails for everybody, since the other
 * nodes go on; what it does to users never reaches a proxy's log (proxies.md A19).
 */
export const nodeLost: Rule = (scene) => {
  const all = scene.all('NODE_LOST_IS_A_HOP');
  const found = all.filter((f) => f.facts.within === true || f.facts.lost === true);
  const first = found.find((f) => f.facts.within === true) ?? found[0];
  const explains = lostOnTheWay(scene);
  if (!first || !reportedLost(scene) || troubleBehind(scene)) return null;
  // All connections lost is more than one node of several can do.
  if (explains > 0.95 && scene.front.length > 0) return null;
  if (explains === 0 && !isUnsteady(scene)) return null;
  const dead = seenDead(scene, nodesOf(found));
  // Long-lived connections that end over and over are more than one lost node does.
  if (scene.reported('disconnects') && (scene.has('RELOADS_TOLD_OFTEN') || scene.has('RELOAD_STORM'))) return null;
  const clean = sawNothing(scene);
  // A dead node that costs nobody a connection now has been taken out since: it proves nothing of then.
  const strength = explains > 0 ? (dead.length || replicasWell(scene) ? 0.95 : 0.85) : unshown(scene, found, clean);
  const names = nodesOf(found);
  const at = text(first.facts.at);
  return suspect('traffic-policy-node-lost', [...found, ...dead, ...clean], strength, {
    explains,
    fits: true,
    sentence: `${whether(names.length, 'node', 'nodes')} ${list(names)}, which ${whether(names.length, 'runs', 'run')} no proxy but took traffic for ${host(scene)} (policy Cluster), ${whether(names.length, 'was', 'were')} lost${at ? ` at ${clock(at, scene.case.at)}` : ''}, with the connections that passed through`,
  });
};

/** Policy Local: what is led to a node without a ready proxy is dropped there (proxies.md A16, D4). */
export const blackhole: Rule = (scene) => {
  const accusing = [...scene.all('TRAFFIC_TO_NODE_WITHOUT_PROXY'), ...scene.all('HEALTH_PORT_DENIES_PROXY')].filter(
    (f) => f.direction === 'implicates',
  );
  const first = accusing[0];
  const explains = lostOnTheWay(scene);
  if (!first || !reportedLost(scene) || troubleBehind(scene)) return null;
  if (explains === 0 && !isUnsteady(scene)) return null;
  const names = nodesOf(accusing);
  const dead = seenDead(scene, names);
  const denied = accusing.some((f) => f.facts.health === 503 || f.code === 'HEALTH_PORT_DENIES_PROXY');
  const seen = explains > 0 && (replicasWell(scene) || dead.length > 0 || denied);
  const where = first.code === 'HEALTH_PORT_DENIES_PROXY' ? 'deny the proxies that they run' : 'have no ready proxy';
  return suspect(
    'traffic-policy-blackhole',
    [...accusing, ...dead],
    seen ? 0.95 : explains > 0 || denied ? 0.85 : 0.75,
    {
      explains,
      fits: true,
      sentence: `connections to ${host(scene)} are led to ${list(names)}, which ${names.length === 1 ? where.replace('have', 'has').replace('deny', 'denies').replace('they run', 'it runs') : where}, and traffic policy Local lets ${whether(names.length, 'it', 'them')} use no other node's`,
    },
  );
};

const BAD_OWNER = ['VIP_TWO_OWNERS', 'VIP_CLAIMED_TWICE', 'VIP_OWNER_LOST', 'VIP_NOT_ANNOUNCED', 'VIP_NOT_GIVEN'];

/** A virtual address with two owners, none, or one that neighbours do not know of yet (proxies.md A17, D10, D11). */
export const vipConflict: Rule = (scene) => {
  const found = BAD_OWNER.flatMap((code) => scene.all(code));
  const moved = scene.all('VIP_MOVED').filter((f) => f.facts.within === true);
  const first = found[0] ?? moved[0];
  if (!first || !reportedLost(scene) || troubleBehind(scene)) return null;
  // Nobody home at the address, while the proxies answer when asked directly: a status would mean that somebody is.
  const silent = failingBy(scene, (f) => LOST.has(f.error ?? ''));
  const claimed = first.code === 'VIP_CLAIMED_TWICE' || first.code === 'VIP_TWO_OWNERS';
  const explains = claimed ? Math.max(silent, byStatus(scene, 404), lostOnTheWay(scene)) : silent;
  if (explains === 0 && !(isUnsteady(scene) && (claimed || found.length === 0))) return null;
  const well = replicasWell(scene);
  // A move is over in seconds; only addresses that go on failing while the proxies are well speak of a stale neighbour.
  if (found.length === 0 && (explains === 0 || !well)) return null;
  const what: { [code: string]: string } = {
    VIP_TWO_OWNERS: `is announced by ${text(first.facts.first)} and ${text(first.facts.second)} at once`,
    VIP_CLAIMED_TWICE: `is claimed by Service ${text(first.facts.other)} too`,
    VIP_OWNER_LOST: `was held by ${text(first.facts.node)}, which is lost, and no other node has said that it took it`,
    VIP_NOT_ANNOUNCED: 'is announced by no node',
    VIP_NOT_GIVEN: 'was never given',
    VIP_MOVED: `moved from ${text(first.facts.from)} to ${text(first.facts.to)}, and some still send to the old one`,
  };
  const addresses = Array.isArray(first.facts.addresses) ? first.facts.addresses.slice(0, 2).join(', ') : '';
  return suspect(
    'vip-conflict',
    [...found, ...moved],
    found.length ? (explains > 0 ? (well ? 0.93 : 0.85) : 0.76) : 0.8,
    {
      explains,
      fits: true,
      sentence: `the address ${addresses || text(first.facts.address)} that ${host(scene)} leads to ${what[first.code]}`,
    },
  );
};

/** An allow-list that is compared with nodes' addresses lets nobody in: callers get 403, whoever they are. */
export const clientAddressHidden: Rule = (scene) => {
  const found = scene.all('ALLOW_LIST_SEES_NODES');
  const first = found[0];
  const ours = answeredWith(scene, 403) + byStatus(scene, 403);
  const said = scene.case.symptoms.statuses.includes(403) || scene.reported('forbidden');
  if (!first || !(said || ours > 0) || scene.endpoints.some((e) => e.status === 403)) return null;
  if (scene.failing !== null && ours === 0 && scene.front.length > 0) return null;
  return suspect(
    'client-address-lost',
    [...found, ...scene.all('ACCESS_FORBIDDEN_BY_RULE')],
    endpointsFine(scene) ? 0.95 : 0.88,
    {
      explains: ours,
      fits: true,
      sentence: `${proxyName(scene)} refuses callers of ${host(scene)}: it sees the address of a node in place of theirs, and ${text(first.facts.object)} lets no node in`,
    },
  );
};
