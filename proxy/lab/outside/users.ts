import { readFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Experience, Visits } from './protocol.ts';
import { makeTally, type Tally } from './tally.ts';

/** How long people wait before they give up, ms. */
const PATIENCE_MS = 5000;
/** Requests under way at most; whoever comes on top of that is not sent. */
const MOST_UNDER_WAY = 150;

const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
  'okhttp/4.12.0',
  'python-requests/2.32.3',
];
const SAP = 'SAP NetWeaver Application Server (1.0;753)';
const PATHS: Record<string, string[]> = {
  shop: ['/', '/cart', '/orders/recent', '/api/stock?sku=1017'],
  metabase: ['/', '/api/session/properties', '/api/card/12/query', '/dashboard/3'],
  wiki: ['/', '/index.php/On-call', '/index.php/Release_notes'],
  billing: ['/invoices', '/invoices/2026-11'],
};

/** The people before the ingress: real TLS with the host's name, through the host's outermost hop. */
export interface Users {
  visit(visits: Visits[], trust: string): void;
  /** Some requests at once over all hosts; resolves when all have been answered or given up. */
  burst(requests: number): Promise<void>;
  countAnew(): void;
  experience(): Experience[];
}

export function makeUsers(): Users {
  // Made once: a context for every visit would cost more than the visit.
  let modernClient: SecureContext;
  let oldClient: SecureContext;
  let visits: Visits[] = [];
  let running: Running[] = [];
  const tallies = new Map<string, Tally>();
  let underWay = 0;

  function tallyOf(host: string): Tally {
    const tally = tallies.get(host) ?? makeTally();
    tallies.set(host, tally);
    return tally;
  }

  /** One visit on a connection of its own, or on the agent's. */
  function come(to: Visits, agent: Agent | false): Promise<void> {
    const old = agent === false && Math.random() < to.oldClients;
    const began = performance.now();
    underWay++;
    return new Promise((done) => {
      const end = (result: number | string): void => {
        if (!ended) tallyOf(to.host).add(result, performance.now() - began);
        if (!ended) underWay--;
        ended = true;
        clearTimeout(timer);
        done();
      };
      let ended = false;
      const options: RequestOptions & { secureContext: SecureContext } = {
        host: '127.0.0.1',
        port: to.port,
        path: pick(PATHS[to.host.split('.')[0] ?? ''] ?? ['/']),
        servername: to.host,
        secureContext: old ? oldClient : modernClient,
        agent,
        headers: {
          host: to.host,
          'user-agent': old ? SAP : pick(BROWSERS),
          ...(agent ? {} : { connection: 'close' }),
        },
      };
      const asked = request(options, (answer) => {
        answer.on('end', () => end(answer.statusCode ?? 0)).on('error', (error) => end(codeOf(error)));
        answer.resume();
      });
      const timer = setTimeout(() => {
        end('TIMEOUT');
        asked.destroy();
      }, PATIENCE_MS);
      asked.on('error', (error) => end(codeOf(error)));
      asked.end();
    });
  }

  function stop(): void {
    for (const one of running) one.stop();
    running = [];
  }

  return {
    visit(next, trust) {
      stop();
      const ca = readFileSync(trust, 'utf8');
      modernClient = createSecureContext({ ca });
      oldClient = createSecureContext({ ca, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-SHA:@SECLEVEL=0' });
      visits = next;
      for (const to of visits) {
        running.push(comeAndGo(to.perSecond, () => underWay < MOST_UNDER_WAY && void come(to, false)));
        for (let i = 0; i < to.crowd; i++) running.push(readOn(() => come(to, false)));
        for (let i = 0; i < to.keepAlive; i++) running.push(stay(to, (agent) => come(to, agent)));
        for (let i = 0; i < to.live; i++) running.push(watchLive(to, modernClient, () => tallyOf(to.host).lost()));
      }
    },
    async burst(requests) {
      const open = visits.filter((to) => to.perSecond > 0);
      await Promise.all(
        Array.from({ length: open.length ? requests : 0 }, (_, i) => come(open[i % open.length]!, false)),
      );
    },
    countAnew: () => tallies.clear(),
    experience: () => visits.map(({ host }) => ({ host, ...tallyOf(host).sum() })),
  };
}

interface Running {
  stop(): void;
}

/** Calls at a rate, with gaps between 0.5 and 1.5 times the mean, so that nothing runs in step. */
function comeAndGo(perSecond: number, act: () => void): Running {
  if (perSecond <= 0) return { stop() {} };
  let timer: NodeJS.Timeout;
  const next = (): void => {
    timer = setTimeout(
      () => {
        next();
        act();
      },
      (1000 / perSecond) * (0.5 + Math.random()),
    );
  };
  next();
  return { stop: () => clearTimeout(timer) };
}

/** One of a crowd: slows down with the pages, so that an overloaded endpoint stays slow and does not drown. */
function readOn(click: () => Promise<void>): Running {
  let stopped = false;
  let timer: NodeJS.Timeout;
  const next = (ms: number): void => {
    timer = setTimeout(async () => {
      await click();
      if (!stopped) next(1000 * (0.5 + Math.random()));
    }, ms);
  };
  next(300 * Math.random());
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** A client with one kept connection, on which it asks again and again. */
function stay(to: Visits, click: (agent: Agent) => Promise<void>): Running {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, servername: to.host });
  const reading = readOn(() => click(agent));
  return {
    stop() {
      reading.stop();
      agent.destroy();
    },
  };
}

/** A client that holds a live feed open and comes back some moments after it was cut. */
function watchLive(to: Visits, secureContext: SecureContext, lost: () => void): Running {
  let stopped = false;
  let end = (): void => {};
  let again: NodeJS.Timeout;
  function connect(): void {
    const options: RequestOptions & { secureContext: SecureContext } = {
      host: '127.0.0.1',
      port: to.port,
      path: '/live',
      servername: to.host,
      secureContext,
      agent: false,
      headers: { host: to.host, 'user-agent': BROWSERS[0], connection: 'Upgrade', upgrade: 'websocket' },
    };
    const asked = request(options);
    let open = false;
    const over = (): void => {
      if (stopped) return;
      if (open) lost();
      open = false;
      clearTimeout(again);
      again = setTimeout(connect, 300 + 2700 * Math.random());
    };
    asked.on('upgrade', (_answer, socket) => {
      open = true;
      socket.on('error', () => {}).on('close', over);
      socket.resume();
    });
    asked.on('response', (answer) => {
      answer.resume();
      over();
    });
    asked.on('error', over);
    asked.end();
    end = () => asked.destroy();
  }
  connect();
  return {
    stop() {
      stopped = true;
      clearTimeout(again);
      end();
    },
  };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message.slice(0, 60);
}

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)]!;
}
