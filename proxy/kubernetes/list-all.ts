import { ApiError, type Connection } from './connection.ts';
import { type Raw, raw, text } from './pick.ts';
import type { Kinds, Plural, Resource } from './resources.ts';
import { keyOf } from './view.ts';

/** Everything of a kind in a scope at one version. */
export interface Listed<P extends Plural = Plural> {
  objects: Map<string, Kinds[P]>;
  /** Objects that are there and could not be read: what was known of them stays. */
  unread: Set<string>;
  version: string;
}

/** Objects of one page: a list of 20,000 pods in one piece would be 200 MB of text. */
const PAGE = 500;
/** No cluster has so many of a kind; a server that never comes to an end does. */
const MOST_OBJECTS = 500_000;
const MOST_PAGES = 20_000;

/** The name of a raw object; null: it has none. */
export function keyIn(object: Raw): string | null {
  const meta = raw(object.metadata);
  const name = text(meta.name);
  return name ? keyOf(text(meta.namespace) ?? '', name) : null;
}

/** What is kept of an object; null for one of a shape that can't be read. */
export function trimmed<P extends Plural>(resource: Resource<P>, object: Raw): Kinds[P] | null {
  try {
    return resource.trim(object);
  } catch {
    return null;
  }
}

/** Lists a kind page by page. A list that expires in its middle (410) is begun anew, and if it does again, in one piece. */
export async function listAll<P extends Plural>(
  connection: Connection,
  resource: Resource<P>,
  path: string,
  signal: AbortSignal,
): Promise<Listed<P>> {
  for (let attempt = 0; ; attempt++) {
    const limit: { [key: string]: string } = attempt < 2 ? { limit: String(PAGE) } : {};
    try {
      return await listOnce(connection, resource, path, limit, signal);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 410) || attempt >= 2) throw error;
    }
  }
}

async function listOnce<P extends Plural>(
  connection: Connection,
  resource: Resource<P>,
  path: string,
  limit: { [key: string]: string },
  signal: AbortSignal,
): Promise<Listed<P>> {
  const objects = new Map<string, Kinds[P]>();
  const unread = new Set<string>();
  let next: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const params: { [key: string]: string } = next ? { ...limit, continue: next } : limit;
    const page = await connection.list(path, params, signal);
    for (const item of page.items) {
      const key = keyIn(item);
      if (key === null) continue;
      const object = trimmed(resource, item);
      if (object) objects.set(key, object);
      else unread.add(key);
    }
    next = page.next;
    if (!next) return { objects, unread, version: page.resourceVersion };
    if (objects.size > MOST_OBJECTS) break;
  }
  throw new ApiError(0, 'TooLarge', `more than ${objects.size} ${resource.plural}: give namespaces`);
}
