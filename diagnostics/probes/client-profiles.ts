import type { ChainSeen } from '../wire/chain.ts';
import { isFiniteField, keyOfSignature } from '../wire/tls-groups.ts';
import { GROUPS, type TlsVersion } from '../wire/tls-hello.ts';
import { isTls13Suite, suiteId, suiteName } from '../wire/tls-suites.ts';
import { authOf } from './tls/enumerate.ts';
import { CLIENT_PROFILES } from './tls/profiles/index.ts';
import type { ClientProfile } from './tls/profiles/recorded.ts';

export { CLIENT_PROFILES };

/** How one client fares at a listener. */
export interface ClientResult {
  profile: string;
  title: string;
  /** `refused`: turned away though nothing is missing; the alert says how. `unknown`: it was not answered. */
  result:
    | 'ok'
    | 'no-shared-version'
    | 'no-shared-cipher'
    | 'no-shared-group'
    | 'certificate-key'
    | 'certificate-signature'
    | 'certificate-chain'
    | 'refused'
    | 'unknown';
  negotiated: { version: string; cipher: string; id: string; group?: string | null } | null;
  /** `replayed`: its own hello was sent; `computed`: the enumeration proves what it would get. */
  how?: 'replayed' | 'computed';
  /** TLS alert that turned it away, where it was replayed. */
  alert?: number | null;
}

/** What a listener speaks, as the enumeration found it. */
export interface Spoken {
  suites: Map<TlsVersion, number[]>;
  groups: string[];
  preference: Map<TlsVersion, boolean | null>;
  keyType: string | null;
  /** Chains by the kind of suite that they are sent with. */
  chains?: Map<'rsa' | 'ec' | 'dsa', ChainSeen>;
  /** Size of its own finite field for DHE, bits. */
  dhBits?: number | null;
}

const STRENGTH: TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'];
const needsGroup = (id: number): boolean => isTls13Suite(id) || /^TLS_ECDHE_|^TLS_ECDH_anon/.test(suiteName(id));

/** Suites that both have at the newest version that both have, in the order that decides. */
export function sharedSuites(client: ClientProfile, spoken: Spoken): { version: TlsVersion; suites: number[] } | null {
  const version = STRENGTH.find((v) => client.versions.includes(v) && spoken.suites.has(v));
  if (!version) return null;
  const served = spoken.suites.get(version) as number[];
  const shared = served.filter((id) => client.suites.includes(id));
  const clientDecides = spoken.preference.get(version) === false;
  return { version, suites: clientDecides ? client.suites.filter((id) => shared.includes(id)) : shared };
}

/**
 * Pure: how a client fares at a listener: computed, not replayed. The highest shared version decides (a server takes the
 * client's highest that it speaks: RFC 5246 appendix E.1, RFC 8446 section 4.2.1); then the first suite in the server's
 * order, or in the client's where the server has none. ECDHE and TLS 1.3 need a shared group.
 */
export function meet(client: ClientProfile, spoken: Spoken): ClientResult {
  const base = { profile: client.profile, title: client.title, how: 'computed' as const };
  const failed = (result: ClientResult['result']): ClientResult => ({ ...base, result, negotiated: null });
  const shared = sharedSuites(client, spoken);
  if (!shared) return failed('no-shared-version');
  if (shared.suites.length === 0) return failed('no-shared-cipher');
  const group = spoken.groups.find(
    (name) => client.groups?.includes(name) && (shared.version === 'TLSv1.3' || !isFiniteField(GROUPS[name] as number)),
  );
  const suite = shared.suites.find(
    (id) => !needsGroup(id) || group !== undefined || (spoken.groups.length === 0 && client.groups !== null),
  );
  if (suite === undefined || tooLarge(client, suite, spoken.dhBits)) return failed('no-shared-group');
  const negotiated = { version: shared.version, cipher: suiteName(suite), id: suiteId(suite) };
  const kind = isTls13Suite(suite) ? kindOf13(client, spoken) : authOf(suite);
  const chain = kind ? spoken.chains?.get(kind) : undefined;
  const verdict = chain ? judgeCertificate(client, chain, shared.version) : 'ok';
  return { ...base, result: verdict, negotiated };
}

/** Does this client turn away a finite field of that size? Servers choose theirs without asking (RFC 5246). */
export const tooLarge = (client: ClientProfile, suite: number, bits: number | null | undefined): boolean =>
  /_DHE_/.test(suiteName(suite)) && client.maxDhBits !== null && (bits ?? 0) > client.maxDhBits;

/** In TLS 1.3 the client's signature algorithms choose the certificate. */
function kindOf13(client: ClientProfile, spoken: Spoken): 'rsa' | 'ec' | null {
  const kinds = new Set((client.signatures ?? []).map(keyOfSignature));
  const has = (kind: 'rsa' | 'ec'): boolean => kinds.has(kind) && spoken.chains?.has(kind) === true;
  return has('ec') ? 'ec' : has('rsa') ? 'rsa' : null;
}

/** Hash and key of a certificate's signature, as TLS 1.2 numbers them; null where it is not told by the name. */
function signatureNumber(name: string): number | null {
  const hash = /sha(1|224|256|384|512)/i.exec(name)?.[1];
  const high = hash ? { '1': 2, '224': 3, '256': 4, '384': 5, '512': 6 }[hash] : /md5/i.test(name) ? 1 : undefined;
  if (high === undefined || /pss/i.test(name)) return null;
  return high * 256 + (/ecdsa/i.test(name) ? 3 : /rsa/i.test(name) ? 1 : 2);
}

const CURVES: { readonly [name: string]: string } = {
  prime256v1: 'secp256r1',
  secp384r1: 'secp384r1',
  secp521r1: 'secp521r1',
};

/**
 * Pure: would this client take that chain? By its key's curve (RFC 8422 section 5.1.1), by the signature on the leaf
 * (RFC 5246 section 7.4.2) and by whether it is whole: none of these clients but browsers fetches what is missing.
 * Dates, names and whom it trusts are other questions.
 */
export function judgeCertificate(
  client: ClientProfile,
  chain: ChainSeen,
  version: TlsVersion,
): 'ok' | 'certificate-key' | 'certificate-signature' | 'certificate-chain' {
  const curve = CURVES[chain.keyType.replace(/^EC /, '')];
  if (curve && version !== 'TLSv1.3' && client.groups && !client.groups.includes(curve)) return 'certificate-key';
  const number = chain.signature ? signatureNumber(chain.signature) : null;
  if (number !== null && client.signatures && !client.signatures.includes(number)) {
    // A PSS or EdDSA list alone says little of certificates: TLS 1.3 clients list those apart.
    if (version !== 'TLSv1.3') return 'certificate-signature';
  }
  return chain.missing !== null && !FETCHES.has(client.profile) ? 'certificate-chain' : 'ok';
}

/** Clients that fetch a missing issuer themselves (AIA): Chromium on all systems, Safari, and everything on Schannel. */
const FETCHES = new Set([
  'browser',
  'safari-5',
  'safari-18',
  'dotnet-4',
  'schannel-xp',
  'schannel-win7',
  'schannel-win8.1',
  'schannel-win10',
]);

/** Names of groups that profiles may use: a typo here would make a client fail everywhere. */
export const knownGroups = (): string[] => Object.keys(GROUPS);
