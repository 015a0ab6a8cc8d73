import type { Complaint, Complaints } from '../../../diagnostics/io/proxy-reader.ts';
import type { Window } from '../../../diagnostics/window.ts';
import { cleanLine } from './clean.ts';
import { type SaidLine, saidLine } from './error-lines.ts';

/** What proxies say in their own logs, by the words of their sources; each kind of line once, with how often. Pure. */

interface Words {
  kind: Complaint['kind'];
  pattern: RegExp;
  /** Names what it is about: an upstream's address, a server, a service. */
  about?: RegExp;
  /** Only lines of this level; left out: of any. */
  level?: string;
}

/**
 * nginx: ngx_http_upstream.c, ngx_http_request.c, ngx_http_core_module.c, ngx_http_limit_req_module.c,
 * ngx_http_auth_request_module.c, ngx_event_accept.c, ngx_process.c, ngx_hash.c. errno by number: its text is libc's.
 */
const NGINX: readonly Words[] = [
  { kind: 'upstream-refused', pattern: /connect\(\) failed \(111: .*while connecting to upstream/ },
  {
    kind: 'upstream-unreachable',
    pattern:
      /connect\(\) failed \((113|101|110): .*while connecting to upstream|upstream timed out .*while connecting to upstream/,
  },
  { kind: 'upstream-timeout', pattern: /upstream timed out .*while (reading|sending)/ },
  {
    kind: 'upstream-closed',
    pattern: /upstream prematurely closed connection|(recv|send)\(\) failed \((104|32): .*(upstream|reading response)/,
  },
  { kind: 'no-live-upstream', pattern: /no live upstreams|no peer was returned, balancer/ },
  { kind: 'endpoint-marked-down', pattern: /upstream server temporarily disabled/ },
  { kind: 'header-too-big', pattern: /upstream sent too big header/ },
  { kind: 'body-too-large', pattern: /client intended to send too large (body|chunked body)/ },
  { kind: 'rate-limited', pattern: /limiting (requests|connections)/ },
  { kind: 'auth-failed', pattern: /auth request unexpected status/ },
  { kind: 'proxy-header-missing', pattern: /broken header: "|PROXY protocol .*(broken|invalid)/ },
  {
    kind: 'no-shared-suite',
    pattern:
      /SSL_do_handshake\(\) failed .*(no shared cipher|unsupported protocol|version too low|wrong version number)/,
  },
  {
    kind: 'out-of-connections',
    pattern:
      /worker_connections are not enough|accept4?\(\) failed \(2[34]: |socket\(\) failed \(2[34]: |could not allocate new session/,
  },
  { kind: 'access-forbidden', pattern: /access forbidden by rule/ },
  {
    // Written at level info, with the number and the words of OpenSSL's verification (ngx_http_process_request).
    kind: 'client-certificate-refused',
    pattern: /client SSL certificate verify error: \(/,
    about: /verify error: \((\d{1,4}:[^)]{1,80})\)/,
  },
  {
    // Bodies and answers that nginx keeps for a time: at level crit (ngx_create_temp_file, ngx_write_file), while a site's own
    // page that is missing or not readable is an error (ngx_http_static_module). ENOENT, EIO, EACCES, ENOSPC, EROFS, EDQUOT.
    kind: 'own-files-failed',
    level: 'crit',
    pattern: /(open|mkdir|pwritev?|writev?)\(\) "[^"]+" failed \((2|5|13|28|30|122): .*, request: "/,
  },
  { kind: 'not-found-on-disk', pattern: /open\(\) ".*" failed \(2: No such file or directory\)/ },
  { kind: 'worker-died', pattern: /worker process \d+ exited on signal (4|6|7|8|9|11)\b/ },
  { kind: 'configuration-error', pattern: /could not build (the |optimal )?\w*_?hash/ },
];

/** ingress-nginx' controller (internal/ingress/controller/controller.go, store/store.go), through klog. */
const KLOG: readonly Words[] = [
  {
    kind: 'no-live-upstream',
    pattern: /Service "[^"]+" does not have any active Endpoint/,
    about: /Service "([^"]{1,200})"/,
  },
  {
    kind: 'service-missing',
    pattern: /Error obtaining (Endpoints for )?Service "[^"]+": no object matching key/,
    about: /Service "([^"]{1,200})"/,
  },
  { kind: 'configuration-error', pattern: /Unexpected failure reloading the backend|Error reloading NGINX/ },
];

/**
 * HAProxy writes all of it into its one log (haproxy: src/connection.c, src/server.c, src/proxy.c, src/listener.c,
 * doc section 8.2.5).
 */
const HAPROXY: readonly Words[] = [
  {
    kind: 'proxy-header-missing',
    pattern:
      /does not look like a PROXY protocol header|waiting for PROXY protocol header|invalid PROXY protocol header|Truncated PROXY protocol header/,
  },
  { kind: 'handshake-failed', pattern: /SSL handshake failure/ },
  {
    kind: 'endpoint-marked-down',
    pattern: /Server \S+ is DOWN/,
    about: /Server (\S{1,200}) is DOWN/,
  },
  {
    kind: 'no-live-upstream',
    pattern: /(backend|proxy|listener) \S+ has no server available/i,
    about: /(?:backend|proxy|listener) '?([^\s']{1,200})'? has no server available/i,
  },
  {
    kind: 'out-of-connections',
    pattern:
      /reached (its configured|the configured|process|system) (maxconn|FD limit|memory limit)|Too many open files/i,
  },
];

/**
 * Traefik 2 and 3 (pkg/server, pkg/healthcheck, pkg/provider, oxy's buffer, net/http's own lines). Its DEBUG lines about
 * endpoints name neither host nor route: they would accuse one service of another's trouble, so they are left out.
 */
