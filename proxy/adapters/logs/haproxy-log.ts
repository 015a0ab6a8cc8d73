import { type AccessRow, cleanHost, cleanRequest, type LineReader, whyOfOwn } from './access-row.ts';

/**
 * HAProxy's `option httplog`, `httpslog` and `tcplog` (haproxy: doc/configuration.txt 8.2.2 to 8.2.5), with or without
 * a head by syslog (RFC 3164, RFC 5424) or journald. Times are local and have no zone: this machine's is assumed.
 *
 *   10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {host} "GET / HTTP/1.1"
 *   10.0.1.2:33317 [06/Feb/2009:12:14:14.655] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0
 */
const TIME = / \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d)\.(\d{3})\] /;
/** frontend, backend, server, timers, then status (HTTP only), bytes, cookies (HTTP only), flags, counts, queues. */
const HTTP =
  /(\S+) ([^/\s]+)\/(\S+) (-?\d+)\/(-?\d+)\/(-?\d+)\/(-?\d+)\/\+?(-?\d+) (-?\d+) \+?(\d+) \S+ \S+ ([\w-]{4}) \S+ \S+(?: \{([^}]*)\})?(?: \{[^}]*\})? "([^"]*)"?/y;
const TCP = /(\S+) ([^/\s]+)\/(\S+) (-?\d+)\/(-?\d+)\/\+?(-?\d+) \+?(\d+) ([\w-]{2}) \S+ \d+\/\d+/y;
/** What `httpslog` puts after the request: `err/err/err/err/resumed sni/version/suite`. */
const SNI = / (-?\w+)\/(\w+)\/(\w+)\/(\w+)\/(\w+) ([\w.-]+)\/TLS/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const NO_SERVER = '<NOSRV>';
/** Longer lines than this are no log of HAProxy's: its buffers are 16 kB, its log lines 1 kB unless raised. */
const MOST = 70_000;

/** What the two letters say: who ended it, and in which phase (section 8.5). */
export function whyOfFlags(flags: string, chosen: boolean, status: number): AccessRow['why'] {
  const who = flags[0] as string;
  const phase = flags[1] as string;
  if (who === 'C') return 'client-left';
  if (who === 'c') return 'client-slow';
  if (phase === 'Q')
    return who === 'S' ? 'no-endpoint' : who === 's' || who === 'P' ? 'queue-full' : 'out-of-resources';
  if (who === 'R') return 'out-of-resources';
  if (who === 'D') return 'marked-down';
  if (who === 'I') return 'internal';
  if (who === 'P') {
    // PC: the process' or the server's connection limit; PT: tarpit; PH, PD: an answer that it would not pass on.
    if (phase === 'C') return 'out-of-resources';
    // A rule that finds no room in its buffer for what it adds ends in 500 (8.5 knows only 502): src/http_act.c, http_action_set_header.
    if (phase === 'H' && status === 500) return 'no-room';
    if (phase === 'H' || phase === 'D') return 'bad-answer';
    return phase === 'T' ? 'denied' : (whyOfOwn(status) ?? 'denied');
  }
  if (who === 'S') return phase === 'C' ? (chosen ? 'refused' : 'no-endpoint') : 'closed-early';
  if (who === 's') return phase === 'C' ? 'connect-timeout' : 'proxy-timeout';
  // `L`: answered by itself (redirect, return, stats); `-`: nobody ended it.
  return undefined;
}

/** A captured header that looks like a host name; many capture Host first, separated by `|`. */
const capturedHost = (captured: string | undefined): string | null => {
  const first = (captured ?? '').split('|', 1)[0] ?? '';
  return first.length < 260 && /^[\w.-]+\.[a-z]{2,}(:\d+)?$/i.test(first) ? cleanHost(first) : null;
};

/** `GET https://shop.example.test/ HTTP/2.0`: HTTP/2 requests are logged with their authority. */
const authorityOf = (request: string): string | null => {
  const at = request.indexOf('://');
  if (at < 0 || at > 20) return null;
  return cleanHost(/^[\w.:-]+/.exec(request.slice(at + 3, at + 260))?.[0]);
};

const part = (ms: string | undefined): number | null => (ms === undefined || Number(ms) < 0 ? null : Number(ms) / 1000);

