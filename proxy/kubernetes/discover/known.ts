import { gapIn } from '../facts/rights.ts';
import type { Plural } from '../resources.ts';
import type { ClusterView } from '../view.ts';

/** Is it open what objects of this kind there are? Refused or not listed yet: yes; a connection that was lost later: no. */
export const isUnread = (view: ClusterView, plural: Plural, namespace = ''): boolean =>
  gapIn(view, plural, namespace) !== null;
