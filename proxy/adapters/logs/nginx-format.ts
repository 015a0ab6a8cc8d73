import {
  type AccessRow,
  cleanHost,
  cleanRequest,
  type LineReader,
  number,
  type Upstream,
  whyOfOwn,
} from './access-row.ts';
import { parseTime } from './times.ts';

/** nginx' access logs of any `log_format`: which variable stands where, and what their values mean together. */

/** Variables that a row is made of; all others are only stepped over. */
export const VARIABLES = [
  'status',
  'time_local',
  'time_iso8601',
  'msec',
  'host',
  'http_host',
  'server_name',
  'request',
  'request_method',
  'request_uri',
  'uri',
  'request_time',
  'upstream_addr',
  'upstream_status',
  'upstream_response_time',
  'upstream_response_length',
  'upstream_bytes_received',
  'upstream_header_time',
  'upstream_connect_time',
  'proxy_upstream_name',
  'service_name',
  'bytes_sent',
  'body_bytes_sent',
] as const;
export type Variable = (typeof VARIABLES)[number];
/** Values of one line; undefined: the format has no such variable. */
export type Values = { [name in Variable]?: string | undefined };

/** nginx writes one value for each try, comma separated; `:` where a request moved to another group. */
function tries(text: string | undefined): string[] {
  if (text === undefined || text === '' || text === '-') return [];
  return text.includes(',') || text.includes(' : ') ? text.split(/, ?| : /).map((t) => t.trim()) : [text];
}

/**
 * Who made an nginx status. `upstream_status` is 502 or 504 for a try that got no answer, so those alone do not tell;
 * the app's own has bytes or a header time (measured on ingress-nginx and nginx). 499: the client left.
 */
