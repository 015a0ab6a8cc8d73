import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { addMean, addRetries, haproxyCounts, isUp, tallyHaproxy } from './haproxy-model.ts';
import { clip, countOf, isoOf, type Tally } from './tally.ts';

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'];

/** Most rows of the table: servers and proxies. */
const ROWS = 50_000;

/** Fields of one CSV line: only texts are quoted, with `""` for a quote in them (haproxy: doc/management.txt 9.1). */
function fieldsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field = '']) =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
  );
}

/** True for the begin of `show stat` and of the stats page's `;csv`. */
export const isStatsCsv = (text: string): boolean => text.startsWith('# pxname,svname,');

/**
 * `show stat`, or the stats page with `;csv` (haproxy: doc/management.txt 9.1; columns by their names, since versions add
 * some). Throws BlindLook where it is not that.
 */
export function readStats(csv: string, tally: Tally): void {
  const [head = '', ...lines] = csv.split('\n', ROWS);
  if (!isStatsCsv(head))
    throw new BlindLook('unreadable', `${tally.sample.source} does not answer "show stat" with a table`);
  const columns = new Map(fieldsOf(head.slice(2)).map((name, i) => [name, i]));
  const found = haproxyCounts();
  found.sees = { frontends: true, backends: true, servers: true };
  let handshakes: number | null = null;
  let sessions = 0;
  for (const line of lines) {
    const fields = fieldsOf(line);
    const text = (name: string): string => fields[columns.get(name) ?? -1] ?? '';
    const number = (name: string): number | null => (text(name) === '' ? null : countOf(Number(text(name))));
    const [service, name] = [clip(text('pxname')), clip(text('svname'))];
    if (!service || !name) continue;
    if (name === 'FRONTEND') {
      for (const code of CLASSES) found.frontends.add(service, code, number(`hrsp_${code}`) ?? 0);
      sessions += number('scur') ?? 0;
      const failed = number('ssl_failed_handshake');
      if (failed !== null) handshakes = (handshakes ?? 0) + failed;
      continue;
    }
    const endpoint = name === 'BACKEND' ? null : name;
    for (const [column, kind] of [
      ['qtime', 'queue'],
      ['ctime', 'connect'],
      ['rtime', 'upstream'],
      ['ttime', 'total'],
    ] as const)
      addMean(found, { service, endpoint, kind, seconds: (number(column) ?? 0) / 1000 });
    if (endpoint === null) {
      for (const code of CLASSES) found.backends.add(service, code, number(`hrsp_${code}`) ?? 0);
      addRetries(found, service, number('wretr') ?? 0);
      continue;
    }
    for (const code of CLASSES) found.servers.add(`${service}\t${endpoint}`, code, number(`hrsp_${code}`) ?? 0);
    Object.assign(tally.endpoint(service, endpoint), {
      up: isUp(text('status')),
      weight: number('weight'),
      connections: number('connect'),
      requests: number('stot'),
      inflight: number('scur'),
      queued: number('qcur'),
      connectErrors: number('econ'),
      responseErrors: number('eresp'),
      retries: number('wretr'),
      // Only shown at `level operator` and above (measured on 2.6.12).
      address: text('addr') || null,
    });
  }
  tallyHaproxy(tally, found);
  tally.sample.refusedBeforeRequest.handshake = handshakes;
  tally.sample.connections.active ??= sessions;
}

/** `show info`: lines of `Name: value` (haproxy: doc/management.txt 9.3). */
export function readInfo(text: string, tally: Tally): void {
  const info = new Map(
    text
      .slice(0, 64 * 1024)
      .split('\n')
      .map((line) => [line.slice(0, Math.max(0, line.indexOf(':'))), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const number = (name: string): number | null => (info.get(name) ? countOf(Number(info.get(name))) : null);
  const { sample } = tally;
  const version = info.get('Version');
  if (version) sample.software = `haproxy ${version.slice(0, 100)}`;
  sample.connections = {
    active: number('CurrConns'),
    idle: null,
    limit: number('Maxconn'),
    accepted: number('CumConns'),
    dropped: null,
  };
  sample.process.startedAt = isoOf(number('Start_time_sec'));
  sample.process.maxFiles = number('Ulimit-n');
  sample.reloads.lastAt = sample.process.startedAt;
}
