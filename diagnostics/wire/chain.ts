import type { X509Certificate } from 'node:crypto';
import type { CertificateSeen, HandshakeSeen } from '../io/io.ts';

/** Longest chain we read: real ones have two to four certificates. */
export const MAX_CHAIN = 10;

/** `CN=shop.example.test, O=Example` on one line. */
const oneLine = (name: string | undefined): string => (name ?? '').split('\n').join(', ').slice(0, 300);

function keyType(certificate: X509Certificate): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  if (type === 'ec') return `EC ${details?.namedCurve ?? ''}`.trim();
  return details?.modulusLength
    ? `${(type ?? '').toUpperCase()} ${details.modulusLength}`
    : (type ?? 'unknown').toUpperCase();
}

/** DNS names and addresses that a certificate is made out to (RFC 6125: the subject's CN counts only without them). */
export function namesOf(certificate: X509Certificate): string[] {
  const names = [...(certificate.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(
    (m) => m[1] as string,
  );
  if (names.length) return names.slice(0, 50);
  const cn = /^CN=(.+)$/m.exec(certificate.subject);
  return cn ? [cn[1] as string] : [];
}

/** A certificate as plain data. */
export function describe(certificate: X509Certificate): CertificateSeen {
  return {
    subject: oneLine(certificate.subject),
    names: namesOf(certificate),
    issuer: oneLine(certificate.issuer),
    keyType: keyType(certificate),
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

const issuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean => {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key or signature that this OpenSSL cannot read proves nothing
  }
};

/**
 * Is the chain that was sent enough for a client that fetches no missing issuers itself (RFC 5280 section 6; RFC 8446
 * section 4.4.2)? Dates and names are other questions.
 * `incomplete`: an issuer is missing between leaf and trust; `untrusted`: it ends at an authority nobody trusts.
 */
export function judgeChain(sent: X509Certificate[], roots: X509Certificate[]): HandshakeSeen['chain'] {
  const leaf = sent[0];
  if (!leaf) return null;
  const trusted = (certificate: X509Certificate): boolean =>
    roots.some((root) => root.fingerprint256 === certificate.fingerprint256 || issuedBy(certificate, root));
  let current = leaf;
  for (let i = 0; i < MAX_CHAIN; i++) {
    if (trusted(current)) return 'complete';
    const next = sent.find((candidate) => candidate !== current && issuedBy(current, candidate));
    if (!next) break;
    current = next;
  }
  const selfIssued = issuedBy(current, current);
  if (selfIssued) return current === leaf ? 'self-signed' : 'untrusted';
  return current === leaf || roots.length === 0 ? 'incomplete' : 'untrusted';
}
