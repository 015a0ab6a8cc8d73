import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import type { Window } from '../../../diagnostics/window.ts';
import { find, loadNginx } from '../../config/nginx-config.ts';
import { type AccessRow, COMBINED, detectReader, type LineReader, namedReader, nginxReader } from './access-log.ts';
import { tailLines } from './tail.ts';

export interface AccessRows {
  source: string;
  rows: AccessRow[];
  lines: number;
  unreadable: number;
  truncated: boolean;
}

/** The format that an nginx configuration gives this very log file; null when it does not say. */
async function formatFromConfig(instance: Instance): Promise<LineReader | null> {
  if (!instance.config || !instance.accessLog) return null;
  const config = await loadNginx(instance.config).catch(() => null);
  if (!config) return null;
  const base = instance.accessLog.split('/').at(-1);
  const logs = [...find(config, 'access_log')].filter((d) => d.args[0] !== 'off');
  const log =
    logs.find((d) => d.args[0] === instance.accessLog) ?? logs.find((d) => d.args[0]?.split('/').at(-1) === base);
  if (!log) return null;
  const name = log.args.slice(1).find((arg) => !arg.includes('=')) ?? 'combined';
  if (name === 'combined') return nginxReader(COMBINED);
  const format = [...find(config, 'log_format')].find((d) => d.args[0] === name);
  if (!format) return null;
  const parts = format.args.slice(1).filter((arg, i) => !(i === 0 && arg.startsWith('escape=')));
  const text = parts.join('');
  return text.trimStart().startsWith('{') ? namedReader('json') : nginxReader(text);
}

/** A whole tail of a log, read once. */
interface Parsed {
  rows: AccessRow[];
  lines: number;
  unreadable: number;
  truncated: boolean;
}

/** Logs read a moment ago: cases that were opened before the reading began see all of their window in it. */
const recent = new Map<string, { began: number; parsed: Promise<Parsed> }>();
/** Parsed logs are large: few are kept, and none for long. */
const KEPT_LOGS = 8;
const KEPT_MS = 5_000;

function parsedLog(kind: string, instance: Instance, coveringUntil: number): Promise<Parsed> {
  const key = `${kind} ${instance.accessLog} ${instance.config} ${instance.logFormat}`;
  const known = recent.get(key);
  if (known && known.began >= coveringUntil) return known.parsed;
  const entry = { began: Date.now(), parsed: parse(kind, instance) };
  recent.delete(key);
  recent.set(key, entry);
  if (recent.size > KEPT_LOGS) recent.delete(recent.keys().next().value as string);
  const forget = (): void => {
    if (recent.get(key) === entry) recent.delete(key);
  };
  entry.parsed.catch(forget);
  setTimeout(forget, KEPT_MS).unref();
  return entry.parsed;
}

async function parse(kind: string, instance: Instance): Promise<Parsed> {
  const file = instance.accessLog as string;
  const { lines, truncated } = await tailLines(file);
  const told =
    (await formatFromConfig(instance)) ??
    (instance.logFormat ? namedReader(instance.logFormat) : null) ??
    (kind.startsWith('haproxy') ? namedReader('haproxy') : null);
  const sample = lines.slice(-200).filter((line) => line.length > 0);
  const fits = told && (sample.length === 0 || sample.some((line) => told(line) !== null));
  // A log of the right kind may hold nothing but the process's own words so far.
  const reader = fits ? told : (detectReader(lines) ?? (kind.startsWith('haproxy') ? told : null));
  if (!reader)
    throw new BlindLook('unreadable', `${file}: its lines fit no format that is known here; name it as logFormat:`);
  const rows: AccessRow[] = [];
  let unreadable = 0;
  for (const line of lines) {
    if (line === '') continue;
    const row = reader(line);
    if (row) rows.push(row);
    else unreadable++;
  }
  return { rows, lines: lines.length, unreadable, truncated };
}

/** The rows of an instance's access log within a window; the format is read from config, else logFormat, else found. */
export async function accessRows(kind: string, instance: Instance, window: Window): Promise<AccessRows> {
  const from = Date.parse(window.from);
  // Most logs know whole seconds only: the window's last one may hold our own probes already.
  const to = Math.floor(Date.parse(window.to) / 1000) * 1000;
  const { rows: all, lines, unreadable, truncated } = await parsedLog(kind, instance, Date.parse(window.to));
  const rows = all.filter((row) => row.at === null || (row.at >= from && row.at < to));
  return {
    source: instance.accessLog as string,
    rows,
    lines,
    unreadable,
    truncated: truncated && (rows[0]?.at ?? 0) > from,
  };
}
