import type { Met, Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import {
  byStatus,
  endpointsFine,
  host,
  loggedAsReported,
  namesOthersThan,
  proxyName,
  type Rule,
  suspect,
} from './suspicion.ts';

/** Were this many requests answered by luck, if so large a share of them went to bad replicas? Seldomer than this it was none. */
const BY_LUCK = 0.05;

/** A balancer that sends users to bad replicas would have shown it: all users' requests are answered. */
function nobodyIsSent(scene: Scene, share: number): boolean {
  const asked = scene.front.filter((m) => !scene.replicas.includes(m)).reduce((sum, m) => sum + m.total, 0);
  return scene.failing === 0 && asked > 0 && (1 - share) ** asked < BY_LUCK;
}

/** Nobody listens at the bad ones, as any balancer's check tells it, and what users meet in front of them was not seen. */
const outOfSight = (scene: Scene, bad: Met[]): boolean =>
  scene.front.length === 0 &&
  scene.path.hops[0]?.hop !== 'proxy' &&
  scene.balancers.every((m) => m.ok === m.total) &&
  bad.every((m) => m.failures.every((f) => f.error === 'ECONNREFUSED'));

export const replicaBad: Rule = (scene) => {
  const bad = scene.replicas.filter((m) => m.ok < m.total);
  const good = scene.replicas.filter((m) => m.ok === m.total && m.total > 0);
  if (bad.length === 0 || good.length === 0 || !endpointsFine(scene)) return null;
  const spared = nobodyIsSent(scene, bad.length / scene.replicas.length);
  // What lasts must show where users come in; what comes and goes may have been sent there before, where no log tells more.
  if (spared && (scene.case.symptoms.course === 'steady' || loggedAsReported(scene))) return null;
  const because = scene.all('REQUEST_FAILED').filter((f) => f.hop === 'proxy');
  const names = bad.map((m) => m.part ?? m.address);
  // Nobody saw whether users are sent there, and what they report was made by a replica that answers.
  const aside = scene.front.length === 0 && loggedAsReported(scene);
  return suspect('proxy-replica-bad', because, aside ? 0.6 : outOfSight(scene, bad) ? 0.65 : spared ? 0.7 : 0.9, {
    explains: scene.failing ?? 0,
    fits: true,
    sentence: `${names.join(', ')} ${names.length === 1 ? 'fails' : 'fail'} for ${host(scene)} (${bad[0]?.failures[0]?.how}), while ${good.map((m) => m.part ?? m.address).join(', ')} ${good.length === 1 ? 'answers' : 'answer'}`,
  });
};

export const proxyDown: Rule = (scene) => {
  const refusing = scene.replicas.filter((m) => m.failures.some((f) => f.error === 'ECONNREFUSED'));
  if (refusing.length === 0 || refusing.length < scene.replicas.length) return null;
  // Where users are served, or nobody saw whether they are, one that was not looked at may take their requests.
  const known = scene.path.hops.filter((h) => h.hop === 'proxy').reduce((sum, h) => sum + h.instances.length, 0);
  if ((scene.failing === 0 || scene.front.length === 0) && scene.replicas.length < known) return null;
  return suspect(
    'proxy-restarting',
    scene.all('REQUEST_FAILED').filter((f) => f.hop === 'proxy'),
    0.85,
    {
      explains: scene.failing ?? 1,
      fits: true,
      sentence: `no replica of ${proxyName(scene)} takes connections for ${host(scene)}`,
      next: `See whether ${refusing.map((m) => m.part ?? m.address).join(' and ')} ${refusing.length === 1 ? 'runs, and why it' : 'run, and why they'} stopped.`,
    },
  );
};

/** One or two of a kind a log has on any day. */
const A_FEW = 3;

/**
 * Errors that a proxy made without asking anybody and without a reason that its log would name, while a sibling that served
 * as many of the same requests made none. Pages are drawn evenly: so many at one of them is no luck.
 */
const aloneInErrors = (scene: Scene): Finding[] =>
  scene.all('ERRORS_MADE_BY_PROXY').filter(({ about, facts }) => {
    const { errors, total, statuses, why } = facts;
    const own = Array.isArray(statuses) && statuses.every((s) => String(s).endsWith(' 500'));
    if (!own || (Array.isArray(why) && why.length > 0)) return false;
    const siblings = scene.all('NO_ERRORS_LOGGED').filter((f) => f.about.hop === about.hop);
    const others = siblings.reduce((sum, f) => sum + Number(f.facts.total), 0);
    return others > 0 && (Number(total) / (Number(total) + others)) ** Number(errors) < BY_LUCK;
  });

/** The proxy cannot write down what it must keep for a time: large bodies and answers fail, small ones never do. */
export const ownFilesFail: Rule = (scene) => {
  const told = scene.all('PROXY_FILES_FAILED').filter((f) => Number(f.facts.count) >= A_FEW);
  const found = told.length ? told : aloneInErrors(scene);
  const first = found[0];
  if (!first || namesOthersThan(scene, 500, 502)) return null;
  if (!scene.reported('errors-5xx', 'reset', 'too-large', 'unspecified')) return null;
  const bad = new Set(found.map((f) => f.about.part));
  const all = scene.path.hops.find((hop) => hop.name === first.about.hop)?.instances.length ?? 0;
  return {
    cause: bad.size < all ? 'proxy-replica-bad' : null,
    hop: 'proxy',
    because: [...told, ...aloneInErrors(scene)],
    strength: told.length ? 0.88 : 0.75,
    explains: byStatus(scene, 500),
    fits: true,
    sentence: told.length
      ? `${proxyName(scene, first)} cannot use files of its own that it needs for some requests to ${host(scene)}`
      : `${proxyName(scene, first)} makes errors for ${host(scene)} by itself, without asking what is behind it, and the others make none`,
  };
};
