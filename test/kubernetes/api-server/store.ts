import { randomUUID } from 'node:crypto';
import { BUILT_IN, groupVersion, INSTALLABLE, pluralOf, type ServedKind } from './kinds.ts';

/** An object as it is served: with whatever fields it has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: { name: string; namespace?: string; resourceVersion?: string; [key: string]: unknown };
  [key: string]: unknown;
}

/** One write: what a watch tells. */
export interface Write {
  revision: number;
  kind: ServedKind;
  key: string;
  before: Stored | null;
  after: Stored | null;
}

export interface Stored {
  /** Without its apiVersion and kind: lists of built-in kinds have none, and the version is the one asked for. */
  object: KubeObject;
  revision: number;
  /** JSON of it, made when first asked for. */
  text: string | null;
}

/** The object as JSON, named as a kind in a version, or (null) as a list of built-in kinds holds it. */
export function textOf(stored: Stored, named: { kind: ServedKind; version: string } | null): string {
  stored.text ??= JSON.stringify(stored.object);
  if (!named) return stored.text;
  const { kind, version } = named;
  return `{"kind":"${kind.kind}","apiVersion":"${apiVersionOf(kind, version)}",${stored.text.slice(1)}`;
}

export const apiVersionOf = (kind: ServedKind, version: string): string =>
  kind.group ? `${kind.group}/${version}` : version;
export const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

const EMPTY: ReadonlyMap<string, Stored> = new Map();

/** Objects with one revision for all kinds, and the writes of the recent past, as etcd and the watch cache keep them. */
export class ObjectStore {
  revision = 400;
  /** Lists at an older revision are gone (410). */
  compacted = 0;
  /** Watches from before it are too old: the watch cache begins here, later after a restart. */
  watchableFrom = 400;
  readonly kinds = new Map<string, ServedKind>();
  #objects = new Map<ServedKind, Map<string, Stored>>();
  #log: Write[] = [];
  #history: number;
  #watchers = new Set<(write: Write) => void>();
  #sorted = new Map<ServedKind, { revision: number; rows: Stored[] }>();

  constructor(history: number) {
    this.#history = history;
    for (const kind of BUILT_IN) this.#serve(kind);
  }

  #serve(kind: ServedKind): ServedKind {
    for (const version of kind.versions) this.kinds.set(`${kind.group}/${version}/${kind.plural}`, kind);
    return kind;
  }

  /** Serves the kinds of a group from now on (its CRDs are installed). */
  install(group: string): void {
    for (const kind of INSTALLABLE) if (kind.group === group) this.#serve(kind);
  }

  /** Takes a group away, objects and all. */
  uninstall(group: string): void {
    for (const kind of new Set(this.kinds.values())) {
      if (kind.group !== group) continue;
      for (const { object } of this.all(kind)) this.remove(kind, object.metadata.namespace ?? '', object.metadata.name);
      for (const version of kind.versions) this.kinds.delete(`${group}/${version}/${kind.plural}`);
    }
  }

  /** The kind of an object; an unknown one is installed as a CRD would be. */
  kindOf(object: KubeObject): ServedKind {
    const { group, version } = groupVersion(object.apiVersion ?? 'v1');
    const name = object.kind ?? '';
    const find = (): ServedKind | undefined =>
      [...this.kinds.values()].find((kind) => kind.group === group && kind.kind === name);
    const found = find();
    if (found) return found;
    if (!name) throw new Error(`an object without a kind: ${JSON.stringify(object).slice(0, 200)}`);
    if (group) this.install(group);
    return (
      find() ??
      this.#serve({
        plural: pluralOf(name),
        kind: name,
        group,
        versions: [version],
        namespaced: object.metadata.namespace !== undefined,
      })
    );
  }

  get(kind: ServedKind, namespace: string, name: string): Stored | null {
    return this.#objects.get(kind)?.get(`${namespace}/${name}`) ?? null;
  }

  all(kind: ServedKind): Stored[] {
    return [...(this.#objects.get(kind) ?? EMPTY).values()];
  }

  /** Puts an object in, whole: new ones get a uid, changed ones keep theirs. */
  put(given: KubeObject): Stored {
    const kind = this.kindOf(given);
    const { apiVersion: _, kind: __, ...rest } = given;
    const key = keyOf(given);
    const map = this.#objects.get(kind) ?? new Map<string, Stored>();
    this.#objects.set(kind, map);
    const before = map.get(key) ?? null;
    const revision = ++this.revision;
    const metadata: KubeObject['metadata'] = {
      ...rest.metadata,
      uid: before?.object.metadata.uid ?? rest.metadata.uid ?? randomUUID(),
      creationTimestamp: before?.object.metadata.creationTimestamp ?? rest.metadata.creationTimestamp ?? now(),
      resourceVersion: String(revision),
    };
    const object: KubeObject = { ...rest, metadata };
    const after: Stored = { object, revision, text: null };
    map.set(key, after);
    this.#wrote({ revision, kind, key, before, after });
    return after;
  }

  remove(kind: ServedKind, namespace: string, name: string): Stored | null {
    const key = `${namespace}/${name}`;
    const before = this.#objects.get(kind)?.get(key) ?? null;
    if (!before) return null;
    this.#objects.get(kind)?.delete(key);
    const revision = ++this.revision;
    this.#wrote({ revision, kind, key, before, after: null });
    return before;
  }

  #wrote(write: Write): void {
    this.#log.push(write);
    if (this.#log.length > this.#history * 1.2) {
      const gone = this.#log.splice(0, this.#log.length - this.#history);
      const last = gone.at(-1)?.revision ?? 0;
      this.watchableFrom = Math.max(this.watchableFrom, last);
      this.compacted = Math.max(this.compacted, last);
    }
    for (const hear of this.#watchers) hear(write);
  }

  /** Forgets all writes up to now: what lists and watches go on from is gone. */
  compact(): void {
    this.#log = [];
    this.watchableFrom = this.revision;
    this.compacted = this.revision;
  }

  /** The watch cache of a server that just started begins now. */
  coldCache(): void {
    this.watchableFrom = this.revision;
  }

  /** Hears every write until it is called off. */
  watch(hear: (write: Write) => void): () => void {
    this.#watchers.add(hear);
    return () => this.#watchers.delete(hear);
  }

  /** Writes of a kind after a revision, oldest first. */
  since(revision: number, kind: ServedKind): Write[] {
    return this.#log.filter((write) => write.revision > revision && write.kind === kind);
  }

  /** Objects of a kind as they were at a revision, sorted by key as etcd sorts them. */
  at(kind: ServedKind, revision: number): Stored[] {
    const kept = this.#sorted.get(kind);
    if (kept?.revision === revision) return kept.rows;
    const map = new Map(this.#objects.get(kind) ?? EMPTY);
    for (let i = this.#log.length - 1; i >= 0; i--) {
      const write = this.#log[i] as Write;
      if (write.revision <= revision) break;
      if (write.kind !== kind) continue;
      if (write.before) map.set(write.key, write.before);
      else map.delete(write.key);
    }
    const rows = [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored);
    this.#sorted.set(kind, { revision, rows });
    return rows;
  }
}

/** Whole seconds, as API servers write times. */
export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
