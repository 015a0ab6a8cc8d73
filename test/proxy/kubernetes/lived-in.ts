import { readdirSync, readFileSync } from 'node:fs';
import { type Plural, RESOURCES } from '../../../proxy/kubernetes/resources.ts';
import { ClusterStore, keyOf, type Missing } from '../../../proxy/kubernetes/view.ts';

const LISTS = new URL('../../fixtures/kubernetes/1.28.5/lists/', import.meta.url);

// biome-ignore lint/suspicious/noExplicitAny: objects of an API server, edited by tests as they are
export type RawObject = any;
export type Lists = { [plural: string]: RawObject[] };

/** The lists of the lived-in cluster, as a real kube-apiserver 1.28.5 said them; a fresh copy each time. */
export function livedInLists(): Lists {
  return Object.fromEntries(
    readdirSync(LISTS).map((file) => [
      file.replace('.json', ''),
      (JSON.parse(readFileSync(new URL(file, LISTS), 'utf8')) as { items: RawObject[] }).items,
    ]),
  );
}

export const objectOf = (lists: Lists, plural: string, name: string): RawObject => {
  const found = (lists[plural] ?? []).find((one) => keyOf(one.metadata.namespace ?? '', one.metadata.name) === name);
  if (!found) throw new Error(`no ${plural} ${name}`);
  return found;
};

/** When the recording was made: the lists tell of this moment. */
export const LIVED_AT = '2026-11-21T15:40:30.000Z';

/** A view of these lists, as the informers would hold it. */
export function viewOf(lists: Lists, missing: Missing[] = []): ClusterStore {
  const store = new ClusterStore('prod');
  store.asOf = LIVED_AT;
  store.missing = missing;
  for (const plural of Object.keys(RESOURCES) as Plural[])
    for (const raw of lists[plural] ?? []) {
      const object = RESOURCES[plural].trim(raw);
      store.set(plural, keyOf(object.meta.namespace, object.meta.name), object);
    }
  return store;
}

/** What an API server's refusal becomes. */
export const refused = (plural: Plural, namespace = ''): Missing => ({
  plural,
  namespace,
  reason: 'denied',
  detail: `list on ${plural} is refused${namespace ? ` in ${namespace}` : ''}; grant get, list and watch`,
});
