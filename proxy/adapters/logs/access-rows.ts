import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import type { Window } from '../../../diagnostics/window.ts';
import { find, loadNginx } from '../../config/nginx-config.ts';
import { detectReader, type LineReader, namedReader } from './access-log.ts';
import type { Rows } from './compact-rows.ts';
import { LIMITS, type ReadBack, type ReadLimits, readBack } from './read-window.ts';

export interface AccessRows {
  source: string;
  rows: Rows;
  /** Lines that were read, older ones than the window's among them. */
  lines: number;
  unreadable: number;
  /** Older requests of the window may be missing: a limit was reached before its begin. */
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
  if (name === 'combined') return namedReader('combined');
  const format = [...find(config, 'log_format')].find((d) => d.args[0] === name);
  if (!format) return null;
  const parts = format.args.slice(1).filter((arg, i) => !(i === 0 && arg.startsWith('escape=')));
  return namedReader(parts.join(''));
}

/** Logs read a moment ago: cases that were opened before the reading began see all of their window in it. */
interface Kept {
  began: number;
  from: number;
  read: Promise<ReadBack>;
  /** Memory that it holds once it is read, bytes. */
  size: number;
}
const recent = new Map<string, Kept>();
/** What is kept for the next case: few logs, for a short time, in bounded memory. */
const KEPT_LOGS = 16;
const KEPT_MS = 5_000;
const KEPT_BYTES = 160 * 1024 * 1024;

function forgetOldest(): void {
  const held = (): number => [...recent.values()].reduce((sum, kept) => sum + kept.size, 0);
  while (recent.size > KEPT_LOGS || (recent.size > 1 && held() > KEPT_BYTES))
    recent.delete(recent.keys().next().value as string);
}

function recentRead(kind: string, instance: Instance, from: number, coveringUntil: number): Promise<ReadBack> {
  const key = `${kind} ${instance.accessLog} ${instance.config} ${instance.logFormat}`;
  const known = recent.get(key);
  if (known && known.began >= coveringUntil && known.from <= from) return known.read;
  const read = readLog(kind, instance, from, LIMITS);
  const entry: Kept = { began: Date.now(), from, read, size: 0 };
  recent.delete(key);
  recent.set(key, entry);
  forgetOldest();
  const forget = (): void => {
    if (recent.get(key) === entry) recent.delete(key);
  };
  read.then((done) => {
    entry.size = done.rows.size();
    forgetOldest();
  }, forget);
  setTimeout(forget, KEPT_MS).unref();
  return read;
}

/** Reads an instance's access log back to `from`; the format is read from config, else logFormat, else found out. */
export async function readLog(
  kind: string,
  instance: Instance,
  from: number,
  limits: ReadLimits = LIMITS,
): Promise<ReadBack> {
  const file = instance.accessLog;
  if (file === null) throw new BlindLook('not-configured', `${instance.name}: no access log is known`);
  const told =
    (await formatFromConfig(instance)) ??
    (instance.logFormat ? namedReader(instance.logFormat) : null) ??
    (kind.startsWith('haproxy') ? namedReader('haproxy') : null);
  const choose = (lines: string[]): LineReader | null => {
    const sample = lines.slice(-400);
    if (told && (sample.every((line) => line === '') || sample.some((line) => told(line) !== null))) return told;
    // A log of the right kind may hold nothing but the process's own words so far.
    return detectReader(lines) ?? (kind.startsWith('haproxy') ? told : null);
  };
  return readBack(file, from, choose, limits);
}

/** The rows of an instance's access log within a window. Throws BlindLook. */
export async function accessRows(kind: string, instance: Instance, window: Window): Promise<AccessRows> {
  const from = Date.parse(window.from);
  // Most logs know whole seconds only: the window's last one may hold our own probes already.
  const to = Math.floor(Date.parse(window.to) / 1000) * 1000;
  const { rows: all, lines, unreadable, cut } = await recentRead(kind, instance, from, Date.parse(window.to));
  const rows = all.within(from, to);
  return {
    source: instance.accessLog as string,
    rows,
    lines,
    unreadable,
    truncated: cut && (rows.from ?? Number.POSITIVE_INFINITY) > from,
  };
}
