import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';
import type { Rule } from './rights.ts';
import type { ApiServer } from './server.ts';
import type { KubeObject } from './store.ts';

/** Paths of the control interface begin so; it is for scripts that run beside the server, and knows no tokens. */
export const CONTROL = '/_stand-in/';

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * `POST /_stand-in/<what>` with JSON: `apply` an object or a list of them, `delete` { kind, namespace, name }, `patch` the
 * same with `patch`, `faults` [..] (replaces them), `drop` { how, plural? }, `compact`, `install` { group }, `uninstall`,
 * `token` { token, name, rules|null } or { token, expired: true }, `log` { pod: "namespace/pod/container", text } (adds).
 */
export async function answerControl(
  server: ApiServer,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const what = path.slice(CONTROL.length);
  const body = await bodyOf(request);
  try {
    const done = run(server, what, body ? JSON.parse(body) : {});
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(`${JSON.stringify({ done, revision: server.store.revision })}\n`);
  } catch (error) {
    response.writeHead(400, { 'Content-Type': 'text/plain' });
    response.end(`${error instanceof Error ? error.message : error}\n`);
  }
}

interface Given {
  kind: string;
  namespace: string;
  name: string;
  patch: unknown;
  how: Parameters<ApiServer['drop']>[0];
  plural: string;
  group: string;
  token: string;
  rules: Rule[] | null;
  expired: boolean;
  pod: string;
  text: string;
}

function run(server: ApiServer, what: string, body: unknown): unknown {
  const { kind = '', namespace = '', name = '', token = '', pod = '', group = '', ...more } = body as Partial<Given>;
  switch (what) {
    case 'apply':
      return (Array.isArray(body) ? body : [body]).map((one) => server.apply(one as KubeObject)).length;
    case 'delete':
      return server.remove(kind, namespace, name);
    case 'patch':
      return server.patch(kind, namespace, name, more.patch);
    case 'faults':
      server.faults.splice(0, server.faults.length, ...(body as Fault[]));
      return server.faults.length;
    case 'drop':
      return server.drop(more.how ?? 'end', (watch) => more.plural === undefined || watch.plural === more.plural);
    case 'compact':
      return server.store.compact();
    case 'install':
      return server.store.install(group);
    case 'uninstall':
      return server.store.uninstall(group);
    case 'token':
      if (more.expired) return server.tokens.delete(token);
      server.tokens.set(token, { name: name || 'reader', rules: more.rules ?? null });
      return true;
    case 'log':
      server.logs.text.set(pod, `${server.logs.text.get(pod) ?? ''}${more.text ?? ''}`);
      return true;
    default:
      throw new Error(`there is no ${what}`);
  }
}
