import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Page, pageOf } from './pages.ts';
import type { Behaviour } from './protocol.ts';

/** One endpoint of an application: a listening socket, a queue, a page of metrics. */
export interface Endpoint {
  name: string;
  port: number;
  /** Opens the socket; again, when it was down. */
  open(): Promise<void>;
  /** Closes the socket and cuts every connection: who connects now is refused. */
  close(): Promise<void>;
}

interface Waiting {
  serve: () => void;
}

/**
 * @param behaviour is read at every request, so that a change holds for the next one.
 */
export function makeEndpoint(
  application: string,
  name: string,
  port: number,
  behaviour: Readonly<Behaviour>,
): Endpoint {
  const answered = new Map<string, number>();
  const queue: Waiting[] = [];
  const startedAt = Date.now() / 1000;
  let working = 0;
  let server: Server | null = null;
  const upgraded = new Set<Socket>();

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/metrics') {
      send(response, { status: 200, type: 'text/plain; version=0.0.4', body: metrics() });
      return;
    }
    // Asked by machines all the time and answered from memory: says that the process lives, nothing about its work.
    if (path === '/healthz') {
      finish(request, response, pageOf(application, name, request, 200));
      return;
    }
    const turn: Waiting = { serve: () => work(request, response) };
    response.once('close', () => leaveQueue(turn));
    queue.push(turn);
    takeNext();
  }

  function takeNext(): void {
    while (working < behaviour.atATime) {
      const next = queue.shift();
      if (!next) return;
      working++;
      next.serve();
    }
  }

  function leaveQueue(turn: Waiting): void {
    const at = queue.indexOf(turn);
    if (at >= 0) queue.splice(at, 1);
  }

  function work(request: IncomingMessage, response: ServerResponse): void {
    const ms = behaviour.latencyMs * (0.85 + 0.3 * Math.random());
    const fails = Math.random() < behaviour.errorRate;
    setTimeout(() => {
      working--;
      finish(request, response, pageOf(application, name, request, fails ? behaviour.errorStatus : 200));
      takeNext();
    }, ms);
  }

  function finish(request: IncomingMessage, response: ServerResponse, page: Page): void {
    const labels = `method="${request.method ?? 'GET'}",code="${page.status}"`;
    answered.set(labels, (answered.get(labels) ?? 0) + 1);
    send(response, page);
  }

  function metrics(): string {
    const lines = ['# HELP http_requests_total Requests answered.', '# TYPE http_requests_total counter'];
    for (const [labels, n] of answered)
      lines.push(`http_requests_total{app="${application}",endpoint="${name}",${labels}} ${n}`);
    lines.push(
      '# HELP http_requests_in_flight Requests being served or waiting.',
      '# TYPE http_requests_in_flight gauge',
    );
    lines.push(`http_requests_in_flight{app="${application}",endpoint="${name}"} ${working + queue.length}`);
    lines.push(
      '# HELP process_start_time_seconds Start of the endpoint, Unix time.',
      '# TYPE process_start_time_seconds gauge',
    );
    lines.push(`process_start_time_seconds ${startedAt.toFixed(3)}`);
    return `${lines.join('\n')}\n`;
  }

  /** A live feed as browsers hold it open: the upgrade is granted, then a small frame every second. */
  function upgrade(_request: IncomingMessage, socket: Socket): void {
    upgraded.add(socket);
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    const beat = setInterval(() => socket.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d])), 1000);
    socket.on('close', () => {
      clearInterval(beat);
      upgraded.delete(socket);
    });
    socket.on('end', () => socket.end());
    socket.resume();
  }

  async function open(): Promise<void> {
    if (server) return;
    // Longer than the proxies keep their side (60 s), so that the proxy is the one who closes.
    const fresh = createServer({ keepAliveTimeout: 75_000 }, answer);
    fresh.on('upgrade', upgrade);
    fresh.listen(port, '127.0.0.1');
    await once(fresh, 'listening');
    server = fresh;
  }

  async function close(): Promise<void> {
    const closing = server;
    if (!closing) return;
    server = null;
    const closed = once(closing, 'close');
    closing.close();
    closing.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
    await closed;
  }

  return { name, port, open, close };
}

function send(response: ServerResponse, page: Page): void {
  if (response.destroyed) return;
  response.writeHead(page.status, {
    'content-type': page.type,
    'content-length': Buffer.byteLength(page.body),
    ...page.headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : page.body);
}
