import type { ServerResponse } from 'node:http';
import { common, fromTheFuture, notFound, type Refusal, refuse, send, tooOldList, tooOldToken } from './answers.ts';
import type { Ask } from './ask.ts';
import { BUILT_IN } from './kinds.ts';
import { selectorOf } from './selectors.ts';
import { apiVersionOf, keyOf, type ObjectStore, type Stored, textOf } from './store.ts';

/** `continue` as 1.28 writes it: unpadded base64url of a version and the key after the last one sent. */
const tokenOf = (revision: number, key: string): string =>
  Buffer.from(
    JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${key}\u0000` }).replace('\u0000', '\\u0000'),
  ).toString('base64url');

function readToken(token: string): { revision: number; after: string } | null {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    return typeof rv === 'number' && typeof start === 'string'
      ? { revision: rv, after: start.replace(/\0$/, '') }
      : null;
  } catch {
    return null;
  }
}

/** Keys of objects without a namespace have no slash before the name in a token. */
const cursor = (stored: Stored): string => keyOf(stored.object).replace(/^\//, '');

interface Page {
  rows: Stored[];
  revision: number;
  next: string | null;
  left: number;
}

/** The objects of one answer, or why there are none. */
function pageOf(store: ObjectStore, { kind, namespace, params }: Ask): Page | Refusal {
  const asked = Number(params.get('resourceVersion') ?? '') || 0;
  const fromCache = params.get('resourceVersion') === '0';
  // A list from the watch cache comes whole: limit is not heeded with resourceVersion=0.
  const limit = fromCache ? 0 : Number(params.get('limit') ?? 0) || 0;
  const exact = params.get('resourceVersionMatch') === 'Exact' || (asked > 0 && limit > 0);
  if (asked > store.revision) return fromTheFuture(asked, store.revision, limit > 0 || exact);
  if (exact && asked < store.compacted) return tooOldList();
  let revision = exact ? asked : store.revision;
  let after: string | null = null;
  const token = params.get('continue');
  if (token) {
    const read = readToken(token);
    if (!read)
      return {
        status: 400,
        body: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'continue key is not valid',
          reason: 'BadRequest',
          code: 400,
        },
      };
    if (read.revision >= 0 && read.revision < store.compacted) return tooOldToken(tokenOf(-1, read.after));
    if (read.revision >= 0) revision = read.revision;
    after = read.after;
  }
  const wants = selectorOf(params);
  const prefix = namespace ? `${namespace}/` : '';
  const all = store
    .at(kind, revision)
    .filter((row) => (!prefix || row.object.metadata.namespace === namespace) && wants(row.object));
  const from = after === null ? 0 : all.findIndex((row) => cursor(row) > (after as string));
  const rest = from === -1 ? [] : all.slice(from);
  const rows = limit ? rest.slice(0, limit) : rest;
  const more = rest.length > rows.length;
  return {
    rows,
    revision,
    left: rest.length - rows.length,
    next: more ? tokenOf(revision, cursor(rows.at(-1) as Stored)) : null,
  };
}

/** Only metadata is asked for (`as=PartialObjectMetadataList`). */
const onlyMetadata = (accept: string): boolean => /as=PartialObjectMetadata/.test(accept);
const metadataText = ({ object }: Stored): string =>
  JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata });

/** Answers a list: whole, or a page of it with a token for the next. */
export function answerList(store: ObjectStore, ask: Ask, accept: string, response: ServerResponse): undefined {
  const page = pageOf(store, ask);
  if ('status' in page) return refuse(response, page);
  const { kind, version } = ask;
  const builtIn = BUILT_IN.includes(kind);
  const partial = onlyMetadata(accept);
  const head = partial
    ? { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' }
    : { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind, version) };
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.next ? { continue: page.next } : builtIn ? {} : { continue: '' }),
    // With a selector the rest is not counted.
    ...(page.next &&
      !ask.params.get('labelSelector') &&
      !ask.params.get('fieldSelector') && { remainingItemCount: page.left }),
  };
  const items = page.rows.map((row) => (partial ? metadataText(row) : textOf(row, builtIn ? null : { kind, version })));
  const body = `${JSON.stringify({ ...head, metadata }).slice(0, -1)},"items":[${items.join(',')}]}\n`;
  send(response, 200, body, common(true));
}

/** Answers a get of one object. */
export function answerGet(store: ObjectStore, ask: Ask, response: ServerResponse): undefined {
  const { kind, version, namespace, name } = ask;
  const stored = store.get(kind, namespace, name ?? '');
  if (!stored) return refuse(response, notFound(kind, name ?? ''));
  send(response, 200, `${textOf(stored, { kind, version })}\n`, common(true));
}
