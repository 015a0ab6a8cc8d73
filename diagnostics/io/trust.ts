import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { reasonOf, TriageError } from '../errors.ts';

/** The authorities that this organisation's clients trust. */
export interface Trust {
  /** A client context that trusts them, for handshakes as a current client makes them. */
  context: SecureContext;
  roots: X509Certificate[];
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const cache = new Map<string, Trust>();
let systemRoots: { pems: string[]; parsed: X509Certificate[] } | null = null;

/** What clients trust without anyone's doing: Node's Mozilla list, NODE_EXTRA_CA_CERTS and the system's store. */
function system(): { pems: string[]; parsed: X509Certificate[] } {
  if (systemRoots) return systemRoots;
  const pems = [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  const parsed = pems.flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return []; // a root that this OpenSSL cannot read is one that no client here trusts either
    }
  });
  systemRoots = { pems, parsed };
  return systemRoots;
}

/** Trust in the system's authorities and those of the given PEM files. Throws TriageError `unreadable` naming the file. */
export function trustIn(files: string[]): Trust {
  const key = files.join('\0');
  const known = cache.get(key);
  if (known) return known;
  const own = files.flatMap((file) => {
    try {
      const pems = readFileSync(file, 'utf8').match(PEM);
      if (!pems) throw new Error('no PEM certificate in it');
      for (const pem of pems) new X509Certificate(pem);
      return pems as string[];
    } catch (error) {
      throw new TriageError('unreadable', `${file}: ${reasonOf(error)} (named under \`trust\`)`, { cause: error });
    }
  });
  const { pems, parsed } = system();
  const trust = {
    context: createSecureContext({ ca: [...pems, ...own] }),
    roots: [...parsed, ...own.map((pem) => new X509Certificate(pem))],
  };
  cache.set(key, trust);
  return trust;
}
