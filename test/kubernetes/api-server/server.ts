import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { common, forbidden, noSuchPath, refuse, send, unauthorized } from './answers.ts';
import { type Ask, askOf } from './ask.ts';
import { loopbackCertificate } from './certificate.ts';
import { answerControl, bodyOf, CONTROL } from './control.ts';
import { answerDiscovery } from './discovery.ts';
import { type Fault, faultFor, suffer } from './faults.ts';
import { KINDLESS } from './kinds.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { answerGet, answerList } from './lists.ts';
import { answerLog, type PodLogs } from './logs.ts';
import { accessReview, mayDo, rulesReview, type User } from './rights.ts';
import { type KubeObject, ObjectStore, type Stored } from './store.ts';
import { answerWatch, type OpenWatch, type WatchPace } from './watches.ts';
import { answerWrite, patch, write } from './writes.ts';

export interface ApiServerOptions {
  /** 0 or left out: a free one, kept over restarts. */
  port?: number;
  objects?: KubeObject[];
  /** Clear HTTP instead of HTTPS with an authority of its own. */
  clear?: boolean;
  /** Tokens and who they are. Left out: one token, to whom everything is allowed. */
  tokens?: { [token: string]: User };
  logFolder?: string;
  /** How many writes are remembered: older versions are too old. */
  history?: number;
  pace?: Partial<WatchPace>;
  random?: () => number;
}

/** A stand-in for an API server, as tests and scripts hold it. */
export interface ApiServer {
  url: string;
  ca: string | null;
  store: ObjectStore;
  tokens: Map<string, User>;
  /** The first token. */
  token: string;
  faults: Fault[];
  logs: PodLogs;
  watches: ReadonlySet<OpenWatch>;
  /** Requests so far, by `verb plural`. */
  asked: Map<string, number>;
  apply(object: KubeObject, manager?: string): Stored;
  remove(kind: string, namespace: string, name: string): boolean;
  /** JSON merge patch. */
  patch(kind: string, namespace: string, name: string, change: unknown, manager?: string): boolean;
  /** Drops open watches; returns how many. */
  drop(how: Parameters<OpenWatch['drop']>[0], which?: (watch: OpenWatch) => boolean): number;
  /** Kills it: connections are destroyed, nobody listens any more. Objects stay, as etcd does. */
  kill(): Promise<void>;
  /** Starts it again at the same port. `cold`: its watch cache begins now, as that of a server that was alone. */
  start(how?: 'cold' | 'warm'): Promise<void>;
  kubeconfig(context?: string, credentials?: { token?: string; tokenFile?: string }): string;
  /** Open connections. */
  sockets(): number;
  close(): Promise<void>;
}

