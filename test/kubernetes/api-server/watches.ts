import type { ServerResponse } from 'node:http';
import { common, refuse, status, tooOldWatch } from './answers.ts';
import type { Ask } from './ask.ts';
import { selectorOf } from './selectors.ts';
import { apiVersionOf, type ObjectStore, type Stored, textOf, type Write } from './store.ts';

/** One open watch, as who drops it needs it. */
export interface OpenWatch {
  plural: string;
  namespace: string;
  /** Ends its stream cleanly, cuts the connection, says 410 first, or goes on holding it without a word. */
  drop(how: 'end' | 'cut' | 'expire' | 'silence'): void;
}

export interface WatchPace {
  /** How often a watch that takes bookmarks gets one, ms; about a minute on a real one. */
  bookmarkMs: number;
  /** A reader that does not read is let go of at so many bytes. */
  mostBuffered: number;
}

/** Typed kinds are written with their zero values, a bookmark too (recorded of EndpointSlice). */
const ZERO: { [kind: string]: object } = {
  EndpointSlice: { addressType: '', endpoints: null, ports: null },
  Pod: { spec: { containers: null }, status: {} },
  Service: { spec: {}, status: { loadBalancer: {} } },
};

/** Serves a watch until it ends. Returns the open watch, or null when it was refused. */
export function answerWatch(
  store: ObjectStore,
  ask: Ask,
  response: ServerResponse,
  pace: WatchPace,
  onEnd: () => void,
): OpenWatch | null {
  const { kind, version, namespace, params } = ask;
  if (params.has('sendInitialEvents')) {
    const why =
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
    refuse(response, status(422, 'Invalid', why));
    return null;
  }
  const asked = Number(params.get('resourceVersion') ?? '') || 0;
  const seconds = Number(params.get('timeoutSeconds')) || 1_800 + Math.random() * 1_800;
  const wants = selectorOf(params);
  const named = { kind, version };
  response.writeHead(200, { 'Content-Type': 'application/json', ...common(true) });
  response.flushHeaders();
  let silent = false;
  const tell = (type: string, text: string): undefined => {
    if (silent || response.writableEnded) return;
    response.write(`{"type":"${type}","object":${text}}\n`);
    if (response.writableLength > pace.mostBuffered) response.end();
  };
  if (asked > 0 && asked < store.watchableFrom) {
    tell('ERROR', JSON.stringify(tooOldWatch(asked, store.watchableFrom)));
    response.end();
    onEnd();
    return null;
  }
  const mine = (stored: Stored | null): Stored | null =>
    stored && (!namespace || stored.object.metadata.namespace === namespace) && wants(stored.object) ? stored : null;
  const hear = ({ revision, before, after, kind: of }: Write): undefined => {
    if (of !== kind || revision <= asked) return;
    const [was, is] = [mine(before), mine(after)];
    if (is) return tell(was ? 'MODIFIED' : 'ADDED', textOf(is, named));
    if (!was) return;
    // What is deleted, or no longer wanted, is shown as it was last, with the version of the write.
    const metadata = { ...was.object.metadata, resourceVersion: String(revision) };
    tell('DELETED', textOf({ object: { ...was.object, metadata }, revision, text: null }, named));
  };
  if (asked === 0) for (const row of store.at(kind, store.revision)) if (mine(row)) tell('ADDED', textOf(row, named));
  if (asked > 0) for (const write of store.since(asked, kind)) hear(write);
  const bookmark = (): void => {
    const object = {
      kind: kind.kind,
      apiVersion: apiVersionOf(kind, version),
      metadata: { resourceVersion: String(Math.max(store.revision, asked)), creationTimestamp: null },
      ...ZERO[kind.kind],
    };
    tell('BOOKMARK', JSON.stringify(object));
  };
  const stopHearing = store.watch(hear);
  const marks = params.get('allowWatchBookmarks') === 'true' ? setInterval(bookmark, pace.bookmarkMs) : null;
  const over = setTimeout(() => {
    // A real one sends a last bookmark about two seconds before the end.
    if (marks) bookmark();
    if (!silent) response.end();
  }, seconds * 1000);
  response.once('close', () => {
    stopHearing();
    if (marks) clearInterval(marks);
    clearTimeout(over);
    onEnd();
  });
  return {
    plural: kind.plural,
    namespace,
    drop(how) {
      stopHearing();
      if (how === 'silence') silent = true;
      else if (how === 'cut') response.destroy();
      else {
        if (how === 'expire') tell('ERROR', JSON.stringify(tooOldWatch(asked, store.revision)));
        response.end();
      }
    },
  };
}
