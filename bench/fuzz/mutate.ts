/** Longest input: more than any reader is ever given (the sockets keep at most 64 KiB). */
const MAX_BYTES = 70_000;
/** Numbers that lengths break on. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x0d, 0x0a, 0x16, 0x15, 0x50];

/** One input made of the corpus by one to eight random changes; `random`: numbers in [0, 1). Pure but for its dice. */
export function mutated(corpus: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (n: number): number => Math.floor(random() * n);
  const pick = (): Uint8Array => corpus[below(corpus.length)] as Uint8Array;
  let data = Buffer.from(pick());
  for (let changes = 1 + below(8); changes > 0; changes--) {
    const at = below(data.length + 1);
    const size = 1 + below(Math.max(1, Math.min(64, data.length - at)));
    switch (below(9)) {
      case 0: // a bit
        if (at < data.length) data[at] = (data[at] as number) ^ (1 << below(8));
        break;
      case 1: // a byte that lengths break on
        if (at < data.length) data[at] = EDGES[below(EDGES.length)] as number;
        break;
      case 2: // a length that lies
        if (at + 2 <= data.length) data.writeUInt16BE(random() < 0.5 ? 0xffff : below(0x10000), at);
        break;
      case 3: // cut off
        data = data.subarray(0, at);
        break;
      case 4: // a piece left out
        data = Buffer.concat([data.subarray(0, at), data.subarray(at + size)]);
        break;
      case 5: // a piece again
        data = Buffer.concat([data.subarray(0, at + size), data.subarray(at, at + size), data.subarray(at + size)]);
        break;
      case 6: {
        // a piece of another
        const other = pick();
        const from = below(other.length + 1);
        data = Buffer.concat([data.subarray(0, at), other.subarray(from, from + 400), data.subarray(at)]);
        break;
      }
      case 7: // noise
        data = Buffer.concat([
          data.subarray(0, at),
          Buffer.from(Array.from({ length: size }, () => below(256))),
          data.subarray(at),
        ]);
        break;
      default: // the same over and over, rarely: it is the large ones that cost
        if (random() < 0.02 && data.length > 0) {
          const times = Math.min(400, Math.ceil(MAX_BYTES / data.length));
          data = Buffer.concat(Array.from({ length: times }, () => data));
        }
    }
    if (data.length > MAX_BYTES) data = data.subarray(0, MAX_BYTES);
  }
  return data;
}
