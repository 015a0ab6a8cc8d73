import type { ServedKind } from './kinds.ts';

/** One rule of a ClusterRole; with `namespaces`, of Roles that are bound there. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
  /** Left out: in all. */
  namespaces?: string[];
}

export interface User {
  name: string;
  /** null: everything is allowed. */
  rules: Rule[] | null;
}

/** Who asks for what; `kind` may be one that is not installed, known by its group and plural only. */
export interface Wanted {
  verb: string;
  kind: Pick<ServedKind, 'group' | 'plural'>;
  subresource: string | null;
  namespace: string;
  name: string | null;
}

const has = (list: string[], value: string): boolean => list.includes('*') || list.includes(value);

/** As RBAC decides: rules only ever allow; a rule bound in namespaces allows nothing across all of them. */
export function mayDo(user: User, { verb, kind, subresource, namespace, name }: Wanted): boolean {
  if (user.rules === null) return true;
  const resource = subresource ? `${kind.plural}/${subresource}` : kind.plural;
  return user.rules.some(
    (rule) =>
      has(rule.apiGroups, kind.group) &&
      has(rule.resources, resource) &&
      has(rule.verbs, verb) &&
      (!rule.resourceNames?.length || (name !== null && rule.resourceNames.includes(name))) &&
      (!rule.namespaces || rule.namespaces.includes(namespace)),
  );
}

interface RoleObject {
  kind?: string;
  metadata?: { namespace?: string };
  rules?: Partial<Rule>[];
}

/** Rules of ClusterRoles and Roles (these in their namespace), as if each were bound to the user. */
export function rulesOf(roles: RoleObject[]): Rule[] {
  return roles
    .filter((role) => role.kind === 'ClusterRole' || role.kind === 'Role')
    .flatMap(({ kind, metadata, rules }) =>
      (rules ?? []).map(({ apiGroups = [], resources = [], verbs = [], resourceNames }) => ({
        apiGroups,
        resources,
        verbs,
        ...(resourceNames && { resourceNames }),
        ...(kind === 'Role' && { namespaces: [metadata?.namespace ?? 'default'] }),
      })),
    );
}

/** Answers `kubectl auth can-i`: allowed or not, without a reason, as 1.28 says it. */
export function accessReview(user: User, spec: { resourceAttributes?: { [key: string]: string } }): object {
  const { verb = '', group = '', resource = '', subresource, namespace = '', name } = spec.resourceAttributes ?? {};
  const allowed = mayDo(user, {
    verb,
    kind: { group, plural: resource },
    subresource: subresource ?? null,
    namespace,
    name: name ?? null,
  });
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec,
    status: { allowed },
  };
}

/** Every rule of the user that holds in a namespace. */
export function rulesReview(user: User, spec: { namespace?: string }): object {
  const all: Rule[] = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  const rules = (user.rules ?? all).filter(
    (rule) => !rule.namespaces || rule.namespaces.includes(spec.namespace ?? ''),
  );
  return {
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: {},
    status: {
      resourceRules: rules.map(({ verbs, apiGroups, resources }) => ({ verbs, apiGroups, resources })),
      nonResourceRules: [
        { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] },
      ],
      incomplete: false,
    },
  };
}
