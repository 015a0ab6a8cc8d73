import { ApiError, type Connection } from './connection.ts';
import { keyIn } from './list-all.ts';
import { type Raw, raw, text } from './pick.ts';

/** A watch is ended by the server after this long and begun anew, s. */
const WATCH_SECONDS = 240;

interface WatchRun {
  connection: Connection;
  path: string;
  /** Where to go on; moved forward with each event. */
  from: { version: string };
  /** Hears nothing for so long: a dead connection (half-closed, or forgotten by something in between), ms. */
  idleMs: number;
  random: () => number;
  signal: AbortSignal;
  onOpen: () => void;
  /** The server said something, if only how far it is. */
  onWord: () => void;
  /** An object as it is now; `gone`: as it was last. */
  onObject: (key: string, object: Raw, gone: boolean) => void;
}

/**
 * One watch. `ended`: the stream ended as streams do, or fell silent, and can be gone on with; `expired`: what it went on
 * from is gone. Throws ApiError otherwise. A real server sends a bookmark about every minute (measured on kube-apiserver
 * 1.28), so silence is told from quiet.
 */
export async function watchOnce(run: WatchRun): Promise<'ended' | 'expired'> {
  const { connection, path, from, idleMs, random, onOpen, onWord, onObject } = run;
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  run.signal.addEventListener('abort', abort, { once: true });
  const idle = setTimeout(abort, idleMs);
  let opened = false;
  let failed: ApiError | null = null;
  const params = {
    allowWatchBookmarks: 'true',
    resourceVersion: from.version,
    timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + random() / 2))),
  };
  try {
    run.signal.throwIfAborted();
    await connection.watch(
      path,
      params,
      ({ type, object }) => {
        if (failed || stop.signal.aborted) return;
        idle.refresh();
        if (type === 'ERROR') {
          const status = raw(object);
          const message = text(status.message) ?? 'the watch failed';
          failed = new ApiError(Number(status.code) || 0, text(status.reason) ?? '', message);
          return;
        }
        onWord();
        const key = keyIn(object);
        if (key !== null && (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED'))
          onObject(key, object, type === 'DELETED');
        // After the object was taken: what throws before is heard again.
        const version = text(raw(object.metadata).resourceVersion);
        if (version) from.version = version;
      },
      stop.signal,
      () => {
        opened = true;
        idle.refresh();
        onOpen();
      },
    );
  } catch (error) {
    run.signal.throwIfAborted();
    if (!stop.signal.aborted) throw error;
    if (!opened) throw new ApiError(0, 'NoConnection', `no answer for ${Math.round(idleMs / 1000)} s`);
  } finally {
    clearTimeout(idle);
    run.signal.removeEventListener('abort', abort);
  }
  const failure = failed as ApiError | null;
  if (failure === null) return 'ended';
  if (failure.status === 410) return 'expired';
  // Whatever else it could not say there, a list gets past it (client-go lists anew on every ERROR event too).
  from.version = '';
  throw failure;
}
