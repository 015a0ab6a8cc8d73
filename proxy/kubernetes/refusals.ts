import { ApiError } from './connection.ts';
import type { Resource } from './resources.ts';
import type { Missing } from './view.ts';

/** Why a kind can't be read, in words that say what to grant; `verb` is what was refused. */
export function missingBecause(error: unknown, resource: Resource, namespace: string, verb: 'list' | 'watch'): Missing {
  const base = { plural: resource.plural, namespace };
  const where = namespace
    ? `in the namespace ${namespace}`
    : resource.namespaced
      ? 'in all namespaces'
      : 'of the cluster';
  const status = error instanceof ApiError ? error.status : 0;
  const words = error instanceof Error ? error.message : String(error);
  const name = `${resource.plural}${resource.group ? `.${resource.group}` : ''}`;
  if (status === 403)
    return {
      ...base,
      reason: 'denied',
      detail:
        verb === 'watch'
          ? `${resource.plural} ${where} may be listed but not watched, so they are up to a minute old: grant watch on ${name}`
          : `${resource.plural} may not be read ${where}: grant get, list and watch on ${name}`,
    };
  if (status === 404 && resource.optional)
    return { ...base, reason: 'not-installed', detail: `${resource.kind} is not installed here` };
  if (status === 404)
    return {
      ...base,
      reason: 'no-connection',
      detail: `${resource.plural} are not served here (404): is this a Kubernetes API server?`,
    };
  if (status === 401)
    return {
      ...base,
      reason: 'denied',
      detail: 'the API server does not know us any more (401): renew the token or certificate',
    };
  return { ...base, reason: 'no-connection', detail: `${resource.plural} could not be read: ${words}` };
}
