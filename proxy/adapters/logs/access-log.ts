import type { AccessRow, LineReader, Upstream } from './access-row.ts';
import { haproxyReader } from './haproxy-log.ts';
import { traefikClfReader } from './traefik-clf.ts';

export type { AccessRow, LineReader } from './access-row.ts';

/** Access logs of all proxies, read into one kind of row. Pure: text in, rows out. */

const number = (text: string | undefined): number | null => {
  if (text === undefined || text === '' || text === '-') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
};

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** `21/Nov/2026:10:00:01 +0100`, ISO 8601, or seconds with a fraction. */
export function parseTime(text: string | undefined): number | null {
  if (!text) return null;
  const clf = /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/.exec(text);
  if (clf) {
    const month = MONTHS.indexOf(clf[2] as string) / 3 + 1;
    return Date.parse(`${clf[3]}-${String(month).padStart(2, '0')}-${clf[1]}T${clf[4]}${clf[5]}:${clf[6]}`) || null;
  }
  if (/^\d{9,11}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  return Date.parse(text) || null;
}

/** nginx writes one value for each try, comma separated; `:` where a request moved to another group. */
const tries = (text: string | undefined): string[] =>
  text === undefined || text === '' || text === '-' ? [] : text.split(/[,:] +| : /).map((t) => t.trim());

/**
 * Who made an nginx status. `upstream_status` is 502 or 504 for a try that got no answer, so those alone do not tell;
 * the app's own has bytes or a header time (measured on ingress-nginx and nginx). 499: the client left.
 */
function nginxMaker(status: number, upstreams: Upstream[], headerTimes: string[] | null): AccessRow['maker'] {
  if (status === 499) return 'client';
  const last = upstreams.at(-1);
  if (!last || last.status === null) return 'proxy';
  if (last.status !== status) return 'proxy';
  if (status !== 502 && status !== 504) return 'upstream';
  if (last.bytes !== null && last.bytes > 0) return 'upstream';
  const headerTime = headerTimes?.at(-1);
  if (headerTime !== undefined) return number(headerTime) === null ? 'proxy' : 'upstream';
  return last.bytes === null ? 'unknown' : 'proxy';
}

const cleanHost = (host: string | undefined): string | null =>
  host && host !== '-' && host !== '_' ? host.toLowerCase().replace(/:\d+$/, '') : null;

function fromNginx(value: (name: string) => string | undefined, has: (name: string) => boolean): AccessRow | null {
  const status = number(value('status'));
  if (status === null) return null;
  const addresses = tries(value('upstream_addr'));
  const statuses = tries(value('upstream_status'));
  const seconds = tries(value('upstream_response_time'));
  const lengths = tries(value('upstream_response_length') ?? value('upstream_bytes_received'));
  const upstreams = addresses.map((address, i) => ({
    address,
    status: number(statuses[i]),
    seconds: number(seconds[i]),
    bytes: number(lengths[i]),
  }));
  const tellsUpstream = has('upstream_addr') || has('upstream_status');
  const headerTimes = has('upstream_header_time') ? tries(value('upstream_header_time')) : null;
  return {
    at: parseTime(value('time_local') ?? value('time_iso8601') ?? value('msec')),
    host: cleanHost(value('host') ?? value('http_host') ?? value('server_name')),
    request: (
      value('request') ?? `${value('request_method') ?? ''} ${value('request_uri') ?? value('uri') ?? ''}`
    ).slice(0, 40),
    status,
    seconds: number(value('request_time')),
    upstreams,
    service: value('proxy_upstream_name') ?? value('service_name') ?? null,
    maker: tellsUpstream ? nginxMaker(status, upstreams, headerTimes) : status === 499 ? 'client' : 'unknown',
  };
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
/** ingress-nginx's default (docs/user-guide/nginx-configuration/log-format.md). */
export const UPSTREAMINFO = `${COMBINED} $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`;

/** Compiles an nginx `log_format` into a reader of its lines. */
export function nginxReader(format: string): LineReader {
  const names: string[] = [];
  const parts = format.split(/(\$\{\w+\}|\$\w+)/);
  const pattern = parts
    .map((part, i) => {
      if (i % 2 === 0) return escapeRegExp(part);
      names.push(part.replace(/[${}]/g, ''));
      const next = parts[i + 1] ?? '';
      // A value ends where the next literal begins; upstream lists hold spaces and commas of their own.
      if (next.startsWith('"')) return '((?:[^"\\\\]|\\\\.)*)';
      if (next.startsWith(']')) return '([^\\]]*)';
      if (/upstream_(addr|status|response|header|connect|bytes)/.test(part))
        return '((?:[^\\s,]+(?:(?:, | : )[^\\s,]+)*)?)';
      return next === '' && i === parts.length - 2 ? '(.*)' : '(\\S*)';
    })
    .join('');
  const compiled = new RegExp(`^${pattern}$`);
  const index = new Map(names.map((name, i) => [name, i + 1]));
  return (line) => {
    const match = compiled.exec(line);
    if (!match) return null;
    return fromNginx(
      (name) => {
        const i = index.get(name);
        return i === undefined ? undefined : match[i];
      },
      (name) => index.has(name),
    );
  };
}

type Fields = { [key: string]: unknown };
const str = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;

/**
 * Traefik's JSON access log. `OriginStatus` holds Traefik's own 502 and 504 too; the body size tells them from the
 * app's (11 `Bad Gateway`, 15 `Gateway Timeout`, 21 `Client Closed Request`: measured on 2.10.7, 3.0.4, 3.7.9).
 */
function fromTraefik(fields: Fields): AccessRow | null {
  const status = number(str(fields.DownstreamStatus));
  if (status === null) return null;
  const origin = number(str(fields.OriginStatus));
  const size = number(str(fields.OriginContentSize));
  const url = fields.ServiceURL;
  const address =
    typeof url === 'string'
      ? URL.canParse(url)
        ? new URL(url).host
        : url
      : (str((url as Fields | undefined)?.Host) ?? str(fields.ServiceAddr));
  const own = (status === 502 && size === 11) || (status === 504 && size === 15);
  const seconds = (ns: unknown): number | null => {
    const value = number(str(ns));
    return value === null ? null : value / 1e9;
  };
  const maker = status === 499 ? 'client' : address && origin === status && !own ? 'upstream' : 'proxy';
  return {
    at: parseTime(str(fields.StartUTC) ?? str(fields.time)),
    host: cleanHost(str(fields.RequestHost)),
    request: `${str(fields.RequestMethod) ?? ''} ${(str(fields.RequestPath) ?? '').split('?')[0]}`.slice(0, 40),
    status,
    seconds: seconds(fields.Duration),
    upstreams: address ? [{ address, status: origin, seconds: seconds(fields.OriginDuration), bytes: size }] : [],
    service: str(fields.ServiceName) ?? null,
    ...(status === 404 && !address && str(fields.RouterName) === undefined && { noRoute: true }),
    maker,
  };
}

/** JSON lines: Traefik's own, or nginx variables under their names (`escape=json` formats). */
export function jsonReader(line: string): AccessRow | null {
  let fields: Fields;
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) return null;
    fields = parsed as Fields;
  } catch {
    return null;
  }
  if ('DownstreamStatus' in fields) return fromTraefik(fields);
  const named: { [name: string]: string } = {
    time: 'time_iso8601',
    path: 'request_uri',
    method: 'request_method',
    upstream: 'upstream_addr',
  };
  const values = new Map(Object.entries(fields).map(([key, value]) => [named[key] ?? key, str(value)]));
  return fromNginx(
    (name) => values.get(name),
    (name) => values.has(name),
  );
}

