import type { LineReader } from './access-row.ts';
import { nginxReader, VARIABLES, type Variable } from './nginx-format.ts';

/**
 * nginx' access logs whose lines begin as in `combined` and go on with `name=value` or `name="value"`: what the usual formats lack,
 * under short names that people take from each other (NGINX Amplify's `main_ext` has most of them). The format is written down
 * from the lines themselves. Pure.
 */

const NUMBER = '\\d+\\.\\d{3}';
const tries = (one: string): RegExp => new RegExp(`^(?:-|${one})(?:(?:, ?| : )(?:-|${one}))*$`);
const SECONDS = tries(NUMBER);
const STATUSES = tries('\\d{3}');
const LENGTHS = tries('\\d{1,15}');
const ADDRESSES = tries('(?:unix:\\S{1,200}|\\d{1,3}(?:\\.\\d{1,3}){3}:\\d{1,5}|\\[[\\da-f:]{2,45}\\]:\\d{1,5})');
const NAME = /^(?:-|[\w.*:-]{1,260})$/;

/** What people call a variable, beside its own name. `ua` is the upstream's address, or the user agent: its shape tells. */
const CALLED: { readonly [name: string]: Variable } = {
  us: 'upstream_status',
  ups: 'upstream_status',
  ua: 'upstream_addr',
  upstream: 'upstream_addr',
  urt: 'upstream_response_time',
  ut: 'upstream_response_time',
  uct: 'upstream_connect_time',
  uht: 'upstream_header_time',
  ul: 'upstream_response_length',
  rt: 'request_time',
  vhost: 'host',
  sn: 'server_name',
};
/** How each variable looks that is believed here; a name whose values look otherwise means something else. */
const LOOKS: { readonly [variable in Variable]?: RegExp } = {
  upstream_status: STATUSES,
  upstream_addr: ADDRESSES,
  upstream_response_time: SECONDS,
  upstream_connect_time: SECONDS,
  upstream_header_time: SECONDS,
  upstream_response_length: LENGTHS,
  request_time: SECONDS,
  host: NAME,
  http_host: NAME,
  server_name: NAME,
};

/** `combined` up to the size of the answer. */
const BEGINNING = /^\S+ - \S+ \[[^\]]{20,32}\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-)(?= )/;
const BEGINNING_FORMAT = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent';
/** One value after a space, with its name if it has one. */
const VALUE = / (?:([a-z][a-z_]{0,31})=)?(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))/y;

const LONGEST_LINE = 8_192;
const MOST_VALUES = 40;
/** Lines that a format is written down from. */
const LOOKED_AT = 100;

const variableOf = (name: string | undefined, value: string): Variable | undefined => {
  const variable =
    name === undefined || Object.hasOwn(CALLED, name) ? CALLED[name ?? ''] : VARIABLES.find((one) => one === name);
  return variable !== undefined && LOOKS[variable]?.test(value) ? variable : undefined;
};

/** The `log_format` that one line shows; null where it begins otherwise, or says nothing of upstreams. */
function formatOf(line: string): string | null {
  const beginning = line.length <= LONGEST_LINE ? BEGINNING.exec(line)?.[0] : undefined;
  if (beginning === undefined) return null;
  let format = BEGINNING_FORMAT;
  const known = new Set<Variable>();
  VALUE.lastIndex = beginning.length;
  for (let n = 0; VALUE.lastIndex < line.length; n++) {
    const value = n < MOST_VALUES ? VALUE.exec(line) : null;
    if (!value) return null;
    const [, name, quoted, bare = ''] = value;
    const variable = variableOf(name, quoted ?? bare);
    const fresh = variable !== undefined && !known.has(variable);
    if (fresh) known.add(variable);
    const written = fresh ? `$${variable}` : '$other';
    format += ` ${name === undefined ? '' : `${name}=`}${quoted === undefined ? written : `"${written}"`}`;
  }
  return known.has('upstream_status') || known.has('upstream_addr') ? format : null;
}

/** A reader for the format that most of these lines show; null where they show none with named values of upstreams. */
export function namedValuesReader(lines: string[]): LineReader | null {
  const votes = new Map<string, number>();
  for (const line of lines.slice(-LOOKED_AT)) {
    const format = formatOf(line);
    if (format !== null) votes.set(format, (votes.get(format) ?? 0) + 1);
  }
  const [best] = [...votes].sort((a, b) => b[1] - a[1]);
  return best ? nginxReader(best[0]) : null;
}
