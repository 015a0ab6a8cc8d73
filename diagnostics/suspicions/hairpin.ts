import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { failingBy, host, type Rule, suspect, text } from './suspicion.ts';

/** What a proxy that waits for a connection in vain makes of users' requests. */
const fails = (scene: Scene): number =>
  failingBy(scene, (f) => (f.status ?? 0) >= 500 || f.error === 'TIMEOUT' || f.error === 'CLOSED');

/** These open connections of their own: a target that calls them is called back by them, not by itself. */
const OWN_CONNECTIONS = new Set(['haproxy', 'nginx', 'aws-alb', 'aws-clb']);

/** Does this balancer keep callers' addresses? null: nobody said. */
function keepsCallers(scene: Scene, balancer: string): boolean | null {
  const hop = scene.path.hops.find((one) => one.name === balancer);
  if (OWN_CONNECTIONS.has(hop?.kind ?? '')) return false;
  if (scene.all('BALANCER_KEEPS_CALLERS').some((f) => f.about.hop === balancer)) return true;
  const said = hop?.attributes['preserve_client_ip.enabled'];
  return said === undefined ? null : said === 'true';
}

/**
 * A proxy complains that it gets no connection to the balancer in front of itself, which others get through to at the same
 * time: it is sent back to itself, and no host takes a packet that comes from its own address (proxies.md B18).
 */
function ownBalancer(scene: Scene): { found: Finding[]; kept: boolean | null } | null {
  const found = scene.all('OWN_BALANCER_UNREACHABLE');
  const [first] = found;
  if (!first) return null;
  // Whoever gets an answer of HTTP through it, be it an error, has a connection: the balancer itself is there.
  const through = scene.front.some(
    (m) => m.hop === first.facts.balancer && (m.ok > 0 || m.failures.some((f) => f.status !== null)),
  );
  const kept = keepsCallers(scene, text(first.facts.balancer));
  return through && kept !== false ? { found, kept } : null;
}

/** More specific than what the proxy does for want of that answer: an authentication that fails, an endpoint out of reach. */
export const callsItself = (scene: Scene): boolean => ownBalancer(scene) !== null;

export const lbHairpin: Rule = (scene) => {
  const own = ownBalancer(scene);
  const [first] = own?.found ?? [];
  if (!own || !first) return null;
  const explains = fails(scene);
  if (explains === 0 && scene.case.symptoms.course === 'steady') return null;
  const balancer = text(first.facts.balancer);
  const settings = scene.all('BALANCER_KEEPS_CALLERS').filter((f) => f.about.hop === balancer);
  // Of several targets only the caller itself is out of reach: calls that all fail are rather barred on their way.
  const barred = explains > 0.95 && scene.path.hops.some((hop) => hop.hop === 'proxy' && hop.instances.length > 1);
  const strength = own.kept && !barred ? (explains > 0 ? 0.95 : 0.82) : 0.65;
  return suspect('lb-hairpin', [...own.found, ...settings], strength, {
    explains,
    fits: true,
    sentence: `${text(first.facts.proxy)} calls ${balancer} in front of itself for ${host(scene)}, is sent back to itself and gets no connection, while callers from elsewhere do`,
  });
};

/** Who calls stands among what is behind the balancer: pods, nodes, jobs of the cluster. */
const INSIDE =
  /\b(?:from|only) (?:the )?(?:inside|within)\b|\b(?:from|on) (?:the|our|a|any|some|one of (?:the|our)|every) (?:cluster|pods?|nodes?|workers?|containers?|ingress (?:hosts?|machines?))\b|\b(?:pods?|nodes?|jobs?|containers?) (?:can ?not|can't|cant|don't|do not|fail to) (?:reach|call|connect|get to)\b|\b(?:aus dem|innerhalb des|im) cluster (?:heraus|selbst)\b/i;

/** How many targets share the connections; null: nobody said. */
const targetsOf = (scene: Scene, balancer: string): number | null =>
  scene.path.hops.find((hop) => hop.name === balancer)?.targets?.length ?? null;

/**
 * Callers from inside get no connection, all is well for us outside, and the balancer keeps callers' addresses: then a call
 * that is sent back to its own machine is lost, one in as many as there are targets. That all are lost, of several targets,
 * is rather a firewall's doing or a name with another answer inside (AWS NLB guide, troubleshooting; proxies.md B18).
 */
export const calledFromInside: Rule = (scene) => {
  const balancer = scene.path.hops.find((hop) => hop.hop === 'load-balancer');
  const inside = INSIDE.test(scene.case.report ?? '') && scene.reported('timeout', 'reset', 'slow', 'unspecified');
  const well = scene.front.length > 0 && scene.failing === 0 && scene.replicas.every((m) => m.ok === m.total);
  if (!balancer || !inside || !well || callsItself(scene)) return null;
  const kept = keepsCallers(scene, balancer.name);
  const settings = scene.all('BALANCER_KEEPS_CALLERS').filter((f) => f.about.hop === balancer.name);
  const part = scene.case.symptoms.course === 'intermittent' || targetsOf(scene, balancer.name) === 1;
  // Where nobody says what the balancer does, it only keeps the judge from saying that nothing is wrong.
  const strength = kept && settings.length ? (part ? 0.78 : 0.6) : 0.5;
  if (kept === false) return null;
  return suspect(
    'lb-hairpin',
    [...settings, ...scene.all('REQUEST_ANSWERED').filter((f) => f.vantage === 'public')],
    strength,
    {
      fits: true,
      sentence: `callers of ${host(scene)} on machines behind ${balancer.name} ${kept ? 'keep their own addresses, and get no connection when they are sent back to their own machine' : 'may be sent back to their own machine'}, while it is well from outside`,
      next: `Call ${host(scene)} from a machine that is no target of ${balancer.name}, and from one that is: if only the second loses connections, let callers inside use an address inside, or switch preserve_client_ip.enabled off.`,
    },
  );
};
