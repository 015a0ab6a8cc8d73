import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** Why the process can't take work now; empty: it can. */
type Readiness = () => string[];

/** `/healthz`, `/readyz` and `/metrics` on METRICS_PORT. Port 0 takes a free one. */
export async function startHealth(options: { port: number; host?: string; registry: Registry; ready: Readiness }) {
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path === '/healthz') return reply(response, 200, 'ok\n');
    if (path === '/readyz') {
      const reasons = options.ready();
      return reply(
        response,
        reasons.length === 0 ? 200 : 503,
        reasons.length === 0 ? 'ready\n' : `${reasons.join('\n')}\n`,
      );
    }
    if (path !== '/metrics') return reply(response, 404, 'there are /healthz, /readyz and /metrics\n');
    options.registry.metrics().then(
      (page) => reply(response, 200, page, options.registry.contentType),
      (error: unknown) => reply(response, 503, `${error}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function reply(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}
