import type { Complaint, Complaints } from '../../../diagnostics/io/proxy-reader.ts';
import type { Window } from '../../../diagnostics/window.ts';
import { readErrorLine } from './nginx-error-log.ts';

/**
 * What nginx's error log says about requests, by the words of its own sources (ngx_http_upstream.c, ngx_http_request.c,
 * ngx_http_core_module.c, ngx_http_limit_req_module.c, ngx_http_auth_request_module.c, ngx_event_connect.c).
 */
const NGINX: readonly { kind: Complaint['kind']; pattern: RegExp }[] = [
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
  { kind: 'no-live-upstream', pattern: /no live upstreams/ },
  { kind: 'header-too-big', pattern: /upstream sent too big header/ },
  { kind: 'body-too-large', pattern: /client intended to send too large (body|chunked body)/ },
  { kind: 'rate-limited', pattern: /limiting (requests|connections)/ },
  { kind: 'auth-failed', pattern: /auth request unexpected status/ },
  {
    kind: 'proxy-header-missing',
    pattern: /broken header: "|PROXY protocol .*(broken|invalid)/,
  },
  {
    kind: 'no-shared-suite',
    pattern:
      /SSL_do_handshake\(\) failed .*(no shared cipher|unsupported protocol|version too low|wrong version number)/,
  },
  { kind: 'out-of-connections', pattern: /worker_connections are not enough|accept4?\(\) failed \(24: / },
  { kind: 'access-forbidden', pattern: /access forbidden by rule/ },
  { kind: 'not-found-on-disk', pattern: /open\(\) ".*" failed \(2: No such file or directory\)/ },
];

/** Complaints that name no host count for every host: they are about connections, not requests. */
const OF_THE_LISTENER = new Set<Complaint['kind']>(['proxy-header-missing', 'no-shared-suite', 'out-of-connections']);
const SAMPLE = 300;

/** Pure: the complaints of an nginx error log in a window, about one host or about the listener. */
export function nginxComplaints(lines: string[], source: string, host: string, window: Window): Complaints {
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  const found = new Map<string, Complaint>();
  const clients = new Map<string, string>();
  let first: number | null = null;
  for (const raw of lines) {
    const line = readErrorLine(raw);
    if (!line) continue;
    first ??= line.at;
    if (line.at < from || line.at > to) continue;
    const known = NGINX.find(({ pattern }) => pattern.test(line.text));
    if (!known) continue;
    const about = /, host: "([^"]+)"/.exec(line.text)?.[1]?.toLowerCase().replace(/:\d+$/, '');
    const server = /, server: ([^,]+)/.exec(line.text)?.[1];
    if (!OF_THE_LISTENER.has(known.kind) && about !== undefined && about !== host && server !== host) continue;
    const address = /, upstream: "(?:\w+:\/\/)?([^/"]+)/.exec(line.text)?.[1] ?? null;
    const key = `${known.kind} ${address}`;
    const complaint = found.get(key) ?? { kind: known.kind, count: 0, address, oneClient: true, sample: '', last: '' };
    complaint.count++;
    const client = /client: ([^,]+)/.exec(line.text)?.[1] ?? '';
    if (clients.get(key) !== undefined && clients.get(key) !== client) complaint.oneClient = false;
    clients.set(key, client);
    complaint.sample = line.text
      .replace(/\?[^ "]*/g, '?…')
      .replace(/, client: [^,]+/, '')
      .slice(0, SAMPLE);
    complaint.last = new Date(line.at).toISOString();
    found.set(key, complaint);
  }
  return {
    source,
    complaints: [...found.values()].sort((a, b) => b.count - a.count).slice(0, 20),
    reachesBackTo: first === null ? null : new Date(first).toISOString(),
  };
}

/** HAProxy writes what went wrong with a connection into its one log (haproxy: src/connection.c, doc section 8.2.5). */
const HAPROXY: readonly { kind: Complaint['kind']; pattern: RegExp }[] = [
  {
    kind: 'proxy-header-missing',
    pattern:
      /does not look like a PROXY protocol header|waiting for PROXY protocol header|invalid PROXY protocol header|Truncated PROXY protocol header/,
  },
  { kind: 'handshake-failed', pattern: /SSL handshake failure/ },
];

/** Pure: the complaints of a HAProxy log; its lines name no host. */
export function haproxyComplaints(lines: string[], source: string): Complaints {
  const complaints = HAPROXY.flatMap(({ kind, pattern }): Complaint[] => {
    const hits = lines.filter((line) => pattern.test(line));
    const last = hits.at(-1);
    return last === undefined
      ? []
      : [{ kind, count: hits.length, address: null, oneClient: false, sample: last.slice(0, SAMPLE), last: '' }];
  });
  return { source, complaints, reachesBackTo: null };
}
