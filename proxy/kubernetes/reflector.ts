import { setTimeout as wait } from 'node:timers/promises';
import { ApiError, type Connection } from './connection.ts';
import { raw, text } from './pick.ts';
import type { Kinds, Plural, Resource } from './resources.ts';
import { keyOf, type Missing } from './view.ts';

/** Hears what a reflector sees, in the order in which the API server says it. */
export interface Sink {
  /** Everything of a kind (in one namespace; empty: all): what is not among it is gone. */
  replace<P extends Plural>(plural: P, namespace: string, objects: Map<string, Kinds[P]>): void;
  /** One object that was added, changed, or (null) removed. */
  apply<P extends Plural>(plural: P, key: string, object: Kinds[P] | null): void;
  /** null: it is there now. */
  missing(plural: Plural, namespace: string, why: Missing | null): void;
  /** The server said something: what is known is this fresh. */
  heard(): void;
}

export interface ReflectorOptions {
  connection: Connection;
  resource: Resource;
  /** Empty: all namespaces. */
  namespace: string;
  sink: Sink;
  signal: AbortSignal;
  /** 0 to 1; only spreads what many reflectors do. */
  random?: () => number;
  /** Shorter waits for tests; 1: as in production. */
  pace?: number;
}

/** Objects of one page: a list of 20,000 pods in one piece would be 200 MB of text. */
const PAGE = 500;
/** A watch is ended by the server after this long and begun anew, s: a dead connection is noticed by then. */
const WATCH_SECONDS = 240;
const BACKOFF = { first: 500, most: 30_000 };
/** Rights are given by people, CRDs are installed by people: no need to ask often, ms. */
const ASK_AGAIN = { denied: 60_000, 'not-installed': 300_000 };

function pathOf(resource: Resource, version: string, namespace: string): string {
  const group = resource.group === '' ? `/api/${version}` : `/apis/${resource.group}/${version}`;
  return `${group}${namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${resource.plural}`;
}

function missingBecause(error: unknown, resource: Resource, namespace: string): Missing {
  const base = { plural: resource.plural, namespace };
  const where = namespace
    ? `in the namespace ${namespace}`
    : resource.namespaced
      ? 'in all namespaces'
      : 'of the cluster';
  const status = error instanceof ApiError ? error.status : 0;
  const words = error instanceof Error ? error.message : String(error);
  if (status === 403)
    return {
      ...base,
      reason: 'denied',
      detail: `${resource.plural} may not be read ${where}: grant get, list and watch on ${resource.plural}${resource.group ? `.${resource.group}` : ''}`,
    };
  if (status === 404) return { ...base, reason: 'not-installed', detail: `${resource.kind} is not installed here` };
  if (status === 401)
    return {
      ...base,
      reason: 'denied',
      detail: `the API server does not know us any more (401): renew the token or certificate`,
    };
  return { ...base, reason: 'no-connection', detail: `${resource.plural} could not be read: ${words}` };
}

/** Lists a kind page by page. A list that expires in its middle (410) is begun anew, and if it does again, in one piece. */
async function listAll(
  connection: Connection,
  path: string,
  trim: (object: never) => Kinds[Plural],
  signal: AbortSignal,
): Promise<{ objects: Map<string, Kinds[Plural]>; version: string }> {
  for (let attempt = 0; ; attempt++) {
    const objects = new Map<string, Kinds[Plural]>();
    let next: string | null = null;
    try {
      do {
        const params: { [key: string]: string } = attempt < 2 ? { limit: String(PAGE) } : {};
        if (next) params.continue = next;
        const page = await connection.list(path, params, signal);
        for (const item of page.items) {
          const object = trim(item as never);
          objects.set(keyOf(object.meta.namespace, object.meta.name), object);
        }
        next = page.next;
        if (!next) return { objects, version: page.resourceVersion };
      } while (next);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 410) || attempt >= 2) throw error;
    }
  }
}

