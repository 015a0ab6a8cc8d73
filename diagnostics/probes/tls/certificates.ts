import { type ChainSeen, describeChain, parseChain, type Trusted } from '../../wire/chain.ts';
import { readStaple, type StapleSeen } from '../../wire/ocsp.ts';
import { readTlsAnswer } from '../../wire/tls-answer.ts';
import { readFlight } from '../../wire/tls-flight.ts';
import { keyOfSignature, SIGNATURES } from '../../wire/tls-groups.ts';
import { suiteName } from '../../wire/tls-suites.ts';
import type { Sightings } from './enumerate.ts';
import { flight } from './flight.ts';
import type { Prober } from './prober.ts';

export type Kind = 'rsa' | 'ec' | 'dsa';

/** One certificate of the listener with its chain, and what was stapled to it. */
export interface CertificateFound extends ChainSeen {
  kind: Kind | 'eddsa';
  staple: StapleSeen | null;
}

/** What the flights on the way showed: one chain for each kind of suite. Asks nothing. */
export function fromSightings(
  sightings: Sightings,
  trusted: Trusted | null,
  servername: string | null,
): { found: CertificateFound[]; dhBits: number | null } {
  const found: CertificateFound[] = [];
  let dhBits: number | null = null;
  for (const [kind, { suite, data }] of sightings) {
    if (readTlsAnswer(data).is !== 'hello') continue;
    const read = readFlight(data, suiteName(suite));
    dhBits ??= read.exchange?.dhBits ?? null;
    const chain = describeChain(parseChain(read.certificates), trusted, servername);
    if (chain) found.push({ ...chain, kind: kind as Kind, staple: read.staple && readStaple(read.staple) });
  }
  return { found, dhBits };
}

const KINDS = ['rsa', 'ec', 'eddsa'] as const;

/** The same for a listener of TLS 1.3 alone: its certificates are encrypted, and chosen by signature algorithm. */
export async function fromTls13(
  prober: Prober,
  suites: readonly number[],
  groups: readonly number[],
  trusted: Trusted | null,
): Promise<CertificateFound[]> {
  const asked = await Promise.all(
    KINDS.map(async (kind) => {
      const signatures = Object.values(SIGNATURES).filter((id) => keyOfSignature(id) === kind);
      const seen = await flight(prober, { version: 'TLSv1.3', suites, signatures, groups }, 'certificates');
      const chain = describeChain(parseChain(seen.certificates), trusted, prober.to.servername);
      return chain ? { ...chain, kind, staple: seen.staple && readStaple(seen.staple) } : null;
    }),
  );
  const found: CertificateFound[] = [];
  for (const one of asked) {
    const same = found.some((other) => other.certificates[0]?.sha256 === one?.certificates[0]?.sha256);
    if (one && !same) found.push(one);
  }
  return found;
}
