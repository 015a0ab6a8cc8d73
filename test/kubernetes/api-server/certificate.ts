import { generateKeyPairSync } from 'node:crypto';
import { writeCertificate } from '../../../proxy/lab/x509.ts';

/** A server's certificate for loopback, its key, and the authority of its own that issued it; PEM. */
export function loopbackCertificate(): { ca: string; cert: string; key: string } {
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const authority = { commonName: 'stand-in-ca', ...pair() };
  const leaf = pair();
  const dates = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 30 * 86_400_000) };
  const ca = writeCertificate({ ...dates, ...authority, authority: true, issuer: authority });
  const cert = writeCertificate({
    ...dates,
    commonName: 'kube-apiserver',
    names: ['localhost', 'kubernetes', 'kubernetes.default.svc', '127.0.0.1'],
    publicKey: leaf.publicKey,
    issuer: authority,
  });
  return { ca, cert, key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
