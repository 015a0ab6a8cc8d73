import type { Connection } from './connection.ts';
import { type ReflectorOptions, reflect, type Sink } from './reflector.ts';
import { type Kinds, type Plural, RESOURCES } from './resources.ts';
import { ClusterStore, type ClusterView, type Missing } from './view.ts';

/** One change of a watched object, as it was heard. The first list is not a change. */
export type ObjectChange = {
  [P in Plural]: { plural: P; key: string; before: Kinds[P] | null; after: Kinds[P] | null };
}[Plural];

export interface WatchedCluster {
  view: ClusterView;
  /** Resolves when every kind was listed, refused, or found absent; false when the time is over before. */
  ready(withinMs: number): Promise<boolean>;
  close(): void;
}

export interface WatchOptions {
  connection: Connection;
  /** Empty: all. */
  namespaces: string[];
  now: () => Date;
  onChange?: (change: ObjectChange) => void;
  /** Kinds to watch; all unless said otherwise. */
  only?: Plural[];
  pace?: number;
  random?: ReflectorOptions['random'];
}

/** Watches a cluster until it is closed. Nothing that the API server does throws; what is missing says why. */
export function watchCluster(options: WatchOptions): WatchedCluster {
  const { connection, namespaces, now, onChange } = options;
  const store = new ClusterStore(connection.cluster);
  const stop = new AbortController();
  const kinds = options.only ?? (Object.keys(RESOURCES) as Plural[]);
  const scopes = kinds.flatMap((plural) =>
    (RESOURCES[plural].namespaced && namespaces.length ? namespaces : ['']).map((namespace) => ({ plural, namespace })),
  );
  const name = (plural: Plural, namespace: string): string => `${plural} ${namespace}`;
  const pending = new Set(scopes.map((scope) => name(scope.plural, scope.namespace)));
  const listed = new Set<string>();
  const waiting: (() => void)[] = [];
  const settle = (key: string): void => {
    if (!pending.delete(key) || pending.size > 0) return;
    for (const tell of waiting.splice(0)) tell();
  };
  const put = <P extends Plural>(plural: P, key: string, object: Kinds[P] | null, isChange: boolean): void => {
    const before = store.set(plural, key, object);
    if (isChange && (before !== null || object !== null))
      onChange?.({ plural, key, before, after: object } as ObjectChange);
  };
  const sink: Sink = {
    replace(plural, namespace, objects) {
      const key = name(plural, namespace);
      // After the first list, what a later one says differently happened while we were not listening.
      const isChange = listed.has(key);
      const versions = (one: { meta: { uid: string } } | undefined, other: unknown): boolean =>
        JSON.stringify(one) === JSON.stringify(other);
      for (const [id, object] of store.objects[plural]) {
        const mine = namespace === '' || (object as { meta: { namespace: string } }).meta.namespace === namespace;
        if (mine && !objects.has(id)) put(plural, id, null, isChange);
      }
      for (const [id, object] of objects) {
        if (isChange && versions(store.objects[plural].get(id) as never, object)) continue;
        put(plural, id, object as never, isChange);
      }
      listed.add(key);
      settle(key);
    },
    apply: (plural, key, object) => put(plural, key, object, true),
    missing(plural, namespace, why) {
      store.missing = store.missing.filter((one) => one.plural !== plural || one.namespace !== namespace);
      if (why) store.missing = [...store.missing, why];
      if (why && why.reason !== 'no-connection') settle(name(plural, namespace));
    },
    heard: () => {
      store.asOf = now().toISOString();
    },
  };
  store.missing = scopes.map(
    ({ plural, namespace }): Missing => ({
      plural,
      namespace,
      reason: 'not-yet',
      detail: `${plural} were not read yet`,
    }),
  );
  for (const { plural, namespace } of scopes) {
    void reflect({
      connection,
      resource: RESOURCES[plural] as never,
      namespace,
      sink,
      signal: stop.signal,
      ...(options.pace !== undefined && { pace: options.pace }),
      ...(options.random && { random: options.random }),
    });
  }
  return {
    view: store,
    async ready(withinMs) {
      if (pending.size === 0) return true;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), withinMs);
      });
      const done = new Promise<true>((resolve) => waiting.push(() => resolve(true)));
      return Promise.race([late, done]).finally(() => clearTimeout(timer));
    },
    close: () => stop.abort(),
  };
}
