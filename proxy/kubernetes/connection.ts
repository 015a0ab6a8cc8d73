import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { list, number, type Raw, raw, text } from './pick.ts';

/** Where a cluster is and who we are there. */
export interface ClusterAccess {
  /** A kubeconfig file, absolute; null: the usual places ($KUBECONFIG, ~/.kube/config), then the pod's own account. */
  kubeconfig: string | null;
  /** null: the file's current one. */
  context: string | null;
}

/** An answer of the API server that is no success. */
export class ApiError extends Error {
  /** HTTP status; 0: no answer at all. */
  readonly status: number;
  /** `Expired`, `Forbidden`, …, as the Status object says it. */
  readonly reason: string;
  /** What the server asks us to wait, ms; null: it does not say. */
  readonly retryAfterMs: number | null;

  constructor(status: number, reason: string, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ListPage {
  items: Raw[];
  resourceVersion: string;
  /** Token for the next page; null: this was the last one. */
  next: string | null;
}

export interface WatchEvent {
  type: string;
  object: Raw;
}

/** One API server, asked in small bounded pieces. Every call may throw ApiError. */
export interface Connection {
  /** The context's name. */
  cluster: string;
  list(path: string, params: { [key: string]: string }, signal: AbortSignal): Promise<ListPage>;
  /** Ends when the server ends the stream; throws when it breaks. `onEvent` is called in order. */
  watch(
    path: string,
    params: { [key: string]: string },
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** A plain text, at most so many bytes of it: logs. */
  text(path: string, params: { [key: string]: string }, maxBytes: number, signal: AbortSignal): Promise<string>;
  /** Reads credentials anew: a token may have expired. */
  refresh(): Promise<void>;
}

/** A page holds at most 500 objects; this is far more than any. */
const PAGE_BYTES = 64 * 1024 * 1024;
/** etcd takes no object above 1.5 MiB; a line holds one. */
const LINE_BYTES = 8 * 1024 * 1024;
const ERROR_BYTES = 64 * 1024;

async function bytesOf(body: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw new ApiError(0, 'TooLarge', `the API server sends more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A Status object, or the plain text that an unknown path is answered with. */
function errorIn(status: number, body: string, retryAfter: string | null): ApiError {
  const wait = Number(retryAfter);
  const retry = retryAfter !== null && Number.isFinite(wait) ? wait * 1000 : null;
  try {
    const said = raw(JSON.parse(body));
    const details = number(raw(said.details).retryAfterSeconds);
    return new ApiError(
      status,
      text(said.reason) ?? '',
      (text(said.message) ?? '').slice(0, 500) || `status ${status}`,
      retry ?? (details === null ? null : details * 1000),
    );
  } catch {
    return new ApiError(status, '', body.trim().slice(0, 200) || `status ${status}`, retry);
  }
}

/** Lines of a stream, each at most so long. A last line without its end is half an object and dropped. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = rest.indexOf('\n', from); end !== -1; end = rest.indexOf('\n', from)) {
      const line = rest.slice(from, end);
      from = end + 1;
      if (line !== '') yield line;
    }
    rest = rest.slice(from);
    if (rest.length > LINE_BYTES) throw new ApiError(0, 'TooLarge', 'a watched object is larger than any can be');
  }
}

/**
 * A connection by a kubeconfig. The client library is loaded only here, since it costs 90 MB: it knows how to read
 * kubeconfigs and how to get credentials (certificates, tokens, plugins). Throws TriageError for a file that is none.
 */
export async function connect(access: ClusterAccess): Promise<Connection> {
  const [{ KubeConfig, HttpMethod, RequestContext }, { fetch }] = await Promise.all([
    import('@kubernetes/client-node'),
    import('undici'),
  ]);
  const load = async (): Promise<InstanceType<typeof KubeConfig>> => {
    const config = new KubeConfig();
    const { kubeconfig, context } = access;
    try {
      if (kubeconfig) {
        await readFile(kubeconfig, 'utf8');
        config.loadFromFile(kubeconfig);
      } else {
        config.loadFromDefault();
      }
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      throw new TriageError('unreadable', `${kubeconfig}: ${missing ? 'no such file' : reasonOf(error)}`, {
        cause: error,
      });
    }
    if (context !== null) {
      if (!config.getContextObject(context)) {
        const known = config.getContexts().map((one) => one.name);
        throw new TriageError(
          'unreadable',
          `${kubeconfig ?? 'kubeconfig'}: there is no context ${context} (there are ${known.join(', ')})`,
        );
      }
      config.setCurrentContext(context);
    }
    if (!config.getCurrentCluster())
      throw new TriageError('unreadable', `${kubeconfig ?? 'kubeconfig'}: its current context names no cluster`);
    return config;
  };
  let config = await load();

  const ask = async (path: string, params: { [key: string]: string }, signal: AbortSignal) => {
    const server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
    const url = new URL(server + path);
    for (const [key, value] of Object.entries(params)) url.searchParams.set(key, value);
    try {
      const context = new RequestContext(url.toString(), HttpMethod.GET);
      await config.applySecurityAuthentication(context);
      const dispatcher = context.getDispatcher();
      const answer = await fetch(url, {
        headers: { ...context.getHeaders(), accept: 'application/json', 'user-agent': 'is-it-the-ingress' },
        redirect: 'error',
        signal,
        ...(dispatcher && { dispatcher }),
      });
      const body = answer.body as unknown as AsyncIterable<Uint8Array>;
      if (answer.status === 200) return body;
      const said = (await bytesOf(body, ERROR_BYTES)).toString('utf8');
      throw errorIn(answer.status, said, answer.headers.get('retry-after'));
    } catch (error) {
      if (error instanceof ApiError || signal.aborted) throw error;
      const cause = (error as { cause?: unknown }).cause ?? error;
      throw new ApiError(0, 'NoConnection', `${url.host}: ${(cause as NodeJS.ErrnoException).code ?? reasonOf(cause)}`);
    }
  };
  /** A stream that breaks in the middle is a connection that went away, whatever the library calls it. */
  const broken = (error: unknown, signal: AbortSignal): unknown =>
    error instanceof ApiError || signal.aborted
      ? error
      : new ApiError(0, 'NoConnection', reasonOf((error as { cause?: unknown }).cause ?? error));

  return {
    cluster: config.getCurrentContext() || basename(access.kubeconfig ?? 'in-cluster'),
    async list(path, params, signal) {
      const body = await ask(path, params, signal);
      const bytes = await bytesOf(body, PAGE_BYTES).catch((error: unknown) => {
        throw broken(error, signal);
      });
      let parsed: Raw;
      try {
        parsed = raw(JSON.parse(bytes.toString('utf8')));
      } catch (error) {
        throw new ApiError(0, 'Unreadable', `${path} is no JSON: ${reasonOf(error)}`);
      }
      const meta = raw(parsed.metadata);
      return {
        items: list(parsed.items),
        resourceVersion: text(meta.resourceVersion) ?? '',
        next: text(meta.continue) || null,
      };
    },
    async watch(path, params, onEvent, signal) {
      const body = await ask(path, { ...params, watch: 'true' }, signal);
      try {
        for await (const line of linesOf(body)) {
          let event: Raw;
          try {
            event = raw(JSON.parse(line));
          } catch (error) {
            throw new ApiError(0, 'Unreadable', `${path}: a line of the watch is no JSON: ${reasonOf(error)}`);
          }
          onEvent({ type: text(event.type) ?? '', object: raw(event.object) });
        }
      } catch (error) {
        throw broken(error, signal);
      }
    },
    async text(path, params, maxBytes, signal) {
      const body = await ask(path, params, signal);
      const chunks: Uint8Array[] = [];
      let size = 0;
      try {
        for await (const chunk of body) {
          chunks.push(chunk);
          size += chunk.length;
          if (size >= maxBytes) break;
        }
      } catch (error) {
        throw broken(error, signal);
      }
      return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
    },
    async refresh() {
      config = await load();
    },
  };
}
