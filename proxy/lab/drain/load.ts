import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

/** What became of the requests of one run. */
export interface Counted {
  sent: number;
  ok: number;
  /** Answers of 500 and more, by status; and requests without an answer, by error code. */
  failures: { [how: string]: number };
  failed: number;
  /** Slowest answer, ms. */
  slowest: number;
}

export interface Load {
  /** Resolves once the last request has an answer or none. */
  done: Promise<Counted>;
}

/** A request that has no answer after this long counts as lost, ms. */
const PATIENCE_MS = 8_000;

/**
 * Open loop: `rate` requests a second for `ms`, each sent when it is due, whatever became of those before. One of four
 * asks for the slow page. Kept: connections are pooled, as browsers and API clients do; else each request has its own.
 */
export function load(port: number, options: { rate: number; ms: number; kept: boolean; host: string }): Load {
  // In turn, so that all pooled connections are in use: with the default only the youngest few are.
  const agent = new Agent({ keepAlive: options.kept, maxFreeSockets: 64, scheduling: 'fifo' });
  const counted: Counted = { sent: 0, ok: 0, failures: {}, failed: 0, slowest: 0 };
  const total = Math.round((options.rate * options.ms) / 1000);
  const { promise, resolve } = Promise.withResolvers<Counted>();
  let settled = 0;
  const settle = (how: string | null, began: number): void => {
    if (how === null) counted.ok++;
    else {
      counted.failed++;
      counted.failures[how] = (counted.failures[how] ?? 0) + 1;
    }
    counted.slowest = Math.max(counted.slowest, Math.round(performance.now() - began));
    if (++settled === total) {
      agent.destroy();
      resolve(counted);
    }
  };
  const send = (i: number): void => {
    const began = performance.now();
    let over = false;
    const end = (how: string | null): void => {
      if (over) return;
      over = true;
      clearTimeout(patience);
      settle(how, began);
    };
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        path: i % 4 === 0 ? '/slow' : '/',
        headers: { host: options.host, ...(options.kept ? {} : { connection: 'close' }) },
      },
      (answer) => {
        answer.on('end', () => end((answer.statusCode ?? 0) < 500 ? null : String(answer.statusCode)));
        answer.on('error', () => end('CUT_OFF'));
        answer.resume();
      },
    );
    const patience = setTimeout(() => {
      end('TIMEOUT');
      asked.destroy();
    }, PATIENCE_MS);
    asked.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'ERROR'));
    asked.end();
  };
  const start = performance.now();
  const due = (): void => {
    const now = Math.min(total, Math.floor(((performance.now() - start) * options.rate) / 1000) + 1);
    while (counted.sent < now) send(counted.sent++);
    if (counted.sent < total) setTimeout(due, 2);
  };
  due();
  return { done: promise };
}
