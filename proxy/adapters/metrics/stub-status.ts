import { countOf, type Tally } from './tally.ts';

const PAGE =
  /^Active connections: +(\d+)\s+server accepts handled requests(?: request_time)?\s+(\d+) +(\d+) +(\d+)[^\n]*\s+Reading: +(\d+) +Writing: +(\d+) +Waiting: +(\d+)/;

/** True for the begin of a stub_status page. */
export const isStubStatus = (text: string): boolean => text.startsWith('Active connections:');

/**
 * nginx's stub_status (nginx: src/http/modules/ngx_http_stub_status_module.c). It counts every request, our own for this
 * page too, and neither statuses nor upstreams. False where the page is none.
 */
export function readStubStatus(text: string, server: string | null, tally: Tally): boolean {
  const match = PAGE.exec(text);
  if (!match) return false;
  const [active, accepted, handled, requests, , , waiting] = match.slice(1).map((part) => countOf(Number(part)));
  tally.request({}, 'all', 'unknown', requests ?? 0);
  tally.sample.connections = {
    active: active ?? null,
    idle: waiting ?? null,
    limit: null,
    accepted: accepted ?? null,
    dropped: Math.max(0, (accepted ?? 0) - (handled ?? 0)),
  };
  const version = /^(?:nginx|openresty|freenginx|angie)(?:\/[\w.-]+)?/i.exec(server ?? '')?.[0];
  if (version) tally.sample.software = version.replace('/', ' ');
  blindSpotsOfNginx(tally);
  return true;
}

/** What open-source nginx counts nowhere, from whichever page. */
export function blindSpotsOfNginx(tally: Tally): void {
  tally.cannotTell(
    'statuses, hosts, endpoints and times (open-source nginx counts connections and requests only)',
    'log_format with $host $status $request_time $upstream_addr $upstream_status $upstream_response_time, and the log as accessLog:',
  );
  tally.cannotTell('reloads', 'error_log … notice; in nginx.conf, and the log as errorLog:');
  tally.cannotTell('failed handshakes and PROXY headers', 'error_log … info; in nginx.conf, and the log as errorLog:');
  tally.cannotTell('memory, and when it began', 'pidFile: (where its processes can be seen from here)');
}
