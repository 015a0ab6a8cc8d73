import type { EndpointState } from '../../../diagnostics/io/proxy-sample.ts';
import { type Collector, type Format, sums } from './collector.ts';
import type { Line } from './exposition.ts';
import { addMean, addRetries, haproxyCounts, isUp, responseClass, tallyHaproxy, trueMeans } from './haproxy-model.ts';
import { clip, countOf, isoOf } from './tally.ts';

/** Numbers of a server that become a field of its state. */
const SERVER: { [metric: string]: (state: EndpointState, value: number) => void } = {
  haproxy_server_weight: (state, value) => {
    state.weight = value;
  },
  haproxy_server_sessions_total: (state, value) => {
    state.requests = value;
  },
  haproxy_server_connection_attempts_total: (state, value) => {
    state.connections = value;
  },
  haproxy_server_current_sessions: (state, value) => {
    state.inflight = value;
  },
  haproxy_server_current_queue: (state, value) => {
    state.queued = value;
  },
  haproxy_server_connection_errors_total: (state, value) => {
    state.connectErrors = value;
  },
  haproxy_server_response_errors_total: (state, value) => {
    state.responseErrors = value;
  },
  haproxy_server_retry_warnings_total: (state, value) => {
    state.retries = value;
  },
};

const MEANS = [
  ['queue', 'queue'],
  ['connect', 'connect'],
  ['response', 'upstream'],
  ['total', 'total'],
] as const;

/** HAProxy's own exporter (haproxy: addons/promex), 2.4 or newer; 2.0 to 2.3 have no `state` label (documentation). */
export const haproxyExporter: Format = (tally) => {
  const found = haproxyCounts();
  const numbers = sums(
    'haproxy_process_start_time_seconds',
    'haproxy_process_current_connections',
    'haproxy_process_max_connections',
    'haproxy_process_connections_total',
    'haproxy_process_max_fds',
  );
  let version: string | null = null;
  let states = false;
  const proxy = (line: Line): string => clip(line.label('proxy')) ?? '';
  const server = (line: Line): [string, string] => [proxy(line), clip(line.label('server')) ?? ''];
  const numbered: Collector['handlers'] = Object.fromEntries(
    Object.entries(SERVER).map(([metric, put]) => [
      metric,
      (line: Line) => {
        if (Number.isFinite(line.value)) put(tally.endpoint(...server(line)), line.value);
      },
    ]),
  );
  const means: Collector['handlers'] = Object.fromEntries(
    MEANS.flatMap(([word, kind]) => [
      [
        `haproxy_server_${word}_time_average_seconds`,
        (line: Line) => {
          const [service, endpoint] = server(line);
          addMean(found, { service, endpoint, kind, seconds: line.value });
        },
      ],
      [
        `haproxy_backend_${word}_time_average_seconds`,
        (line: Line) => addMean(found, { service: proxy(line), endpoint: null, kind, seconds: line.value }),
      ],
    ]),
  );
  return {
    handlers: {
      ...numbers.handlers,
      ...numbered,
      ...means,
      haproxy_process_build_info: (line) => {
        version = line.label('version');
      },
      haproxy_frontend_http_responses_total: (line) => {
        found.sees.frontends = true;
        found.frontends.add(proxy(line), responseClass(line.label('code')), line.value);
      },
      haproxy_backend_http_responses_total: (line) => {
        found.sees.backends = true;
        found.backends.add(proxy(line), responseClass(line.label('code')), line.value);
      },
      haproxy_server_http_responses_total: (line) => {
        found.sees.servers = true;
        found.servers.add(server(line).join('\t'), responseClass(line.label('code')), line.value);
      },
      haproxy_backend_retry_warnings_total: (line) => addRetries(found, proxy(line), line.value),
      haproxy_server_status: (line) => {
        states = true;
        const state = line.label('state');
        if (state === null) tally.endpoint(...server(line)).up = line.value > 0;
        else if (line.value === 1) tally.endpoint(...server(line)).up = isUp(state);
      },
    },
    finish() {
      const startedAt = isoOf(numbers.of('haproxy_process_start_time_seconds'));
      const { sees } = found;
      if (!startedAt && !sees.frontends && !sees.backends && !sees.servers && version === null && !states) return false;
      const { sample } = tally;
      found.means = trueMeans(found);
      tallyHaproxy(tally, found);
      if (version) sample.software = `haproxy ${version}`;
      sample.connections.active = countOf(numbers.of('haproxy_process_current_connections'));
      sample.connections.limit = countOf(numbers.of('haproxy_process_max_connections'));
      sample.connections.accepted = countOf(numbers.of('haproxy_process_connections_total'));
      sample.process.startedAt = startedAt;
      sample.process.maxFiles = countOf(numbers.of('haproxy_process_max_fds'));
      // Every reload starts a new process, so its start is the last reload.
      sample.reloads.lastAt = startedAt;
      tally.cannotTell(
        'failed handshakes',
        'the stats socket (stats socket /run/haproxy.sock mode 660 level user) as admin:',
      );
      return true;
    },
  };
};
