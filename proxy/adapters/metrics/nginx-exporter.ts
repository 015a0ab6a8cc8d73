import { type Format, sums } from './collector.ts';
import { blindSpotsOfNginx } from './stub-status.ts';
import { countOf } from './tally.ts';

/**
 * nginx-prometheus-exporter's page, open source and Plus (nginx/nginx-prometheus-exporter: README.md, "Exported
 * metrics"; from documentation, not from a recording).
 */
export const nginxExporter: Format = (tally) => {
  const numbers = sums(
    'nginx_up',
    'nginx_connections_active',
    'nginx_connections_accepted',
    'nginx_connections_handled',
    'nginx_connections_waiting',
    'nginx_http_requests_total',
    'nginxplus_connections_active',
    'nginxplus_connections_accepted',
    'nginxplus_connections_dropped',
    'nginxplus_connections_idle',
    'nginxplus_http_requests_total',
    'nginxplus_ssl_handshakes_failed',
  );
  const stateOf = (line: { label(name: string): string | null }) =>
    tally.endpoint(line.label('upstream') ?? '', line.label('server') ?? '');
  return {
    handlers: {
      ...numbers.handlers,
      // 1 up, 2 draining, 3 down, 4 unavail, 5 checking, 6 unhealthy.
      nginxplus_upstream_server_state: (line) => {
        stateOf(line).up = line.value === 1;
      },
      nginxplus_upstream_server_active: (line) => {
        stateOf(line).inflight = countOf(line.value);
      },
      nginxplus_upstream_server_requests: (line) => {
        stateOf(line).requests = countOf(line.value);
      },
      nginxplus_upstream_server_fails: (line) => {
        stateOf(line).connectErrors = countOf(line.value);
      },
      nginxplus_upstream_server_responses: (line) =>
        tally.request(
          { service: line.label('upstream'), endpoint: line.label('server') },
          line.label('code') ?? '',
          'upstream',
          line.value,
        ),
    },
    finish() {
      const plus = numbers.of('nginxplus_connections_accepted') !== null;
      const accepted = countOf(numbers.of(plus ? 'nginxplus_connections_accepted' : 'nginx_connections_accepted'));
      const handled = countOf(numbers.of('nginx_connections_handled'));
      if (numbers.of('nginx_up') === null && accepted === null) return false;
      const dropped = accepted !== null && handled !== null ? Math.max(0, accepted - handled) : null;
      tally.sample.connections = {
        active: countOf(numbers.of(plus ? 'nginxplus_connections_active' : 'nginx_connections_active')),
        idle: countOf(numbers.of(plus ? 'nginxplus_connections_idle' : 'nginx_connections_waiting')),
        limit: null,
        accepted,
        dropped: plus ? countOf(numbers.of('nginxplus_connections_dropped')) : dropped,
      };
      tally.sample.refusedBeforeRequest.handshake = countOf(numbers.of('nginxplus_ssl_handshakes_failed'));
      if (plus) {
        tally.cannotTell(
          'requests by host',
          'status_zone in each server block, and the Plus API itself as metrics: (…/api/9)',
        );
      } else {
        tally.request({}, 'all', 'unknown', numbers.of('nginx_http_requests_total') ?? 0);
        blindSpotsOfNginx(tally);
      }
      if (numbers.of('nginx_up') === 0)
        tally.cannotTell(
          'anything new: the exporter does not reach nginx',
          '--nginx.scrape-uri of nginx-prometheus-exporter',
        );
      return true;
    },
  };
};