function makerOf(status: number, upstreams: Upstream[], headerTimes: string[] | null): AccessRow['maker'] {
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

/** An address, and no name of a group: nginx logs the group where none of its servers could be chosen. */
const ADDRESS = /^(unix:|\[|\d+\.\d+\.\d+\.\d+)/;

/** What nginx' own status says, with the time of the last connect where it is logged (`-`: there was none). */
function whyOf(status: number, upstreams: Upstream[], connectTimes: string[] | null): AccessRow['why'] {
  const last = upstreams.at(-1);
  if (last && (status === 502 || status === 504)) {
    if (last.address !== '' && !ADDRESS.test(last.address)) return 'no-endpoint';
    const connect = connectTimes?.at(-1);
    if (status === 504) return connect === '-' ? 'connect-timeout' : 'proxy-timeout';
    return connect === undefined ? 'no-answer' : connect === '-' ? 'refused' : 'closed-early';
  }
  return last ? undefined : whyOfOwn(status);
}

/** A row from the values of one line; null without a status. */
export function rowOfNginx(v: Values): AccessRow | null {
  const status = number(v.status);
  if (status === null || status < 0 || status > 999) return null;
  const addresses = tries(v.upstream_addr);
  const statuses = tries(v.upstream_status);
  const times = tries(v.upstream_response_time);
  const lengths = tries(v.upstream_response_length ?? v.upstream_bytes_received);
  const tryOf = (address: string, i: number): Upstream => ({
    address,
    status: number(statuses[i]),
    seconds: number(times[i]),
    bytes: number(lengths[i]),
  });
  const upstreams = addresses.map(tryOf);
  // A format without addresses tells of each try all the same.
  const tried = v.upstream_addr === undefined ? statuses.map((_, i) => tryOf('', i)) : upstreams;
  const tellsUpstream = v.upstream_addr !== undefined || v.upstream_status !== undefined;
  // `-` (JSON: empty) for all of it: no try got that far.
  const ofTries = (text: string | undefined): string[] | null =>
    text === undefined ? null : text === '-' || text === '' ? tried.map(() => '-') : tries(text);
  const headerTimes = ofTries(v.upstream_header_time);
  // An address without a status: somebody was asked, and may have said this or not.
  const untold = !tellsUpstream || (v.upstream_status === undefined && upstreams.length > 0);
  const maker = untold ? (status === 499 ? 'client' : 'unknown') : makerOf(status, tried, headerTimes);
  const row: AccessRow = {
    at: parseTime(v.time_local ?? v.time_iso8601 ?? v.msec),
    host: cleanHost(v.host ?? v.http_host ?? v.server_name),
    request: cleanRequest(v.request ?? `${v.request_method ?? ''} ${v.request_uri ?? v.uri ?? ''}`),
    status,
    seconds: number(v.request_time),
    upstreams,
    service: v.proxy_upstream_name || v.service_name || null,
    maker,
  };
  const bytes = number(v.body_bytes_sent ?? v.bytes_sent);
  if (bytes !== null) row.bytes = bytes;
  const why =
    maker === 'client'
      ? 'client-left'
      : maker === 'proxy'
        ? whyOf(status, tried, ofTries(v.upstream_connect_time))
        : undefined;
  if (why !== undefined) row.why = why;
  return row;
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
/** ingress-nginx's default (docs/user-guide/nginx-configuration/log-format.md). */
export const UPSTREAMINFO = `${COMBINED} $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`;
/** `main` of the nginx.conf that nginx' own packages install. */
export const MAIN = `${COMBINED} "$http_x_forwarded_for"`;
/** NGINX Amplify's extended format, as its documentation gives it. */
export const MAIN_EXT = `${MAIN} "$host" sn="$server_name" rt=$request_time ua="$upstream_addr" us="$upstream_status" ut="$upstream_response_time" ul="$upstream_response_length" cs=$upstream_cache_status`;
/** Apache's `vhost_combined`: `%v:%p` before what is otherwise combined. */
export const VHOST_COMBINED = `$host ${COMBINED}`;

/** Longest line that a format without quotes is tried on: its pattern may have to search. */
const MOST_UNQUOTED = 16_384;
const FREE_TEXT = /^(request|http_user_agent|http_referer|http_cookie|request_body|upstream_http_\w+|ssl_client_s_dn)$/;

/** The pattern of one value, by its variable and by the literal text that follows it. */
function patternOf(name: string, next: string, last: boolean): string {
  if (next.startsWith('"')) return '((?:[^"\\\\]|\\\\.)*)';
  if (next.startsWith(']')) return '([^\\]]*)';
  if (/^upstream_(addr|status|response|header|connect|bytes)/.test(name))
    return '((?:[^\\s,]+(?:(?:, | : )[^\\s,]+)*)?)';
  if (name === 'time_local') return '(\\S+ [+-]\\d{4})';
  if (last) return '(.*)';
  if (FREE_TEXT.test(name)) return '(.*?)';
  // A value ends where the next literal begins: one class, no search.
  return next === '' || next.startsWith(' ')
    ? '(\\S*)'
    : `([^${escapeRegExp(next[0] as string).replace('^', '\\^')}]*)`;
}

/** Compiles an nginx `log_format` into a reader of its lines. `open`: more may stand after what the format says. */
export function nginxReader(format: string, open = false): LineReader {
  const names: string[] = [];
  const parts = format.split(/(\$\{\w+\}|\$\w+)/);
  let searches = false;
  const pattern = parts
    .map((part, i) => {
      if (i % 2 === 0) return escapeRegExp(part);
      const name = part.replace(/[${}]/g, '');
      names.push(name);
      const next = parts[i + 1] ?? '';
      const value = patternOf(name, next, next === '' && i === parts.length - 2);
      searches ||= value === '(.*?)';
      return value;
    })
    .join('');
  const compiled = new RegExp(`^${pattern}${open ? '' : '$'}`);
  const wanted = VARIABLES.flatMap((name): [Variable, number][] => {
    const i = names.indexOf(name);
    return i === -1 ? [] : [[name, i + 1]];
  });
  return (line) => {
    if (searches && line.length > MOST_UNQUOTED) return null;
    const match = compiled.exec(line);
    if (!match) return null;
    const values: Values = {};
    for (const [name, i] of wanted) values[name] = match[i];
    return rowOfNginx(values);
  };
}
