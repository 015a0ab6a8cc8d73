import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { isApacheStatus, readApacheStatus } from './apache-status.ts';
import type { Collector, Format } from './collector.ts';
import { envoy } from './envoy.ts';
import { expositionParser, type Line } from './exposition.ts';
import { haproxyExporter } from './haproxy-exporter.ts';
import { haproxyIngress } from './haproxy-ingress.ts';
import { isStatsCsv, readStats } from './haproxy-stats.ts';
import { ingressNginx } from './ingress-nginx.ts';
import { nginxExporter } from './nginx-exporter.ts';
import { isPlusApi, readPlusApi } from './nginx-plus.ts';
import type { PageStream, Reach } from './page.ts';
import { isStubStatus, readStubStatus } from './stub-status.ts';
import type { Tally } from './tally.ts';
import { traefik } from './traefik.ts';

/** Every proxy whose Prometheus page is known. A page is read by all of them at once: their names do not overlap. */
export const FORMATS: { [proxy: string]: Format } = {
  haproxy: haproxyExporter,
  'haproxy-ingress': haproxyIngress,
  'ingress-nginx': ingressNginx,
  traefik,
  envoy,
  'nginx-prometheus-exporter': nginxExporter,
};

/** Most characters of a page that is no stream of lines: stub_status has 120, server-status some thousands. */
const TEXT_BYTES = 16 * 1024 * 1024;

/** Reads the metrics page of an instance into the tally. What it is, the page says, not the inventory. */
export async function readMetrics(url: string, tally: Tally, reach: Reach, signal: AbortSignal): Promise<void> {
  const read = (page: PageStream): Promise<unknown> => readOne(url, page, tally);
  const json = reach.stream
    ? await reach.stream(url, signal, read)
    : await read({ chunks: once(await reach.page(url, signal)), date: null, server: null });
  if (json === null) return;
  if (!isPlusApi(json)) throw unknownPage(url);
  const get = async (part: string): Promise<unknown> => {
    try {
      return JSON.parse(await reach.page(part, signal));
    } catch (error) {
      if (error instanceof SyntaxError) throw new BlindLook('unreadable', `${part} is no JSON`, { cause: error });
      throw error;
    }
  };
  await readPlusApi(url, json, get, tally);
}

async function* once(page: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(page, 'utf8');
}

/** Tells the format by the first bytes, then reads it; a JSON page is handed back, since it only leads to others. */
async function readOne(url: string, page: PageStream, tally: Tally): Promise<unknown> {
  tally.sample.clock = page.date;
  const chunks = page.chunks[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let size = 0;
  // Some pages come line by line: enough to tell is one line, or 64 bytes.
  while (size < 64) {
    const next = await chunks.next();
    if (next.done) break;
    head.push(next.value);
    size += next.value.length;
  }
  const begin = Buffer.concat(head);
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => chunks };
  const text = begin.subarray(0, 4096).toString('latin1');
  const whole = async (): Promise<string> => {
    const all: Uint8Array[] = [begin];
    let length = begin.length;
    for await (const chunk of rest) {
      length += chunk.length;
      if (length > TEXT_BYTES)
        throw new BlindLook(
          'too-large',
          `${url} sends more than ${TEXT_BYTES / 1024 / 1024} MiB of a page that has no series`,
        );
      all.push(chunk);
    }
    return Buffer.concat(all).toString('utf8');
  };
  if (isStubStatus(text)) {
    if (!readStubStatus(await whole(), page.server, tally)) throw unknownPage(url);
  } else if (isStatsCsv(text)) readStats(await whole(), tally);
  else if (isApacheStatus(text)) readApacheStatus(await whole(), tally);
  else if (/^\s*[[{]\s*["\d]/.test(text)) {
    try {
      return JSON.parse(await whole());
    } catch (error) {
      if (error instanceof SyntaxError) throw new BlindLook('unreadable', `${url} is broken JSON`, { cause: error });
      throw error;
    }
  } else await readSeries(url, begin, rest, tally);
  return null;
}

async function readSeries(
  url: string,
  begin: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
  tally: Tally,
): Promise<void> {
  const collectors = Object.values(FORMATS).map((format) => format(tally));
  const take = dispatch(collectors);
  const parser = expositionParser(take.wanted, take.line);
  parser.feed(begin);
  for await (const chunk of rest) parser.feed(chunk);
  parser.end();
  const known = collectors.filter((collector) => collector.finish());
  if (known.length === 0) throw unknownPage(url);
}

/** One table of handlers for all collectors. */
function dispatch(collectors: Collector[]): { wanted(name: string): boolean; line(line: Line): void } {
  const handlers = new Map<string, (line: Line) => void>();
  for (const collector of collectors)
    for (const [name, handler] of Object.entries(collector.handlers)) handlers.set(name, handler);
  return { wanted: (name) => handlers.has(name), line: (line) => handlers.get(line.name)?.(line) };
}

function unknownPage(url: string): BlindLook {
  return new BlindLook(
    'unreadable',
    `${url} is no page of counters that is known here (nginx, ingress-nginx, Traefik, HAProxy, Envoy, Apache); name the right one as metrics:`,
  );
}
