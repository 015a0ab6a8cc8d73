import { open } from 'node:fs/promises';
import type { Counted } from '../../../diagnostics/balance/balance.ts';
import { reasonOf, TriageError } from '../../../diagnostics/errors.ts';
import { detectReader, namedReader } from '../logs/access-log.ts';
import { linesOf } from './balance-lines.ts';
import { rowCounter } from './balance-log.ts';
import {
  fromEndpoint,
  fromEnvoyClusters,
  fromHaproxyCsv,
  fromHaproxyMetrics,
  fromPlusApi,
  fromPlusExporter,
} from './balance-pages.ts';
import { type Services, serviceIn } from './balance-services.ts';

export { differenceOf, type Services, sumOf } from './balance-services.ts';

/** Requests per endpoint, by service. */
export type Counts = Map<string, Map<string, Counted>>;

/** What one source said: endpoints of services, or what one endpoint counts of itself. */
export interface Read {
  services: Services;
  /** A page of one endpoint: only those of its siblings beside it say something about balance. */
  own: Counted | null;
}

/** Most bytes of a page; what is longer is a log or nothing we know. */
const PAGE_BYTES = 256 * 1024 * 1024;
const HEAD_BYTES = 64 * 1024;
/** Lines from which the format of a log is told. */
const SAMPLE_LINES = 200;

const PROMETHEUS = /^# (HELP|TYPE|EOF)|^[a-zA-Z_:][\w:]*(\{[^}]*\})? [\d.eE+-]+( \d+)?$/m;
const looksLikePage = (head: string): boolean =>
  /^(# pxname,|Active connections:)/.test(head) || isJsonPage(head) || (!/^\S+ - /.test(head) && PROMETHEUS.test(head));
/** One document, not lines of JSON: those of a log are whole objects with a status or an upstream. */
const isJsonPage = (head: string): boolean =>
  /^\s*\{/.test(head) && /"cluster_statuses"|"peers"/.test(head.slice(0, 4_000)) && !/^\{[^\n]*\}\n\{/.test(head);

/** Pure: reads one page of counters. Throws TriageError `unreadable` naming the source and what is missing. */
export function readPage(source: string, text: string): Read {
  const name = addressOf(source);
  if (/^Active connections:/.test(text)) return { services: new Map(), own: fromEndpoint(text, name) };
  if (text.startsWith('# pxname,')) return found(source, fromHaproxyCsv(text));
  if (/^\s*\{/.test(text)) {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      throw new TriageError('unreadable', `${source}:1: no whole JSON document: ${reasonOf(error)}`, { cause: error });
    }
    return found(source, fromEnvoyClusters(json) ?? fromPlusApi(json) ?? new Map());
  }
  const haproxy = fromHaproxyMetrics(text);
  if (haproxy.size > 0) return { services: haproxy, own: null };
  const plus = fromPlusExporter(text);
  if (plus.size > 0) return { services: plus, own: null };
  const own = fromEndpoint(text, name);
  return own ? { services: new Map(), own } : found(source, new Map());
}

function found(source: string, services: Services): Read {
  if (services.size === 0)
    throw new TriageError(
      'unreadable',
      `${source}:1: this page knows no endpoints (those of HAProxy, Envoy's /clusters?format=json and nginx Plus do); give an access log instead`,
    );
  return { services, own: null };
}

/** `127.0.0.1:8081` of a URL, the last part of a path. */
const addressOf = (source: string): string =>
  /^https?:/i.test(source) && URL.canParse(source) ? new URL(source).host : (source.split('/').at(-1) ?? source);

/** Reads lines of an access log, however many. Throws TriageError naming source, line and reason. */
export async function readLog(
  source: string,
  lines: AsyncIterable<string> | Iterable<string>,
  kind: string | null,
): Promise<Read> {
  const counter = rowCounter();
  let reader = kind === null ? null : namedReader(kind);
  if (kind !== null && !reader)
    throw new TriageError(
      'wrong-usage',
      `--kind: ${kind} is no format that is known here (combined, upstreaminfo, json, haproxy, or a log_format with $variables)`,
    );
  let sample: string[] = [];
  const begin = (): void => {
    reader = detectReader(sample);
    if (!reader)
      throw new TriageError(
        'unreadable',
        `${source}:1: neither a metrics page nor an access log that is known here; name its format with --kind`,
      );
    const all = sample;
    sample = [];
    for (const line of all) take(line);
  };
  const take = (line: string): void => {
    const row = reader?.(line);
    if (row) counter.add(row);
  };
  for await (const line of lines) {
    if (line === '') continue;
    if (reader) take(line);
    else if (sample.push(line) >= SAMPLE_LINES) begin();
  }
  if (!reader && sample.length === 0) throw new TriageError('unreadable', `${source}:1: it is empty`);
  if (!reader) begin();
  const { services, rows, asked } = counter.end();
  if (rows === 0) throw new TriageError('unreadable', `${source}:1: no line of it can be read`);
  if (asked === 0)
    throw new TriageError(
      'unreadable',
      `${source}:1: its lines do not say which endpoint was asked (add $upstream_addr to the log format)`,
    );
  return { services, own: null };
}

/** Reads a file: a page that was saved, or an access log of any size, packed or not. Throws TriageError. */
export async function readFileOf(file: string, kind: string | null): Promise<Read> {
  try {
    const handle = await open(file, 'r');
    let head: Buffer;
    let page: string | null = null;
    try {
      const { size } = await handle.stat();
      head = Buffer.alloc(Math.min(size, HEAD_BYTES));
      await handle.read(head, 0, head.length, 0);
      if (kind === null && size <= PAGE_BYTES && looksLikePage(head.toString('utf8')))
        page = await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
    return page === null ? await readLog(file, linesOf(file, head), kind) : readPage(file, page);
  } catch (error) {
    if (error instanceof TriageError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new TriageError('unreadable', `${file}: ${missing ? 'no such file' : reasonOf(error)}`, { cause: error });
  }
}

/** Pages of endpoints about themselves, as one service behind one address: what is drawn there are connections. */
export function siblings(own: Counted[], name: string): Services {
  const services: Services = new Map();
  const service = serviceIn(services, name);
  for (const one of own) service.endpoints.set(one.address, one);
  service.dealt = { unit: 'connections' };
  return services;
}
