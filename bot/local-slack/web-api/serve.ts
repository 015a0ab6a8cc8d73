import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Core, logCall } from '../core.ts';
import { SlackError } from '../errors.ts';
import { HttpError, readArguments, readBody, sendJson } from '../http.ts';
import type { App, Fields } from '../types.ts';
import { chatMethods } from './chat.ts';
import { conversationMethods } from './conversations.ts';
import { type Method, text } from './method.ts';
import { workspaceMethods } from './workspace-methods.ts';

const methods = new Map<string, Method>(
  Object.entries({ ...workspaceMethods, ...chatMethods, ...conversationMethods }),
);

/** Answers `POST /api/METHOD`: token, ordered failures, limits, scopes, then the method itself. */
export async function serveWebApi(core: Core, name: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const args = readArguments(req, await readBody(req));
  const { token: _, ...shown } = args;
  const call = { method: name, args: shown, app: null as string | null, at: core.clock.now(), overLimit: false };
  const log = (outcome: string, status = 200) => logCall(core, { ...call, outcome, status });

  const failure = core.failures.next(name);
  if (failure && failure.mode !== 'lost-answer') {
    log(`forced ${failure.mode}`, failure.mode === '429' ? 429 : failure.mode === '500' ? 500 : 0);
    if (failure.mode === '429') return sendLimited(res, failure.retryAfter);
    if (failure.mode === '500')
      return void res.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Server Error</h1>');
    if (failure.mode === 'drop') return void req.socket.destroy();
    // A hanging call is ended by the caller or by close().
    if (failure.mode === 'hang') return;
    return sendJson(res, 200, { ok: false, error: failure.mode.slice('error:'.length) });
  }

  const method = methods.get(name);
  try {
    if (!method) throw new SlackError('unknown_method', { req_method: name });
    const app = appOf(core, req, args, method);
    call.app = app.id;
    const wait = core.limits.take(app.id, name, method.tier, text(args, 'channel'));
    call.overLimit = wait > 0;
    if (wait > 0 && core.refuseOverLimit) {
      log('ratelimited', 429);
      return sendLimited(res, wait);
    }
    needAnyScope(app, method);
    const answer = method.run({ core, app, args });
    log(failure ? 'lost answer' : 'ok');
    if (failure) return void req.socket.destroy();
    // A little time on the wire keeps races in callers visible: events may overtake answers, as they do in Slack.
    await sleep(1);
    sendJson(res, 200, { ok: true, ...answer }, scopeHeaders(app, method));
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    log(error.code);
    sendJson(res, 200, { ok: false, error: error.code, ...error.more });
  }
}

function sendLimited(res: ServerResponse, seconds: number): void {
  sendJson(res, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(seconds) });
}

/** @throws SlackError not_authed, invalid_auth, not_allowed_token_type */
function appOf(core: Core, req: IncomingMessage, args: Fields, method: Method): App {
  const bearer = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1];
  const token = bearer ?? text(args, 'token');
  if (!token) throw new SlackError('not_authed');
  const app = [...core.apps.values()].find((a) => a.botToken === token || a.appToken === token);
  if (!app) throw new SlackError('invalid_auth');
  if ((token === app.appToken) !== (method.appToken ?? false)) throw new SlackError('not_allowed_token_type');
  return app;
}

function needAnyScope(app: App, method: Method): void {
  if (method.scopes.length === 0 || method.scopes.some((scope) => app.scopes.has(scope))) return;
  throw new SlackError('missing_scope', { needed: method.scopes.join(','), provided: [...app.scopes].join(',') });
}

function scopeHeaders(app: App, method: Method): Record<string, string> {
  return {
    'x-oauth-scopes': [...app.scopes].join(','),
    ...(method.scopes.length > 0 && { 'x-accepted-oauth-scopes': method.scopes.join(',') }),
  };
}

/** The bytes of an upload: `POST /upload/v1/KEY`. */
export async function serveUpload(core: Core, key: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await readBody(req);
  if (!core.files.receive(key, body)) throw new HttpError(404, 'no such upload');
  res.writeHead(200, { 'content-type': 'text/plain' }).end(`OK - ${body.length}`);
}
