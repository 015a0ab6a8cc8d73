import { GROUPS, type TlsVersion } from '../wire/tls-hello.ts';
import { isTls13Suite, suiteId, suiteName } from '../wire/tls-suites.ts';

/** A client as its recorded ClientHello shows it: what it offers, in its order. */
interface ClientProfile {
  profile: string;
  title: string;
  /** Words in a report that mean this client, lower case. */
  words: string[];
  versions: TlsVersion[];
  /** Suites in the order offered, hex, without signalling values. */
  suites: number[];
  /** Names of the groups it knows, of those that we ask servers for; null: no ECDHE at all. */
  groups: string[] | null;
  sni: boolean;
  source: string;
}

export interface ClientResult {
  profile: string;
  title: string;
  result: 'ok' | 'no-shared-version' | 'no-shared-cipher' | 'no-shared-group';
  negotiated: { version: string; cipher: string; id: string } | null;
}

const hex = (list: string): number[] => list.split(' ').map((id) => Number.parseInt(id, 16));
const SIMULATION = 'testssl.sh etc/client-simulation.txt (recorded handshakes, mostly from SSL Labs)';
const UP_TO_12: TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2'];
const ONLY_10: TlsVersion[] = ['SSLv3', 'TLSv1'];
const NIST = ['secp256r1', 'secp384r1', 'secp521r1'];
const MODERN = ['x25519', ...NIST];

const JAVA_8 =
  'c024 c028 003d c026 c02a 006b 006a c00a c014 0035 c005 c00f 0039 0038 c023 c027 003c c025 c029 0067 0040 c009 c013 002f c004 c00e 0033 0032 c02c c02b c030 009d c02e c032 009f 00a3 c02f 009c c02d c031 009e 00a2 c008 c012 000a';
const OPENSSL_110 =
  'c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039 c009 c013 0033 009d 009c 003d 003c 0035 002f';
const BROWSER = '1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035';

/**
 * Old and current clients. Lists are the recorded ones; export, DES and RC4-only tails that no server here takes are
 * kept where the recording shows them in full. SAP's is its documented default, not a recording: said in `source`.
 */
