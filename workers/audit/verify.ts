import { type AuditEntry, digestOf, entrySchema, NO_PREV } from './entry.ts';

/** The whole chain holds, or the first entry at which it does not: its number (as far as it can be told), time, and why. */
export type Verified =
  | { ok: true; entries: number; from: number; to: number; hash: string }
  | { ok: false; entries: number; at: string; why: string };

type Fault = { at: string; why: string };

/**
 * Pure, entry by entry: checks that each holds the digest of the one before, that none is missing, and that what is missing before the
 * first was removed by us: an entry `trimmed` says up to which number, and with which digest.
 */
export function verifier() {
  let first: AuditEntry | null = null;
  let last: AuditEntry | null = null;
  let hash = NO_PREV;
  let entries = 0;
  let broken: Fault | null = null;
  const trimmed = new Map<number, unknown>();

  const breakAt = (at: string, why: string): void => {
    broken ??= { at, why };
  };

  return {
    /** One entry as it is written. */
    push(body: string): void {
      entries += 1;
      if (broken) return;
      const one = entrySchema.safeParse(parsed(body)).data ?? null;
      const fault = faultOf(one, last, hash, entries);
      if (fault !== null || one === null) {
        broken = fault;
        return;
      }
      if (one.kind === 'trimmed') trimmed.set(Number(one.facts.upTo), one.facts.hash);
      first ??= one;
      last = one;
      hash = digestOf(body);
    },

    /** After the last; `head`: number and digest of the last entry as the store knows them; null: a file, which has none. */
    end(head: { n: number; hash: string } | null): Verified {
      if (broken === null && first !== null && first.n === 1 && first.prev !== NO_PREV)
        breakAt('entry 1', 'it claims that there was one before');
      if (broken === null && first !== null && first.n > 1) {
        const before = trimmed.get(first.n - 1);
        const name = `entry ${first.n} (${first.at})`;
        // An export with --since begins somewhere, and the store's does not.
        if (head !== null && before === undefined)
          breakAt(name, `${count(first.n - 1)} missing before it, and no entry says that they were trimmed`);
        if (before !== undefined && before !== first.prev)
          breakAt(name, 'it holds another digest than the last one that was trimmed');
      }
      if (broken === null && head !== null && (last?.n ?? 0) !== head.n)
        breakAt(`entry ${(last?.n ?? 0) + 1}`, `${count(head.n - (last?.n ?? 0))} missing at the end`);
      if (broken === null && head !== null && last !== null && hash !== head.hash)
        breakAt(`entry ${last.n} (${last.at})`, 'it was changed: the head of the chain holds another digest of it');
      if (broken !== null) return { ok: false, entries, ...broken };
      return { ok: true, entries, from: first?.n ?? 0, to: last?.n ?? 0, hash };
    },
  };
}

/** What is wrong between an entry and the one before it; null: nothing. */
function faultOf(one: AuditEntry | null, last: AuditEntry | null, hash: string, line: number): Fault | null {
  if (one === null)
    return { at: last === null ? `line ${line}` : `after entry ${last.n}`, why: 'what stands there is no entry' };
  if (last === null) return null;
  const gap = one.n - last.n - 1;
  const at = `entry ${one.n} (${one.at})`;
  if (gap > 0) return { at, why: `${count(gap)} missing before it` };
  if (gap < 0) return { at, why: `it stands after entry ${last.n}` };
  if (one.prev === hash) return null;
  return { at: `entry ${last.n} (${last.at})`, why: `it was changed: entry ${one.n} holds another digest of it` };
}

const count = (n: number): string => `${n} ${n === 1 ? 'entry is' : 'entries are'}`;

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
