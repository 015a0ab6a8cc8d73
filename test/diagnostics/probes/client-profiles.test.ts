import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_PROFILES, knownGroups, meet, type Spoken } from '../../../diagnostics/probes/client-profiles.ts';
import type { TlsVersion } from '../../../diagnostics/wire/tls-hello.ts';
import { suiteName } from '../../../diagnostics/wire/tls-suites.ts';

const hex = (list: string): number[] => list.split(' ').map((id) => Number.parseInt(id, 16));
const TLS13 = hex('1301 1302 1303');
const CURVES = ['x25519', 'secp256r1', 'secp384r1', 'secp521r1'];

/** A listener with its default settings: suites of TLS 1.2 in its own order, and of older versions where it has them. */
function listener(
  v12: string,
  more: { v13?: boolean; v10?: string; groups?: string[]; preference?: boolean } = {},
): Spoken {
  const suites = new Map<TlsVersion, number[]>([['TLSv1.2', hex(v12)]]);
  if (more.v13 !== false) suites.set('TLSv1.3', TLS13);
  if (more.v10) for (const version of ['TLSv1', 'TLSv1.1'] as const) suites.set(version, hex(more.v10));
  return {
    suites,
    groups: more.groups ?? CURVES,
    preference: new Map([...suites.keys()].map((version) => [version, more.preference ?? true])),
    keyType: 'RSA 2048',
  };
}

/** Defaults of listeners (field notes G.2), RSA certificate. */
const LISTENERS = {
  'ingress-nginx': listener('c02f c030 cca8'),
  'haproxy-ingress': listener('c02f c030 cca8 009e 009f'),
  'Traefik 2.11': listener('c02f c030 cca8 c013 c014'),
  'Traefik 2.10': listener('c02f c030 cca8 c013 c014 009c 009d 002f 0035'),
  'Envoy Gateway': listener('c02f cca8 c030', { groups: ['x25519', 'secp256r1'] }),
  'NLB 2016-08': listener('c02f c027 c013 c030 c028 c014 009c 003c 002f 009d 003d 0035', {
    v13: false,
    v10: 'c013 c014 002f 0035',
  }),
  'NLB TLS13-1-2': listener('c02f c027 c030 c028'),
  'NLB TLS13-1-2-Res': listener('c02f c030'),
} as const;

const VER = 'no-shared-version';
const CIPH = 'no-shared-cipher';
/** What each profile meets, listener by listener in the order above: a version with suite, or why not (field notes G.3). */
const OUTCOMES: [string[], string[]][] = [
  [
    ['java-6', 'android-2.3'],
    [VER, VER, VER, VER, VER, 'TLSv1 002f', VER, VER],
  ],
  [['openssl-0.9.8'], [VER, VER, VER, VER, VER, 'TLSv1 002f', VER, VER]],
  [
    ['java-7', 'android-4.0', 'android-4.1', 'dotnet-4', 'safari-5'],
    [VER, VER, VER, VER, VER, 'TLSv1 c013', VER, VER],
  ],
  [['schannel-xp'], [VER, VER, VER, VER, VER, CIPH, VER, VER]],
  [
    [
      'java-8-early',
      'java-8',
      'android-4.4',
      'openssl-1.0.1',
      'openssl-1.0.2',
      'openssl-1.1.0',
      'node-8',
      'node-10',
      'android-7',
      'schannel-win10',
    ],
    Array.from({ length: 8 }, () => 'TLSv1.2 c02f'),
  ],
  [
    ['schannel-win7', 'schannel-win8.1'],
    [CIPH, 'TLSv1.2 009e', 'TLSv1.2 c013', 'TLSv1.2 c013', CIPH, 'TLSv1.2 c027', 'TLSv1.2 c027', CIPH],
  ],
  [['sap-ccl'], [CIPH, CIPH, CIPH, 'ok', CIPH, 'ok', CIPH, CIPH]],
  [
    [
      ...[
        'java-8-late',
        'java-11',
        'java-17',
        'java-21',
        'openssl-1.1.1',
        'openssl-3.0',
        'openssl-3.5',
        'libressl-3.3',
      ],
      ...['node-12', 'node-18', 'node-24', 'python-3.11', 'curl-7.88', 'gnutls-3.7', 'go-1.17', 'go-1.26'],
      ...['android-10', 'android-15', 'safari-18', 'firefox-137', 'browser'],
    ],
    Array.from({ length: 8 }, (_, i) => (i === 5 ? 'TLSv1.2 c02f' : 'TLSv1.3 1301')),
  ],
];

