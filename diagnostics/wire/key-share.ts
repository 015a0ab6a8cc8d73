import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { bytes, fromHex } from './bytes.ts';

/** One side of a key exchange: what is sent, and the secret that comes of the other side's answer. */
export interface KeyShare {
  group: number;
  /** As it stands in the hello (RFC 8446 section 4.2.8.2). */
  key: Uint8Array;
  /** The shared secret; null where the peer's key is none. */
  secret(peer: Uint8Array): Uint8Array | null;
}

/** Beginnings of a SubjectPublicKeyInfo (RFC 8410 section 4): the bare key follows. */
const SPKI = { x25519: fromHex('302a300506032b656e032100'), x448: fromHex('3042300506032b656f033900') } as const;
const MONTGOMERY = new Map<number, keyof typeof SPKI>([
  [0x001d, 'x25519'],
  [0x001e, 'x448'],
]);
const NIST = new Map([
  [0x0017, 'prime256v1'],
  [0x0018, 'secp384r1'],
  [0x0019, 'secp521r1'],
]);

/** Groups that a share can be made for here, the cheapest first. */
export const SHARED_GROUPS: readonly number[] = [0x001d, 0x0017, 0x0018, 0x0019, 0x001e];

/** A new key for a group of SHARED_GROUPS; null for any other. */
export function keyShare(group: number): KeyShare | null {
  const montgomery = MONTGOMERY.get(group);
  if (montgomery) {
    const prefix = SPKI[montgomery];
    const { publicKey, privateKey } =
      montgomery === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('x448');
    const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(prefix.length);
    return {
      group,
      key,
      secret: (peer) =>
        orNull(() => {
          const other = createPublicKey({ key: Buffer.from(bytes(prefix, peer)), format: 'der', type: 'spki' });
          return diffieHellman({ privateKey, publicKey: other });
        }),
    };
  }
  const curve = NIST.get(group);
  if (!curve) return null;
  const pair = createECDH(curve);
  const key = pair.generateKeys();
  return { group, key, secret: (peer) => orNull(() => pair.computeSecret(peer)) };
}

function orNull(make: () => Uint8Array): Uint8Array | null {
  try {
    return make();
  } catch {
    return null; // a point that is not on the curve is the peer's affair
  }
}
