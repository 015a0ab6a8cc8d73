import { createHash } from 'node:crypto';
import type { CertificateSeen } from '../../io/io.ts';
import { describe, parseChain } from '../../wire/chain.ts';
import { type FlightSeen, flight, type Question } from './flight.ts';
import type { Prober } from './prober.ts';

/** What a client meets that names another host, or none. */
export interface NameAnswer {
  outcome: 'same-certificate' | 'other-certificate' | 'refused' | 'unknown';
  alert: number | null;
  /** The other certificate, where there is one. */
  certificate: CertificateSeen | null;
}

export interface NamesSeen {
  /** Null where the probe itself names no host. */
  absent: NameAnswer | null;
  wrong: NameAnswer | null;
}

/** Of a certificate in DER: as results show it. */
export const sha256 = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');

/** A host that exists nowhere (RFC 2606): what is served for it is served for every unknown name. */
const NOBODY = 'nobody.invalid';

function compare(seen: FlightSeen, own: string | null): NameAnswer {
  if (seen.version === null)
    return {
      outcome: seen.alert !== null || seen.ending !== 'open' ? 'refused' : 'unknown',
      alert: seen.alert,
      certificate: null,
    };
  const der = seen.certificates[0];
  if (!der || own === null) return { outcome: 'unknown', alert: seen.alert, certificate: null };
  if (sha256(der) === own) return { outcome: 'same-certificate', alert: null, certificate: null };
  const [leaf] = parseChain([der]);
  return leaf
    ? { outcome: 'other-certificate', alert: null, certificate: describe(leaf) }
    : { outcome: 'unknown', alert: null, certificate: null };
}

/** The same question without a name, and with a wrong one. `own`: sha256 of the certificate that the right name gets. */
export async function askNames(prober: Prober, question: Question, own: string | null): Promise<NamesSeen> {
  const named = prober.to.servername !== null;
  const [absent, wrong] = await Promise.all([
    named ? flight(prober, { ...question, serverName: null }, 'names').then((seen) => compare(seen, own)) : null,
    flight(prober, { ...question, serverName: NOBODY }, 'names').then((seen) => compare(seen, own)),
  ]);
  return { absent, wrong };
}

/** Application protocols by elimination: what the server picks is taken off, until nothing is picked or both are known. */
export async function askProtocols(prober: Prober, question: Question): Promise<string[]> {
  const found: string[] = [];
  let remaining = ['h2', 'http/1.1'];
  while (remaining.length) {
    const { alpn } = await flight(prober, { ...question, alpn: remaining }, 'alpn');
    if (alpn === null || !remaining.includes(alpn)) break;
    found.push(alpn);
    remaining = remaining.filter((name) => name !== alpn);
  }
  return found;
}
