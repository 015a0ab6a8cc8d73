import { answerIsWhole, flightIsWhole, keyExchangeGroup } from '../../wire/tls-answer.ts';
import { GROUPS, isFiniteField, isOnlyIn13, keyOfSignature, SIGNATURES, signatureName } from '../../wire/tls-groups.ts';
import type { TlsVersion } from '../../wire/tls-hello.ts';
import { suiteName } from '../../wire/tls-suites.ts';
import { authOf } from './enumerate.ts';
import { type FlightSeen, flight } from './flight.ts';
import { OFFER } from './offers.ts';
import type { Prober } from './prober.ts';

/** A version with the suites to ask with. */
export interface Known {
  version: TlsVersion;
  suites: readonly number[];
}

export const isEphemeral = (id: number): boolean => /^TLS_ECDHE_|^TLS_ECDH_anon/.test(suiteName(id));

/**
 * Groups by elimination, in the server's order: TLS 1.3 names its pick in HelloRetryRequest, older versions in the key
 * exchange. One connection for each group found and one refusal. IANA numbers.
 */
export async function enumerateGroups(prober: Prober, { version, suites }: Known): Promise<number[]> {
  const is13 = version === 'TLSv1.3';
  const asked = is13 ? suites : suites.filter(isEphemeral).slice(0, OFFER);
  if (asked.length === 0) return [];
  const groups: number[] = [];
  let remaining = Object.values(GROUPS).filter((id) => is13 || !(isOnlyIn13(id) || isFiniteField(id)));
  while (remaining.length) {
    const { answer, data } = await prober.offer(
      { version, suites: asked, groups: remaining },
      'groups',
      is13 ? answerIsWhole : flightIsWhole,
    );
    if (answer.is !== 'hello') break;
    const group = answer.group ?? keyExchangeGroup(data);
    if (group === null || !remaining.includes(group)) break;
    groups.push(group);
    remaining = remaining.filter((id) => id !== group);
  }
  return groups;
}

/**
 * Signature algorithms that the server signs handshakes with, by elimination for each kind of key. In TLS 1.2 they stand
 * in the key exchange; in TLS 1.3 they are read from the encrypted flight. Older versions have none to choose.
 */
export async function enumerateSignatures(prober: Prober, known: Known, groups: readonly number[]): Promise<string[]> {
  if (known.version !== 'TLSv1.3' && known.version !== 'TLSv1.2') return [];
  const kinds = ['rsa', 'ec', 'eddsa', 'dsa'] as const;
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const suites =
        known.version === 'TLSv1.3'
          ? known.suites
          : known.suites.filter(
              (id) => /_(ECDHE|DHE)_/.test(suiteName(id)) && authOf(id) === (kind === 'eddsa' ? 'ec' : kind),
            );
      if (suites.length === 0) return [];
      const names: string[] = [];
      let remaining = Object.values(SIGNATURES).filter((id) => keyOfSignature(id) === kind);
      while (remaining.length) {
        const seen: FlightSeen = await flight(
          prober,
          { ...known, suites, signatures: remaining, ...(groups.length ? { groups } : {}) },
          'signatures',
        );
        const { signature } = seen;
        if (signature === null || !remaining.includes(signature)) break;
        names.push(signatureName(signature));
        remaining = remaining.filter((id) => id !== signature);
      }
      return names;
    }),
  );
  return found.flat();
}
