import { setMaxListeners } from 'node:events';
import type { Connection } from './connection.ts';
import { type ReflectorOptions, reflect, type Sink } from './reflector.ts';
import { type Kinds, type Plural, RESOURCES } from './resources.ts';
import { same } from './same.ts';
import { sharer } from './share.ts';
import { ClusterStore, type ClusterView, type Missing } from './view.ts';

/**
 * One change of what is kept of a watched object, as it was heard. The first list is no change, nor is what leaves
 * everything kept as it was. What happened while nobody listened shows as one change per object, from the last known to
 * what is there now; an object that was replaced by another of its name goes and comes.
 */
export type ObjectChange = {
  [P in Plural]: { plural: P; key: string; before: Kinds[P] | null; after: Kinds[P] | null };
}[Plural];

export interface WatchedCluster {
  view: ClusterView;
  /** Resolves when every kind was listed, refused, or found absent; false when the time is over before, or it is closed. */
  ready(withinMs: number): Promise<boolean>;
  /** Objects of shapes that could not be read, as `plural key`; of the newest at most a thousand. */
  unread(): string[];
  /** Ends every watch and the connection; resolves when nothing of it is left. */
  close(): Promise<void>;
}

export interface WatchOptions {
  connection: Connection;
  /** Empty: all. */
  namespaces: string[];
  now: () => Date;
  /** What it throws is given to `onError`; it never stops a watch. */
  onChange?: (change: ObjectChange) => void;
  onError?: (error: unknown) => void;
  /** Kinds to watch; all unless said otherwise. */
  only?: Plural[];
  pace?: number;
  idleMs?: number;
  random?: ReflectorOptions['random'];
}

const MOST_UNREAD = 1_000;

/** Watches a cluster until it is closed. Nothing that the API server does throws; what is missing says why. */
export function watchCluster(options: WatchOptions): WatchedCluster {
  const { connection, namespaces, now, onChange, onError } = options;
  const store = new ClusterStore(connection.cluster);
  const stop = new AbortController();
  const parts = sharer();
  setMaxListeners(0, stop.signal);
  const kinds = options.only ?? (Object.keys(RESOURCES) as Plural[]);
  const scopes = kinds.flatMap((plural) =>
    (RESOURCES[plural].namespaced && namespaces.length ? namespaces : ['']).map((namespace) => ({ plural, namespace })),
  );
  const name = (plural: Plural, namespace: string): string => `${plural} ${namespace}`;
  const pending = new Set(scopes.map((scope) => name(scope.plural, scope.namespace)));
  const listed = new Set<string>();
  const unread = new Set<string>();
  const waiting: ((ready: boolean) => void)[] = [];
  const settle = (key: string): void => {
    if (!pending.delete(key) || pending.size > 0) return;
    for (const tell of waiting.splice(0)) tell(true);
  };
  const tell = (change: ObjectChange): void => {
    try {
      onChange?.(change);
    } catch (error) {
      onError?.(error);
    }
  };
  const put = <P extends Plural>(plural: P, key: string, object: Kinds[P] | null, isChange: boolean): void => {
    const known = store.objects[plural].get(key);
    if (unread.size) unread.delete(`${plural} ${key}`);
    if (object === null ? known === undefined : same(known, object)) return;
    if (object) parts.share(plural, object);
    const before = store.set(plural, key, object);
    if (!isChange) return;
    const change = { plural, key, before, after: object };
    if (before && object && before.meta.uid !== object.meta.uid) {
      tell({ ...change, after: null } as ObjectChange);
      tell({ ...change, before: null } as ObjectChange);
    } else {
      tell(change as ObjectChange);
    }
  };
  const sink: Sink = {
    replace(plural, namespace, { objects, unread: there }) {
      const key = name(plural, namespace);
      // After the first list, what a later one says differently happened while we were not listening.
      const isChange = listed.has(key);
      for (const [id, object] of store.objects[plural]) {
        const mine = namespace === '' || (object as { meta: { namespace: string } }).meta.namespace === namespace;
        if (mine && !objects.has(id) && !there.has(id)) put(plural, id, null, isChange);
      }
      for (const [id, object] of objects) put(plural, id, object, isChange);
      listed.add(key);
      settle(key);
    },
    apply: (plural, key, object) => put(plural, key, object, true),
    unread(plural, key) {
      unread.add(`${plural} ${key}`);
      if (unread.size > MOST_UNREAD) unread.delete(unread.values().next().value as string);
    },
    missing(plural, namespace, why, final) {
      const others = store.missing.filter((one) => one.plural !== plural || one.namespace !== namespace);
      if (why || others.length !== store.missing.length) store.missing = why ? [...others, why] : others;
      if (final) settle(name(plural, namespace));
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
  const running = scopes.map(({ plural, namespace }) =>
    reflect({
      connection,
      resource: RESOURCES[plural] as never,
      namespace,
      sink,
      signal: stop.signal,
      ...(options.pace !== undefined && { pace: options.pace }),
      ...(options.idleMs !== undefined && { idleMs: options.idleMs }),
      ...(options.random && { random: options.random }),
    }),
  );
  return {
    view: store,
    unread: () => [...unread],
    async ready(withinMs) {
      if (pending.size === 0) return true;
      if (stop.signal.aborted) return false;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      waiting.push(resolve);
      const timer = setTimeout(resolve, withinMs, false);
      return promise.finally(() => {
        clearTimeout(timer);
        const at = waiting.indexOf(resolve);
        if (at !== -1) waiting.splice(at, 1);
      });
    },
    async close() {
      stop.abort();
      for (const tellOne of waiting.splice(0)) tellOne(false);
      await Promise.allSettled(running);
      await connection.close();
    },
  };
}
