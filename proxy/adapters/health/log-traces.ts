import { readErrorLine } from '../logs/nginx-error-log.ts';

/** What a proxy's own log shows of its processes. Times are ms since the epoch, oldest first. */
export interface LogTraces {
  /** Begins of master processes: each begin is another process. */
  starts: number[];
  /** Workers that ended by a signal. */
  exits: { at: number; signal: number }[];
  /** The last time that workers were started on purpose (start or reload) by the master that runs now. */
  lastReload: number | null;
}

const KEPT = 50;

/**
 * nginx's error log: every master says "start worker processes" once at its begin and once at each reload (level
 * notice); a worker that dies is "worker process N exited on signal S" (level alert).
 * (nginx: src/os/unix/ngx_process_cycle.c, ngx_process.c; measured on 1.22.1)
 */
export function nginxTraces(lines: string[], master: number): LogTraces {
  const begun = new Map<number, number>();
  const exits: LogTraces['exits'] = [];
  let lastReload: number | null = null;
  for (const raw of lines) {
    const line = readErrorLine(raw);
    if (!line) continue;
    if (line.text === 'start worker processes') {
      if (!begun.has(line.pid)) begun.set(line.pid, line.at);
      if (line.pid === master) lastReload = line.at;
    }
    const signal = /^worker process \d+ exited on signal (\d+)/.exec(line.text)?.[1];
    if (signal) exits.push({ at: line.at, signal: Number(signal) });
  }
  return { starts: [...begun.values()].slice(-KEPT), exits: exits.slice(-KEPT), lastReload };
}

/** Traefik says its version once, at its begin (level info): `2026-11-21T15:29:14Z INF Traefik version 3.7.9 built on …`, JSON or logfmt. */
export function traefikStarts(lines: string[]): number[] {
  const starts: number[] = [];
  for (const line of lines) {
    if (!line.slice(0, 400).includes('Traefik version ')) continue;
    const at = Date.parse(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)/.exec(line.slice(0, 400))?.[0] ?? '');
    if (!Number.isNaN(at)) starts.push(at);
  }
  return starts.slice(-KEPT);
}
