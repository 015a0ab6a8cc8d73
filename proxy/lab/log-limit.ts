import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT_BYTES = 32 * 1024 * 1024;
const EVERY_MS = 30_000;
const LOGS = [
  'edge-1/access.log',
  'edge-1/error.log',
  'edge-2/access.log',
  'edge-2/error.log',
  'public/haproxy.log',
  'traefik/access.json',
];

/**
 * Empties a log that has grown beyond the limit, so that a world which is left running over a weekend does not fill the disk.
 * All its servers open their logs for appending, so they go on at the new end.
 */
export function keepLogsShort(dir: string): { stop(): void } {
  const timer = setInterval(() => {
    for (const log of LOGS) emptyIfLong(join(dir, log));
  }, EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}

function emptyIfLong(file: string): void {
  try {
    if (statSync(file).size > LIMIT_BYTES) truncateSync(file);
  } catch {
    // No such log in this world.
  }
}
