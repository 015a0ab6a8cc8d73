import type { Why } from '../../../diagnostics/io/proxy-reader.ts';
import type { AccessRow, Maker, Upstream } from './access-row.ts';

/**
 * Rows of a log in columns: a hundred bytes each instead of the thousand that objects take, so that millions of them
 * fit beside everything else while several cases read the same log.
 */

const MAKERS: readonly Maker[] = ['proxy', 'upstream', 'client', 'unknown'];
/** Rows of one chunk; a chunk is allocated whole. */
const CHUNK = 8_192;
/** Different names (hosts, services, addresses) that are kept apart; hostile logs may hold millions. */
const MOST_NAMES = 100_000;
const OTHER = '(other)';
const BODILESS = /^(GET|HEAD) /;
const HEAD = /^HEAD /;
/** A request line that is a PROXY header: v1 in words, v2 as its first byte shown escaped (measured on nginx). */
const HEADER_LINE = /^(PROXY (TCP|UNKNOWN)|\\x00|\\x0D)/;

interface Chunk {
  at: Float64Array;
  host: Int32Array;
  service: Int32Array;
  status: Int16Array;
  seconds: Float32Array;
  queued: Float32Array;
  receiving: Float32Array;
  bytes: Float32Array;
  maker: Uint8Array;
  why: Uint8Array;
  /** 1: no route; 2: the request is a PROXY header; 4: GET or HEAD; 8: HEAD. */
  flags: Uint8Array;
  /** Where its tries end in the columns of tries. */
  tries: Uint32Array;
}
interface Tries {
  address: Int32Array;
  status: Int16Array;
  seconds: Float32Array;
  bytes: Float32Array;
}

const chunk = (): Chunk => ({
  at: new Float64Array(CHUNK),
  host: new Int32Array(CHUNK),
  service: new Int32Array(CHUNK),
  status: new Int16Array(CHUNK),
  seconds: new Float32Array(CHUNK),
  queued: new Float32Array(CHUNK),
  receiving: new Float32Array(CHUNK),
  bytes: new Float32Array(CHUNK),
  maker: new Uint8Array(CHUNK),
  why: new Uint8Array(CHUNK),
  flags: new Uint8Array(CHUNK),
  tries: new Uint32Array(CHUNK),
});
const triesChunk = (): Tries => ({
  address: new Int32Array(CHUNK),
  status: new Int16Array(CHUNK),
  seconds: new Float32Array(CHUNK),
  bytes: new Float32Array(CHUNK),
});
const ROW_BYTES = 8 + 4 + 4 + 2 + 4 * 4 + 1 + 1 + 1 + 4;
const TRY_BYTES = 4 + 2 + 4 + 4;

/** Most tries of one request that are kept: the first ones. */
const MOST_TRIES = 16;
const orNaN = (value: number | null | undefined): number => value ?? Number.NaN;
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : Math.round(value * 1e6) / 1e6);

/** What a window of a log holds. */
export interface Rows {
  count: number;
  /** ms; null: no row has a time. */
  from: number | null;
  to: number | null;
  /** The format names hosts (at least one row has one). */
  namesHosts: boolean;
  /** Rows whose request is a PROXY header, 5xx and failed connections, of all hosts. */
  proxyHeaderLines: number;
  errors: number;
  /** Visits every row, or those of one host; the order is the reader's, not time's. */
  each(host: string | null, visit: (row: AccessRow) => void): void;
}

export interface CompactRows {
  add(row: AccessRow): void;
  length(): number;
  /** Memory of the columns, bytes. */
  size(): number;
  /** Rows with a time in [from, to), and all without a time. */
  within(from: number, to: number): Rows;
}

/** A copy that keeps no block of the file alive behind it. */
const own = (text: string): string => Buffer.from(text.slice(0, 300)).toString();

function names(): { idOf(name: string | null): number; nameOf(id: number): string | null } {
  const ids = new Map<string, number>();
  const all: string[] = [];
  return {
    idOf(name) {
      if (name === null) return -1;
      const known = ids.get(name);
      if (known !== undefined) return known;
      const kept = all.length < MOST_NAMES ? own(name) : OTHER;
      const id = ids.get(kept) ?? all.length;
      if (id === all.length) all.push(kept);
      ids.set(kept, id);
      return id;
    },
    nameOf: (id) => (id < 0 ? null : (all[id] as string)),
  };
}

/** Bad ends: a status of 5xx, or a bare connection that came to nothing. */
export const failed = (row: { status: number; why?: string | undefined }): boolean =>
  row.status >= 500 || (row.status === 0 && row.why !== undefined && row.why !== 'client-left');

