import type { LineReader } from './access-row.ts';
import { envoyReader } from './envoy-log.ts';
import { haproxyReader } from './haproxy-log.ts';
import { jsonFormatReader, jsonReader } from './json-log.ts';
import { namedValuesReader } from './named-values.ts';
import { COMBINED, MAIN, MAIN_EXT, nginxReader, UPSTREAMINFO, VHOST_COMBINED } from './nginx-format.ts';
import { traefikClfReader } from './traefik-clf.ts';

export type { AccessRow, LineReader } from './access-row.ts';

/** Which reader understands a log: by its name, by its format's text, or by trying. Pure. */

const combined = nginxReader(COMBINED);
/** Formats that can be told from their lines alone, and say all. */
const FULL: readonly LineReader[] = [
  jsonReader,
  haproxyReader,
  envoyReader,
  traefikClfReader,
  nginxReader(UPSTREAMINFO),
  nginxReader(MAIN_EXT),
];
/** The same, the one that says more before the one that says less. */
const BASIC: readonly LineReader[] = [
  nginxReader(VHOST_COMBINED),
  nginxReader(MAIN),
  combined,
  // People append what they need: at least status and time are where they always were.
  nginxReader(COMBINED, true),
];
/** Lines of a sample that are tried, from its end. */
const TRIED = 400;

/** The reader that understands most of a sample of lines; null when none understands a fifth of them. */
export function detectReader(lines: string[]): LineReader | null {
  const sample = lines.filter((line) => line.length > 0).slice(-TRIED);
  if (sample.length === 0) return jsonReader;
  let best: { reader: LineReader; understood: number } | null = null;
  // Values by name say more than what people append to a usual format without.
  const named = namedValuesReader(sample);
  for (const reader of [...FULL, ...(named ? [named] : []), ...BASIC]) {
    const understood = sample.filter((line) => reader(line) !== null).length;
    if (understood > (best?.understood ?? 0)) best = { reader, understood };
    if (understood === sample.length) break;
  }
  // Other lines stand between (failed handshakes, health checks, words of the process itself): a fifth is enough.
  return best && best.understood * 5 >= sample.length ? best.reader : null;
}

const NAMED: { [name: string]: LineReader } = {
  combined,
  main: nginxReader(MAIN),
  vhost_combined: nginxReader(VHOST_COMBINED),
  upstreaminfo: nginxReader(UPSTREAMINFO),
  json: jsonReader,
  httplog: haproxyReader,
  httpslog: haproxyReader,
  tcplog: haproxyReader,
  haproxy: haproxyReader,
  envoy: envoyReader,
  istio: envoyReader,
  clf: traefikClfReader,
  common: traefikClfReader,
};

/** A reader by what the inventory says: a name, a format with `$variables`, or null for anything else. */
export function namedReader(format: string): LineReader | null {
  if (format.includes('$'))
    return (format.trimStart().startsWith('{') ? jsonFormatReader(format) : null) ?? nginxReader(format);
  return Object.hasOwn(NAMED, format.toLowerCase()) ? (NAMED[format.toLowerCase()] as LineReader) : null;
}
