import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { guardFor } from '../../diagnostics/io/guard.ts';
import type { Io } from '../../diagnostics/io/io.ts';
import { liveIo } from '../../diagnostics/io/live-io.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';

/** Everything on loopback is allowed, nothing else. */
export const loopbackGuard = guardFor((ip) => ip.startsWith('127.') || ip === '::1');

const noProxy = async (): Promise<never> => {
  throw new BlindLook('not-configured', 'no proxy in this test');
};

/** The real Io, fenced in to loopback. */
export const loopbackIo = (trust: string[] = []): Io =>
  liveIo({
    guard: loopbackGuard,
    trust,
    dns: {},
    proxy: {
      reloads: noProxy,
      requests: noProxy,
      shares: noProxy,
      complaints: async () => Promise.reject(new Error('not here')),
      targets: noProxy,
      routes: noProxy,
      sample: noProxy,
      history: noProxy,
      settings: noProxy,
      health: noProxy,
      node: noProxy,
    },
  });

export const listen = (server: Server | import('node:http').Server | import('node:tls').Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });

/** A raw peer that does with each connection what it likes; its address, and how many connections it got. */
export async function peer(
  t: TestContext,
  behave: (socket: Socket, nth: number) => void,
): Promise<{ address: string; port: number; connections: () => number; open: () => number }> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    behave(socket, count++);
    // Who does not read never hears that the other side has gone.
    socket.resume();
  });
  const port = await listen(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `127.0.0.1:${port}`, port, connections: () => count, open: () => sockets.size };
}

/** A signal that ends with the test and never by itself. */
export function patient(t: TestContext): AbortSignal {
  const controller = new AbortController();
  t.after(() => controller.abort());
  return controller.signal;
}
