import type { AccessRow, LineReader } from './access-row.ts';

/**
 * HAProxy's `option httplog` and `httpslog` (haproxy: doc/configuration.txt section 8.2.3), with or without a syslog
 * head. Termination flags: section 8.5; the first letter says who ended it: `-` nobody, `C` and `c` the client.
 *
 *   10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {host} "GET / HTTP/1.1"
 */
const LINE =
  /\S+:\d+ \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d)\.(\d{3})\] (\S+) ([^/\s]+)\/(\S+) (-?\d+)\/(-?\d+)\/(-?\d+)\/(-?\d+)\/\+?(-?\d+) (-?\d+) \+?(\d+) \S+ \S+ ([\w-]{4}) \S+ \S+ (?:\{([^}]*)\} )?(?:\{[^}]*\} )?.*?"([^"]*)"/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const NO_SERVER = '<NOSRV>';

/** One line of HAProxy's HTTP log. Times are local, without a zone: this machine's is assumed. */
export const haproxyReader: LineReader = (line) => {
  const m = LINE.exec(line);
  if (!m) return null;
  const [
    ,
    day,
    month,
    year,
    hour,
    minute,
    second,
    ms,
    frontend,
    backend,
    server,
    ,
    ,
    ,
    response,
    total,
    status,
    ,
    flags,
    captured,
    request,
  ] = m as unknown as string[];
  const at = new Date(
    Number(year),
    MONTHS.indexOf(month as string) / 3,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(ms),
  ).getTime();
  const chosen = server !== NO_SERVER;
  const answered = Number(response) >= 0 && chosen;
  const code = Number(status);
  const host = /^[\w.-]+\.[a-z]{2,}(:\d+)?$/i.exec((captured ?? '').split('|')[0] ?? '')?.[0];
  const client = flags?.[0] === 'C' || flags?.[0] === 'c';
  const row: AccessRow = {
    at,
    host: host ? host.toLowerCase().replace(/:\d+$/, '') : null,
    request: (request ?? '').slice(0, 40),
    status: code < 0 ? 499 : code,
    seconds: Number(total) >= 0 ? Number(total) / 1000 : null,
    upstreams: chosen
      ? [
          {
            address: server as string,
            status: answered ? code : null,
            seconds: answered ? Number(response) / 1000 : null,
            bytes: null,
          },
        ]
      : [],
    service: backend as string,
    maker: client ? 'client' : answered && flags?.[0] === '-' ? 'upstream' : 'proxy',
    // Without a backend, HAProxy writes the frontend's own name in its place.
    ...(!chosen && code === 503 && backend === (frontend as string).replace(/~$/, '') && { noRoute: true }),
  };
  return row;
};
