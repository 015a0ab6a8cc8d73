import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeCertificate } from './x509.ts';

const DAY = 86_400_000;

/** A certificate chain and its key, as files that a proxy loads (PEM, absolute paths). */
export interface CertificateFiles {
  chain: string;
  key: string;
}

/** A world's throw-away authority and what it has issued. */
export interface Certificates {
  /** The root that this organisation's clients trust. */
  root: string;
  /** By host: the right certificate, with its intermediate. */
  own: Record<string, CertificateFiles>;
  /** By host: the same, past its end since yesterday. */
  expired: Record<string, CertificateFiles>;
  /** What a controller serves when it has nothing better: self-signed, of no host. */
  fallback: CertificateFiles;
}

interface Pair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/**
 * Writes a world's certificates into `dir`: a root, an intermediate, a leaf for every host, an expired twin of each, and the
 * self-signed default. `rsaHosts` get RSA 2048 keys, because clients that know only RSA key exchange (SAP's default, Java 6)
 * can't talk to an EC certificate; all others get P-256, which costs a hundredth to make.
 */
export async function writeCertificates(dir: string, hosts: string[], rsaHosts: string[]): Promise<Certificates> {
  mkdirSync(dir, { recursive: true });
  const rsa = await rsaPair();
  const keyOf = (host: string): Pair => (rsaHosts.includes(host) ? rsa : ecPair());
  const root = { commonName: 'Example Test Root CA', ...ecPair() };
  const intermediate = { commonName: 'Example Test Issuing CA 1', ...ecPair() };
  const now = Date.now();
  const years = { notBefore: new Date(now - 400 * DAY), notAfter: new Date(now + 3000 * DAY) };

  const rootPem = writeCertificate({ ...years, ...subject(root), authority: true, issuer: root });
  const intermediatePem = writeCertificate({ ...years, ...subject(intermediate), authority: true, issuer: root });
  writeFileSync(join(dir, 'root.pem'), rootPem);

  function save(name: string, chain: string, key: KeyObject): CertificateFiles {
    const files = { chain: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) };
    writeFileSync(files.chain, chain);
    writeFileSync(files.key, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return files;
  }
  function leaf(fileName: string, host: string, key: Pair, notBefore: Date, notAfter: Date): CertificateFiles {
    const request = { commonName: host, names: [host], publicKey: key.publicKey, notBefore, notAfter };
    return save(fileName, writeCertificate({ ...request, issuer: intermediate }) + intermediatePem, key.privateKey);
  }

  const certificates: Certificates = {
    root: join(dir, 'root.pem'),
    own: {},
    expired: {},
    fallback: fallback(save, years),
  };
  for (const host of hosts) {
    const key = keyOf(host);
    const sixtyDays = [new Date(now - 30 * DAY), new Date(now + 60 * DAY)] as const;
    const overSince = [new Date(now - 91 * DAY), new Date(now - DAY)] as const;
    certificates.own[host] = leaf(host, host, key, ...sixtyDays);
    certificates.expired[host] = leaf(`${host}.expired`, host, key, ...overSince);
  }
  return certificates;
}

function fallback(
  save: (name: string, chain: string, key: KeyObject) => CertificateFiles,
  years: { notBefore: Date; notAfter: Date },
): CertificateFiles {
  const self = { commonName: 'Ingress Controller Default Certificate', ...ecPair() };
  return save(
    'default',
    writeCertificate({ ...years, ...subject(self), names: ['ingress.local'], issuer: self }),
    self.privateKey,
  );
}

function subject(of: { commonName: string } & Pair): { commonName: string; publicKey: KeyObject } {
  return { commonName: of.commonName, publicKey: of.publicKey };
}

function ecPair(): Pair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function rsaPair(): Promise<Pair> {
  return promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
}
