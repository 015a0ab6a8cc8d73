/**
 * One reading of one log, in a process of its own: `node bench/logs-run.ts FILE FROM HOST` (FROM: ms since the epoch)
 * prints JSON: time, lines that were read, requests and 5xx that were counted for the host, and the memory before.
 */

import { readLog } from '../proxy/adapters/logs/access-rows.ts';
import { LIMITS } from '../proxy/adapters/logs/read-window.ts';
import { countRequests } from '../proxy/adapters/logs/tally.ts';
import { blankInstance } from '../proxy/inventory/blank.ts';

const [file = '', from = '0', host = ''] = process.argv.slice(2);
const instance = {
  ...blankInstance('edge-1'),
  accessLog: file,
};
const baseMib = Math.round(process.memoryUsage.rss() / 1024 / 1024);
const began = performance.now();
// What a check may read is limited by time; here the whole of it is measured.
const read = await readLog('other', instance, Number(from), { ...LIMITS, bytes: 1e12, ms: 1e9, rows: 1e8 });
const rows = read.rows.within(Number(from), Number.POSITIVE_INFINITY);
const counted = countRequests({ source: file, rows, lines: read.lines, unreadable: 0, truncated: read.cut }, host);
process.stdout.write(
  JSON.stringify({
    ms: performance.now() - began,
    lines: read.lines,
    rows: rows.count,
    unreadable: read.unreadable,
    requests: counted.total,
    errors: counted.statuses['502'] ?? 0,
    rowsMib: Math.round(read.rows.size() / 1024 / 1024),
    baseMib,
  }),
);
