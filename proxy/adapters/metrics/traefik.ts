import type { Maker } from '../../../diagnostics/io/proxy-sample.ts';
import { counts, type Format, histogram, sums } from './collector.ts';
import { goProcess } from './go-process.ts';
import { isoOf } from './tally.ts';

/** Entry points that only serve Traefik itself: `traefik` by default, `metrics` in the Helm chart (values.yaml, ports). */
const OWN_ENTRY_POINTS = new Set(['traefik', 'metrics']);

/** 3.0.4 labels `server_up` with a hash instead of the service's name (measured; 2.10.7 and 3.7.9: the name). */
const HASH = /^[0-9a-f]{12,16}$/;

/**
 * Who made a status that Traefik counts for a service. Its own proxy code makes only 500, 502, 504 and 499
 * (traefik: pkg/proxy/httputil/proxy.go); a 503 for want of servers is not among the service's (measured on 2.10.7,
 * 3.0.4 and 3.7.9), so every other one came from an endpoint.
 */
function makerOf(status: string): Maker {
  if (status === '499') return 'client';
  return status === '500' || status === '502' || status === '504' ? 'unknown' : 'upstream';
}

/** Traefik 2.10, 2.11 and 3.x (traefik: pkg/observability/metrics/prometheus.go). */
export const traefik: Format = (tally) => {
  const process = goProcess(tally);
  const front = counts();
  const services = counts();
  const numbers = sums(
    'traefik_config_reloads_total',
    'traefik_config_reloads_failure_total',
    'traefik_config_last_reload_success',
    'traefik_config_last_reload_failure',
    'traefik_service_retries_total',
  );
  let open: number | null = null;
  let routers = false;
  let hashed = false;
  let servers = false;
  const countOpen = (line: { value: number; label(name: string): string | null }): void => {
    if (!OWN_ENTRY_POINTS.has(line.label('entrypoint') ?? '')) open = (open ?? 0) + line.value;
  };
  return {
    handlers: {
      ...process.handlers,
      ...numbers.handlers,
      traefik_entrypoint_requests_total: (line) => {
        if (!OWN_ENTRY_POINTS.has(line.label('entrypoint') ?? '')) front.add(null, line.label('code'), line.value);
      },
      traefik_service_requests_total: (line) => {
        const service = line.label('service') ?? '';
        if (!service.endsWith('@internal')) services.add(service, line.label('code'), line.value);
      },
      traefik_router_requests_total: () => {
        routers = true;
      },
      traefik_entrypoint_requests_tls_total: (line) =>
        tally.tls(line.label('tls_version') ?? '', line.label('tls_cipher'), line.value),
      ...histogram('traefik_entrypoint_request_duration_seconds', (part, line) => {
        if (OWN_ENTRY_POINTS.has(line.label('entrypoint') ?? '')) return;
        tally.histogram(tally.latency({}, 'total'), part, line.label('le'), line.value, 1);
      }),
      // Includes retries and the body's time: what Traefik waited for the service in all.
      ...histogram('traefik_service_request_duration_seconds', (part, line) => {
        const of = { service: line.label('service') };
        tally.histogram(tally.latency(of, 'upstream'), part, line.label('le'), line.value, 1);
      }),
      // v3 counts connections of an entry point; v2 had one gauge for each entry point, method and protocol.
      traefik_open_connections: countOpen,
      traefik_entrypoint_open_connections: countOpen,
      traefik_service_server_up: (line) => {
        const service = line.label('service') ?? '';
        hashed ||= HASH.test(service);
        const url = line.label('url') ?? '';
        servers = true;
        const state = tally.endpoint(HASH.test(service) ? '(not named)' : service, hostOf(url));
        state.up = line.value === 1;
      },
      traefik_tls_certs_not_after: (line) =>
        tally.certificate([line.label('cn') ?? '', ...(line.label('sans') ?? '').split(',')], line.value),
    },
    finish() {
      const lastAt = isoOf(numbers.of('traefik_config_last_reload_success'));
      const reloads = numbers.of('traefik_config_reloads_total');
      if (front.empty() && services.empty() && reloads === null && lastAt === null && !servers) return false;
      process.finish();
      const { sample } = tally;
      sample.connections.active = open;
      const failedAt = isoOf(numbers.of('traefik_config_last_reload_failure'));
      sample.reloads = {
        ok: reloads,
        failed: numbers.of('traefik_config_reloads_failure_total'),
        // 0 says nothing: a broken file moved no counter of 2.10.7, 3.0.4 or 3.7.9 (measured).
        lastOk: failedAt === null ? null : Date.parse(failedAt) <= Date.parse(lastAt ?? '1970-01-01T00:00:00Z'),
        lastAt,
        hash: null,
      };
      sample.reloads.lastFailedAt = failedAt;
      shareOut();
      sayWhatIsMissing();
      return true;
    },
  };

  /** Services by name; what the entry points have beyond them, Traefik answered itself; what they lack were tries. */
  function shareOut(): void {
    const served = services.byStatus();
    const answered = front.byStatus();
    for (const { of, status, count } of services.rows()) tally.request({ service: of }, status, makerOf(status), count);
    if (services.empty()) {
      for (const [status, count] of answered) tally.request({}, status, 'unknown', count);
      if (!front.empty())
        tally.cannotTell(
          'requests of one service',
          'metrics.prometheus.addServicesLabels=true (Traefik, static configuration)',
        );
      return;
    }
    if (front.empty()) {
      tally.cannotTell(
        'what Traefik answered itself, and tries that were repeated',
        'metrics.prometheus.addEntryPointsLabels=true (Traefik, static configuration)',
      );
      return;
    }
    for (const [status, count] of answered) tally.request({}, status, 'proxy', count - (served.get(status) ?? 0));
    const repeated = [...served].map(([status, count]) => ({ status, count: count - (answered.get(status) ?? 0) }));
    tally.sample.repeated = repeated.filter(({ status, count }) => count > 0 && status.startsWith('5'));
  }

  function sayWhatIsMissing(): void {
    const retries = numbers.of('traefik_service_retries_total');
    if (retries === null)
      tally.cannotTell(
        'retries (Traefik shows them in no metric; only 502s of services that the entry points lack betray them)',
        '--log.level=DEBUG: "New attempt 2 for request"',
      );
    tally.cannotTell(
      'requests by host, and who made a 500, 502 or 504',
      '--accesslog=true --accesslog.format=json, and the file as accessLog:',
    );
    if (!routers)
      tally.cannotTell(
        'requests by router',
        'metrics.prometheus.addRoutersLabels=true (Traefik, static configuration)',
      );
    if (numbers.of('traefik_config_reloads_failure_total') === null)
      tally.cannotTell(
        'configurations that were refused (Traefik 3 has no such metric)',
        "name Traefik's own log as errorLog:",
      );
    if (!servers)
      tally.cannotTell('states of endpoints', 'healthCheck on the service, and --api with its address as admin:');
    if (hashed)
      tally.cannotTell(
        'which service an endpoint is of (3.0.x labels it with a hash)',
        'Traefik 3.1 or newer, or --api with its address as admin:',
      );
    tally.cannotTell('failed handshakes and PROXY headers', "Traefik's own log at DEBUG, named as errorLog:");
  }
};

/** host:port of a server's URL; the URL as it is where it cannot be read. */
export function hostOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { host, port, protocol } = new URL(url);
  return port || !host ? host || url : `${host}:${protocol === 'https:' ? 443 : 80}`;
}
