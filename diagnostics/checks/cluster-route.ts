import { clusterName, clusterOf, getObject, kubectl } from '../cluster-scope.ts';
import { type Draft, defineCheck, type Planned, type ReadScope, type Scope } from '../define-check.ts';
import type { ClaimFacts } from '../io/cluster-reader.ts';

interface Base {
  cluster: string | null;
  host: string;
  [key: string]: string | number | boolean | null;
}
interface ClusterRouteFacts {
  HOST_SERVED: Base & { object: string; proxy: string; why: string; service: string | null };
  HOST_SERVED_TWICE: Base & { object: string; proxy: string; other: string; otherProxy: string };
  HOST_CLAIMS_TIE: Base & { object: string; other: string; proxy: string; path: string };
  HOST_NOT_SERVED: Base & { object: string; why: string; others: number; foreign: string | null };
  HOST_BY_CATCH_ALL: Base & { object: string; proxy: string; service: string | null; meant: string | null };
  HOST_SERVED_ELSEWHERE: Base & { object: string; proxy: string; addresses: string; onPath: string };
  HOST_FOR_UNSEEN_CONTROLLER: Base & { object: string; why: string };
  HOST_NAMED_NOWHERE: Base & { proxies: number };
  ROUTE_OBJECT_REFUSED: Base & { object: string; problem: string; more: number };
}

type Claim = ClaimFacts['claims'][number];

const sameRank = (a: Claim, b: Claim): boolean => a.rank.every((value, i) => value === b.rank[i]);

/** What stops every request comes before what stops some, and both before what follows from them (Gateway API, conditions). */
const weight = (problem: string): number =>
  /InvalidCertificateRef/.test(problem)
    ? 0
    : /RefNotPermitted|BackendNotFound|NotAllowed|NoMatching/.test(problem)
      ? 1
      : 2;

/** What the status of the object says is wrong with it or its Gateway; the whole of it stands in the object. */
function refused(base: Base, object: string, problems: string[]): Draft<ClusterRouteFacts>[] {
  const [problem] = problems.toSorted((a, b) => weight(a) - weight(b));
  return problem === undefined
    ? []
    : [{ code: 'ROUTE_OBJECT_REFUSED', facts: { ...base, object, problem, more: problems.length - 1 } }];
}

function readClaims(own: Claim[], rest: Claim[], base: Base): Draft<ClusterRouteFacts>[] {
  const first = own[0] as Claim;
  const { object, proxy, why, service } = first;
  const found: Draft<ClusterRouteFacts>[] = [];
  if (first.problems.length) found.push(...refused(base, object, first.problems));
  else found.push({ code: 'HOST_SERVED', facts: { ...base, object, proxy, why, service } });
  const tied = own.find((one) => one.object !== object && sameRank(one, first));
  if (tied)
    found.push({ code: 'HOST_CLAIMS_TIE', facts: { ...base, object, other: tied.object, proxy, path: first.path } });
  const [other] = rest;
  if (other)
    found.push({
      code: 'HOST_SERVED_TWICE',
      facts: { ...base, object, proxy, other: other.object, otherProxy: other.proxy },
    });
  return found;
}

function read(facts: ClaimFacts, scope: ReadScope): Draft<ClusterRouteFacts>[] {
  const base = { cluster: clusterName(scope.path), host: facts.host };
  const onPath = scope.path.hops.filter((hop) => hop.hop === 'proxy').map((hop) => hop.name);
  const [outermost] = onPath;
  const named = facts.claims.filter((one) => one.host !== null);
  const own = named.filter((one) => one.proxy === outermost);
  const found: Draft<ClusterRouteFacts>[] = [];
  // A proxy further in claims the host too; that is no second one.
  const rest = named.filter((one) => !onPath.includes(one.proxy));
  if (own.length) return readClaims(own, rest, base);
  const [unserved] = facts.unserved;
  if (unserved) {
    found.push({
      code: 'HOST_NOT_SERVED',
      // Another object serves it, or a controller that we do not see: then it is a leftover, or meant for somebody else.
      ...((rest.length > 0 || unserved.foreign !== null) && { direction: 'context' as const }),
      facts: {
        ...base,
        object: unserved.object,
        why: unserved.why,
        others: facts.unserved.length - 1,
        foreign: unserved.foreign,
      },
    });
    found.push(...refused(base, unserved.object, unserved.problems));
  }
  const swallows = facts.claims.find((one) => one.host === null && one.proxy === outermost);
  const [elsewhere] = rest;
  if (elsewhere && outermost !== undefined)
    found.push({
      code: 'HOST_SERVED_ELSEWHERE',
      facts: {
        ...base,
        object: elsewhere.object,
        proxy: elsewhere.proxy,
        addresses: elsewhere.addresses.join(', '),
        onPath: outermost,
      },
    });
  else if (elsewhere) {
    const { object, proxy, why, service } = elsewhere;
    found.push({ code: 'HOST_SERVED', facts: { ...base, object, proxy, why, service } });
  }
  if (swallows)
    found.push({
      code: 'HOST_BY_CATCH_ALL',
      facts: {
        ...base,
        object: swallows.object,
        proxy: swallows.proxy,
        service: swallows.service,
        meant: unserved?.object ?? elsewhere?.object ?? null,
      },
    });
  const [unseen] = facts.unseen;
  if (unseen && !elsewhere) found.push({ code: 'HOST_FOR_UNSEEN_CONTROLLER', facts: { ...base, ...unseen } });
  if (!unserved && !elsewhere && !unseen)
    found.push({ code: 'HOST_NAMED_NOWHERE', facts: { ...base, proxies: facts.proxies.length } });
  return found;
}