export const CLIENT_PROFILES: readonly ClientProfile[] = [
  {
    profile: 'java-6',
    title: 'Java 6u45',
    words: ['java 6', 'java6', 'jdk 6'],
    versions: ONLY_10,
    suites: hex('0004 0005 002f 0033 0032 000a 0016 0013'),
    groups: null,
    sni: false,
    source: SIMULATION,
  },
  {
    profile: 'java-7',
    title: 'Java 7u25',
    words: ['java 7', 'java7', 'jdk 7'],
    versions: ONLY_10,
    suites: hex('c009 c013 002f c004 c00e 0033 0032 c007 c011 0005 c002 c00c c008 c012 000a c003 c00d 0016 0013 0004'),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'java-8-early',
    title: 'Java 8u31',
    words: [],
    versions: UP_TO_12,
    suites: hex(
      'c023 c027 003c c025 c029 0067 0040 c009 c013 002f c004 c00e 0033 0032 c007 c011 0005 c002 c00c c02b c02f 009c c02d c031 009e 00a2 c008 c012 000a',
    ),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'java-8',
    title: 'Java 8u161',
    words: ['java 8', 'java8', 'jdk 8', 'jdk8', '1.8.0'],
    versions: UP_TO_12,
    suites: hex(JAVA_8),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'java-11',
    title: 'Java 11',
    words: ['java 11', 'java11'],
    versions: [...UP_TO_12, 'TLSv1.3'],
    suites: hex(`1301 1302 c02c c02b c030 009d c02e c032 009f 00a3 c02f 009c c02d c031 009e 00a2 ${JAVA_8}`),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'android-2.3',
    title: 'Android 2.3.7',
    words: ['android 2'],
    versions: ONLY_10,
    suites: hex('0004 0005 002f 0033 0032 000a 0016 0013'),
    groups: null,
    sni: false,
    source: SIMULATION,
  },
  {
    profile: 'android-4.0',
    title: 'Android 4.0.4',
    words: ['android 4.0', 'android 4.1', 'android 4.2', 'android 4.3'],
    versions: ONLY_10,
    suites: hex(
      'c014 c00a 0039 0038 c00f c005 0035 c012 c008 0016 0013 c00d c003 000a c013 c009 0033 0032 c00e c004 002f c011 c007 c00c c002 0005 0004',
    ),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'android-4.4',
    title: 'Android 4.4.2',
    words: ['android 4.4', 'android 4', 'old android', 'handheld'],
    versions: UP_TO_12,
    suites: hex(
      'c030 c02c c014 c00a 00a3 009f 006b 006a 0039 0038 009d 003d 0035 c012 c008 0016 0013 000a c02f c02b c027 c023 c013 c009 00a2 009e 0067 0040 0033 0032 009c 003c 002f c011 c007 0005 0004',
    ),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'android-5',
    title: 'Android 5.0',
    words: ['android 5'],
    versions: UP_TO_12,
    suites: hex('cc14 cc13 cc15 c014 c00a 0039 0038 0035 c02f c02b c013 c009 0033 0032 009c 002f'),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'schannel-xp',
    title: 'Windows XP, Windows CE (Schannel)',
    words: ['windows xp', 'win xp', 'windows ce', 'wince', 'ie 8', 'ie8'],
    versions: ONLY_10,
    suites: hex('0004 0005 000a 0009 0064 0062 0003 0006 0013'),
    groups: null,
    sni: false,
    source: SIMULATION,
  },
  {
    profile: 'dotnet-4',
    title: '.NET 3.5 to 4.5, Windows 7 with TLS 1.0 (Schannel)',
    words: ['.net 4', '.net 3', 'dotnet 4', '.net framework'],
    versions: ONLY_10,
    suites: hex('c014 c013 0035 002f c00a c009 0038 0032 000a 0013 0005 0004'),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'schannel-win7',
    title: 'Windows 7, Server 2008 R2 (Schannel, TLS 1.2)',
    words: ['windows 7', 'win7', 'server 2008', '2008 r2', 'ie 11', 'ie11'],
    versions: UP_TO_12,
    suites: hex(
      'c028 c027 c014 c013 009f 009e 009d 009c 003d 003c 0035 002f c02c c02b c024 c023 c00a c009 006a 0040 0038 0032 000a 0013',
    ),
    groups: ['secp256r1', 'secp384r1'],
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'openssl-0.9.8',
    title: 'OpenSSL 0.9.8',
    words: ['openssl 0.9'],
    versions: ONLY_10,
    suites: hex('0039 0038 0035 0016 0013 000a 0033 0032 002f 0007 0005 0004'),
    groups: null,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'openssl-1.0.1',
    title: 'OpenSSL 1.0.1',
    words: ['openssl 1.0.1'],
    versions: UP_TO_12,
    suites: hex(
      'c030 c02c c028 c024 c014 c00a 00a3 009f 006b 006a 0039 0038 009d 003d 0035 c02f c02b c027 c023 c013 c009 00a2 009e 0067 0040 0033 0032 009c 003c 002f 0005 0004 c012 c008 0016 0013 000a',
    ),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'openssl-1.0.2',
    title: 'OpenSSL 1.0.2 (Node 6 and 8)',
    words: ['openssl 1.0.2', 'node 6', 'node 8'],
    versions: UP_TO_12,
    suites: hex(
      'c030 c02c c028 c024 c014 c00a 00a5 00a3 00a1 009f 006b 006a c02f c02b c027 c023 c013 c009 009e 0067 009d 009c 003d 003c 0035 002f',
    ),
    groups: NIST,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'openssl-1.1.0',
    title: 'OpenSSL 1.1.0 (Node 10)',
    words: ['openssl 1.1.0', 'node 10'],
    versions: UP_TO_12,
    suites: hex(OPENSSL_110),
    groups: MODERN,
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'openssl-1.1.1',
    title: 'OpenSSL 1.1.1 (Node 12)',
    words: ['openssl 1.1.1', 'node 12', 'node 14', 'node 16'],
    versions: [...UP_TO_12, 'TLSv1.3'],
    suites: hex(`1302 1303 1301 ${OPENSSL_110}`),
    groups: [...MODERN, 'x448'],
    sni: true,
    source: SIMULATION,
  },
  {
    profile: 'sap-ccl',
    title: 'SAP ICM with default settings (CommonCryptoLib 8)',
    words: ['sap', 'icm_http', 'icm', 'abap', 'netweaver'],
    versions: UP_TO_12,
    suites: hex('0035 002f 009d 009c 003d 003c 000a'),
    groups: null,
    sni: false,
    source: 'SAP Note 510007 as quoted publicly: default HIGH:MEDIUM:+e3DES without ECDHE; no recording exists',
  },
  {
    profile: 'browser',
    title: 'A current browser',
    words: ['chrome', 'firefox', 'safari', 'edge'],
    versions: ['TLSv1.2', 'TLSv1.3'],
    suites: hex(BROWSER),
    groups: ['X25519MLKEM768', ...MODERN],
    sni: true,
    source: 'Chrome 13x ClientHello as documented in the Chromium sources (net/socket), without GREASE',
  },
];

/** What a listener speaks, as the enumeration found it. */
export interface Spoken {
  suites: Map<TlsVersion, number[]>;
  groups: string[];
  preference: Map<TlsVersion, boolean | null>;
  keyType: string | null;
}

const STRENGTH: TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'];

/**
 * Pure: how a client fares at a listener: computed, not replayed. The highest shared version decides (a server takes the
 * client's highest that it speaks: RFC 5246 appendix E.1, RFC 8446 section 4.2.1); then the first suite in the server's
 * order, or in the client's where the server has none. ECDHE and TLS 1.3 need a shared group.
 */
export function meet(client: ClientProfile, spoken: Spoken): ClientResult {
  const failed = (result: ClientResult['result']): ClientResult => ({
    profile: client.profile,
    title: client.title,
    result,
    negotiated: null,
  });
  const version = STRENGTH.find((v) => client.versions.includes(v) && spoken.suites.has(v));
  if (!version) return failed('no-shared-version');
  const served = spoken.suites.get(version) as number[];
  const shared = served.filter((id) => client.suites.includes(id));
  const ordered = spoken.preference.get(version) === false ? client.suites.filter((id) => shared.includes(id)) : shared;
  if (ordered.length === 0) return failed('no-shared-cipher');
  const groups = client.groups?.some((name) => spoken.groups.includes(name)) ?? false;
  const needsGroup = (id: number): boolean => isTls13Suite(id) || suiteName(id).startsWith('TLS_ECDHE_');
  const suite = ordered.find(
    (id) => !needsGroup(id) || groups || (spoken.groups.length === 0 && client.groups !== null),
  );
  if (suite === undefined) return failed('no-shared-group');
  return {
    profile: client.profile,
    title: client.title,
    result: 'ok',
    negotiated: { version, cipher: suiteName(suite), id: suiteId(suite) },
  };
}

/** Names of groups that profiles may use: a typo here would make a client fail everywhere. */
export const knownGroups = (): string[] => Object.keys(GROUPS);
