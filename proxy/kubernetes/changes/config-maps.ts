import { parseNginx } from '../../config/nginx-config.ts';
import type { ConfigMap } from '../objects.ts';
import type { ClusterView } from '../view.ts';
import { by, type ClusterChange, changed, difference, digest, phrases, refOf } from './change.ts';
import { proxyOf, readersOf, workloadsIn } from './whose.ts';

/** Snippets and whole files longer than this are told by their number of lines, characters. */
const MOST_PARSED = 64 * 1024;

/** Directives of an nginx snippet, each as it stands; null: it does not read as one. */
function directives(text: string): string[] | null {
  if (text.length > MOST_PARSED) return null;
  try {
    return parseNginx(text).map((one) => [one.name, ...one.args, one.block ? '{…}' : ''].join(' ').trim());
  } catch {
    return null;
  }
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** What a value of several lines lost and won: by directives where it is nginx, else by lines. */
function textChange(key: string, before: string, after: string): string {
  const asNginx = /snippet|\.conf$/.test(key);
  const [was, is] = [(asNginx && directives(before)) || lines(before), (asNginx && directives(after)) || lines(after)];
  const gone = was.filter((one) => !is.includes(one));
  const come = is.filter((one) => !was.includes(one));
  const name = (one: string): string => `\`${one.length > 60 ? `${one.slice(0, 59)}…` : one}\``;
  const some = (what: string, list: string[]): string[] =>
    list.length
      ? [`${what} ${list.slice(0, 2).map(name).join(', ')}${list.length > 2 ? ` and ${list.length - 2} more` : ''}`]
      : [];
  const parts = [...some('added', come), ...some('removed', gone)];
  return `${key}: ${parts.join(', ') || 'the same lines in another order'}`;
}

/** Keys of two versions of a ConfigMap, each with what it was and is. */
function dataChanges(before: ConfigMap['data'], after: ConfigMap['data']): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const [was, is] = [before[key], after[key]];
    if (was === is) return [];
    const long = [was, is].some((value) => value !== undefined && (value.includes('\n') || value.length > 80));
    if (!long) return difference(key, was, is);
    if (was === undefined) return [`${key}: set (${lines(is as string).length} lines)`];
    return is === undefined ? [`${key}: removed (${lines(was).length} lines)`] : [textChange(key, was, is)];
  });
}

/**
 * Settings of proxies that changed, key by key. Of ConfigMaps that a proxy's namespace has besides, the same; of
 * applications only the names of keys, since their values are nobody's business here.
 */
export function configMapChanges(
  view: ClusterView,
  before: ConfigMap | null,
  after: ConfigMap | null,
  heard: string,
): ClusterChange[] {
  const one = after ?? before;
  if (!one || one.meta.name === 'kube-root-ca.crt') return [];
  const [was, is] = [before?.data ?? {}, after?.data ?? {}];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => was[key] !== is[key]).sort();
  // Leader election of older controllers writes an annotation every other second.
  if (before && after && keys.length === 0) return [];
  const readers = readersOf(view, one).map((proxy) => proxy.name);
  const near = readers.length > 0 || [...workloadsIn(view, one.meta.namespace)].some((workload) => proxyOf(workload));
  const what = refOf('ConfigMap', one.meta);
  const detail = near ? phrases(dataChanges(was, is)) : `keys ${keys.slice(0, 8).join(', ')}`;
  const verb = before && after ? '' : after ? 'created: ' : 'removed: ';
  const [first, ...others] = readers;
  return [
    changed(after ? ((before ? null : after.meta.createdAt) ?? after.meta.changed?.at ?? heard) : heard, {
      uid: one.meta.uid,
      kind: 'config',
      object: first ?? what,
      summary: `${first ? `${one.meta.name}: ` : ''}${verb}${detail || 'empty'}`,
      by: after && by(after.meta),
      about: [what, ...others, ...(first ? [] : [`Namespace ${one.meta.namespace}`])],
      state: digest(is),
      timeless: after === null,
    }),
  ];
}
