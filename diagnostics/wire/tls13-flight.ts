import { createDecipheriv, createHash, createHmac } from 'node:crypto';
import { bytes, readUint, u16, vector } from './bytes.ts';
import { certificateList, stapleIn } from './tls-flight.ts';

/** What a server says after its ServerHello in TLS 1.3, where it is encrypted (RFC 8446 section 4.3 and 4.4). */
interface Flight13 {
  alpn: string | null;
  certificates: Uint8Array[];
  staple: Uint8Array | null;
  /** IANA number of the algorithm that signed the handshake. */
  signature: number | null;
  asksForCertificate: boolean;
  /** True once Finished was read: nothing of the flight is missing. */
  whole: boolean;
}

/** Suites of RFC 8446 appendix B.4 by hash and cipher; others cannot be read here. */
const SUITES: {
  readonly [id: number]: { hash: 'sha256' | 'sha384'; cipher: string; key: number; tag: number };
} = {
  4865: { hash: 'sha256', cipher: 'aes-128-gcm', key: 16, tag: 16 },
  4866: { hash: 'sha384', cipher: 'aes-256-gcm', key: 32, tag: 16 },
  4867: { hash: 'sha256', cipher: 'chacha20-poly1305', key: 32, tag: 16 },
  4868: { hash: 'sha256', cipher: 'aes-128-ccm', key: 16, tag: 16 },
  4869: { hash: 'sha256', cipher: 'aes-128-ccm', key: 16, tag: 8 },
};

/** Suites whose encrypted flight can be read. */
export const READABLE_13: readonly number[] = Object.keys(SUITES).map(Number);

const expand = (hash: string, secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array => {
  const info = bytes(u16(length), vector(1, bytes(`tls13 ${label}`)), vector(1, context));
  const blocks: Uint8Array[] = [];
  let previous: Uint8Array = new Uint8Array(0);
  for (let i = 1, made = 0; made < length; i++) {
    previous = createHmac(hash, secret)
      .update(bytes(previous, info, i))
      .digest();
    blocks.push(previous);
    made += previous.length;
  }
  return bytes(...blocks).subarray(0, length);
};

/** Key and nonce of the server's handshake traffic (RFC 8446 section 7.1 and 7.3). */
function serverKeys(suite: number, shared: Uint8Array, transcript: Uint8Array): { key: Uint8Array; iv: Uint8Array } {
  const { hash, key } = SUITES[suite] as (typeof SUITES)[number];
  const size = hash === 'sha384' ? 48 : 32;
  const zeros = new Uint8Array(size);
  const digest = (data: Uint8Array): Uint8Array => createHash(hash).update(data).digest();
  const early = createHmac(hash, zeros).update(zeros).digest();
  const derived = expand(hash, early, 'derived', digest(new Uint8Array(0)), size);
  const handshake = createHmac(hash, derived).update(shared).digest();
  const traffic = expand(hash, handshake, 's hs traffic', digest(transcript), size);
  return {
    key: expand(hash, traffic, 'key', new Uint8Array(0), key),
    iv: expand(hash, traffic, 'iv', new Uint8Array(0), 12),
  };
}

function decrypt(suite: number, key: Uint8Array, iv: Uint8Array, record: Uint8Array, nth: number): Uint8Array | null {
  const { cipher, tag } = SUITES[suite] as (typeof SUITES)[number];
  const nonce = Uint8Array.from(iv);
  for (let i = 0; i < 4; i++) nonce[11 - i] = (nonce[11 - i] as number) ^ ((nth >>> (8 * i)) & 0xff);
  const body = record.subarray(5);
  if (body.length < tag) return null;
  const plaintextLength = body.length - tag;
  try {
    const opened = createDecipheriv(cipher as 'aes-128-ccm', key, nonce, { authTagLength: tag });
    opened.setAuthTag(body.subarray(plaintextLength));
    opened.setAAD(record.subarray(0, 5), { plaintextLength });
    const plain = opened.update(body.subarray(0, plaintextLength));
    opened.final();
    return plain;
  } catch {
    return null; // not what these keys were made for: the peer's affair
  }
}

/** Records of a server's answer, whole ones only, with where each begins. */
function* records(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 5 <= data.length; ) {
    const end = at + 5 + (readUint(data, at + 3, 2) as number);
    if (end > data.length) return;
    yield data.subarray(at, end);
    at = end;
  }
}

/** The handshake bytes that the server encrypted, as far as they arrived, and an alert among them. */
function opened(
  data: Uint8Array,
  hello: Uint8Array,
  suite: number,
  shared: Uint8Array,
): { stream: Uint8Array; alert: number | null } {
  const parts: Uint8Array[] = [];
  let keys: { key: Uint8Array; iv: Uint8Array } | null = null;
  let alert: number | null = null;
  let nth = 0;
  for (const record of records(data)) {
    if (record[0] === 0x16 && !keys) keys = serverKeys(suite, shared, bytes(hello.subarray(5), record.subarray(5)));
    else if (record[0] === 0x17 && keys) {
      const plain = decrypt(suite, keys.key, keys.iv, record, nth++);
      if (!plain) break;
      // Content, its type, and zeros that only pad (RFC 8446 section 5.2).
      let end = plain.length;
      while (end > 0 && plain[end - 1] === 0) end--;
      if (plain[end - 1] === 22) parts.push(plain.subarray(0, end - 1));
      if (plain[end - 1] === 21) alert = plain[1] ?? null;
    }
  }
  return { stream: bytes(...parts), alert };
}

/**
 * Opens and reads the encrypted part of a server's flight.
 * `hello`: our record as sent; `shared`: the secret of the key exchange. Any bytes in, a flight out; never throws.
 */
export function readFlight13(
  data: Uint8Array,
  hello: Uint8Array,
  suite: number,
  shared: Uint8Array,
): Flight13 & { alert: number | null } {
  const flight: Flight13 = {
    alpn: null,
    certificates: [],
    staple: null,
    signature: null,
    asksForCertificate: false,
    whole: false,
  };
  if (!Object.hasOwn(SUITES, suite)) return { ...flight, alert: null };
  const { stream, alert } = opened(data, hello, suite, shared);
  for (let at = 0; at + 4 <= stream.length; ) {
    const length = readUint(stream, at + 1, 3) as number;
    if (at + 4 + length > stream.length) break;
    const body = stream.subarray(at + 4, at + 4 + length);
    const type = stream[at];
    if (type === 8) flight.alpn = alpnIn(body);
    else if (type === 13) flight.asksForCertificate = true;
    else if (type === 11) {
      const list = certificateList(body, 1 + (body[0] ?? 0), true);
      flight.certificates = list.map(({ der }) => der);
      const own = list[0]?.extensions ?? new Uint8Array(0);
      if (readUint(own, 0, 2) === 5) flight.staple = stapleIn(own.subarray(4));
    } else if (type === 15) flight.signature = readUint(body, 0, 2);
    else if (type === 20) flight.whole = true;
    at += 4 + length;
  }
  return { ...flight, alert };
}

function alpnIn(body: Uint8Array): string | null {
  for (let at = 2; at + 4 <= body.length; ) {
    const length = readUint(body, at + 2, 2) as number;
    if (readUint(body, at, 2) === 0x0010)
      return Buffer.from(body.subarray(at + 7, at + 4 + length))
        .toString('latin1')
        .slice(0, 40);
    at += 4 + length;
  }
  return null;
}
