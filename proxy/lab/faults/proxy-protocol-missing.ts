import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/**
 * The balancer has stopped sending the PROXY header that the edge demands. nginx resets such a connection without a byte, and
 * a balancer in tcp mode turns that into a plain end of file (measured). Its own health checks stay green.
 */
export const proxyProtocolMissing: Fault = {
  name: 'proxy-protocol-missing',
  title: 'The balancer sends no PROXY header',
  hint: 'nginx logs "broken header ... while reading PROXY protocol"; with a header put before it, the same handshake works.',
  host: 'shop.example.test',
  report:
    'cannot reach shop.example.test at all. ERR_CONNECTION_CLOSED in Chrome, ' +
    'curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to shop.example.test:443. LB targets are all green',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'proxy-protocol-missing' },
  async inject(world) {
    await world.parts.balancer.sendProxy(false);
    await untilUsersSee(world, this.host, 'a closed connection', (saw) => saw.error === 'ECONNRESET');
  },
  async heal(world) {
    await world.parts.balancer.sendProxy(true);
  },
};