const clfReader = traefikClfReader(parseTime);

/** The reader that understands most of a sample of lines; null when none understands a fifth of them. */
export function detectReader(lines: string[]): LineReader | null {
  const sample = lines.filter((line) => line.length > 0).slice(-200);
  if (sample.length === 0) return jsonReader;
  const scored = [jsonReader, haproxyReader, clfReader, nginxReader(UPSTREAMINFO), nginxReader(COMBINED)].map(
    (reader) => ({
      reader,
      understood: sample.filter((line) => reader(line) !== null).length,
    }),
  );
  const best = scored.reduce((a, b) => (b.understood > a.understood ? b : a));
  // Other lines stand between (failed handshakes, health checks, words of the process itself): a fifth is enough.
  return best.understood * 5 >= sample.length ? best.reader : null;
}

/** A reader by what the inventory says: a name, a format with `$variables`, or null for anything else. */
export function namedReader(format: string): LineReader | null {
  if (format.includes('$')) return nginxReader(format);
  const byName: { [name: string]: LineReader } = {
    combined: nginxReader(COMBINED),
    upstreaminfo: nginxReader(UPSTREAMINFO),
    json: jsonReader,
    httplog: haproxyReader,
    haproxy: haproxyReader,
    clf: clfReader,
    common: clfReader,
  };
  return byName[format.toLowerCase()] ?? null;
}
