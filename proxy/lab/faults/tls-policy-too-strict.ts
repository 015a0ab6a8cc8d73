import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** A client as SAP's crypto library is configured by default: TLS 1.2 with RSA key exchange, no elliptic curves. */
const OLD_CLIENT = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-SHA:@SECLEVEL=0' } as const;

/** The edge was hardened to ECDHE with AEAD ciphers on TLS 1.2 and up; clients without these are refused with alert 40 or 70. */
export const tlsPolicyTooStrict: Fault = {
  name: 'tls-policy-too-strict',
  title: 'Old clients are refused',
  hint: 'Browsers work. A client that offers only AES128-SHA, or only TLS 1.0, gets an alert and leaves no row in any log.',
  host: 'shop.example.test',
  report:
    'SAP cannot post orders to shop.example.test any more: ICM_HTTP_SSL_ERROR connecting to shop.example.test:443 ' +
    '(SSSLERR_SSL_CONNECT, handshake_failure). the old handheld scanners fail too, in the browser it works fine',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'tls-policy-too-strict' },
  async inject(world) {
    await world.parts.edge.apply({ tls: 'strict' });
    const refused = /handshake failure/i;
    const request = OLD_CLIENT;
    await untilUsersSee(world, this.host, 'a refused handshake', (saw) => refused.test(saw.message), { request });
  },
  async heal(world) {
    await world.parts.edge.apply({ tls: 'compatible' });
    const request = OLD_CLIENT;
    await untilUsersSee(world, this.host, 'their page with an old client', (saw) => saw.status === 200, { request });
  },
};
