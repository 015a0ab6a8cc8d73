/** The application behind a rollout of the lab and the people before it, in one process that ends with its parent. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import { createConnection, createServer, type Server } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type AppBehaviour, type Message, NEW_SIDE_HEADER, type Order, type People, type Reply } from './protocol.ts';

const behaviour: AppBehaviour = { errorRate: 0, slowShare: 0, slowMs: 300 };
/** What a page needs: requests on one connection. */
const PER_VISIT = 3;
/** Visits under way at most: an overload must not drown the machine that it is played on. */
const MOST_VISITS = 60;
const PATIENCE_MS = 4000;
const servers: Server[] = [];
let visiting: NodeJS.Timeout | undefined;
let underWay = 0;

function answer(endpoint: string, asked: IncomingMessage, response: ServerResponse): void {
  asked.resume();
  const late = asked.headers[NEW_SIDE_HEADER] === 'new' && Math.random() < behaviour.slowShare ? behaviour.slowMs : 0;
  const fails = asked.url !== '/healthz' && Math.random() < behaviour.errorRate;
  setTimeout(
    () => {
      response.writeHead(fails ? 500 : 200, { 'content-type': 'text/plain', 'x-served-by': endpoint });
      response.end(fails ? 'SQLTransientConnectionException: pool is exhausted\n' : 'ok\n');
    },
    6 + 10 * Math.random() + late,
  );
}

async function open(endpoints: { name: string; port: number }[]): Promise<void> {
  for (const { name, port } of endpoints) {
    const server = createHttpServer({ keepAliveTimeout: 75_000 }, (asked, response) => answer(name, asked, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
}

/** Takes connections for the new proxies; some are reset after the client's first bytes. */
async function gate(port: number, to: number, resetShare: number): Promise<void> {
  const server = createServer((client) => {
    client.on('error', () => {});
    if (Math.random() < resetShare) {
      client.once('data', () => client.resetAndDestroy());
      return;
    }
    const proxy = createConnection(to, '127.0.0.1');
    proxy.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('close', () => proxy.destroy());
    client.pipe(proxy).pipe(client);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
}

function visit(people: People): void {
  clearTimeout(visiting);
  const ca = readFileSync(people.trust, 'utf8');
  const modern = createSecureContext({ ca });
  const old = createSecureContext({ ca, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-SHA:@SECLEVEL=0' });
  const next = (): void => {
    visiting = setTimeout(
      () => {
        next();
        if (underWay < MOST_VISITS) void come(people, Math.random() < people.oldClients ? old : modern);
      },
      (1000 / people.perSecond) * (0.5 + Math.random()),
    );
  };
  next();
}

/** Tickets of the last visit, as browsers keep them: a handshake in full for each would be most of the lab's work. */
const tickets = new Map<SecureContext, Buffer>();

/** One visit: some requests one after another on one connection. */
async function come({ host, port }: People, secureContext: SecureContext): Promise<void> {
  underWay++;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (let i = 0; i < PER_VISIT; i++) {
      const well = await new Promise<boolean>((resolve) => {
        const session = tickets.get(secureContext);
        const options = {
          host: '127.0.0.1',
          port,
          path: `/cart/${i}`,
          servername: host,
          secureContext,
          agent,
          ...(session && { session }),
        };
        const asked = request({ ...options, headers: { host }, timeout: PATIENCE_MS }, (got) => {
          got.on('end', () => resolve(true)).on('error', () => resolve(false));
          got.resume();
        });
        if (i === 0)
          asked.on('socket', (socket) => socket.once('session', (ticket) => tickets.set(secureContext, ticket)));
        asked.on('error', () => resolve(false)).on('timeout', () => asked.destroy(new Error('too slow')));
        asked.end();
      });
      if (!well) return;
    }
  } finally {
    agent.destroy();
    underWay--;
  }
}

async function obey(order: Order): Promise<void> {
  switch (order.do) {
    case 'open':
      return open(order.endpoints);
    case 'behave':
      Object.assign(behaviour, order.behaviour);
      return;
    case 'gate':
      return gate(order.port, order.to, order.resetShare);
    case 'visit':
      return visit(order.people);
    case 'leave':
      return clearTimeout(visiting);
  }
}

function reply(message: Reply): void {
  if (process.connected) process.send?.(message);
}

process.on('message', ({ id, order }: Message) => {
  obey(order).then(
    () => reply({ id, error: null }),
    (error: Error) => reply({ id, error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
