import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** Metabase's own certificate is gone from the edge, which serves its self-signed default instead. */
export const tlsCertificateWrong: Fault = {
  name: 'tls-certificate-wrong',
  title: 'Metabase gets the default certificate',
  hint: 'The served certificate is self-signed and names another host.',
  host: 'metabase.example.test',
  report:
    'metabase: NET::ERR_CERT_AUTHORITY_INVALID in the browser, and the nightly export dies with ' +
    '"SSL: CERTIFICATE_VERIFY_FAILED: self-signed certificate". Were we hacked?',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'tls-certificate-wrong' },
  async inject(world) {
    const { edge, certificates } = world.parts;
    await edge.apply({ sites: edge.changedSite('metabase', { certificate: certificates.fallback }) });
    const selfSigned = 'DEPTH_ZERO_SELF_SIGNED_CERT';
    await untilUsersSee(world, this.host, 'a self-signed certificate', (saw) => saw.error === selfSigned);
  },
  async heal(world) {
    const { edge, certificates } = world.parts;
    await edge.apply({ sites: edge.changedSite('metabase', { certificate: certificates.own[this.host]! }) });
  },
};
