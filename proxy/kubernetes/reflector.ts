import { setTimeout as wait } from 'node:timers/promises';
import { ApiError, type Connection } from './connection.ts';
import { type Listed, listAll, trimmed } from './list-all.ts';
import { missingBecause } from './refusals.ts';
import type { Kinds, Plural, Resource } from './resources.ts';
import type { Missing } from './view.ts';
import { watchOnce } from './watch-on.ts';

/** Hears what a reflector sees, in the order in which the API server says it. */
export interface Sink {
  /** Everything of a kind (in one namespace; empty: all): what is not among it is gone. */
  replace<P extends Plural>(plural: P, namespace: string, listed: Pick<Listed<P>, 'objects' | 'unread'>): void;
  /** One object that was added, changed, or (null) removed. */
  apply<P extends Plural>(plural: P, key: string, object: Kinds[P] | null): void;
  /** An object whose shape could not be read: what was known of it stays. */
  unread(plural: Plural, key: string): void;
  /** null: it is there now. `final`: asking on at once would change nothing, so nobody needs to wait for it. */
  missing(plural: Plural, namespace: string, why: Missing | null, final: boolean): void;
  /** The server said something: what is known is this fresh. */
  heard(): void;
}

export interface ReflectorOptions<P extends Plural = Plural> {
  connection: Connection;
  resource: Resource<P>;
  /** Empty: all namespaces. */
  namespace: string;
  sink: Sink;
  signal: AbortSignal;
  /** 0 to 1; only spreads what many reflectors do. */
  random?: () => number;
  /** Shorter waits for tests; 1: as in production. */
  pace?: number;
  /** A watch that is silent for so long is begun anew, ms. */
  idleMs?: number;
}

/** Bookmarks come about every minute; two that stay away are a dead connection, ms. */
const IDLE_MS = 130_000;
const BACKOFF = { first: 500, most: 30_000 };
/** What a server may ask us to wait at most, ms. */
const LONGEST_WAIT = 60_000;
/** Rights are given by people, CRDs are installed by people: no need to ask often, ms. */
const ASK_AGAIN = 60_000;
/** A watch that lives so long was well, even if nothing happened, ms. */
const LIVED_MS = 5_000;
/** An API server that starts may not know its CRDs yet: only so many refusals in a row make objects go. */
const ABSENT_AFTER = 3;

function pathOf(resource: Resource, version: string, namespace: string): string {
  const group = resource.group === '' ? `/api/${version}` : `/apis/${resource.group}/${version}`;
  return `${group}${namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${resource.plural}`;
}

/**
 * Keeps one kind of one namespace as the API server has it: lists in pages, then watches with bookmarks, and goes on
 * from where a stream ended. Expired versions are listed anew; what changed meanwhile shows as changes. Never throws;
 * ends with its signal. (Kubernetes API concepts: efficient detection of changes, 410 Gone, bookmarks.)
 */
export async function reflect<P extends Plural>(options: ReflectorOptions<P>): Promise<void> {
  const { connection, resource, namespace, sink, signal, pace = 1, random = Math.random } = options;
  const { plural } = resource;
  const pause = async (ms: number): Promise<void> => {
    await wait(ms * pace * (1 + random() * 0.4), undefined, { signal }).catch(() => {});
  };
  let versions = [...resource.versions];
  /** In a row, without a word from the server that brought us on. */
  let failures = 0;
  let absent = 0;
  let known = false;
  let watchDenied = false;
  let verb: 'list' | 'watch' = 'list';
  const from = { version: '' };
  const backOff = (): Promise<void> => pause(Math.min(BACKOFF.most, BACKOFF.first * 2 ** Math.min(failures++, 10)));
  const well = (): void => {
    failures = 0;
    watchDenied = false;
  };

  const failed = async (error: unknown): Promise<void> => {
    const status = error instanceof ApiError ? error.status : 0;
    const reason = error instanceof ApiError ? error.reason : '';
    // What can't be read there is there again when the watch goes on: a list gets past it.
    if (status === 410 || status === 403 || status === 404 || reason === 'Unreadable' || reason === 'TooLarge')
      from.version = '';
    if (status === 410) return failures++ === 0 ? undefined : backOff();
    if (status === 404 && versions.length > 1) {
      versions = versions.slice(1);
      return;
    }
    versions = [...resource.versions];
    // A new token, or a kubeconfig that leads elsewhere now: the first time it is tried at once.
    if (status === 401 || (status === 0 && failures % 4 === 3)) await connection.refresh().catch(() => {});
    if (status === 401 && failures++ === 0) return;
    const why = missingBecause(error, resource, namespace, verb);
    if (status === 404 && resource.optional) {
      if (known && ++absent < ABSENT_AFTER) return backOff();
      // What was here is gone with its CRD.
      if (known) sink.replace(plural, namespace, { objects: new Map(), unread: new Set() });
      sink.missing(plural, namespace, why, true);
      return pause(ASK_AGAIN);
    }
    // One stumble of a server that is known does not make what is known doubtful.
    const final = status === 401 || status === 403 || status === 404;
    if (!known || failures > 0 || final) sink.missing(plural, namespace, why, final);
    if (status === 403) {
      // Rights that were taken away: what was known is kept, as the last known.
      watchDenied = verb === 'watch';
      return pause(ASK_AGAIN);
    }
    const asked = error instanceof ApiError ? error.retryAfterMs : null;
    if (asked === null) return backOff();
    failures++;
    return pause(Math.min(LONGEST_WAIT, Math.max(asked, BACKOFF.first)));
  };

  while (!signal.aborted) {
    const path = pathOf(resource, versions[0] as string, namespace);
    try {
      if (from.version === '') {
        verb = 'list';
        const listed = await listAll(connection, resource, path, signal);
        if (signal.aborted) return;
        sink.heard();
        sink.replace(plural, namespace, listed);
        for (const key of listed.unread) sink.unread(plural, key);
        if (!watchDenied) sink.missing(plural, namespace, null, true);
        from.version = listed.version;
        known = true;
        absent = 0;
      }
      verb = 'watch';
      const began = performance.now();
      const ended = await watchOnce({
        connection,
        path,
        from,
        idleMs: options.idleMs ?? IDLE_MS,
        random,
        signal,
        onOpen() {
          sink.heard();
          sink.missing(plural, namespace, null, true);
          watchDenied = false;
        },
        onWord() {
          sink.heard();
          well();
        },
        onObject(key, object, gone) {
          const kept = gone ? null : trimmed(resource, object);
          if (gone || kept) sink.apply(plural, key, kept);
          else sink.unread(plural, key);
        },
      });
      if (performance.now() - began > LIVED_MS * pace) well();
      if (ended === 'expired') await failed(new ApiError(410, 'Expired', 'the watch expired'));
      // A server that ends every stream at once is not to be flooded.
      else if (performance.now() - began < 1_000 * pace) await backOff();
    } catch (error) {
      if (signal.aborted) return;
      await failed(error);
    }
  }
}
