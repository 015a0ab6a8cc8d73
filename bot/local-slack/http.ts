import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fields } from './types.ts';

/** Nothing larger is read. */
export const maxBody = 4 * 1024 * 1024;

/** An answer other than 200. */
export class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws HttpError 413 over {@link maxBody} */
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req) {
    size += (part as Buffer).length;
    if (size > maxBody) throw new HttpError(413, 'body over 4 MB');
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

/** Arguments from the query, a form or a JSON body. @throws HttpError 400 if the JSON is none */
export function readArguments(req: IncomingMessage, body: Buffer): Fields {
  const query = new URL(req.url ?? '/', 'http://local').searchParams;
  const fields: Fields = Object.fromEntries(query);
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim();
  if (type === 'application/json') return { ...fields, ...readJson(body) };
  if (type === 'application/x-www-form-urlencoded') {
    return { ...fields, ...Object.fromEntries(new URLSearchParams(body.toString())) };
  }
  return fields;
}

/** A JSON object; an empty body is an empty object. @throws HttpError 400 */
export function readJson(body: Buffer): Fields {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new HttpError(400, 'the body is no JSON');
  }
  if (!isFields(value)) throw new HttpError(400, 'the body is no JSON object');
  return value;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (res.destroyed || res.headersSent) return;
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  res.end(JSON.stringify(body));
}

/** A value that may be a JSON string in a form and a plain value in JSON. `undefined` if the string is no JSON. */
export function maybeJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}
