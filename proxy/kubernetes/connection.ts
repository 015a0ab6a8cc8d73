import { reasonOf } from '../../diagnostics/errors.ts';
import { ApiError, errorIn, type ListPage, linesOf, pageIn } from './answers.ts';
import { type ClusterAccess, openSession, type Session } from './kubeconfig.ts';
import { type Raw, raw, text } from './pick.ts';

export { ApiError, type ListPage } from './answers.ts';
export type { ClusterAccess } from './kubeconfig.ts';

interface WatchEvent {
  type: string;
  object: Raw;
}

/** One API server, asked in small bounded pieces. Every call may throw ApiError. */
export interface Connection {
  /** The context's name. */
  cluster: string;
  list(path: string, params: { [key: string]: string }, signal: AbortSignal): Promise<ListPage>;
  /**
   * Ends when the server ends the stream; throws when it breaks. `onEvent` is called in order, `onOpen` once when the
   * server has taken the watch.
   */
  watch(
    path: string,
    params: { [key: string]: string },
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
    onOpen?: () => void,
  ): Promise<void>;
  /** A plain text, at most so many bytes of it: logs. */
  text(path: string, params: { [key: string]: string }, maxBytes: number, signal: AbortSignal): Promise<string>;
  /** Reads the kubeconfig and credentials anew: a token may have expired. Throws TriageError; the old ones then stay. */
  refresh(): Promise<void>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** A page holds at most 500 objects; this is far more than any. */
const PAGE_BYTES = 64 * 1024 * 1024;
const ERROR_BYTES = 64 * 1024;
/**
 * An API server gives up on a request of its own after 60 s. A list or a log that stops in its middle for half a minute is
 * dead; a watch may be silent, who watches it counts. Many that fail at once need only one new look at the kubeconfig.
 */
const LIMITS = { answerMs: 65_000, idleMs: 30_000, refreshMs: 1_000 };

type Params = { [key: string]: string };
type Body = AsyncIterable<Uint8Array> & { destroy(): unknown };

async function bytesOf(body: Body, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw new ApiError(0, 'TooLarge', `the API server sends more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The same, cut at so many bytes. */
async function firstBytesOf(body: Body, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

function eventIn(path: string, line: string): WatchEvent {
  try {
    const event = raw(JSON.parse(line));
    return { type: text(event.type) ?? '', object: raw(event.object) };
  } catch {
    throw new ApiError(
      0,
      'Unreadable',
      `${path}: a line of the watch is no JSON: ${JSON.stringify(line.slice(0, 60))}`,
    );
  }
}

/** A connection by a kubeconfig. Throws TriageError for a file that is none. `limits` are only shorter in tests. */
export async function connect(access: ClusterAccess, limits: typeof LIMITS = LIMITS): Promise<Connection> {
  const { request } = await import('undici');
  let session = await openSession(access);
  const dispatchers = new Set([session.dispatcher]);
  let refreshed: { at: number; done: Promise<void> } | null = null;

  /** Whatever breaks that the server did not say is a connection that went away. */
  const broken = (error: unknown, signal: AbortSignal, server: string): unknown => {
    if (error instanceof ApiError || signal.aborted) return error;
    const cause = (error as { cause?: unknown }).cause ?? error;
    const why = (cause as NodeJS.ErrnoException).code ?? reasonOf(cause);
    return new ApiError(0, 'NoConnection', `${new URL(server).host}: ${why}`);
  };
  const ask = async <T>(
    path: string,
    params: Params,
    signal: AbortSignal,
    idleMs: number,
    read: (body: Body) => Promise<T>,
  ): Promise<T> => {
    const used: Session = session;
    const url = new URL(used.server + path);
    for (const [key, value] of Object.entries(params)) url.searchParams.set(key, value);
    try {
      signal.throwIfAborted();
      const answer = await request(url, {
        headers: { ...(await used.headers()), accept: 'application/json', 'user-agent': 'is-it-the-ingress' },
        dispatcher: used.dispatcher,
        headersTimeout: limits.answerMs,
        bodyTimeout: idleMs,
        signal,
      });
      if (answer.statusCode === 200) return await read(answer.body);
      const said = (await firstBytesOf(answer.body, ERROR_BYTES)).toString('utf8');
      const retryAfter = answer.headers['retry-after'];
      throw errorIn(answer.statusCode, said, typeof retryAfter === 'string' ? retryAfter : null);
    } catch (error) {
      throw broken(error, signal, used.server);
    }
  };
  const renew = async (): Promise<void> => {
    const old = session;
    session = await openSession(access);
    dispatchers.add(session.dispatcher);
    // Streams that run go on to their end.
    void old.dispatcher.close().then(
      () => dispatchers.delete(old.dispatcher),
      () => {},
    );
  };

  return {
    cluster: session.cluster,
    list: (path, params, signal) =>
      ask(path, params, signal, limits.idleMs, async (body) =>
        pageIn(path, (await bytesOf(body, PAGE_BYTES)).toString('utf8')),
      ),
    watch: (path, params, onEvent, signal, onOpen) =>
      ask(path, { ...params, watch: 'true' }, signal, 0, async (body) => {
        onOpen?.();
        for await (const line of linesOf(body)) onEvent(eventIn(path, line));
      }),
    text: (path, params, maxBytes, signal) =>
      ask(path, params, signal, limits.idleMs, async (body) => (await firstBytesOf(body, maxBytes)).toString('utf8')),
    refresh() {
      if (!refreshed || performance.now() - refreshed.at > limits.refreshMs)
        refreshed = { at: performance.now(), done: renew() };
      return refreshed.done;
    },
    async close() {
      await Promise.all([...dispatchers].map((one) => one.destroy()));
    },
  };
}
