import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Keys and certificates of the set-ups: PEM paths, chain included. */
export interface Material {
  dir: string;
  rsa: { pem: string; key: string };
  ec: { pem: string; key: string };
  dh: string;
  /** Both certificates in one PKCS#12 file, password `changeit`. */
  p12: string;
  ca: string;
}

const openssl = (cwd: string, ...args: string[]): void =>
  void execFileSync('openssl', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 });

/** The standard group of RFC 7919, so that no search for a prime is needed. */
const DH_ARGS = ['genpkey', '-genparam', '-algorithm', 'DH', '-pkeyopt', 'group:ffdhe2048', '-out', 'dh.pem'];

/** Makes an authority and a leaf for each kind of key, for lab.test. */
export function makeMaterial(dir: string): Material {
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  openssl(
    dir,
    'req',
    '-x509',
    '-nodes',
    ...ec,
    '-days',
    '30',
    '-subj',
    '/CN=Bench Root',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  writeFileSync(join(dir, 'ext'), 'subjectAltName=DNS:lab.test\n');
  for (const [name, kind] of [
    ['rsa', ['-newkey', 'rsa:2048']],
    ['ec', ec],
  ] as const) {
    openssl(dir, 'req', '-nodes', ...kind, '-subj', '/CN=lab.test', '-keyout', `${name}.key`, '-out', `${name}.csr`);
    openssl(
      dir,
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      'ext',
      '-days',
      '20',
      '-out',
      `${name}.pem`,
    );
    openssl(
      dir,
      'pkcs12',
      '-export',
      '-in',
      `${name}.pem`,
      '-inkey',
      `${name}.key`,
      '-name',
      name,
      '-passout',
      'pass:changeit',
      '-out',
      `${name}.p12`,
    );
  }
  openssl(dir, ...DH_ARGS);
  const at = (file: string): string => join(dir, file);
  return {
    dir,
    rsa: { pem: at('rsa.pem'), key: at('rsa.key') },
    ec: { pem: at('ec.pem'), key: at('ec.key') },
    dh: at('dh.pem'),
    p12: at('rsa.p12'),
    ca: at('ca.pem'),
  };
}