/** Starts it. What a real server refuses and this one takes: anything invalid, loopback addresses in EndpointSlices too. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const first = Object.keys(options.tokens ?? {})[0] ?? randomBytes(16).toString('hex');
  const tls = options.clear ? null : loopbackCertificate();
  const store = new ObjectStore(options.history ?? 100_000);
  const watches = new Set<OpenWatch>();
  const sockets = new Set<Socket>();
  const pace: WatchPace = { bookmarkMs: 60_000, mostBuffered: 64 * 1024 * 1024, ...options.pace };
  let listening: Server | null = null;
  let port = options.port ?? 0;
  const server: ApiServer = {
    url: '',
    ca: tls?.ca ?? null,
    store,
    tokens: new Map(Object.entries(options.tokens ?? { [first]: { name: 'reader', rules: null } })),
    token: first,
    faults: [],
    logs: { text: new Map(), folder: options.logFolder ?? null },
    watches,
    asked: new Map(),
    apply: (object, manager = 'kubectl') => write(store, object, manager),
    remove: (name, namespace, object) => store.remove(kindNamed(name), namespace, object) !== null,
    patch(name, namespace, object, change, manager = 'kubectl') {
      const kind = kindNamed(name);
      const version = kind.versions[0] as string;
      return patch(store, { kind, version, namespace, name: object, subresource: null }, change, manager) !== null;
    },
    drop(how, which = () => true) {
      const hit = [...watches].filter(which);
      for (const watch of hit) watch.drop(how);
      return hit.length;
    },
    async kill() {
      const closing = listening;
      listening = null;
      for (const socket of sockets) socket.destroy();
      if (closing) await new Promise((resolve) => closing.close(resolve));
    },
    async start(how = 'cold') {
      if (how === 'cold') store.coldCache();
      const answer = (request: IncomingMessage, response: ServerResponse): void => {
        answerOne(server, pace, watches, options.random ?? Math.random, request, response).catch(() =>
          response.destroy(),
        );
      };
      const made = tls ? createHttps(tls, answer) : createHttp(answer);
      made.on('connection', (socket: Socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.once('close', () => sockets.delete(socket));
      });
      made.listen(port, '127.0.0.1');
      await once(made, 'listening');
      port = (made.address() as AddressInfo).port;
      server.url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
      listening = made;
    },
    kubeconfig: (context = 'stand-in', credentials = { token: first }) =>
      kubeconfigOf({ url: server.url, ca: server.ca, context, ...credentials }),
    sockets: () => sockets.size,
    close: () => server.kill(),
  };
  const kindNamed = (name: string) => {
    const found = [...store.kinds.values()].find((kind) => kind.kind === name || kind.plural === name);
    if (!found) throw new Error(`no kind ${name} is served`);
    return found;
  };
  for (const object of options.objects ?? []) store.put(object);
  await server.start('warm');
  return server;
}

/** One request: who asks, may they, what goes wrong today, and the answer. */
async function answerOne(
  server: ApiServer,
  pace: WatchPace,
  watches: Set<OpenWatch>,
  random: () => number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { store } = server;
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname.startsWith(CONTROL)) return answerControl(server, url.pathname, request, response);
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const user = server.tokens.get(token ?? '');
  if (!user) return refuse(response, unauthorized(), false);
  const about = request.method === 'GET' ? answerDiscovery(url.pathname, store.kinds) : null;
  if (about !== null) return tell(response, about);
  const ask = askOf(request.method ?? 'GET', url, store.kinds);
  if (!ask) return refuse(response, noSuchPath());
  const key = `${ask.verb} ${ask.kind.plural}`;
  server.asked.set(key, (server.asked.get(key) ?? 0) + 1);
  const fault = faultFor(server.faults, ask, random);
  if (fault && (await suffer(fault, response))) return;
  if (KINDLESS.includes(ask.kind)) return answerReview(ask, user, await bodyOf(request), response);
  if (!mayDo(user, ask)) return refuse(response, forbidden({ user: user.name, ...ask }), ask.subresource !== 'log');
  if (ask.subresource === 'log' && ask.kind.plural === 'pods')
    return answerLog(store, server.logs, ask, url.search, response);
  if (ask.verb === 'list') return answerList(store, ask, request.headers.accept ?? '', response);
  if (ask.verb === 'get') return answerGet(store, ask, response);
  if (ask.verb === 'watch') {
    let open: OpenWatch | null = null;
    open = answerWatch(store, ask, response, pace, () => open && watches.delete(open));
    if (open) watches.add(open);
    return;
  }
  const manager = (request.headers['user-agent'] ?? 'unknown').split('/')[0] as string;
  answerWrite(store, ask, await bodyOf(request), url.searchParams.get('fieldManager') ?? manager, response);
}

function tell(response: ServerResponse, about: object | string): undefined {
  if (typeof about === 'string') return send(response, 200, about, { 'Content-Type': 'text/plain; charset=utf-8' });
  send(response, 200, `${JSON.stringify(about, null, 'gitVersion' in about ? 2 : undefined)}\n`, common(true));
}

function answerReview(ask: Ask, user: User, body: string, response: ServerResponse): undefined {
  const spec = body ? (JSON.parse(body).spec ?? {}) : {};
  const answer = ask.kind.plural === 'selfsubjectaccessreviews' ? accessReview(user, spec) : rulesReview(user, spec);
  send(response, 201, `${JSON.stringify(answer)}\n`, common(true));
}
