import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/**
 * The edge has lost `proxy_protocol` from its listeners while the balancer still sends the header. nginx takes its first byte
 * for clear HTTP and answers 400 in clear on the TLS port, which a TLS client reads as a wrong version number (measured).
 */
export const proxyProtocolUnexpected: Fault = {
  name: 'proxy-protocol-unexpected',
  title: 'The edge does not expect the PROXY header',
  hint: 'Through the balancer every handshake fails, straight to a replica it works. The access log has "\\x00" 400 rows.',
  host: 'shop.example.test',
  report:
    'shop.example.test is dead for everybody: Chrome says ERR_SSL_PROTOCOL_ERROR "sent an invalid response", ' +
    'and from the CI box: curl: (35) error:0A00010B:SSL routines::wrong version number',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'proxy-protocol-unexpected' },
  async inject(world) {
    await world.parts.edge.apply({ proxyProtocol: false });
    await untilUsersSee(world, this.host, 'clear text on the TLS port', (saw) =>
      saw.message.includes('wrong version number'),
    );
  },
  async heal(world) {
    await world.parts.edge.apply({ proxyProtocol: true });
  },
};