/** The whole path is about the host where a cluster knows it; a path that the file tells is not the cluster's. */
function plan({ case: triage, path }: Scope): Planned[] {
  const proxy = path.hops.find((hop) => hop.hop === 'proxy');
  if (!path.cluster || (proxy && !proxy.discovered)) return [];
  const { host, path: wanted } = triage.target;
  return [
    {
      look: {
        check: 'cluster-route',
        vantage: 'inside',
        hop: 'proxy',
        at: { hop: proxy?.name ?? path.cluster.name, part: null },
        address: `cluster ${path.cluster.name}`,
        with: { host, path: wanted },
      },
    },
  ];
}

const get = (f: Base & { object: string }): string => getObject(f.cluster, f.object);

/** Which object gives this host to which controller, by which rule; and which objects nobody serves. */
export const clusterRoute = defineCheck<ClaimFacts, ClusterRouteFacts>({
  id: 'cluster-route',
  title: 'Who serves the host, as the objects of the cluster say',
  asks: 'Which object names this host, and does a controller serve its class?',
  vantages: ['inside'],
  budgetMs: 2_000,
  plan,
  look(io, look, _address, signal) {
    const { host, path } = look.with as { host: string; path: string };
    return clusterOf(io).claims(host, path, signal);
  },
  read,
  findings: {
    HOST_SERVED: {
      hop: 'proxy',
      direction: 'clears',
      title: 'An object names the host, and a controller serves it',
      says: (f) =>
        `${f.object} gives ${f.host} to ${f.proxy} (${f.why})${f.service === null ? '' : `, to Service ${f.service}`}.`,
      next: () => 'Nothing to do here.',
      reproduce: get,
    },
    HOST_SERVED_TWICE: {
      hop: 'proxy',
      direction: 'context',
      title: 'Two controllers serve the host',
      says: (f) =>
        `${f.host} is served twice: by ${f.proxy} (${f.object}), which is on its path, and by ${f.otherProxy} (${f.other}).`,
      next: (f) => `If ${f.host} has moved, remove the object that is no longer meant: ${f.object} or ${f.other}.`,
      reproduce: (f) => getObject(f.cluster, f.other),
    },
    HOST_CLAIMS_TIE: {
      hop: 'proxy',
      direction: 'context',
      title: 'Two objects of one controller name the same host and path',
      says: (f) =>
        `${f.object} and ${f.other} both name ${f.host}${f.path}; ${f.proxy} uses the older one, ${f.object}.`,
      next: (f) => `Remove one of them: ${f.object} or ${f.other}.`,
      reproduce: (f) => getObject(f.cluster, f.other),
    },
    HOST_NOT_SERVED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'An object names the host, and no controller serves it',
      says: (f) =>
        `${f.object} names ${f.host}, but no controller ${f.foreign === null ? 'serves it' : 'that I see serves it'}: ${f.why}${f.others > 0 ? ` (and ${f.others} more such objects)` : ''}.`,
      next: (f) =>
        f.foreign === null
          ? `Give ${f.object} a class that a controller serves.`
          : `See whether its controller runs and serves ${f.object} (${f.foreign}).`,
      reproduce: get,
    },
    HOST_BY_CATCH_ALL: {
      hop: 'proxy',
      direction: 'context',
      title: 'An object for any host takes it',
      says: (f) =>
        `${f.proxy} knows ${f.host} by no name: ${f.object}, which takes any host, sends it${f.service === null ? ' on' : ` to Service ${f.service}`}${f.meant === null ? '' : `; ${f.meant} names it`}.`,
      next: (f) =>
        f.meant === null
          ? `If ${f.host} should have a route of its own, write one.`
          : `See why ${f.proxy} does not take ${f.meant}.`,
      reproduce: get,
    },
    HOST_SERVED_ELSEWHERE: {
      hop: 'dns',
      direction: 'context',
      title: 'The host is served by another proxy than the one that its name leads to',
      says: (f) =>
        `${f.object} gives ${f.host} to ${f.proxy}${f.addresses === '' ? '' : `, reached at ${f.addresses}`}; its name leads to ${f.onPath}.`,
      next: (f) =>
        f.addresses === ''
          ? `Let the name ${f.host} lead to ${f.proxy}.`
          : `Let the name ${f.host} lead to ${f.addresses}.`,
      reproduce: get,
    },
    HOST_FOR_UNSEEN_CONTROLLER: {
      hop: 'proxy',
      direction: 'context',
      title: 'An object names the host for a controller that I do not see',
      says: (f) => `${f.object} names ${f.host}, for a controller that I do not see here: ${f.why}.`,
      next: (f) => `Ask whoever runs the controller of ${f.object}.`,
      reproduce: get,
    },
    HOST_NAMED_NOWHERE: {
      hop: 'proxy',
      direction: 'context',
      title: 'No object of the cluster names the host',
      says: (f) =>
        `No Ingress, IngressRoute or Gateway route${f.cluster === null ? '' : ` of ${f.cluster}`} names ${f.host}.`,
      next: (f) => `See whether ${f.host} is served by another cluster, or its object was removed.`,
      reproduce: (f) => kubectl(f.cluster, null, 'get ingress -A'),
    },
    ROUTE_OBJECT_REFUSED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The status of the object says that it is not as it should be',
      says: (f) =>
        `${f.object}, which names ${f.host}, is not in order: ${f.problem.replace(/\.$/, '')}${f.more > 0 ? ` (and ${f.more} more)` : ''}.`,
      next: (f) => `Mend what the status of ${f.object} says: ${f.problem.replace(/\.$/, '')}.`,
      reproduce: get,
    },
  },
});
