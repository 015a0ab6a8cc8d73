import { isTree, type Tree } from '../../json.ts';
import { type AccessRow, cleanHost, cleanRequest, type LineReader, number, whyOf502, whyOfOwn } from './access-row.ts';
import { type EnvoyFields, rowOfEnvoy } from './envoy-log.ts';
import { rowOfNginx, VARIABLES, type Values, type Variable } from './nginx-format.ts';
import { parseTime } from './times.ts';

/** Access logs in JSON, one object a line: Traefik's, Envoy's, Caddy's, and nginx' under names of people's own. */

const str = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
const orNull = (value: unknown): string | null => {
  const text = str(value);
  return text === undefined || text === '' || text === '-' ? null : text;
};

/** A line as an object; null for anything else. A status like `009` (HTTP/0.9 junk, see ingress-nginx) is no JSON number. */
function parse(line: string): Tree | null {
  if (line.charCodeAt(0) !== 123) return null;
  const attempt = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  let parsed = attempt(line);
  if (parsed === undefined && /:\s?0\d/.test(line)) parsed = attempt(line.replace(/:\s?0+(\d)/g, ':$1'));
  return isTree(parsed) ? parsed : null;
}

/** ns, as Traefik writes durations, in s. */
const ofNanoseconds = (value: unknown): number | null => {
  const ns = number(str(value));
  return ns === null ? null : ns / 1e9;
};

/** Why Traefik gave a status of its own. */
function whyOfTraefik(status: number, router: boolean, asked: boolean, method: string): AccessRow['why'] {
  if (status === 404 && !router) return 'no-route';
  if (status === 503 && !asked) return 'no-endpoint';
  if (status === 502) return whyOf502(method);
  return whyOfOwn(status);
}

/**
 * Traefik's JSON access log. `OriginStatus` holds Traefik's own 502 and 504 too; the body size tells them from the
 * app's (11 `Bad Gateway`, 15 `Gateway Timeout`, 21 `Client Closed Request`: measured on 2.10.7, 3.0.4, 3.7.9).
 */
function rowOfTraefik(fields: Tree): AccessRow | null {
  const status = number(str(fields.DownstreamStatus));
  if (status === null || status < 0 || status > 999) return null;
  const origin = number(str(fields.OriginStatus));
  const size = number(str(fields.OriginContentSize));
  const url = fields.ServiceURL;
  const address =
    typeof url === 'string'
      ? URL.canParse(url)
        ? new URL(url).host
        : url
      : (str((url as Tree | undefined)?.Host) ?? str(fields.ServiceAddr));
  const own = (status === 502 && size === 11) || (status === 504 && size === 15);
  const maker = status === 499 ? 'client' : address && origin === status && !own ? 'upstream' : 'proxy';
  const router = str(fields.RouterName) !== undefined;
  const row: AccessRow = {
    at: parseTime(str(fields.StartUTC) ?? str(fields.time)),
    host: cleanHost(str(fields.RequestHost)),
    request: cleanRequest(`${str(fields.RequestMethod) ?? ''} ${str(fields.RequestPath) ?? ''}`),
    status,
    seconds: ofNanoseconds(fields.Duration),
    upstreams: address ? [{ address, status: origin, seconds: ofNanoseconds(fields.OriginDuration), bytes: size }] : [],
    service: str(fields.ServiceName) ?? null,
    maker,
  };
  if (status === 404 && !address && !router) row.noRoute = true;
  const bytes = number(str(fields.DownstreamContentSize));
  if (bytes !== null) row.bytes = bytes;
  const why =
    maker === 'client'
      ? 'client-left'
      : maker === 'proxy'
        ? whyOfTraefik(status, router, address !== undefined, str(fields.RequestMethod) ?? '')
        : undefined;
  if (why !== undefined) row.why = why;
  return row;
}

