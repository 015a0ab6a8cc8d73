/**
 * A TCP relay that makes a listener far: as a program `node relay.ts DELAY-MS UPSTREAM…` it listens on a port of its own for
 * each upstream port, prints `{"ports":[…]}`, and answers each line on stdin with `{"connections":n}` counted since the last.
 * A connection pays a round trip before its first byte, as a handshake of TCP does, and half of one each way for data.
 */
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const [delay = 0, ...upstreams] = process.argv.slice(2).map(Number);
let connections = 0;

const later = (ms: number, run: () => void): void => {
  if (ms > 0) setTimeout(run, ms);
  else run();
};

/** Everything that comes from one side goes to the other, later; its end and its reset too. */
function pipe(from: Socket, to: Socket, extra: () => number): void {
  let due = 0;
  // Never before what was sent earlier: timers of different lengths may overtake each other.
  const inOrder = (run: () => void): void => {
    const now = performance.now();
    due = Math.max(due, now + delay / 2 + extra());
    later(due - now, run);
  };
  from.on('data', (chunk: Buffer) => inOrder(() => to.writable && to.write(chunk)));
  from.on('end', () => inOrder(() => to.writable && to.end()));
  from.on('error', () => later(delay / 2, () => to.destroyed || to.resetAndDestroy()));
  from.on('close', () => later(delay, () => to.destroyed || to.destroy()));
}

function serve(upstream: number): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    connections++;
    const began = performance.now();
    const far = connect({ port: upstream, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    // What is sent at once still waits for the handshake's round trip.
    pipe(client, far, () => Math.max(0, delay - (performance.now() - began)));
    pipe(far, client, () => 0);
  });
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1_000 }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

const ports = await Promise.all(upstreams.map(serve));
process.stdout.write(`${JSON.stringify({ ports })}\n`);
createInterface({ input: process.stdin })
  .on('line', () => {
    process.stdout.write(`${JSON.stringify({ connections })}\n`);
    connections = 0;
  })
  .on('close', () => process.exit(0));
