import type { Planned, ReadScope, Scope } from './define-check.ts';
import type { ClusterReader, ServiceFacts } from './io/cluster-reader.ts';
import type { Io } from './io/io.ts';
import { BlindLook } from './io/proxy-reader.ts';
import type { Hop, Path } from './types.ts';
import { shellWord } from './wording.ts';

/** What checks of a cluster's objects share: which looks to plan, how to ask, how to show it with kubectl. */

/** The cluster of this process. Throws BlindLook where there is none, though the path was found in one. */
export function clusterOf(io: Io): ClusterReader {
  if (io.cluster) return io.cluster;
  throw new BlindLook('not-configured', 'no cluster is watched here: give the inventory `kubernetes:`');
}

/**
 * One look for each Service that was found in a cluster; a service of the file goes by a name of its own, and stands
 * for no object.
 */
export function serviceLooks(check: string, hop: Hop, { case: triage, path }: Scope): Planned[] {
  if (!path.cluster) return [];
  let proxy: string | null = null;
  const planned: Planned[] = [];
  for (const one of path.hops) {
    if (one.hop === 'proxy') proxy = one.discovered ? one.name : null;
    if (one.hop !== 'service' || !one.discovered) continue;
    planned.push({
      look: {
        check,
        vantage: 'inside',
        hop,
        at: { hop: one.name, part: null },
        address: `Service ${one.name}`,
        with: { host: triage.target.host, path: triage.target.path, proxy },
      },
    });
  }
  return planned;
}

/** The facts of the Service that such a look is about. */
export function serviceAsked(io: Io, look: Planned['look'], signal: AbortSignal): Promise<ServiceFacts> {
  const { host, path, proxy } = look.with as { host: string; path: string; proxy: string | null };
  return clusterOf(io).service(look.at.hop, host, signal, { path, proxy });
}

/** Throws BlindLook with the right to grant when one of these kinds was missing from the facts. */
export function refuseWithout(facts: ServiceFacts, ...kinds: string[]): void {
  const gap = facts.unread.find((one) => kinds.includes(one.what));
  if (gap) throw new BlindLook(gap.reason, gap.detail);
}

/** What a service account or a bare kubeconfig is called by the client library: no context that a person has. */
const NAMELESS = new Set(['inClusterContext', 'loaded-context', 'in-cluster', '']);

/** `kubectl --context C -n NAMESPACE …` with every name quoted as a shell needs it. */
export function kubectl(cluster: string | null, namespace: string | null, ...words: string[]): string {
  const context = cluster === null || NAMELESS.has(cluster) ? [] : ['--context', shellWord(cluster)];
  const space = namespace === null ? [] : ['-n', shellWord(namespace)];
  return ['kubectl', ...context, ...space, ...words].join(' ');
}

export const clusterName = (path: Path): string | null => path.cluster?.name ?? null;

/** `namespace/name` in two. */
export function twoParts(name: string): { namespace: string; bare: string } {
  const [namespace = '', bare = ''] = name.split('/');
  return { namespace, bare };
}

/** `Ingress namespace/name` as kubectl's words. */
export function getObject(cluster: string | null, object: string): string {
  const [kind = '', name = ''] = object.split(' ');
  const { namespace, bare } = twoParts(name);
  return kubectl(cluster, namespace, 'get', shellWord(kind.toLowerCase()), shellWord(bare), '-o', 'yaml');
}

/** The name of a look's cluster and Service, as every fact has them. */
export const placeOf = (scope: ReadScope): { cluster: string | null; service: string } => ({
  cluster: clusterName(scope.path),
  service: scope.look.at.hop,
});
