/**
 * Groups and signature algorithms by their IANA numbers (registries "TLS Supported Groups" and "TLS SignatureScheme",
 * as of 2026-11), the common ones first: servers that read only the beginning of a long list still find theirs.
 */
export const GROUPS: { readonly [name: string]: number } = {
  // Hybrids with ML-KEM (draft-ietf-tls-ecdhe-mlkem); the two draft numbers were in Chrome 124 to 130 and Cloudflare.
  X25519MLKEM768: 0x11ec,
  SecP256r1MLKEM768: 0x11eb,
  SecP384r1MLKEM1024: 0x11ed,
  curveSM2MLKEM768: 0x11ee,
  X25519Kyber768Draft00: 0x6399,
  SecP256r1Kyber768Draft00: 0x639a,
  MLKEM512: 0x0200,
  MLKEM768: 0x0201,
  MLKEM1024: 0x0202,
  x25519: 0x001d,
  secp256r1: 0x0017,
  secp384r1: 0x0018,
  secp521r1: 0x0019,
  x448: 0x001e,
  brainpoolP256r1: 0x001a,
  brainpoolP384r1: 0x001b,
  brainpoolP512r1: 0x001c,
  brainpoolP256r1tls13: 0x001f,
  brainpoolP384r1tls13: 0x0020,
  brainpoolP512r1tls13: 0x0021,
  secp256k1: 0x0016,
  curveSM2: 0x0029,
  ffdhe2048: 0x0100,
  ffdhe3072: 0x0101,
  ffdhe4096: 0x0102,
  ffdhe6144: 0x0103,
  ffdhe8192: 0x0104,
  // RFC 4492: in the hellos of OpenSSL 1.0.1, Java 7 and 8.
  sect571r1: 0x000e,
  sect571k1: 0x000d,
  sect409k1: 0x000b,
  sect409r1: 0x000c,
  sect283k1: 0x0009,
  sect283r1: 0x000a,
  secp224k1: 0x0014,
  secp224r1: 0x0015,
  secp192k1: 0x0012,
  secp192r1: 0x0013,
  secp160k1: 0x000f,
  secp160r1: 0x0010,
  secp160r2: 0x0011,
  sect239k1: 0x0008,
  sect233k1: 0x0006,
  sect233r1: 0x0007,
  sect193r1: 0x0004,
  sect193r2: 0x0005,
  sect163k1: 0x0001,
  sect163r1: 0x0002,
  sect163r2: 0x0003,
};

const GROUP_NAMES = new Map(Object.entries(GROUPS).map(([name, id]) => [id, name]));
/** IANA name of a group; unknown numbers as `0x0abc`. */
export const groupName = (id: number): string => GROUP_NAMES.get(id) ?? `0x${id.toString(16).padStart(4, '0')}`;

/** Finite fields (RFC 7919): TLS 1.2 uses them for DHE suites, which need no group in the hello. */
export const isFiniteField = (id: number): boolean => id >= 0x0100 && id <= 0x01ff;
/** Groups that exist in TLS 1.3 only: post-quantum ones and the brainpool numbers of RFC 8734. */
export const isOnlyIn13 = (id: number): boolean =>
  (id >= 0x0200 && id <= 0x0202) || id >= 0x11eb || (id >= 0x001f && id <= 0x0021);

/** Signature algorithms: RFC 8446 section 4.2.3, RFC 8734, RFC 8998; pairs of hash and key of RFC 5246 for the old ones. */
export const SIGNATURES: { readonly [name: string]: number } = {
  ecdsa_secp256r1_sha256: 0x0403,
  ecdsa_secp384r1_sha384: 0x0503,
  ecdsa_secp521r1_sha512: 0x0603,
  ed25519: 0x0807,
  ed448: 0x0808,
  rsa_pss_rsae_sha256: 0x0804,
  rsa_pss_rsae_sha384: 0x0805,
  rsa_pss_rsae_sha512: 0x0806,
  rsa_pss_pss_sha256: 0x0809,
  rsa_pss_pss_sha384: 0x080a,
  rsa_pss_pss_sha512: 0x080b,
  rsa_pkcs1_sha256: 0x0401,
  rsa_pkcs1_sha384: 0x0501,
  rsa_pkcs1_sha512: 0x0601,
  ecdsa_sha1: 0x0203,
  rsa_pkcs1_sha1: 0x0201,
  dsa_sha256: 0x0402,
  dsa_sha1: 0x0202,
  ecdsa_sha224: 0x0303,
  rsa_pkcs1_sha224: 0x0301,
  dsa_sha224: 0x0302,
  rsa_pkcs1_md5: 0x0101,
  ecdsa_brainpoolP256r1tls13_sha256: 0x081a,
  ecdsa_brainpoolP384r1tls13_sha384: 0x081b,
  ecdsa_brainpoolP512r1tls13_sha512: 0x081c,
  sm2sig_sm3: 0x0708,
  mldsa44: 0x0904,
  mldsa65: 0x0905,
  mldsa87: 0x0906,
};

const SIGNATURE_NAMES = new Map(Object.entries(SIGNATURES).map(([name, id]) => [id, name]));
/** IANA name of a signature algorithm; unknown numbers as `0x0abc`. */
export const signatureName = (id: number): string => SIGNATURE_NAMES.get(id) ?? `0x${id.toString(16).padStart(4, '0')}`;

/** Which kind of key a signature algorithm needs. */
export function keyOfSignature(id: number): 'rsa' | 'ec' | 'eddsa' | 'dsa' | 'other' {
  const name = signatureName(id);
  if (name.startsWith('rsa_')) return 'rsa';
  if (name.startsWith('ecdsa_')) return 'ec';
  if (name === 'ed25519' || name === 'ed448') return 'eddsa';
  return name.startsWith('dsa_') ? 'dsa' : 'other';
}
