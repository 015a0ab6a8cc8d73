import { BlindLook, type ReloadHistory, type ReloadSeen } from '../../../diagnostics/io/proxy-reader.ts';
import type { Window } from '../../../diagnostics/window.ts';
import { detectReader, namedReader } from '../../adapters/logs/access-log.ts';
import type { AccessRows } from '../../adapters/logs/access-rows.ts';
import { compactRows } from '../../adapters/logs/compact-rows.ts';
import { saidLine } from '../../adapters/logs/error-lines.ts';
import { reloadsIn } from '../../adapters/logs/nginx-error-log.ts';
import type { PodLog } from '../logs.ts';

/** What switches an access log on, by kind; it goes to the container's log then. */
const SWITCH_ON: { [kind: string]: string } = {
  traefik: '--accesslog=true --accesslog.format=json',
  'haproxy-ingress': "a syslog side-car, or syslog-endpoint: stdout (haproxytech) in the controller's ConfigMap",
  'ingress-nginx': 'disable-access-log: "false"',
  envoy: 'an access log to /dev/stdout',
  nginx: 'access_log /dev/stdout',
};

/** Pure: requests of a window in a container's log. Throws BlindLook where its lines hold none of any time. */
export function rowsIn(kind: string, log: PodLog, format: string | null, window: Window): AccessRows {
  const told = format === null ? null : namedReader(format);
  const { lines } = log;
  const sample = lines.slice(-400);
  const reader =
    told && sample.some((line) => told(line) !== null)
      ? told
      : // Words of the process itself stand between: only lines that are none count.
        detectReader(lines.filter((line) => saidLine(accessOnly(kind), line, 0) === null).slice(-400));
  const rows = compactRows();
  let [unreadable, understood] = [0, 0];
  const from = Date.parse(window.from);
  for (const line of lines) {
    const row = reader?.(line) ?? null;
    if (row) {
      understood++;
      if (row.at === null || row.at >= from) rows.add(row);
    } else if (line !== '' && saidLine(kind, line, Date.parse(window.to)) === null) unreadable++;
  }
  if (understood === 0)
    throw new BlindLook(
      'not-configured',
      `${log.source}: no requests are logged there; switch the access log on (${SWITCH_ON[kind] ?? 'to stdout'})`,
    );
  // The last second may hold our own probes already, as in files.
  const within = rows.within(from, Math.floor(Date.parse(window.to) / 1000) * 1000);
  const reaches = within.from ?? Number.POSITIVE_INFINITY;
  return { source: log.source, rows: within, lines: lines.length, unreadable, truncated: log.cut && reaches > from };
}

/** HAProxy has one log for both, so that every line would count as its own words. */
const accessOnly = (kind: string): string => (kind.startsWith('haproxy') ? 'ingress-nginx' : kind);

const TAKEN = /^"?Backend successfully reloaded"?$/;
const REFUSED = /^"?Unexpected failure reloading the backend:?"?/;
const STARTS = /^"?Starting NGINX process"?$/;
/** `nginx: [emerg] … in /tmp/nginx/nginx-cfg123:2512` among the words of a refusal. */
const EMERG = /^nginx: \[emerg\] (.*?)(?: in (\S+:\d+))?$/;
const MOST = 200;
/** Lines after the first word of a refusal that may say why. */
const WHY_LINES = 12;

/**
 * Pure: reloads as ingress-nginx' controller logs them (internal/ingress/controller/controller.go), or as plain nginx does in
 * its error log. null: the log holds none, which says nothing where it does not reach back.
 */
export function reloadsInLog(kind: string, log: PodLog, now: number): ReloadHistory | null {
  const { reloads, from } = kind === 'ingress-nginx' ? controllerReloads(log.lines, now) : reloadsIn(log.lines, null);
  const last = reloads.at(-1);
  if (!last) return null;
  return {
    sources: ['pod log'],
    reloads: reloads.slice(-MOST),
    reachesBackTo: from === null ? null : new Date(from).toISOString(),
    servingSince: reloads.filter((one) => one.ok).at(-1)?.at ?? null,
    lastRefused: !last.ok,
    oldWorkers: null,
    workers: null,
    workerBytes: null,
    configWrittenAt: null,
  };
}

function controllerReloads(lines: string[], now: number): { reloads: ReloadSeen[]; from: number | null } {
  const reloads: ReloadSeen[] = [];
  let from: number | null = null;
  let starts = false;
  for (const [i, raw] of lines.entries()) {
    const line = saidLine('ingress-nginx', raw, now);
    if (!line || line.at === null) continue;
    from ??= line.at;
    const at = new Date(line.at).toISOString();
    if (STARTS.test(line.text)) starts = true;
    else if (TAKEN.test(line.text)) {
      reloads.push({ at, ok: true, error: null, where: null, ...(starts && { of: 'start' as const }) });
      starts = false;
    } else if (REFUSED.test(line.text)) {
      const why = lines.slice(i, i + WHY_LINES).flatMap((one) => EMERG.exec(one) ?? []);
      reloads.push({ at, ok: false, error: why[1]?.slice(0, 200) ?? null, where: why[2] ?? null });
    }
  }
  return { reloads, from };
}

/** Counters know the last reload only; the log knows the ones before it. */
export function withLog(metrics: ReloadHistory, log: ReloadHistory | null): ReloadHistory {
  if (!log) return metrics;
  const newest = Date.parse(log.reloads.at(-1)?.at ?? '');
  // Of the same reload the page and the log give times some seconds apart.
  const missed = metrics.reloads.filter((one) => !(Date.parse(one.at) <= newest + 5_000));
  return {
    ...metrics,
    sources: [...metrics.sources, ...log.sources],
    reloads: [...log.reloads, ...missed].slice(-MOST),
    reachesBackTo: log.reachesBackTo,
    servingSince: metrics.servingSince ?? log.servingSince,
  };
}
