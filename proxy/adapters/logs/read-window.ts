import type { FileHandle } from 'node:fs/promises';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { PROBE_AGENT } from '../../../diagnostics/io/user-agent.ts';
import type { LineReader } from './access-row.ts';
import { type CompactRows, compactRows } from './compact-rows.ts';
import { type Block, blocksFromEnd, blocksOfCompressed, openLog, siblingsOf } from './log-file.ts';

/** How much of a log one look may read: whatever is reached first. Unpacked bytes count. */
export interface ReadLimits {
  bytes: number;
  ms: number;
  rows: number;
}
export const LIMITS: ReadLimits = { bytes: 512 * 1024 * 1024, ms: 3_500, rows: 2_000_000 };

/** Lines stand in the order of their ends, give or take what workers buffer before they write, ms. */
const SLACK_MS = 60_000;
/** Without times nobody can tell when to stop: this much of the end is read. */
const TIMELESS_BYTES = 8 * 1024 * 1024;
/** A line without newline belongs to the log if nobody has written for this long, ms. */
const SETTLED_MS = 2_000;

/** What was read of a log and its rotated siblings. */
export interface ReadBack {
  rows: CompactRows;
  lines: number;
  unreadable: number;
  /** A limit ended the reading before `from` was reached. */
  cut: boolean;
}

/** Chooses the reader by a first block of lines; null: none fits. */
type ChooseReader = (lines: string[]) => LineReader | null;

interface Progress extends ReadBack {
  reader: LineReader | null;
  bytes: number;
  /** Bytes of blocks that had lines. */
  inLines: number;
  timed: boolean;
}

/** Reads one block; true: all of it is older than the window. */
function take(block: Block, progress: Progress, from: number, choose: ChooseReader): boolean {
  progress.bytes += block.bytes;
  progress.lines += block.lines.length + block.tooLong;
  progress.unreadable += block.tooLong;
  if (block.lines.length === 0) return false;
  progress.inLines += block.bytes;
  progress.reader ??= choose(block.lines);
  const { reader, rows } = progress;
  if (!reader) return false;
  let newest = Number.NEGATIVE_INFINITY;
  for (const line of block.lines) {
    if (line === '') continue;
    const row = reader(line);
    if (!row) {
      progress.unreadable++;
      continue;
    }
    if (row.at === null) {
      rows.add(row);
      continue;
    }
    const ended = row.at + (row.seconds ?? 0) * 1000;
    if (ended > newest) newest = ended;
    // What an earlier case asked is no trouble of anybody's.
    if (row.at >= from && !line.includes(PROBE_AGENT)) rows.add(row);
  }
  if (newest > Number.NEGATIVE_INFINITY) progress.timed = true;
  return newest > Number.NEGATIVE_INFINITY && newest < from - SLACK_MS;
}

/**
 * Reads a log from its end, and its rotated siblings after it, as far back as `from` (ms) and no further. Memory holds
 * one block of text and the rows of the window in columns. Throws BlindLook where nothing can be read at all.
 */
export async function readBack(
  file: string,
  from: number,
  choose: ChooseReader,
  limits: ReadLimits = LIMITS,
  again = true,
): Promise<ReadBack> {
  const until = performance.now() + limits.ms;
  const progress: Progress = {
    rows: compactRows(),
    lines: 0,
    unreadable: 0,
    cut: false,
    reader: null,
    bytes: 0,
    inLines: 0,
    timed: false,
  };
  const spent = (): boolean =>
    progress.bytes >= limits.bytes ||
    performance.now() > until ||
    progress.rows.length() >= limits.rows ||
    (!progress.timed && progress.inLines >= TIMELESS_BYTES);
  /** `older`: the window's begin lies in these blocks; `cut`: a limit was reached first. */
  const read = async (blocks: AsyncGenerator<Block>, stopAtOlder: boolean): Promise<'older' | 'cut' | 'all'> => {
    for await (const block of blocks) {
      const older = take(block, progress, from, choose);
      if (progress.lines > 0 && !progress.reader && progress.bytes > 0) return 'all';
      if (older && stopAtOlder) return 'older';
      if (spent()) return 'cut';
    }
    return 'all';
  };
  const seen = new Set<string>();
  const siblings = await siblingsOf(file, from - SLACK_MS);
  const opened = await openLog(file).catch((error: unknown) => {
    // Moved away, and the new one is not there yet: its former self is.
    if (error instanceof BlindLook && error.reason === 'not-configured' && siblings.length > 0) return null;
    throw error;
  });
  let ended: 'older' | 'cut' | 'all' = 'all';
  if (opened) {
    const { handle, size, id, writtenAt } = opened;
    try {
      seen.add(id);
      const wholeFile = Date.now() - writtenAt > SETTLED_MS;
      ended = await read(blocksFromEnd(handle, size, { wholeFile, encoding: 'latin1' }), true);
      // Copied and truncated while we read: what we have stands in the copy too.
      if (again && (await handle.stat()).size < size) return await readBack(file, from, choose, limits, false);
    } finally {
      await handle.close();
    }
  }
  // Renamed while we read: the list of now knows its new name, and its inode says that we had it.
  const rest = ended === 'all' ? await siblingsOf(file, from - SLACK_MS) : [];
  for (const sibling of rest) {
    if (ended !== 'all' || seen.has(sibling.id)) continue;
    seen.add(sibling.id);
    const one = await openLog(sibling.file).catch(() => null);
    if (!one) continue;
    try {
      ended = await read(blocksOf(one.handle, one.size, sibling), !sibling.packed);
    } finally {
      await one.handle.close();
    }
  }
  if (progress.lines > 0 && !progress.reader)
    throw new BlindLook('unreadable', `${file}: its lines fit no format that is known here; name it as logFormat:`);
  return { rows: progress.rows, lines: progress.lines, unreadable: progress.unreadable, cut: ended === 'cut' };
}

const blocksOf = (
  handle: FileHandle,
  size: number,
  sibling: { file: string; packed: boolean },
): AsyncGenerator<Block> =>
  sibling.packed
    ? blocksOfCompressed(handle, sibling.file, 'latin1')
    : blocksFromEnd(handle, size, { wholeFile: true, encoding: 'latin1' });
