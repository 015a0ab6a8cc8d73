import { RESOURCES, type Resource } from './resources.ts';

/** One rule of a role (rbac.authorization.k8s.io/v1 PolicyRule) with the reason why it is asked for. */
interface Right {
  group: string;
  resource: string;
  verbs: readonly string[];
  why: string;
}

/** Reading and nothing else: `list` and `watch` keep the view, `get` is one object by its name. */
const READ = ['get', 'list', 'watch'] as const;

const rightOf = ({ group, plural, why }: Resource): Right => ({ group, resource: plural, verbs: READ, why });

/**
 * Optional, since logs hold what users sent: reload lines, error lines and access logs of the proxies. `get` is the only
 * verb that a log has (Kubernetes API reference, "read log of the specified Pod").
 */
const POD_LOGS: Right = {
  group: '',
  resource: 'pods/log',
  verbs: ['get'],
  why: 'optional: reload lines, error lines and access logs of the proxies',
};

/**
 * Everything that we may do in a cluster, made from the table of what is watched. `cluster`: kinds without a namespace;
 * `namespaced`: the others; `podLogs`: granted only where somebody wants it. Never Secrets, never a wildcard, never a
 * verb that changes something. Nothing here runs a command in a pod, so there is no right for that either.
 */
export function rights(): { cluster: Right[]; namespaced: Right[]; podLogs: Right[] } {
  const all: Resource[] = Object.values(RESOURCES);
  return {
    cluster: all.filter((one) => !one.namespaced).map(rightOf),
    namespaced: all.filter((one) => one.namespaced).map(rightOf),
    podLogs: [POD_LOGS],
  };
}

/** Rules as a list of YAML, each under its reason. Names of groups and kinds need no quotes but the empty group. */
export function rulesYaml(wanted: Right[]): string {
  return wanted
    .map(
      ({ group, resource, verbs, why }) =>
        `# ${why}\n- apiGroups: [${group || '""'}]\n  resources: [${resource}]\n  verbs: [${verbs.join(', ')}]\n`,
    )
    .join('');
}

/** The same reasons as text, one a line: an API server drops comments and keeps annotations. */
export function reasonsText(wanted: Right[]): string {
  return wanted.map(({ group, resource, why }) => `${resource}${group && `.${group}`}: ${why}\n`).join('');
}

/** What is written about a role: its name, and whether logs may be read too. */
interface RoleOptions {
  name: string;
  podLogs: boolean;
}

const wantedBy = ({ podLogs }: RoleOptions): Right[] => {
  const { cluster, namespaced, podLogs: logs } = rights();
  return [...cluster, ...namespaced, ...(podLogs ? logs : [])];
};

/** The one ClusterRole for all namespaces, as an object that `kubectl apply` takes. */
export function clusterRole(options: RoleOptions) {
  const wanted = wantedBy(options);
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: options.name, annotations: { reasons: reasonsText(wanted) } },
    rules: wanted.map(({ group, resource, verbs }) => ({
      apiGroups: [group],
      resources: [resource],
      verbs: [...verbs],
    })),
  };
}

/** The same ClusterRole as YAML for people, each rule under its reason. */
export function clusterRoleYaml(options: RoleOptions): string {
  const rules = rulesYaml(wantedBy(options)).replace(/^(?=.)/gm, '  ');
  return `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: ${options.name}\nrules:\n${rules}`;
}
