/** One sample of a Prometheus text page (exposition format 0.0.4). */
export interface Sample {
  name: string;
  labels: { [name: string]: string };
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? +(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Samples whose name passes the filter; anything unreadable is skipped. */
export function* samples(page: string, wanted: (name: string) => boolean): Generator<Sample> {
  for (let at = 0; at < page.length; ) {
    const end = page.indexOf('\n', at);
    const line = page.slice(at, end === -1 ? page.length : end);
    at = end === -1 ? page.length : end + 1;
    if (line.startsWith('#')) continue;
    const name = /^[a-zA-Z_:][\w:]*/.exec(line)?.[0];
    if (!name || !wanted(name)) continue;
    const match = LINE.exec(line);
    if (!match) continue;
    const value = match[3] === '+Inf' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (Number.isNaN(value)) continue;
    const labels: { [name: string]: string } = {};
    for (const [, key, text] of (match[2] ?? '').matchAll(LABEL)) {
      labels[key as string] = (text as string).replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    }
    yield { name, labels, value };
  }
}