export function compactRows(): CompactRows {
  const chunks: Chunk[] = [];
  const tries: Tries[] = [];
  const hosts = names();
  const services = names();
  const addresses = names();
  const reasons: (Why | undefined)[] = [undefined];
  let length = 0;
  let triesLength = 0;

  const reasonId = (why: Why | undefined): number => {
    const i = reasons.indexOf(why);
    return i === -1 ? reasons.push(why) - 1 : i;
  };
  const addTry = (one: Upstream): void => {
    const i = triesLength % CHUNK;
    if (i === 0) tries.push(triesChunk());
    const columns = tries[tries.length - 1] as Tries;
    columns.address[i] = addresses.idOf(one.address);
    columns.status[i] = one.status ?? -1;
    columns.seconds[i] = orNaN(one.seconds);
    columns.bytes[i] = orNaN(one.bytes);
    triesLength++;
  };
  const triesOf = (from: number, to: number): Upstream[] => {
    const out: Upstream[] = [];
    for (let n = from; n < to; n++) {
      const columns = tries[Math.floor(n / CHUNK)] as Tries;
      const i = n % CHUNK;
      const status = columns.status[i] as number;
      out.push({
        address: addresses.nameOf(columns.address[i] as number) as string,
        status: status < 0 ? null : status,
        seconds: orNull(columns.seconds[i] as number),
        bytes: orNull(columns.bytes[i] as number),
      });
    }
    return out;
  };
  const rowAt = (c: Chunk, i: number, n: number): AccessRow => {
    const before =
      n === 0
        ? 0
        : ((i > 0 ? c : (chunks[Math.floor(n / CHUNK) - 1] as Chunk)).tries[i > 0 ? i - 1 : CHUNK - 1] as number);
    const why = reasons[c.why[i] as number];
    const queued = orNull(c.queued[i] as number);
    const receiving = orNull(c.receiving[i] as number);
    const bytes = orNull(c.bytes[i] as number);
    return {
      at: Number.isNaN(c.at[i]) ? null : (c.at[i] as number),
      host: hosts.nameOf(c.host[i] as number),
      request: '',
      status: c.status[i] as number,
      seconds: orNull(c.seconds[i] as number),
      upstreams: triesOf(before, c.tries[i] as number),
      service: services.nameOf(c.service[i] as number),
      maker: MAKERS[c.maker[i] as number] as Maker,
      ...((c.flags[i] as number) & 1 ? { noRoute: true } : {}),
      ...((c.flags[i] as number) & 4 ? { bodiless: true } : {}),
      ...((c.flags[i] as number) & 8 ? { head: true } : {}),
      ...(why !== undefined ? { why } : {}),
      ...(queued !== null ? { queued } : {}),
      ...(receiving !== null ? { receiving } : {}),
      ...(bytes !== null ? { bytes } : {}),
    };
  };

  return {
    add(row) {
      const i = length % CHUNK;
      if (i === 0) chunks.push(chunk());
      const c = chunks[chunks.length - 1] as Chunk;
      c.at[i] = orNaN(row.at);
      c.host[i] = hosts.idOf(row.host);
      c.service[i] = services.idOf(row.service);
      c.status[i] = row.status;
      c.seconds[i] = orNaN(row.seconds);
      c.queued[i] = orNaN(row.queued);
      c.receiving[i] = orNaN(row.receiving);
      c.bytes[i] = orNaN(row.bytes);
      c.maker[i] = MAKERS.indexOf(row.maker);
      c.why[i] = reasonId(row.why);
      c.flags[i] =
        (row.noRoute ? 1 : 0) |
        (HEADER_LINE.test(row.request) ? 2 : 0) |
        (BODILESS.test(row.request) ? 4 : 0) |
        (HEAD.test(row.request) ? 8 : 0);
      for (let n = 0; n < row.upstreams.length && n < MOST_TRIES; n++) addTry(row.upstreams[n] as Upstream);
      c.tries[i] = triesLength;
      length++;
    },
    length: () => length,
    size: () => chunks.length * CHUNK * ROW_BYTES + tries.length * CHUNK * TRY_BYTES,
    within(from, to) {
      const inside = (at: number): boolean => Number.isNaN(at) || (at >= from && at < to);
      const rows: Rows = {
        count: 0,
        from: null,
        to: null,
        namesHosts: false,
        proxyHeaderLines: 0,
        errors: 0,
        each(host, visit) {
          const wanted = host === null ? null : hosts.idOf(host);
          for (let n = 0; n < length; n++) {
            const c = chunks[Math.floor(n / CHUNK)] as Chunk;
            const i = n % CHUNK;
            if (wanted !== null && c.host[i] !== wanted) continue;
            if (inside(c.at[i] as number)) visit(rowAt(c, i, n));
          }
        },
      };
      for (let n = 0; n < length; n++) {
        const c = chunks[Math.floor(n / CHUNK)] as Chunk;
        const i = n % CHUNK;
        const at = c.at[i] as number;
        if (!inside(at)) continue;
        rows.count++;
        if (!Number.isNaN(at)) {
          if (rows.from === null || at < rows.from) rows.from = at;
          if (rows.to === null || at > rows.to) rows.to = at;
        }
        if ((c.host[i] as number) >= 0) rows.namesHosts = true;
        if ((c.flags[i] as number) & 2) rows.proxyHeaderLines++;
        if (failed({ status: c.status[i] as number, why: reasons[c.why[i] as number] })) rows.errors++;
      }
      return rows;
    },
  };
}

/** All of some rows, for those who have them as objects. */
export function rowsOf(list: AccessRow[]): Rows {
  const rows = compactRows();
  for (const row of list) rows.add(row);
  return rows.within(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}
