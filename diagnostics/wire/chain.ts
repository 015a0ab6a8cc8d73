import { X509Certificate as Certificate, type X509Certificate } from 'node:crypto';
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

/** Names first: comparing them costs nothing, and a trust store has some hundred roots. */
const issuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean => {
  try {
    return (
      certificate.issuer === issuer.subject && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
    );
  } catch {
    return false; // a key or signature that this OpenSSL cannot read proves nothing
  }
};

const byName = new WeakMap<readonly X509Certificate[], Map<string, X509Certificate[]>>();

/** A trust store by the names of its authorities, made once for each. */
function rootsByName(roots: readonly X509Certificate[]): Map<string, X509Certificate[]> {
  const known = byName.get(roots);
  if (known) return known;
  const named = new Map<string, X509Certificate[]>();
  for (const root of roots) named.set(root.subject, [...(named.get(root.subject) ?? []), root]);
  byName.set(roots, named);
  return named;
}

/**
 * Is the chain that was sent enough for a client that fetches no missing issuers itself (RFC 5280 section 6; RFC 8446
 * section 4.4.2)? Dates and names are other questions.
 * `incomplete`: an issuer is missing between leaf and trust; `untrusted`: it ends at an authority nobody trusts.
 */
export function judgeChain(sent: X509Certificate[], roots: readonly X509Certificate[]): HandshakeSeen['chain'] {
  const leaf = sent[0];
  if (!leaf) return null;
  const named = rootsByName(roots);
  const trusted = (certificate: X509Certificate): boolean =>
    named.get(certificate.subject)?.some((root) => root.fingerprint256 === certificate.fingerprint256) === true ||
    named.get(certificate.issuer)?.some((root) => issuedBy(certificate, root)) === true;
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

/** A chain as one listener sends it for one kind of key. */
export interface ChainSeen {
  /** Of the leaf: `RSA 2048`, `EC prime256v1`. */
  keyType: string;
  /** How the leaf was signed, as OpenSSL names it (`sha256WithRSAEncryption`); null where it does not say. */
  signature: string | null;
  /** Leaf first, exactly as sent. */
  certificates: CertificateSeen[];
  /** RFC 5246 section 7.4.2: each certificate certifies the one before it. `unrelated`: something else stands among them. */
  order: 'in-order' | 'out-of-order' | 'unrelated';
  chain: HandshakeSeen['chain'];
  nameMatches: boolean | null;
  /** A self-signed root was sent too: it helps nobody and costs every handshake its bytes. */
  rootSent: boolean;
  /** Where clients that fetch missing issuers get them (RFC 5280 section 4.2.2.1); null: nowhere. */
  issuerUrl: string | null;
  /**
   * What clients that fetch nothing lack, in words; null: nothing, or not known: a leaf of a private authority that nobody
   * named looks the same, and its own clients may well trust it.
   */
  missing: string | null;
}

/** Certificates in DER as Node reads them; what it cannot read is left out. */
export function parseChain(ders: readonly Uint8Array[]): X509Certificate[] {
  return ders.slice(0, MAX_CHAIN).flatMap((der) => {
    try {
      return [new Certificate(der)];
    } catch {
      return []; // a certificate that this OpenSSL cannot read: clients with it cannot either
    }
  });
}

function orderOf(sent: X509Certificate[]): ChainSeen['order'] {
  if (sent.every((one, i) => i === 0 || issuedBy(sent[i - 1] as X509Certificate, one))) return 'in-order';
  let current = sent[0] as X509Certificate;
  const left = new Set(sent.slice(1));
  for (;;) {
    const next = [...left].find((candidate) => issuedBy(current, candidate));
    if (!next) return left.size === 0 ? 'out-of-order' : 'unrelated';
    left.delete(next);
    current = next;
  }
}

/** Whom clients trust: `given` when somebody named their own authorities, so that a private one is no riddle. */
export interface Trusted {
  roots: readonly X509Certificate[];
  given: boolean;
}

/** Pure: what a chain that was sent means to clients. `trusted` null: not known, not judged. */
export function describeChain(
  sent: X509Certificate[],
  trusted: Trusted | null,
  servername: string | null,
): ChainSeen | null {
  const leaf = sent[0];
  if (!leaf) return null;
  const chain = trusted ? judgeChain(sent, trusted.roots) : null;
  const url = /CA Issuers - URI:(\S+)/.exec(leaf.infoAccess ?? '');
  const { signatureAlgorithm } = leaf as { signatureAlgorithm?: string };
  return {
    keyType: keyType(leaf),
    signature: signatureAlgorithm ?? null,
    certificates: sent.map(describe),
    order: orderOf(sent),
    chain,
    nameMatches: servername ? leaf.checkHost(servername, { subject: 'default' }) !== undefined : null,
    rootSent: sent.length > 1 && sent.slice(1).some((one) => issuedBy(one, one)),
    issuerUrl: url?.[1]?.slice(0, 200) ?? null,
    missing: chain === 'incomplete' && (trusted?.given || url) ? `the certificate of ${lastIssuer(sent)}` : null,
  };
}

/** The issuer that the chain as sent does not reach. */
function lastIssuer(sent: X509Certificate[]): string {
  let current = sent[0] as X509Certificate;
  for (let i = 0; i < MAX_CHAIN; i++) {
    const next = sent.find((one) => one !== current && issuedBy(current, one));
    if (!next) break;
    current = next;
  }
  return oneLine(current.issuer);
}
