import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname } from 'node:path';
import type { Control } from './control.ts';
import { controlByName } from './control-http.ts';
import type { Core } from './core.ts';
import { SlackError } from './errors.ts';
import { HttpError, readArguments, readBody, readJson, sendJson } from './http.ts';
import type { PageStream } from './page-stream.ts';
import { respond } from './responses.ts';
import type { Panel } from './types.ts';
import { serveUpload, serveWebApi } from './web-api/serve.ts';

interface ServerParts {
  core: Core;
  control: Control;
  pages: PageStream;
  panel: Panel | undefined;
}

const pageFolder = new URL('./page/', import.meta.url);
const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere is loaded, and nothing inline is run: what people and hosts write is only ever text. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** The HTTP server with all its routes; not listening yet. */
export function createLocalServer(parts: ServerParts): Server {
  return createServer((req, res) => {
    route(parts, req, res).catch((error: unknown) => {
      const status = error instanceof HttpError ? error.status : 500;
      const message = error instanceof Error ? error.message : String(error);
      sendJson(res, status, { ok: false, error: message }, status === 413 ? { connection: 'close' } : {});
    });
  });
}

async function route(parts: ServerParts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { core } = parts;
  const url = new URL(req.url ?? '/', 'http://local');
  const [, first = '', second = '', third = ''] = url.pathname.split('/');
  if (first === 'api' && second) return serveWebApi(core, decodeURIComponent(second), req, res);
  if (first === 'upload' && second === 'v1') return serveUpload(core, third, req, res);
  if (['commands', 'actions', 'app'].includes(first) && third) return serveResponseUrl(core, third, req, res);
  needLocal(req);
  if (first === '_control') return serveControl(parts, second, req, res);
  if (first === '_page') return servePage(parts, second, url, req, res);
  if (first === 'files') return serveFile(core, second, res);
  if (first === 'page') return sendStatic(res, second);
  if (first === '' || first === 'archives') return sendStatic(res, 'index.html');
  throw new HttpError(404, 'not found');
}

/**
 * People's side answers only to this machine's own names and pages: a website that is open in the same browser can neither
 * read the workspace (DNS rebinding) nor act in it (cross-site posts).
 */
function needLocal(req: IncomingMessage): void {
  const host = (req.headers.host ?? '').replace(/:\d+$/, '');
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host)) throw new HttpError(403, 'only under a local name');
  const origin = req.headers.origin;
  if (origin && origin !== `http://${req.headers.host}`) throw new HttpError(403, 'only from its own page');
}

async function serveControl(
  { control }: ServerParts,
  name: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const body = await readBody(req);
  if (req.method === 'POST' && !(req.headers['content-type'] ?? '').startsWith('application/json')) {
    throw new HttpError(415, 'content-type: application/json');
  }
  sendJson(res, 200, await controlByName(control, name, readArguments(req, body)));
}

async function servePage(
  { pages, panel }: ServerParts,
  name: string,
  url: URL,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const user = url.searchParams.get('me') ?? '';
  if (name === 'snapshot') return sendJson(res, 200, await pages.snapshot(user), pageHeaders);
  if (name === 'stream') return pages.open(user, res);
  if (name !== 'panel' || req.method !== 'POST' || !panel) throw new HttpError(404, 'not found');
  const { id } = readJson(await readBody(req));
  try {
    await panel.act(String(id));
    sendJson(res, 200, { ok: true });
  } catch (error) {
    sendJson(res, 200, { ok: false, error: error instanceof Error ? error.message : String(error) });
  }
  await pages.tellPanel();
}

/** An app's answer through a response URL. */
async function serveResponseUrl(core: Core, key: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await readBody(req);
  try {
    const target = core.responseUrls.use(key);
    respond(core, target, readJson(body));
    res.writeHead(200, { 'content-type': 'text/html' }).end('ok');
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    const gone = error.code === 'expired_url' || error.code === 'used_url';
    sendJson(res, gone ? 404 : 400, { ok: false, error: error.code, ...error.more });
  }
}

function serveFile(core: Core, id: string, res: ServerResponse): void {
  const file = core.files.read(id);
  if (!file) throw new HttpError(404, 'no such file');
  const type = { '.png': 'image/png', '.jpg': 'image/jpeg', '.gif': 'image/gif' }[extname(file.name).toLowerCase()];
  // Anything but a plain picture is offered for saving: an uploaded page must not run here.
  const disposition = type ? 'inline' : 'attachment';
  res
    .writeHead(200, {
      ...pageHeaders,
      'content-type': type ?? 'application/octet-stream',
      'content-disposition': disposition,
    })
    .end(file.bytes);
}

async function sendStatic(res: ServerResponse, name: string): Promise<void> {
  const type = contentTypes[extname(name)];
  if (!/^[a-z-]+\.(html|css|js|svg)$/.test(name) || !type) throw new HttpError(404, 'not found');
  let content: Buffer;
  try {
    content = await readFile(new URL(name, pageFolder));
  } catch {
    throw new HttpError(404, 'not found');
  }
  res.writeHead(200, { 'content-type': type, ...pageHeaders }).end(content);
}
