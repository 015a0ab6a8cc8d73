/** Big-endian byte strings, as every protocol here writes them. */

/** Joins parts; numbers are bytes. */
export function bytes(...parts: (Uint8Array | number[] | number | string)[]): Uint8Array {
  const chunks = parts.map((part) => {
    if (typeof part === 'number') return Uint8Array.of(part);
    if (typeof part === 'string') return new TextEncoder().encode(part);
    return part instanceof Uint8Array ? part : Uint8Array.from(part);
  });
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

export const u16 = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 0xff);
const u24 = (n: number): Uint8Array => Uint8Array.of((n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff);

/** A vector with its length before it in `size` bytes (RFC 8446 section 3.4). */
export function vector(size: 1 | 2 | 3, content: Uint8Array): Uint8Array {
  const length = size === 1 ? Uint8Array.of(content.length) : size === 2 ? u16(content.length) : u24(content.length);
  return bytes(length, content);
}

export const toHex = (b: Uint8Array): string => Buffer.from(b.buffer, b.byteOffset, b.byteLength).toString('hex');
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** A number at an offset, or null when the bytes end before it: peers cut records anywhere. */
export function readUint(b: Uint8Array, at: number, size: 1 | 2 | 3): number | null {
  if (at < 0 || at + size > b.length) return null;
  let n = 0;
  for (let i = 0; i < size; i++) n = n * 256 + (b[at + i] as number);
  return n;
}