/** True: the watch must begin with a new list, since what it went on from is gone. */
async function watchOn(
  options: ReflectorOptions,
  path: string,
  from: { version: string },
): Promise<'go-on' | 'list-anew'> {
  const { connection, resource, sink, random = Math.random } = options;
  const seconds = Math.round(WATCH_SECONDS * (1 + random() / 2));
  // A stream that outlives its own end is dead: half-closed, or behind a middlebox that forgot it.
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout((seconds + 15) * 1000)]);
  let expired: ApiError | null = null;
  const params = {
    allowWatchBookmarks: 'true',
    resourceVersion: from.version,
    timeoutSeconds: String(seconds),
  };
  await connection.watch(
    path,
    params,
    ({ type, object }) => {
      if (expired) return;
      sink.heard();
      if (type === 'ERROR') {
        const status = raw(object);
        const code = Number(status.code) || 0;
        expired = new ApiError(code, text(status.reason) ?? '', text(status.message) ?? 'the watch failed');
        return;
      }
      const version = text(raw(object.metadata).resourceVersion);
      if (version) from.version = version;
      if (type === 'BOOKMARK') return;
      const trimmed = resource.trim(object);
      const key = keyOf(trimmed.meta.namespace, trimmed.meta.name);
      sink.apply(resource.plural, key, type === 'DELETED' ? null : trimmed);
    },
    signal,
  );
  const failure = expired as ApiError | null;
  if (!failure) return 'go-on';
  if (failure.status === 410) return 'list-anew';
  throw failure;
}

/**
 * Keeps one kind of one namespace as the API server has it: lists in pages, then watches with bookmarks, and goes on
 * from where a stream ended. Expired versions are listed anew; what changed meanwhile shows as changes. Never throws;
 * ends with its signal. (Kubernetes API concepts: efficient detection of changes, 410 Gone, bookmarks.)
 */
export async function reflect(options: ReflectorOptions): Promise<void> {
  const { connection, resource, namespace, sink, signal, pace = 1, random = Math.random } = options;
  const pause = async (ms: number): Promise<void> => {
    await wait(ms * pace * (0.8 + random() * 0.4), undefined, { signal }).catch(() => {});
  };
  let versions = [...resource.versions];
  let failures = 0;
  const from = { version: '' };
  while (!signal.aborted) {
    const [version = ''] = versions;
    const path = pathOf(resource, version, namespace);
    try {
      if (from.version === '') {
        const listed = await listAll(connection, path, resource.trim as (object: never) => Kinds[Plural], signal);
        from.version = listed.version;
        sink.heard();
        sink.replace(resource.plural, namespace, listed.objects as Map<string, never>);
        sink.missing(resource.plural, namespace, null);
      }
      const began = Date.now();
      if ((await watchOn(options, path, from)) === 'list-anew') from.version = '';
      failures = 0;
      // A server that ends every stream at once is not to be flooded.
      if (Date.now() - began < 1_000) await pause(BACKOFF.first);
    } catch (error) {
      if (signal.aborted) return;
      const status = error instanceof ApiError ? error.status : 0;
      if (status === 410) {
        from.version = '';
        continue;
      }
      if (status === 404 && versions.length > 1) {
        versions = versions.slice(1);
        continue;
      }
      if (status === 401) await connection.refresh().catch(() => {});
      const why = missingBecause(error, resource, namespace);
      sink.missing(resource.plural, namespace, why);
      if (status === 403 || status === 404) {
        // Rights that were taken away: what was known is kept, as the last known.
        from.version = '';
        versions = [...resource.versions];
        await pause(ASK_AGAIN[status === 403 ? 'denied' : 'not-installed']);
        continue;
      }
      const asked = error instanceof ApiError ? error.retryAfterMs : null;
      await pause(asked ?? Math.min(BACKOFF.most, BACKOFF.first * 2 ** Math.min(failures, 10)));
      failures++;
    }
  }
}
