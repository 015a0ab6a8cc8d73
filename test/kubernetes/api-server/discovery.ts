import { groupVersion, type ServedKind } from './kinds.ts';

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

/** As recorded; a released server names its version. */
export const VERSION = {
  major: '1',
  minor: '28',
  gitVersion: 'v1.28.5',
  gitCommit: '506050d61cf291218dfbd41ac93913945c9aa0da',
  gitTreeState: 'clean',
  buildDate: '2023-12-19T13:32:53Z',
  goVersion: 'go1.20.12',
  compiler: 'gc',
  platform: 'linux/amd64',
};

const REVIEWS = 'authorization.k8s.io/v1';

/** Answers to questions about the server itself and what it serves; null: the address is none of them. */
export function answerDiscovery(path: string, kinds: ReadonlyMap<string, ServedKind>): object | string | null {
  const clean = path.replace(/\/$/, '');
  if (['/healthz', '/livez', '/readyz'].includes(clean)) return 'ok';
  if (clean === '/version') return VERSION;
  if (clean === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  const served = [...kinds.keys()].map((key) => key.split('/') as [string, string, string]);
  const groups = Map.groupBy(
    [...served.map(([group, version]) => `${group}/${version}`).filter((gv) => !gv.startsWith('/')), REVIEWS],
    (gv) => groupVersion(gv).group,
  );
  const groupOf = (name: string): object => {
    const versions = [...new Set(groups.get(name))].map((gv) => ({
      groupVersion: gv,
      version: groupVersion(gv).version,
    }));
    return { name, versions, preferredVersion: versions[0] };
  };
  if (clean === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groups.keys()].map(groupOf) };
  const parts = clean.split('/').slice(1);
  if (parts[0] === 'apis' && parts.length === 2 && groups.has(parts[1] as string))
    return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(parts[1] as string) };
  const [group, version] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]];
  if (parts.length !== (parts[0] === 'api' ? 2 : 3)) return null;
  const here = served
    .filter(([g, v]) => g === group && v === version)
    .map((key) => kinds.get(key.join('/')) as ServedKind);
  if (here.length === 0) return null;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group ? `${group}/${version}` : version,
    resources: here.map(({ plural, kind, namespaced }) => ({
      name: plural,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: VERBS,
    })),
  };
}