const TRAEFIK: readonly Words[] = [
  { kind: 'body-too-large', pattern: /request body over limit/ },
  {
    kind: 'endpoint-marked-down',
    pattern: /Health check (failed|still failing|timeout)/i,
    about: /(?:targetURL|backend)=["\\]*(?:\w+:\/\/)?([^/"\\ ]{1,200})/,
  },
  {
    kind: 'service-missing',
    pattern: /the service \\?"[^"\\]+\\?" does not exist/,
    about: /the service \\?"([^"\\]{1,200})/,
  },
  { kind: 'handshake-failed', pattern: /TLS handshake error from/ },
  { kind: 'out-of-connections', pattern: /accept4?: too many open files|socket: too many open files/ },
  {
    kind: 'configuration-error',
    pattern:
      /Error occurred during watcher callback|Cannot start the provider|field not found, node|invalid rule|error while parsing rule/i,
  },
];

/** Envoy's application log (source/common/upstream, source/extensions/config_subscription, source/common/network). */
const ENVOY: readonly Words[] = [
  {
    kind: 'configuration-error',
    pattern: /config for .* (rejected|update failed)|gRPC config .* rejected|Error adding\/updating/i,
  },
  { kind: 'out-of-connections', pattern: /envoy overload action|too many open files|file descriptor limit/i },
  { kind: 'endpoint-marked-down', pattern: /health checking .*(unhealthy|failed)|ejecting host/i },
];

function wordsOf(kind: string): readonly Words[] {
  if (kind.startsWith('haproxy')) return HAPROXY;
  if (kind === 'traefik') return TRAEFIK;
  if (kind === 'envoy') return ENVOY;
  return kind === 'ingress-nginx' ? [...NGINX, ...KLOG] : NGINX;
}

/** Complaints that name no host count for every host: they are about connections or the process, not requests. */
const OF_THE_LISTENER = new Set<Complaint['kind']>([
  'proxy-header-missing',
  'no-shared-suite',
  'out-of-connections',
  'worker-died',
  'configuration-error',
]);

/** Is this line about another host? nginx names the request's, Traefik a route, which is mostly called like its host. */
function ofAnother(line: SaidLine, kind: Complaint['kind'], host: string): boolean {
  if (OF_THE_LISTENER.has(kind)) return false;
  const route = /routerName"?[=:]"?([^@"\s]+)/.exec(line.text)?.[1]?.toLowerCase();
  const label = host.split('.', 1)[0] as string;
  if (route !== undefined && kind !== 'service-missing') return !route.includes(label);
  const about = /, host: "([^"]+)"/.exec(line.text)?.[1]?.toLowerCase().replace(/:\d+$/, '');
  const server = /, server: ([^,]+)/.exec(line.text)?.[1];
  return about !== undefined && about !== host && server !== host;
}

/** HAProxy and Traefik say when a server is back; what was said of it before is over then. */
const BACK = /Server (\S{1,200}) is UP|Health check up.*(?:targetURL|backend)=["\\]*(?:\w+:\/\/)?([^/"\\ ]{1,200})/i;

/** Different complaints that are kept apart; hostile logs may name millions of upstreams. */
const MOST_APART = 2_000;

/** The complaints of a proxy's own log in a window, about one host, the listener or the process. `now`: ms. */
export function complaintsIn(kind: string, lines: string[], source: string, host: string, window: Window): Complaints {
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  const words = wordsOf(kind);
  const found = new Map<string, Complaint>();
  const clients = new Map<string, string>();
  let first: number | null = null;
  let before = '';
  for (const raw of lines) {
    const line = saidLine(kind, raw, to);
    if (!line) continue;
    // HAProxy says the same on stderr and in its log, where both end in one file.
    const repeated =
      line.text !== '' &&
      kind.startsWith('haproxy') &&
      before.replaceAll("'", '').endsWith(line.text.replaceAll("'", ''));
    before = line.text;
    if (repeated) continue;
    if (line.at !== null) first ??= line.at;
    // Lines without a time are taken: they stand in what was read of the log's end.
    if (line.at !== null && (line.at < from || line.at > to)) continue;
    const back = BACK.exec(line.text);
    if (back) found.delete(`endpoint-marked-down ${back[1] ?? back[2]}`);
    const known = words.find(
      ({ pattern, level }) => (level === undefined || level === line.level) && pattern.test(line.text),
    );
    if (!known || ofAnother(line, known.kind, host)) continue;
    const address =
      (known.about?.exec(line.text)?.[1] ?? /, upstream: "(?:\w+:\/\/)?([^/"]+)/.exec(line.text)?.[1] ?? null)?.replace(
        /[,;]$/,
        '',
      ) ?? null;
    const key = `${known.kind} ${address}`;
    const complaint = found.get(key) ?? { kind: known.kind, count: 0, address, oneClient: true, sample: '', last: '' };
    if (complaint.count === 0 && found.size >= MOST_APART) continue;
    complaint.count++;
    const client = /client: ([^,]+)/.exec(line.text)?.[1] ?? '';
    if (client === '' || (clients.get(key) !== undefined && clients.get(key) !== client)) complaint.oneClient = false;
    clients.set(key, client);
    complaint.sample = line.text;
    complaint.last = line.at === null ? '' : new Date(line.at).toISOString();
    found.set(key, complaint);
  }
  return {
    source,
    complaints: [...found.values()]
      .sort((a, b) => b.count - a.count)
      .slice(0, 20)
      .map((one) => ({
        ...one,
        address: one.address === null ? null : cleanLine(one.address, 200),
        sample: cleanLine(one.sample),
      })),
    reachesBackTo: first === null ? null : new Date(first).toISOString(),
  };
}
