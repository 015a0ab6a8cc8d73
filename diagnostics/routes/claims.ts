import { clusterName } from '../cluster-scope.ts';
import type { Draft, ReadScope } from '../define-check.ts';
import type { ClaimFacts } from '../io/cluster-reader.ts';

/** Who serves a host, as a cluster's objects say: the readings of the check cluster-route. */

export interface Base {
  cluster: string | null;
  host: string;
  [key: string]: string | number | boolean | null;
}
export interface ClusterRouteFacts {
  HOST_SERVED: Base & { object: string; proxy: string; why: string; service: string | null; note: string | null };
  HOST_SERVED_TWICE: Base & { object: string; proxy: string; other: string; otherProxy: string };
  HOST_CLAIMS_TIE: Base & { object: string; other: string; proxy: string; path: string };
  HOST_NOT_SERVED: Base & { object: string; why: string; others: number; foreign: string | null };
  HOST_BY_CATCH_ALL: Base & { object: string; proxy: string; service: string | null; meant: string | null };
  HOST_SERVED_ELSEWHERE: Base & {
    object: string;
    proxy: string;
    addresses: string;
    onPath: string;
    at: string | null;
    status: number | null;
  };
  HOST_FOR_UNSEEN_CONTROLLER: Base & { object: string; why: string };
  HOST_NAMED_NOWHERE: Base & { proxies: number };
  ROUTE_OBJECT_REFUSED: Base & { object: string; problem: string; more: number };
}

type Claim = ClaimFacts['claims'][number];

/** What the objects say, and what the host's request gets where another proxy than that of the path serves it. */
export interface RouteClaimed {
  facts: ClaimFacts;
  /** null: there is no such place, or it could not be asked. */
  there: { address: string; status: number | null } | null;
}

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
  const { object, proxy, why, service, note } = first;
  const found: Draft<ClusterRouteFacts>[] = [];
  if (first.problems.length) found.push(...refused(base, object, first.problems));
  else
    found.push({
      code: 'HOST_SERVED',
      // What leads to no Service clears nobody.
      ...(note !== null && { direction: 'context' as const }),
      facts: { ...base, object, proxy, why, service, note },
    });
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

/** Pure: what objects and the answer there say of the path's outermost proxy. */
export function readClaimed({ facts, there }: RouteClaimed, scope: ReadScope): Draft<ClusterRouteFacts>[] {
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
        at: there?.address ?? null,
        status: there?.status ?? null,
      },
    });
  else if (elsewhere) {
    const { object, proxy, why, service, note } = elsewhere;
    found.push({ code: 'HOST_SERVED', facts: { ...base, object, proxy, why, service, note } });
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