test('which clients get in where, with what', async (t) => {
  for (const [profiles, expected] of OUTCOMES) {
    for (const name of profiles) {
      await t.test(name, () => {
        const profile = CLIENT_PROFILES.find((one) => one.profile === name);
        assert.ok(profile, name);
        for (const [i, [where, spoken]] of Object.entries(LISTENERS).entries()) {
          const met = meet(profile, spoken);
          const got = met.negotiated ? `${met.negotiated.version} ${met.negotiated.id.slice(2)}` : met.result;
          // SAP's list has no recording: only whether it gets in is known.
          assert.equal(name === 'sap-ccl' && met.result === 'ok' ? 'ok' : got, expected[i], `${name} at ${where}`);
          if (met.negotiated) assert.equal(met.negotiated.cipher, suiteName(Number.parseInt(met.negotiated.id, 16)));
        }
      });
    }
  }
  const judged = new Set(OUTCOMES.flatMap(([profiles]) => profiles));
  assert.deepEqual(
    CLIENT_PROFILES.map((p) => p.profile).filter((name) => !judged.has(name)),
    ['android-5'],
    'every profile but one, which the notes do not judge, has its row',
  );
});

test('a server without an order of its own takes what the client likes best', () => {
  const profile = CLIENT_PROFILES.find((p) => p.profile === 'openssl-1.1.0')!;
  const spoken = listener('002f c02f c030', { v13: false, preference: false });
  assert.equal(meet(profile, spoken).negotiated?.id, '0xc030');
  assert.equal(meet(profile, listener('002f c02f c030', { v13: false })).negotiated?.id, '0x002f');
});

test('ECDHE needs a group in common: else the next suite, else the group is named as the reason', () => {
  const java = CLIENT_PROFILES.find((p) => p.profile === 'java-8')!;
  const only = { v13: false, groups: ['x25519'] };
  assert.equal(meet(java, listener('c02f 002f', only)).negotiated?.id, '0x002f');
  assert.equal(meet(java, listener('c02f', only)).result, 'no-shared-group');
  const modern = CLIENT_PROFILES.find((p) => p.profile === 'java-11')!;
  assert.equal(
    meet(modern, listener('c02f', { groups: ['x25519'] })).result,
    'no-shared-group',
    'TLS 1.3 needs one, too',
  );
  const sap = CLIENT_PROFILES.find((p) => p.profile === 'sap-ccl')!;
  assert.equal(meet(sap, listener('c02f 009c', only)).negotiated?.id, '0x009c');
});

test('profiles are whole: unique names, words, known groups, suites that have a name', () => {
  assert.equal(new Set(CLIENT_PROFILES.map((p) => p.profile)).size, CLIENT_PROFILES.length);
  const words = CLIENT_PROFILES.flatMap((p) => p.words);
  assert.equal(new Set(words).size, words.length, 'a word means one client');
  for (const profile of CLIENT_PROFILES) {
    assert.ok(profile.versions.length && profile.suites.length && profile.source && profile.title, profile.profile);
    for (const group of profile.groups ?? []) assert.ok(knownGroups().includes(group), `${profile.profile}: ${group}`);
    for (const word of profile.words) assert.equal(word, word.toLowerCase());
    for (const id of profile.suites)
      assert.ok(!suiteName(id).startsWith('TLS_UNKNOWN'), `${profile.profile}: ${id.toString(16)}`);
  }
});
