import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterChange, changesOf } from '../../../../proxy/kubernetes/changes.ts';
import type { ObjectChange } from '../../../../proxy/kubernetes/cluster.ts';
import type { Raw } from '../../../../proxy/kubernetes/pick.ts';
import { type Plural, RESOURCES } from '../../../../proxy/kubernetes/resources.ts';
import { ClusterStore, keyOf } from '../../../../proxy/kubernetes/view.ts';

const LISTS = join(import.meta.dirname, '../../../fixtures/kubernetes/1.28.5/lists');

/** Raw objects of a kind as kube-apiserver 1.28.5 lists them; none for a kind that was not recorded. */
export function recorded(plural: Plural): Raw[] {
  try {
    return JSON.parse(readFileSync(join(LISTS, `${plural}.json`), 'utf8')).items;
  } catch {
    return [];
  }
}

/** What is open in a raw object for a test to change. */
// biome-ignore lint/suspicious/noExplicitAny: tests write into objects of any kind
type Open = any;

/** When everything of the recorded cluster was written, and when its edits of the tests are. */
export const WRITTEN = '2026-11-21T15:40:30Z';
export const EDITED = '2026-11-21T16:05:12Z';
export const HEARD = '2026-11-21T16:05:13.250Z';

export interface LivedIn {
  view: ClusterStore;
  /** Changes one object as `edit` does, written by `manager` (null: nobody's entry tells of it), and tells what was heard. */
  edit(plural: Plural, name: string, edit: (object: Open) => void, manager?: string | null): ClusterChange[];
  add(plural: Plural, object: Open): ClusterChange[];
  remove(plural: Plural, name: string): ClusterChange[];
}

/** The recorded cluster: ingress-nginx and Traefik, applications of all sorts, some of them broken. */
export function livedIn(): LivedIn {
  const view = new ClusterStore('lived-in');
  const raws = new Map<string, Open>();
  view.asOf = HEARD;
  for (const plural of Object.keys(RESOURCES) as Plural[])
    for (const raw of recorded(plural)) {
      const object = RESOURCES[plural].trim(raw);
      const key = keyOf(object.meta.namespace, object.meta.name);
      view.set(plural, key, object);
      raws.set(`${plural} ${key}`, raw);
    }
  const put = (plural: Plural, key: string, raw: Raw | null): ClusterChange[] => {
    const after = raw && RESOURCES[plural].trim(raw);
    const before = view.set(plural, key, after);
    if (raw) raws.set(`${plural} ${key}`, raw);
    return changesOf({ plural, key, before, after } as ObjectChange, view);
  };
  return {
    view,
    edit(plural, key, edit, manager = 'kubectl-edit') {
      const raw = structuredClone(raws.get(`${plural} ${key}`));
      if (!raw) throw new Error(`no ${plural} ${key}`);
      edit(raw);
      if (manager !== null)
        raw.metadata.managedFields = [
          ...(raw.metadata.managedFields ?? []),
          { manager, operation: 'Update', time: EDITED, fieldsType: 'FieldsV1', fieldsV1: {} },
        ];
      raw.metadata.resourceVersion = String(Number(raw.metadata.resourceVersion) + 1);
      return put(plural, key, raw);
    },
    add: (plural, object) => put(plural, keyOf(object.metadata.namespace ?? '', object.metadata.name), object),
    remove: (plural, key) => put(plural, key, null),
  };
}
