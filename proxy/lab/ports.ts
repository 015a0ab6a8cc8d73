import { createServer, type Server } from 'node:net';
import { LabError } from './lab-error.ts';
import type { EndpointPlace } from './outside/protocol.ts';

/** Ports on 127.0.0.1 of everything that listens in a world. */
export interface WorldPorts {
  public: { https: number; http: number; metrics: number };
  edges: { name: string; https: number; http: number; status: number }[];
  traefik: { https: number; http: number; admin: number } | null;
  /** By application. */
  endpoints: Record<string, EndpointPlace[]>;
  /** Ports that nothing listens on: where the shop's next endpoints go. */
  spare: number[];
}

const HOST = '127.0.0.1';
const BLOCK = 64;
/** Below the ports that the kernel hands to outgoing connections (32768 and up): a closed endpoint's port stays ours. */
const FIRST = 10_240;
const BLOCKS = 340;

/** A block of ports that is ours as long as the claim is held. */
export interface Ports {
  next(): number;
  release(): void;
}

/**
 * Claims a block of free ports: its first port is held open as the claim, which keeps two worlds apart even while one
 * of them has an endpoint down; the others were free a moment ago. Who loses a race all the same claims again.
 */
export async function claimPorts(): Promise<Ports> {
  for (let turn = 0; turn < 60; turn++) {
    const base = FIRST + BLOCK * Math.floor(Math.random() * BLOCKS);
    const claim = await listen(base);
    if (!claim) continue;
    const tried = await Promise.all(Array.from({ length: BLOCK - 1 }, (_, i) => listen(base + 1 + i)));
    const free = tried.flatMap((server, i) => (server ? [base + 1 + i] : []));
    await Promise.all(tried.map((server) => server && new Promise((resolve) => server.close(resolve))));
    if (free.length < BLOCK - 8) {
      claim.close();
      continue;
    }
    claim.unref();
    return {
      next() {
        const port = free.shift();
        if (port === undefined) throw new LabError('a world needs more ports than its block has');
        return port;
      },
      release: () => claim.close(),
    };
  }
  throw new LabError('no free block of ports on 127.0.0.1');
}

function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(null));
    server.listen(port, HOST, () => resolve(server));
  });
}
