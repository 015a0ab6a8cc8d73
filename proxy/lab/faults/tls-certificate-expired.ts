import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** The shop's certificate ended yesterday and nobody renewed it. */
export const tlsCertificateExpired: Fault = {
  name: 'tls-certificate-expired',
  title: "The shop's certificate has expired",
  hint: 'Both replicas serve a certificate that ended yesterday.',
  host: 'shop.example.test',
  report:
    'shop shows "Your connection is not private NET::ERR_CERT_DATE_INVALID" and the mobile app says CERT_HAS_EXPIRED. anyone?',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'tls-certificate-expired' },
  async inject(world) {
    const { edge, certificates } = world.parts;
    await edge.apply({ sites: edge.changedSite('shop', { certificate: certificates.expired[this.host]! }) });
    await untilUsersSee(world, this.host, 'an expired certificate', (saw) => saw.error === 'CERT_HAS_EXPIRED');
  },
  async heal(world) {
    const { edge, certificates } = world.parts;
    await edge.apply({ sites: edge.changedSite('shop', { certificate: certificates.own[this.host]! }) });
  },
};
