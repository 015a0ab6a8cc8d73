import { number, type Raw, raw, text } from './pick.ts';

/** An answer of the API server that is no success. */
export class ApiError extends Error {
  /** HTTP status; 0: no answer at all, or one that can't be read. */
  readonly status: number;
  /** `Expired`, `Forbidden`, …, as the Status object says it; ours: `NoConnection`, `TooLarge`, `Unreadable`. */
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

/** A Status object, or the plain text that an unknown path is answered with. */
export function errorIn(status: number, body: string, retryAfter: string | null): ApiError {
  const wait = Number(retryAfter);
  const retry = retryAfter !== null && Number.isFinite(wait) && wait >= 0 ? wait * 1000 : null;
  try {
    const said = raw(JSON.parse(body));
    const details = number(raw(said.details).retryAfterSeconds);
    const message = (text(said.message) ?? '').slice(0, 500) || `status ${status}`;
    return new ApiError(status, text(said.reason) ?? '', message, retry ?? (details === null ? null : details * 1000));
  } catch {
    return new ApiError(status, '', body.trim().slice(0, 200) || `status ${status}`, retry);
  }
}

/**
 * A page of a list. What is no list is refused: an error page of something in between, read as an empty list, would
 * delete everything that is known. `items` may be null for an empty one (a nil slice in Go).
 */
export function pageIn(path: string, body: string): ListPage {
  let parsed: Raw;
  try {
    parsed = raw(JSON.parse(body));
  } catch {
    throw new ApiError(0, 'Unreadable', `${path} is no JSON but ${JSON.stringify(body.slice(0, 60))}`);
  }
  const meta = raw(parsed.metadata);
  const { items } = parsed;
  const version = text(meta.resourceVersion);
  if (!text(parsed.kind)?.endsWith('List') || (items !== null && !Array.isArray(items)) || !version)
    throw new ApiError(0, 'Unreadable', `${path} is no list of an API server`);
  return {
    items: ((items as unknown[] | null) ?? []).map(raw),
    resourceVersion: version,
    next: text(meta.continue) || null,
  };
}

/** etcd takes no object above 1.5 MiB; a line holds one. */
const LINE_CHARACTERS = 8 * 1024 * 1024;

/** Lines of a stream, each at most so long. A last line without its end is half an object and dropped. */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = rest.indexOf('\n', from); end !== -1; end = rest.indexOf('\n', from)) {
      const line = rest.slice(from, end);
      from = end + 1;
      if (line.trim() !== '') yield line;
    }
    rest = rest.slice(from);
    if (rest.length > LINE_CHARACTERS) throw new ApiError(0, 'TooLarge', 'a watched object is larger than any can be');
  }
}