function rowOfHttp(m: RegExpExecArray, line: string, at: number): AccessRow {
  const [
    ,
    frontend = '',
    backend = '',
    server = '',
    TR,
    Tw,
    ,
    Tr,
    Ta,
    code,
    bytes,
    flags = '----',
    captured,
    request = '',
  ] = m;
  const chosen = server !== NO_SERVER;
  const answered = Number(Tr) >= 0 && chosen;
  const given = Number(code);
  const client = flags[0] === 'C' || flags[0] === 'c';
  const status = given < 0 ? 499 : given;
  const why = whyOfFlags(flags, chosen, status);
  // Without a backend, HAProxy writes the frontend's own name in its place.
  const noRoute = !chosen && given === 503 && backend === frontend.replace(/~$/, '');
  const row: AccessRow = {
    at,
    host: capturedHost(captured) ?? authorityOf(request) ?? cleanHost(SNI.exec(line.slice(-600))?.[6]),
    request: cleanRequest(request),
    status,
    seconds: part(Ta),
    upstreams: chosen
      ? [{ address: server, status: answered ? given : null, seconds: answered ? part(Tr) : null, bytes: null }]
      : [],
    service: backend,
    maker: client
      ? 'client'
      : answered && (flags[0] === '-' || flags[1] === 'D' || flags[1] === 'L')
        ? 'upstream'
        : 'proxy',
    bytes: Number(bytes),
  };
  const queued = part(Tw);
  const receiving = part(TR);
  // In a tarpit the wait counts as one for the queue (measured on 2.6).
  if (queued !== null && queued > 0 && flags[1] !== 'T') row.queued = queued;
  if (receiving !== null && receiving > 0) row.receiving = receiving;
  if (noRoute) row.noRoute = true;
  const reason = noRoute ? 'no-route' : (why ?? (row.maker === 'proxy' ? whyOfOwn(status) : undefined));
  if (reason !== undefined) row.why = reason;
  return row;
}

function rowOfTcp(m: RegExpExecArray, at: number): AccessRow {
  const [, , backend = '', server = '', Tw, , Tt, bytes, flags = '--'] = m;
  const chosen = server !== NO_SERVER;
  const seconds = part(Tt);
  const row: AccessRow = {
    at,
    host: null,
    request: '',
    status: 0,
    seconds,
    upstreams: chosen ? [{ address: server, status: flags[1] === 'C' ? null : 0, seconds, bytes: null }] : [],
    service: backend,
    maker: flags[0] === 'C' || flags[0] === 'c' ? 'client' : flags[0] === '-' ? 'upstream' : 'proxy',
    bytes: Number(bytes),
  };
  const queued = part(Tw);
  if (queued !== null && queued > 0) row.queued = queued;
  // In TCP mode either side may end a session that is in its data phase: that is no failure.
  const why = flags[1] === 'D' || flags[1] === 'L' ? undefined : whyOfFlags(flags, chosen, 0);
  if (why !== undefined) row.why = why;
  return row;
}

/** ms of one local second: `new Date` with parts is slow, and a busy log has thousands of lines in one. */
let lastSecond = '';
let lastMs = 0;
function timeOf(t: RegExpExecArray): number {
  const second = t[0].slice(2, 22);
  if (second !== lastSecond) {
    const [, day, month = '', year, hour, minute, sec] = t;
    const index = MONTHS.indexOf(month) / 3;
    lastMs = new Date(Number(year), index, Number(day), Number(hour), Number(minute), Number(sec)).getTime();
    lastSecond = second;
  }
  return lastMs + Number(t[7]);
}

/** One line of HAProxy's HTTP or TCP log. */
export const haproxyReader: LineReader = (line) => {
  if (line.length > MOST) return null;
  const time = TIME.exec(line);
  if (!time) return null;
  const from = time.index + time[0].length;
  HTTP.lastIndex = from;
  const http = HTTP.exec(line);
  if (http) return rowOfHttp(http, line, timeOf(time));
  TCP.lastIndex = from;
  const tcp = TCP.exec(line);
  return tcp ? rowOfTcp(tcp, timeOf(time)) : null;
};
