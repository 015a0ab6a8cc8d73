import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Plural } from '../resources.ts';
import type { ClusterView, Missing } from '../view.ts';

/**
 * Why a kind cannot be told in a namespace (empty: in all of them), or null. A CRD that is not installed is no gap, and
 * what was heard before the API server went away still counts: its age is said by the path.
 */
export function gapIn(view: ClusterView, plural: Plural, namespace: string): Missing | null {
  const found = view.missing.find(
    (one) =>
      one.plural === plural &&
      one.reason !== 'not-installed' &&
      (one.namespace === '' || namespace === '' || one.namespace === namespace),
  );
  if (!found || (found.reason === 'no-connection' && view.objects[plural].size > 0)) return null;
  return found;
}

/** Throws BlindLook with the right to grant, when one of these kinds may not be read in the namespace. */
export function needs(view: ClusterView, namespace: string, ...plurals: Plural[]): void {
  for (const plural of plurals) {
    const gap = gapIn(view, plural, namespace);
    if (gap) throw new BlindLook(gap.reason === 'denied' ? 'denied' : 'no-connection', gap.detail);
  }
}