function rowOfEnvoyJson(f: Tree): AccessRow | null {
  const fields: EnvoyFields = {
    time: orNull(f.start_time ?? f.timestamp ?? f.time),
    method: orNull(f.method),
    path: orNull(f.path ?? f['x-envoy-origin-path']),
    code: orNull(f.response_code),
    flags: orNull(f.response_flags),
    details: orNull(f.response_code_details),
    failure: orNull(f.upstream_transport_failure_reason),
    sent: orNull(f.bytes_sent),
    duration: orNull(f.duration),
    upstreamTime: orNull(f.upstream_service_time ?? f['x-envoy-upstream-service-time']),
    authority: orNull(f.authority ?? f[':authority']),
    sni: orNull(f.requested_server_name),
    upstream: orNull(f.upstream_host),
    cluster: orNull(f.upstream_cluster),
  };
  return rowOfEnvoy(fields);
}

/** Caddy 2 (caddy docs, `log` directive): it does not say who made a status. */
function rowOfCaddy(fields: Tree, request: Tree): AccessRow | null {
  const status = number(str(fields.status));
  if (status === null || status < 0 || status > 999) return null;
  return {
    at: parseTime(str(fields.ts)),
    host: cleanHost(str(request.host)),
    request: cleanRequest(`${str(request.method) ?? ''} ${str(request.uri) ?? ''}`),
    status,
    seconds: number(str(fields.duration)),
    upstreams: [],
    service: null,
    maker: 'unknown',
  };
}

/** Names that people give nginx' variables; the variables' own names are known anyway. */
const ALIASES: { [key: string]: Variable } = {
  time: 'time_iso8601',
  timestamp: 'time_iso8601',
  '@timestamp': 'time_iso8601',
  ts: 'time_iso8601',
  path: 'request_uri',
  url: 'request_uri',
  method: 'request_method',
  status_code: 'status',
  response_code: 'status',
  response_status: 'status',
  code: 'status',
  upstream: 'upstream_addr',
  upstream_address: 'upstream_addr',
  duration: 'request_time',
  response_time: 'upstream_response_time',
  vhost: 'host',
  domain: 'host',
  service: 'proxy_upstream_name',
  bytes: 'bytes_sent',
};
const KNOWN = new Map<string, Variable>([
  ...Object.entries(ALIASES),
  ...VARIABLES.map((name): [string, Variable] => [name, name]),
]);

function rowOfNginxJson(fields: Tree, names: ReadonlyMap<string, Variable>): AccessRow | null {
  const values: Values = {};
  for (const key in fields) {
    const variable = names.get(key);
    if (variable !== undefined) values[variable] = str(fields[key]);
  }
  return rowOfNginx(values);
}

/** JSON lines of any proxy that is known here, told apart by their fields. */
export const jsonReader: LineReader = (line) => {
  const fields = parse(line);
  if (!fields) return null;
  if ('DownstreamStatus' in fields) return rowOfTraefik(fields);
  if ('response_flags' in fields || 'response_code_details' in fields) return rowOfEnvoyJson(fields);
  const { request } = fields;
  if (typeof request === 'object' && request !== null) return rowOfCaddy(fields, request as Tree);
  return rowOfNginxJson(fields, KNOWN);
};

/** Objects inside objects, as one level: `a.b`. */
function flat(fields: Tree, under = '', depth = 0): Tree {
  return Object.assign(
    {},
    ...Object.entries(fields).map(([key, value]) =>
      isTree(value) && depth < 4 ? flat(value, `${under}${key}.`, depth + 1) : { [under + key]: value },
    ),
  );
}

/** An nginx `log_format` that writes JSON, whatever its keys are called; null when it is no JSON after all. */
export function jsonFormatReader(format: string): LineReader | null {
  // Bare variables (`"status":$status`) become strings, so that the format itself can be parsed.
  const template = parse(format.trim().replace(/([:[,]\s*)\$\{?(\w+)\}?/g, '$1"$$$2"'));
  if (!template) return null;
  const names = new Map<string, Variable>();
  for (const [key, value] of Object.entries(flat(template))) {
    const name = /^\$\{?(\w+)\}?$/.exec(str(value) ?? '')?.[1];
    const variable = VARIABLES.find((one) => one === name);
    if (variable !== undefined) names.set(key, variable);
  }
  if (![...names.values()].includes('status')) return null;
  const nested = [...names.keys()].some((key) => key.includes('.'));
  return (line) => {
    const fields = parse(line);
    return fields && rowOfNginxJson(nested ? flat(fields) : fields, names);
  };
}
