import type { Socket } from 'node:net';
import { proxyV1, proxyV2, proxyV2Local } from '../wire/proxy-header.ts';
import type { Guard } from './guard.ts';
import type { RequestSpec } from './io.ts';
import { type Connected, open } from './sockets.ts';

/** A TCP connection (see `open`) on which the PROXY header is written already, where one is wanted. */
export async function openWithHeader(
  spec: Pick<RequestSpec, 'address' | 'proxyHeader' | 'client'>,
  guard: Guard,
  patienceMs: number,
  signal: AbortSignal,
): Promise<Connected> {
  const connected = await open(spec.address, guard, patienceMs, signal);
  if (!('socket' in connected)) return connected;
  connected.socket.on('error', () => {});
  const header = headerBytes(spec, connected.socket);
  if (header) connected.socket.write(header);
  return connected;
}

/** Made from the connection's own addresses unless a client is named. */
function headerBytes(
  { proxyHeader, client }: Pick<RequestSpec, 'proxyHeader' | 'client'>,
  socket: Socket,
): Uint8Array | null {
  if (proxyHeader === 'none') return null;
  if (proxyHeader === 'local') return proxyV2Local();
  const connection = {
    source: client ?? socket.localAddress ?? '127.0.0.1',
    sourcePort: socket.localPort ?? 1,
    destination: socket.remoteAddress ?? '127.0.0.1',
    destinationPort: socket.remotePort ?? 1,
  };
  return proxyHeader === 'v1' ? proxyV1(connection) : proxyV2(connection);
}
