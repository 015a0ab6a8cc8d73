import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isFields, maxBody } from './http.ts';
import { secret } from './ids.ts';
import type { Delivered, Retry } from './transport.ts';
import type { App, DeliveryAttempt, Fields, Timing } from './types.ts';
import type { Workspace } from './workspace.ts';

/** An app may hold this many (docs.slack.dev/apis/events-api/using-socket-mode/). */
const maxSockets = 10;
const ticketLifeMs = 30_000;
/** After asking for a reconnect the server does not wait for ever. */
const refreshGraceMs = 10_000;
const goodbyeMs = 500;

/** Why sockets are told to reconnect; `drop` cuts them without a word. */
export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled' | 'drop';

export interface SocketInfo {
  number: number;
  app: string;
  since: number;
  /** Payloads that went to it. */
  delivered: number;
}

interface Link extends SocketInfo {
  ws: WebSocket;
  draining: boolean;
  waiting: Map<string, (delivered: Delivered) => void>;
}

const frameTypes: Record<DeliveryAttempt['kind'], string> = {
  event: 'events_api',
  command: 'slash_commands',
  interactive: 'interactive',
};

/**
 * The server's side of Socket Mode: tickets, hello, one envelope to exactly one socket, acks, refreshes, pings.
 * @see https://docs.slack.dev/apis/events-api/using-socket-mode/
 */
export class Sockets {
  readonly #workspace: Workspace;
  readonly #timing: Timing;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: maxBody });
  readonly #tickets = new Map<string, { app: App; until: number }>();
  readonly #links = new Set<Link>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #opened = 0;
  #turn = Math.floor(Math.random() * maxSockets);

  constructor(workspace: Workspace, timing: Timing) {
    this.#workspace = workspace;
    this.#timing = timing;
  }

  /** The query of a URL that opens one connection. */
  issueTicket(app: App): string {
    const now = Date.now();
    for (const [ticket, { until }] of this.#tickets) if (until < now) this.#tickets.delete(ticket);
    const ticket = secret();
    this.#tickets.set(ticket, { app, until: now + ticketLifeMs });
    return `ticket=${ticket}&app_id=${app.id}`;
  }

  list(): SocketInfo[] {
    return [...this.#links].map(({ number, app, since, delivered }) => ({ number, app, since, delivered }));
  }

  /** Takes over an upgrade request, if its ticket is good. */
  accept(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(req.url ?? '/', 'http://local').searchParams.get('ticket') ?? '';
    const issued = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (!issued || issued.until < Date.now()) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(req, socket, head, (ws) => this.#open(issued.app, ws));
  }

  #open(app: App, ws: WebSocket): void {
    ws.on('error', () => ws.terminate());
    if (this.#linksOf(app).length >= maxSockets) {
      ws.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets' }));
      ws.close();
      return;
    }
    this.#opened += 1;
    const link: Link = {
      number: this.#opened,
      app: app.id,
      since: Date.now(),
      delivered: 0,
      ws,
      draining: false,
      waiting: new Map(),
    };
    this.#links.add(link);
    const pings = setInterval(() => ws.ping('Ping from local workspace'), this.#timing.socketPingMs);
    this.#timers.add(pings);
    ws.on('message', (data) => acknowledge(link, data.toString()));
    ws.on('close', () => {
      clearInterval(pings);
      this.#timers.delete(pings);
      this.#links.delete(link);
      for (const settle of [...link.waiting.values()]) settle({ outcome: 'timeout', via: `socket ${link.number}` });
      this.#workspace.announce({ type: 'sockets' });
    });
    ws.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#linksOf(app).length,
        debug_info: { host: 'local-workspace', build_number: 1, approximate_connection_time: 3600 },
        connection_info: { app_id: app.id },
      }),
    );
    this.#workspace.announce({ type: 'sockets' });
  }

  #linksOf(app: App): Link[] {
    return [...this.#links].filter(
      (link) => link.app === app.id && !link.draining && link.ws.readyState === link.ws.OPEN,
    );
  }

  /**
   * Hands a payload to one of the app's sockets, another one each time, and waits for its ack.
   * Which one an app must not care: Slack promises no pattern.
   */
  send(app: App, kind: DeliveryAttempt['kind'], payload: Fields, retry?: Retry): Promise<Delivered> {
    const links = this.#linksOf(app);
    const link = links[this.#turn % Math.max(1, links.length)];
    this.#turn += 1;
    if (!link) return Promise.resolve({ outcome: 'no_connection', via: 'none' });
    const envelopeId = randomUUID();
    const via = `socket ${link.number}`;
    link.delivered += 1;
    return new Promise((resolve) => {
      const settle = (delivered: Delivered) => {
        clearTimeout(timer);
        this.#timers.delete(timer);
        link.waiting.delete(envelopeId);
        resolve(delivered);
      };
      const timer = setTimeout(() => settle({ outcome: 'timeout', via }), this.#timing.ackMs);
      this.#timers.add(timer);
      link.waiting.set(envelopeId, (delivered) => settle({ ...delivered, via }));
      link.ws.send(
        JSON.stringify({
          envelope_id: envelopeId,
          type: frameTypes[kind],
          accepts_response_payload: kind !== 'event',
          payload,
          ...(kind === 'event' && { retry_attempt: retry?.num ?? 0, retry_reason: retry?.reason ?? '' }),
        }),
      );
    });
  }

  /** Asks all sockets to reconnect, or cuts them. @returns how many there were */
  disconnect(reason: DisconnectReason): number {
    const links = [...this.#links];
    for (const link of links) {
      if (reason === 'drop') {
        link.ws.terminate();
        continue;
      }
      link.ws.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'local-workspace' } }));
      // After a warning Slack goes on using the socket for about ten seconds.
      if (reason === 'warning') continue;
      link.draining = true;
      const timer = setTimeout(() => link.ws.terminate(), refreshGraceMs);
      this.#timers.add(timer);
      link.ws.once('close', () => {
        clearTimeout(timer);
        this.#timers.delete(timer);
      });
    }
    return links.length;
  }

  /** Says goodbye to all sockets; those that do not answer in time are cut. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const goodbyes = [...this.#links].map(({ ws }) => {
      const gone = new Promise((resolve) => ws.once('close', resolve));
      const timer = setTimeout(() => ws.terminate(), goodbyeMs);
      ws.close(1001);
      return gone.finally(() => clearTimeout(timer));
    });
    await Promise.all(goodbyes);
    this.#server.close();
  }
}

function acknowledge(link: Link, data: string): void {
  let frame: unknown;
  try {
    frame = JSON.parse(data);
  } catch {
    return;
  }
  if (!isFields(frame) || typeof frame.envelope_id !== 'string') return;
  link.waiting.get(frame.envelope_id)?.({ outcome: 'acked', via: '', body: frame.payload });
}
