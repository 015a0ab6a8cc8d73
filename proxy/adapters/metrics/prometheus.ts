import { expositionParser, type Line } from './exposition.ts';

/** One sample of a Prometheus text page. */
export interface Sample {
  name: string;
  labels: { [name: string]: string };
  value: number;
}

/** Bytes of a page that lies in memory which are parsed at once. */
const STEP = 64 * 1024;

/** Samples of a page in memory whose name passes the filter; anything unreadable, NaN too, is skipped. */
export function* samples(page: string, wanted: (name: string) => boolean): Generator<Sample> {
  let found: Sample[] = [];
  const parser = expositionParser(wanted, (line) => {
    found.push({ name: line.name, labels: line.labels(), value: line.value });
  });
  const bytes = Buffer.from(page, 'utf8');
  for (let at = 0; at < bytes.length; at += STEP) {
    parser.feed(bytes.subarray(at, at + STEP));
    yield* found;
    found = [];
  }
  parser.end();
  yield* found;
}

/** Reads a page as it comes: `take` gets each line whose name is wanted. Memory stays that of one line and one chunk. */
export async function readExposition(
  chunks: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<string>,
  take: (line: Line) => void,
): Promise<void> {
  const parser = expositionParser((name) => wanted.has(name), take);
  for await (const chunk of chunks) parser.feed(chunk);
  parser.end();
}
