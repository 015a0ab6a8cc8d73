import { KINDLESS, type ServedKind } from './kinds.ts';

/** What a request asks for, read from its method and address. */
export interface Ask {
  verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  kind: ServedKind;
  version: string;
  namespace: string;
  name: string | null;
  subresource: string | null;
  params: URLSearchParams;
}

const VERBS: { [method: string]: Ask['verb'] } = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** null: no kind that is served lives at this address. */
export function askOf(method: string, url: URL, kinds: ReadonlyMap<string, ServedKind>): Ask | null {
  const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : '';
  const [version = '', ...rest] = parts.slice(parts[0] === 'apis' ? 2 : 1);
  const scoped = rest[0] === 'namespaces' && rest.length > 2;
  const [plural = '', name = null, subresource = null] = scoped ? rest.slice(2) : rest;
  const reviews = KINDLESS.find((one) => one.group === group && one.plural === plural);
  const kind = reviews ?? kinds.get(`${group}/${version}/${plural}`);
  const verb = VERBS[method];
  if (!kind || !verb) return null;
  const watches = ['true', '1'].includes(url.searchParams.get('watch') ?? '');
  return {
    verb: verb === 'get' && name === null ? (watches ? 'watch' : 'list') : verb,
    kind,
    version,
    namespace: scoped ? (rest[1] as string) : '',
    name,
    subresource,
    params: url.searchParams,
  };
}
