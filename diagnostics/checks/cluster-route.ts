import { isIP } from 'node:net';
import { clusterOf, getObject, kubectl } from '../cluster-scope.ts';
import { defineCheck, type Planned, type Scope } from '../define-check.ts';
import { joinAddress } from '../io/address.ts';
import type { ClaimFacts } from '../io/cluster-reader.ts';
import type { Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import { type Base, type ClusterRouteFacts, type RouteClaimed, readClaimed } from '../routes/claims.ts';
import type { Look } from '../types.ts';

/** The whole path is about the host where a cluster knows it; a path that the file tells is not the cluster's. */
function plan({ case: triage, path }: Scope): Planned[] {
  const proxy = path.hops.find((hop) => hop.hop === 'proxy');
  if (!path.cluster || (proxy && !proxy.discovered)) return [];
  const { host, path: wanted, port, scheme } = triage.target;
  return [
    {
      look: {
        check: 'cluster-route',
        vantage: 'inside',
        hop: 'proxy',
        at: { hop: proxy?.name ?? path.cluster.name, part: null },
        address: `cluster ${path.cluster.name}`,
        with: { host, path: wanted, port, scheme, onPath: proxy?.name ?? null },
      },
    },
  ];
}

/** A place that does not answer tells nothing, so nobody waits for it long, ms. */
const PATIENCE_MS = 1_500;

/** Asks for the host where the status of the first such object says that it is reached; null: nowhere, or not allowed. */
async function askThere(io: Io, look: Look, facts: ClaimFacts, signal: AbortSignal): Promise<RouteClaimed['there']> {
  const { host, path, port, scheme, onPath } = look.with as unknown as {
    host: string;
    path: string;
    port: number;
    scheme: 'https' | 'http';
    onPath: string | null;
  };
  const named = facts.claims.filter((one) => one.host !== null);
  if (onPath === null || named.some((one) => one.proxy === onPath)) return null;
  const at = named.find((one) => one.addresses.length > 0)?.addresses[0];
  if (at === undefined) return null;
  try {
    const ip = isIP(at) ? at : (await io.resolve(at, signal)).addresses[0];
    if (ip === undefined) return null;
    const address = joinAddress(ip, port);
    const asked = { address, scheme, host, path, proxyHeader: 'none', patienceMs: PATIENCE_MS } as const;
    const { status, error } = await io.request(asked, signal);
    return { address, status: error === null ? status : null };
  } catch (error) {
    // What is not allowed to be asked takes nothing from what the objects say.
    if (error instanceof BlindLook) return null;
    throw error;
  }
}

const get = (f: Base & { object: string }): string => getObject(f.cluster, f.object);

/** Which object gives this host to which controller, by which rule; and which objects nobody serves. */
export const clusterRoute = defineCheck<RouteClaimed, ClusterRouteFacts>({
  id: 'cluster-route',
  title: 'Who serves the host, as the objects of the cluster say',
  asks: 'Which object names this host, and does a controller serve its class?',
  vantages: ['inside'],
  budgetMs: 4_000,
  plan,
  async look(io, look, _address, signal) {
    const { host, path } = look.with as { host: string; path: string };
    const facts = await clusterOf(io).claims(host, path, signal);
    return { facts, there: await askThere(io, look, facts, signal) };
  },
  read: readClaimed,
  findings: {
    HOST_SERVED: {
      hop: 'proxy',
      direction: 'clears',
      title: 'An object names the host, and a controller serves it',
      says: (f) =>
        `${f.object} gives ${f.host} to ${f.proxy} (${f.why})${f.service === null ? '' : `, to Service ${f.service}`}${f.note === null ? '' : `; ${f.note}`}.`,
      next: (f) => (f.note === null ? 'Nothing to do here.' : `Look at ${f.object}: ${f.note}.`),
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
        `${f.object} gives ${f.host} to ${f.proxy}${f.addresses === '' ? '' : `, reached at ${f.addresses}`}${f.status === null ? '' : ` (asked there, it answers ${f.status})`}; its name leads to ${f.onPath}.`,
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
