import { CLASSIC_SUITES, suiteName, TLS13_SUITES } from '../../wire/tls-suites.ts';

/** Most suites in one offer: servers choke on more (measured: 128 are taken everywhere). */
export const OFFER = 128;

/** What OpenSSL 3.0 has without PSK and SRP, in the order of its default list (`openssl ciphers ALL:COMPLEMENTOFALL`). */
const OPENSSL_ORDER =
  'c02c c030 00a3 009f cca9 cca8 ccaa c0af c0ad c0a3 c09f c05d c061 c057 c053 00a7 c02b c02f 00a2 009e c0ae c0ac c0a2 c09e c05c c060 c056 c052 00a6 c024 c028 006b 006a c073 c077 00c4 00c3 006d 00c5 c023 c027 0067 0040 c072 c076 00be 00bd 006c 00bf c00a c014 0039 0038 0088 0087 c019 003a 0089 c009 c013 0033 0032 0045 0044 c018 0034 0046 009d c0a1 c09d c051 009c c0a0 c09c c050 003d 00c0 003c 00ba 0035 0084 002f 0041 c006 c010 c015 003b 0002 0001'
    .split(' ')
    .map((id) => Number.parseInt(id, 16));

/** What other servers of the last 25 years really speak: 3DES, RC4, DES, IDEA, SEED, and export suites of RSA. */
const FAMILIES =
  /^TLS_(ECDHE_RSA|ECDHE_ECDSA|DHE_RSA|RSA|DHE_DSS|DH_anon|ECDH_anon)_WITH_(3DES|RC4|DES_CBC|IDEA|SEED|CAMELLIA|CHACHA)|^TLS_RSA_EXPORT_WITH/;

/**
 * The suites of TLS 1.2 and older in offers of at most 128. The first holds what real servers speak, in the order that
 * most of them use: it mostly finds all, and parts of it are in order one after another.
 */
const MAIN: readonly number[] = [
  ...new Set([...OPENSSL_ORDER, ...CLASSIC_SUITES.filter((id) => FAMILIES.test(suiteName(id)))]),
]
  .filter((id) => CLASSIC_SUITES.includes(id))
  .slice(0, OFFER);
const inMain = new Set(MAIN);
const REST = CLASSIC_SUITES.filter((id) => !inMain.has(id));

export const CHUNKS: readonly (readonly number[])[] = [
  MAIN,
  ...Array.from({ length: Math.ceil(REST.length / OFFER) }, (_, i) => REST.slice(i * OFFER, (i + 1) * OFFER)),
];

/** TLS 1.3, the ones of RFC 8446 first: by number the list would begin with 00c6, which hardly any server has. */
export const OFFER_13: readonly number[] = [...TLS13_SUITES].sort(
  (a, b) => Number(b >> 8 === 0x13) - Number(a >> 8 === 0x13) || a - b,
);

/** A few suites that nearly every server shares one of: for servers that choke on long offers. */
export const FEW: readonly number[] = [
  0xc02f, 0xc02b, 0xc030, 0xc02c, 0xc013, 0xc014, 0xc009, 0x009c, 0x002f, 0x0035, 0x000a, 0x0005,
];

/** Suites that came with TLS 1.2 (RFC 5246: SHA-256, SHA-384 and AEAD): an older version does not choose them. */
const isOf12 = (id: number): boolean => /SHA256|SHA384|GCM|CCM|POLY1305|SM3/.test(suiteName(id));

/** Splits an ordered offer into `parts` that a server of that version probably finds about as much in. */
export function slices(suites: readonly number[], parts: number, before12: boolean): number[][] {
  if (parts < 2) return [[...suites]];
  const weigh = (id: number): number => {
    const name = suiteName(id);
    if (before12 && isOf12(id)) return 0.02;
    if (/anon|DSS|NULL|EXPORT/.test(name)) return 0.02;
    if (/ARIA|CAMELLIA|CCM|SEED|IDEA|DES_CBC|RC4/.test(name)) return 0.35;
    return name.includes('_DHE_') ? 0.5 : 1;
  };
  const total = suites.reduce((sum, id) => sum + weigh(id), 0);
  const list: number[][] = [[]];
  let sum = 0;
  for (const id of suites) {
    if (list.length < parts && sum >= (total * list.length) / parts) list.push([]);
    (list.at(-1) as number[]).push(id);
    sum += weigh(id);
  }
  return list;
}
