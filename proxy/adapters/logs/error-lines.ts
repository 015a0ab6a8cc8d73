import { readErrorLine } from './nginx-error-log.ts';
import { parseTime } from './times.ts';

/** Lines of the logs in which proxies speak of themselves, each with its time where it has one. Pure. */

export interface SaidLine {
  /** ms; null: the line has no readable time. */
  at: number | null;
  /** `error`, `warn`, … in lower case; empty where the format has none. */
  level: string;
  text: string;
}

const MOST = 4_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LEVELS: { [short: string]: string } = {
  ERR: 'error',
  WRN: 'warn',
  INF: 'info',
  DBG: 'debug',
  FTL: 'fatal',
  PNC: 'panic',
  E: 'error',
  W: 'warn',
  I: 'info',
  F: 'fatal',
};

/** Whom a line of Traefik is about: in its text form these stand behind the words (measured on 3.7.9). */
const ABOUT = ['routerName', 'serviceName', 'targetURL'];

/** Traefik 3 (zerolog's console form), Traefik 2 (logrus), either as JSON. */
function traefik(line: string): SaidLine | null {
  const v3 = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) ([A-Z]{3}) (.*)$/.exec(line);
  if (v3) return { at: parseTime(v3[1]), level: LEVELS[v3[2] as string] ?? '', text: v3[3] as string };
  const v2 = /^time="([^"]*)" level=(\w+) (.*)$/.exec(line);
  if (v2) return { at: parseTime(v2[1]), level: (v2[2] as string).toLowerCase(), text: v2[3] as string };
  if (!line.startsWith('{')) return null;
  try {
    const { level, time, message, msg, error, ...rest } = JSON.parse(line) as { [key: string]: unknown };
    // An access line in the same stream.
    if (typeof level !== 'string' || 'DownstreamStatus' in rest) return null;
    return {
      at: typeof time === 'string' ? parseTime(time) : null,
      level: level.toLowerCase(),
      text: [
        message ?? msg,
        error && `error=${String(error)}`,
        ...ABOUT.map((name) => typeof rest[name] === 'string' && `${name}=${rest[name]}`),
      ]
        .filter((part) => typeof part === 'string' && part)
        .join(' '),
    };
  } catch {
    return null;
  }
}

/** `[2026-11-21 15:35:27.459][17504][warning][config] [source/…] text`; Envoy logs in its machine's zone, mostly UTC. */
function envoy(line: string): SaidLine | null {
  const m = /^\[(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d\.\d{3})\d*Z?\]\[\d+\]\[(\w+)\]\[[\w:-]+\] (.*)$/.exec(line);
  if (!m) return null;
  const level = m[3] === 'warning' ? 'warn' : m[3] === 'critical' ? 'fatal' : (m[3] as string);
  return { at: Date.parse(`${m[1]}T${m[2]}`) || null, level, text: m[4] as string };
}

/** `W1121 16:07:10.395319       1 controller.go:1114] text` (klog), in UTC inside containers, without a year. */
function klog(line: string, now: number): SaidLine | null {
  const m = /^([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d)\.\d+ +\d+ [\w.-]+:\d+\] (.*)$/.exec(line);
  if (!m) return null;
  const year = new Date(now).getUTCFullYear();
  const at = (y: number): number => Date.parse(`${y}-${m[2]}-${m[3]}T${m[4]}Z`);
  const thisYear = at(year);
  return {
    at: Number.isNaN(thisYear) ? null : thisYear > now + 86_400_000 ? at(year - 1) : thisYear,
    level: LEVELS[m[1] as string] ?? '',
    text: m[5] as string,
  };
}

/** HAProxy's words of its own, behind a syslog head (RFC 3164, 5424 or journald) or bare. */
function haproxy(line: string, now: number): SaidLine {
  const five = /^(?:<\d{1,3}>1 )?(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)) \S+ \S+ ?(.*)$/.exec(line);
  if (five) return { at: parseTime(five[1]), level: '', text: five[2] as string };
  const three = /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (?:\S+ )?(?:haproxy\S*: )?(.*)$/.exec(
    line,
  );
  const month = three ? MONTHS.indexOf(three[1] as string) : -1;
  if (three && month >= 0) {
    const at = (y: number): number =>
      new Date(y, month, Number(three[2]), Number(three[3]), Number(three[4]), Number(three[5])).getTime();
    const year = new Date(now).getFullYear();
    return { at: at(year) > now + 86_400_000 ? at(year - 1) : at(year), level: '', text: three[6] as string };
  }
  const bracket = / \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d)\.\d{3}\] /.exec(line);
  const index = bracket ? MONTHS.indexOf(bracket[2] as string) : -1;
  if (!bracket || index < 0) return { at: null, level: '', text: line };
  const [, day, , year, hour, minute, second] = bracket.map(Number);
  return { at: new Date(year as number, index, day, hour, minute, second).getTime(), level: '', text: line };
}

/** Reads one line as what it is; `now` (ms) gives the year to those that have none. null: nobody's words that are known here. */
export function saidLine(kind: string, line: string, now: number): SaidLine | null {
  const text = line.length > MOST ? line.slice(0, MOST) : line;
  if (kind.startsWith('haproxy')) return haproxy(text, now);
  if (kind === 'traefik') return traefik(text);
  if (kind === 'envoy') return envoy(text) ?? traefik(text);
  const nginx = readErrorLine(text);
  if (nginx) return { at: nginx.at, level: nginx.level, text: nginx.text };
  return kind === 'ingress-nginx' ? klog(text, now) : null;
}
