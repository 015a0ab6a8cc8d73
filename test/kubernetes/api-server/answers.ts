import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { nameOf, type ServedKind } from './kinds.ts';

/** An answer that is no success, as kube-apiserver 1.28.5 says it (recorded). `text`: no Status object but plain text. */
export interface Refusal {
  status: number;
  body: { [key: string]: unknown } | string;
  headers?: { [name: string]: string };
}

const said = (code: number, reason: string, message: string, more: object = {}): Refusal['body'] => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  ...(reason && { reason }),
  ...more,
  code,
});

export const status = (code: number, reason: string, message: string, more: object = {}): Refusal => ({
  status: code,
  body: said(code, reason, message, more),
});

const detailsOf = (kind: ServedKind, name: string | null): object => ({
  details: { ...(name && { name }), ...(kind.group && { group: kind.group }), kind: kind.plural },
});

export const unauthorized = (): Refusal => status(401, 'Unauthorized', 'Unauthorized');

/** An API group, version or kind that is not installed: no Status, plain text. */
export const noSuchPath = (): Refusal => ({
  status: 404,
  body: '404 page not found\n',
  headers: { 'X-Content-Type-Options': 'nosniff' },
});

export const notFound = (kind: ServedKind, name: string): Refusal =>
  status(404, 'NotFound', `${nameOf(kind)} "${name}" not found`, detailsOf(kind, name));

/** What RBAC says when no rule lets somebody: names the verb, the resource, and the namespace or the cluster scope. */
export function forbidden(ask: {
  user: string;
  verb: string;
  kind: ServedKind;
  subresource: string | null;
  namespace: string;
  name: string | null;
}): Refusal {
  const { user, verb, kind, subresource, namespace, name } = ask;
  const resource = subresource ? `${kind.plural}/${subresource}` : kind.plural;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  return {
    ...status(
      403,
      'Forbidden',
      `${nameOf(kind)}${name ? ` "${name}"` : ''} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${kind.group}" ${where}`,
      detailsOf(kind, name),
    ),
    headers: { 'X-Content-Type-Options': 'nosniff' },
  };
}

export const tooOldList = (): Refusal =>
  status(410, 'Expired', 'The resourceVersion for the provided list is too old.');

/** A continue token after compaction; the answer brings one with which the rest may be had, inconsistently. */
export function tooOldToken(token: string): Refusal {
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
  return { status: 410, body: { ...(said(410, 'Expired', message) as object), metadata: { continue: token } } };
}

/** The object of the ERROR event of a watch that begins too early. */
export const tooOldWatch = (asked: number, oldest: number): unknown =>
  said(410, 'Expired', `too old resource version: ${asked} (${oldest})`);

/** From etcd (with a limit) and from the watch cache: two ways to say that a version lies in the future. */
export const fromTheFuture = (asked: number, current: number, fromEtcd: boolean): Refusal =>
  fromEtcd
    ? status(500, '', 'etcdserver: mvcc: required revision is a future revision')
    : {
        ...status(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
          details: {
            causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
            retryAfterSeconds: 1,
          },
        }),
        headers: { 'Retry-After': '1' },
      };

export const tooMany = (retryAfter: number): Refusal => ({
  status: 429,
  body: said(429, 'TooManyRequests', 'Too many requests, please try again later.', {
    details: { retryAfterSeconds: retryAfter },
  }),
  headers: { 'Retry-After': String(retryAfter) },
});

/** Headers that every answer has; those of flow control only after authentication and authorization. */
export function common(flowControl: boolean): { [name: string]: string } {
  return {
    'Audit-Id': randomUUID(),
    'Cache-Control': 'no-cache, private',
    ...(flowControl && {
      'X-Kubernetes-Pf-Flowschema-Uid': '60ebb177-15ec-4456-b7f3-26d0824fd122',
      'X-Kubernetes-Pf-Prioritylevel-Uid': '8b1adb9f-0e27-472a-b565-7bf149a234d1',
    }),
  };
}

/** Sends a whole answer; JSON ends with a newline as the real one's does. */
export function send(
  response: ServerResponse,
  code: number,
  body: string,
  headers: { [name: string]: string } = {},
): undefined {
  response.writeHead(code, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

export function refuse(
  response: ServerResponse,
  { status: code, body, headers }: Refusal,
  flowControl = true,
): undefined {
  const plain = typeof body === 'string';
  send(response, code, plain ? body : `${JSON.stringify(body)}\n`, {
    ...common(flowControl),
    ...(plain && { 'Content-Type': 'text/plain; charset=utf-8' }),
    ...headers,
  });
}
