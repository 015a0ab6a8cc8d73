import { generateKeyPairSync } from 'node:crypto';
import { bytes } from './bytes.ts';
import { keyShare } from './key-share.ts';

/**
 * The client's share of a hybrid group (draft-ietf-tls-ecdhe-mlkem section 4.1): ML-KEM's encapsulation key and a curve's
 * point, in the order of the group's name but for X25519MLKEM768, whose ML-KEM part stands first. Only to be offered: the
 * secret is never computed. null: this Node cannot make one.
 */
export function hybridShare(group: number): Uint8Array | null {
  if (group === 0x11ec) return joined('ml-kem-768', 0x001d, true);
  if (group === 0x11eb) return joined('ml-kem-768', 0x0017, false);
  if (group === 0x11ed) return joined('ml-kem-1024', 0x0018, false);
  return null;
}

const SIZES = { 'ml-kem-768': 1184, 'ml-kem-1024': 1568 } as const;

function joined(kind: keyof typeof SIZES, curve: number, first: boolean): Uint8Array | null {
  const point = keyShare(curve)?.key;
  const lattice = latticeKey(kind);
  if (!point || !lattice) return null;
  return first ? bytes(lattice, point) : bytes(point, lattice);
}

const made = new Map<string, Uint8Array>();

/** One key for the life of the process: it is only offered, and costs as much as all the rest of a hello. */
function latticeKey(kind: keyof typeof SIZES): Uint8Array | null {
  const known = made.get(kind);
  if (known) return known;
  try {
    const { publicKey } =
      kind === 'ml-kem-768' ? generateKeyPairSync('ml-kem-768') : generateKeyPairSync('ml-kem-1024');
    const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(-SIZES[kind]);
    made.set(kind, key);
    return key;
  } catch {
    return null; // an OpenSSL before 3.5
  }
}
