import type { BalancerLog } from '../../diagnostics/io/balancer-reader.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { Window } from '../../diagnostics/window.ts';
import { blocksFromEnd, openLog } from '../adapters/logs/log-file.ts';
import { parseTime } from '../adapters/logs/times.ts';
import { record, text } from '../json.ts';

/**
 * Google's application balancer as Cloud Logging exports it: one LogEntry in JSON a line, `httpRequest` for the request
 * and `jsonPayload.statusDetails` for the side that ended it (cloud.google.com/load-balancing/docs/https/https-logging-monitoring).
 */

/** Of one look, whatever comes first. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_MS = 3_000;
/** Different words that are kept; there are some forty in all. */
const MOST_WORDS = 60;
/** Entries reach a file in the order of their arrival, not of their time, ms. */
const SLACK_MS = 120_000;

interface Entry {
  at: number;
  status: number;
  host: string | null;
  word: string;
}

/** One line as an entry of a balancer; null: something else. */
export function gceEntry(line: string): Entry | null {
  if (line.charCodeAt(0) !== 123) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  const entry = record(parsed);
  const request = record(entry.httpRequest);
  const at = parseTime(text(entry.timestamp));
  const status = Number(request.status);
  const word = text(record(entry.jsonPayload).statusDetails);
  if (at === null || !Number.isInteger(status) || status < 0 || status > 999) return null;
  const url = text(request.requestUrl);
  return {
    at,
    status,
    host: URL.canParse(url) ? new URL(url).hostname.toLowerCase() : null,
    word: /^[a-z0-9_]{1,80}$/.test(word) ? word : '',
  };
}

/** What the balancer's log says of a host's requests in a window. */
export async function gceLog(file: string, host: string, window: Window): Promise<BalancerLog> {
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  const { handle, size } = await openLog(file);
  const until = performance.now() + MAX_MS;
  const words = new Map<string, { count: number; first: number; last: number }>();
  let [total, errors, bytes, lines, entries] = [0, 0, 0, 0, 0];
  let oldest = Number.POSITIVE_INFINITY;
  try {
    for await (const block of blocksFromEnd(handle, size, { wholeFile: true })) {
      bytes += block.bytes;
      let newest = Number.NEGATIVE_INFINITY;
      for (const line of block.lines) {
        if (line === '') continue;
        lines++;
        const entry = gceEntry(line);
        if (!entry) continue;
        entries++;
        newest = Math.max(newest, entry.at);
        oldest = Math.min(oldest, entry.at);
        if (entry.at < from || entry.at > to || entry.host !== host.toLowerCase()) continue;
        total++;
        if (entry.status < 500 && !/^client_disconnected/.test(entry.word)) continue;
        if (entry.status >= 500) errors++;
        const seen = words.get(entry.word) ?? { count: 0, first: entry.at, last: entry.at };
        if (words.size >= MOST_WORDS && !words.has(entry.word)) continue;
        words.set(entry.word, {
          count: seen.count + 1,
          first: Math.min(seen.first, entry.at),
          last: Math.max(seen.last, entry.at),
        });
      }
      if (newest < from - SLACK_MS && entries > 0) break;
      if (bytes > MAX_BYTES || performance.now() > until) break;
    }
  } finally {
    await handle.close();
  }
  if (lines > 0 && entries === 0)
    throw new BlindLook(
      'unreadable',
      `${file}: none of its ${lines} lines is a Cloud Logging entry with httpRequest; export them as JSON, one a line`,
    );
  return {
    source: file,
    total,
    errors,
    details: [...words]
      .map(([word, one]) => ({
        word,
        count: one.count,
        first: new Date(one.first).toISOString(),
        last: new Date(one.last).toISOString(),
      }))
      .sort((a, b) => b.count - a.count),
    reachesBackTo: Number.isFinite(oldest) ? new Date(oldest).toISOString() : null,
  };
}
