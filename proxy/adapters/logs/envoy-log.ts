import { type AccessRow, cleanHost, cleanRequest, type LineReader, number, whyOfOwn } from './access-row.ts';
import { parseTime } from './times.ts';

/**
 * Envoy's access logs: its default text format, Istio's, and JSON under the names of Envoy Gateway, Istio or one's own.
 * Flags and details: envoy docs, configuration/observability/access_log/usage (RESPONSE_FLAGS) and http_conn_man/
 * response_code_details. All cases of fixtures envoy/1.40.0 are read so.
 */

/** What one line holds, whichever format it came in; null: not there or `-`. */
export interface EnvoyFields {
  time: string | null;
  method: string | null;
  path: string | null;
  code: string | null;
  flags: string | null;
  details: string | null;
  failure: string | null;
  sent: string | null;
  /** ms. */
  duration: string | null;
  /** ms until the upstream's headers, as `x-envoy-upstream-service-time` says; null: no upstream answered. */
  upstreamTime: string | null;
  authority: string | null;
  sni: string | null;
  upstream: string | null;
  cluster: string | null;
}

/** What a flag says of the end, most telling first: a request may carry several. */
const FLAGS: readonly [string, NonNullable<AccessRow['why']>][] = [
  ['NR', 'no-route'],
  ['NC', 'no-route'],
  ['UH', 'no-endpoint'],
  ['UO', 'queue-full'],
  ['OM', 'out-of-resources'],
  ['RLSE', 'rate-limited'],
  ['RL', 'rate-limited'],
  ['UAEX', 'denied'],
  ['IH', 'bad-request'],
  ['DPE', 'bad-request'],
  ['DF', 'name-not-found'],
  ['FI', 'injected'],
  ['DI', 'injected'],
  ['UT', 'proxy-timeout'],
  ['DT', 'proxy-timeout'],
  ['SI', 'proxy-timeout'],
  ['UMSDR', 'proxy-timeout'],
  ['LH', 'marked-down'],
  ['UF', 'connect-failed'],
  ['UPE', 'bad-answer'],
  ['UC', 'closed-early'],
  ['UR', 'closed-early'],
  ['LR', 'closed-early'],
  ['DC', 'client-left'],
  ['DR', 'client-left'],
];

/** Why, by flags, details and the transport's own words; undefined where they say nothing. */
function whyOf(flags: ReadonlySet<string>, details: string, failure: string): AccessRow['why'] {
  // The flag UAEX stands for both: the service said no (ext_authz_denied), or it failed or was late (ext_authz_error).
  if (details.startsWith('ext_authz_error')) return 'auth-failed';
  const known = FLAGS.find(([flag]) => flags.has(flag))?.[1];
  if (known === 'connect-failed') {
    const words = `${details} ${failure}`;
    if (/refused/i.test(words)) return 'refused';
    if (/timeout|timed_out/i.test(words)) return 'connect-timeout';
  }
  if (known !== undefined) return known;
  if (/^(rbac_access_denied|ext_authz_denied|jwt_authn)/.test(details)) return 'denied';
  if (/too_large/.test(details)) return 'too-large';
  if (/rate_limited/.test(details)) return 'rate-limited';
  return undefined;
}

/** A row from the fields of one line; null without a code. Code 0: the client left first, or a bare connection. */
export function rowOfEnvoy(f: EnvoyFields): AccessRow | null {
  const code = number(f.code ?? undefined);
  if (code === null || code < 0 || code > 999) return null;
  const flags = new Set((f.flags ?? '').split(',').filter((flag) => flag !== '' && flag !== '-'));
  const details = f.details ?? '';
  const gone = flags.has('DC') || flags.has('DR') || details.startsWith('downstream_remote_disconnect');
  const why = whyOf(flags, details, f.failure ?? '');
  const answered = number(f.upstreamTime ?? undefined);
  const duration = number(f.duration ?? undefined);
  const upstream = f.upstream !== null && f.upstream !== '-' ? f.upstream : null;
  // `via_upstream` is the proof; without details an answer without flags came from behind if something behind was asked.
  const passedOn = details.startsWith('via_upstream') || (details === '' && upstream !== null && answered !== null);
  const status = code === 0 && gone ? 499 : code;
  const row: AccessRow = {
    at: parseTime(f.time ?? undefined),
    host: cleanHost(f.authority) ?? cleanHost(f.sni),
    request: cleanRequest(`${f.method ?? ''} ${f.path ?? ''}`),
    status,
    seconds: duration === null ? null : duration / 1000,
    upstreams: upstream
      ? [
          {
            address: upstream,
            status: passedOn ? code : null,
            seconds: answered === null ? null : answered / 1000,
            bytes: null,
          },
        ]
      : [],
    service: f.cluster,
    noRoute: why === 'no-route',
    maker: gone ? 'client' : passedOn ? 'upstream' : 'proxy',
  };
  const sent = number(f.sent ?? undefined);
  if (sent !== null) row.bytes = sent;
  const reason = passedOn && !gone ? undefined : (why ?? (gone ? 'client-left' : whyOfOwn(status)));
  if (reason !== undefined) row.why = reason;
  return row;
}

const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"';
/** The default: `[time] "method path protocol" code flags rx tx duration service-time "xff" "agent" "id" "authority" "upstream"`. */
const DEFAULT = new RegExp(
  `^\\[([^\\]]+)\\] "(\\S*) (.*?) ([^ "]*)" (\\d+) (\\S+) (?:(\\S+) (\\S+) "((?:[^"\\\\]|\\\\.)*)" )?(\\d+) (\\d+) (\\d+|-) (\\S+) "[^"]*" ${QUOTED} "[^"]*" ${QUOTED} "([^"]*)"(?: ([^ "]+))?`,
);
/** Longest line that is tried: its request line is searched for its end. */
const MOST = 65_536;

const said = (text: string | undefined): string | null =>
  text === undefined || text === '-' || text === '' ? null : text;

/** Envoy's default text format, or Istio's, which has details between flags and sizes and the cluster at the end. */
export const envoyReader: LineReader = (line) => {
  if (line.charCodeAt(0) !== 91 || line.length > MOST) return null;
  const m = DEFAULT.exec(line);
  if (!m) return null;
  return rowOfEnvoy({
    time: said(m[1]),
    method: said(m[2]),
    path: said(m[3]),
    code: said(m[5]),
    flags: said(m[6]),
    details: said(m[7]),
    failure: said(m[9]),
    sent: said(m[11]),
    duration: said(m[12]),
    upstreamTime: said(m[13]),
    authority: said(m[15]),
    sni: null,
    upstream: said(m[16]),
    cluster: said(m[17]),
  });
};
