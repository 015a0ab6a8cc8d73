/** Differences of numbers as bytes: mostly nothing changed, then by little. */

/** Grows as it is written. */
export class Writer {
  #bytes = Buffer.allocUnsafe(1024);
  #at = 0;

  /** A number of at most 2^53, seven bits to the byte, lowest first. */
  varint(value: number): void {
    if (this.#at + 10 > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  done(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at));
  }
}

/** Reads what Writer wrote; throws RangeError at the end of the bytes and for numbers that are none. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  varint(): number {
    let [value, unit] = [0, 1];
    for (let i = 0; i < 9; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('the bytes end too early');
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      unit *= 128;
    }
    throw new RangeError('no number');
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }
}

/** Difference of two numbers as one that is never negative: small ones of either sign stay small. */
const zigzag = (n: number): number => (n < 0 ? -2 * n - 1 : 2 * n);
const zagzig = (n: number): number => (n % 2 === 1 ? -(n + 1) / 2 : n / 2);

/** Largest difference that is kept: its zigzag is still exact. */
const MOST = 2 ** 51;

/** Writes how `after` differs from `before`, of equal length: runs of nothing as 0 and their length. */
export function writeDifference(writer: Writer, before: readonly number[], after: readonly number[]): void {
  let still = 0;
  const flush = (): void => {
    if (still === 0) return;
    writer.varint(0);
    writer.varint(still);
    still = 0;
  };
  for (let i = 0; i < after.length; i++) {
    const moved = Math.max(-MOST, Math.min(MOST, (after[i] as number) - (before[i] ?? 0)));
    if (moved === 0) {
      still++;
      continue;
    }
    flush();
    writer.varint(zigzag(moved));
  }
  flush();
}

/** `count` numbers: `before`, changed as writeDifference said. Throws RangeError for bytes that are none of its. */
export function readDifference(reader: Reader, before: readonly number[], count: number): number[] {
  const after: number[] = [];
  while (after.length < count) {
    const moved = reader.varint();
    if (moved !== 0) {
      after.push((before[after.length] ?? 0) + zagzig(moved));
      continue;
    }
    const still = reader.varint();
    if (still === 0 || still > count - after.length) throw new RangeError('a run that is too long');
    for (let i = 0; i < still; i++) after.push(before[after.length] ?? 0);
  }
  return after;
}
