import { type Collector, type Format, histogram, sums } from './collector.ts';
import type { Line } from './exposition.ts';
import { countOf, isoOf } from './tally.ts';

const name = <const T extends string>(end: T): `nginx_ingress_controller_${T}` => `nginx_ingress_controller_${end}`;

/** `namespace/service`; null where the request ended before its location was known (413, 400: measured on 1.15.1). */
function serviceOf(line: Line): string | null {
  const service = line.label('service');
  return service ? `${line.label('namespace') ?? ''}/${service}` : null;
}

/**
 * ingress-nginx (ingress-nginx: internal/ingress/metric/collectors). Memory and processes are sums over every process of
 * the pod's pid namespace, the controller among them (measured on 1.15.1).
 */
export const ingressNginx: Format = (tally) => {
  const numbers = sums(
    name('success'),
    name('errors'),
    name('config_last_reload_successful'),
    name('config_last_reload_successful_timestamp_seconds'),
    name('config_hash'),
    name('nginx_process_num_procs'),
    name('nginx_process_cpu_seconds_total'),
    name('nginx_process_resident_memory_bytes'),
    name('nginx_process_oldest_start_time_seconds'),
    name('nginx_process_requests_total'),
  );
  const now = new Map<string, number>();
  const total = new Map<string, number>();
  const byState =
    (into: Map<string, number>) =>
    (line: Line): void => {
      into.set(line.label('state') ?? '', line.value);
    };
  let release: string | null = null;
  let named = 0;
  let hosts = false;
  const services = new Map<string | null, Map<string | null, string | null>>();
  /** Series repeat namespace and service: joined once each. */
  const joined = (line: Line): string | null => {
    const [namespace, service] = [line.label('namespace'), line.label('service')];
    if (!service) return null;
    let known = services.get(namespace);
    if (!known || services.size > 1_000 || known.size > 1_000) {
      if (services.size > 1_000) services.clear();
      known = new Map();
      services.set(namespace, known);
    }
    const before = known.get(service);
    if (before) return before;
    const made = serviceOf(line);
    known.set(service, made);
    return made;
  };
  const latency = (metric: string, kind: 'total' | 'upstream' | 'connect'): Collector['handlers'] =>
    histogram(name(metric), (part, line) => {
      const of = { host: line.label('host'), service: joined(line) };
      tally.histogram(tally.latency(of, kind), part, part === 'bucket' ? line.label('le') : null, line.value, 1);
    });
  return {
    handlers: {
      ...numbers.handlers,
      [name('requests')]: (line) => {
        const host = line.label('host');
        hosts ||= host !== null;
        named += line.value;
        const status = line.label('status') ?? '';
        // nginx writes 499 when the client left; everything else may be its own or passed on: the counters do not say.
        tally.request({ host, service: joined(line) }, status, status === '499' ? 'client' : 'unknown', line.value);
      },
      ...latency('request_duration_seconds', 'total'),
      ...latency('response_duration_seconds', 'upstream'),
      ...latency('connect_duration_seconds', 'connect'),
      [name('nginx_process_connections')]: byState(now),
      [name('nginx_process_connections_total')]: byState(total),
      [name('ssl_expire_time_seconds')]: (line) => tally.certificate([line.label('host') ?? ''], line.value),
      [name('build_info')]: (line) => {
        release = line.label('release');
      },
    },
    finish() {
      const lastOk = numbers.of(name('config_last_reload_successful'));
      if (
        lastOk === null &&
        release === null &&
        numbers.of(name('nginx_process_requests_total')) === null &&
        named === 0
      )
        return false;
      const { sample } = tally;
      if (release) sample.software = `ingress-nginx ${release}`;
      const [accepted, handled] = [countOf(total.get('accepted')), countOf(total.get('handled'))];
      sample.connections = {
        active: countOf(now.get('active')),
        idle: countOf(now.get('waiting')),
        limit: null,
        accepted,
        dropped: accepted === null || handled === null ? null : Math.max(0, accepted - handled),
      };
      const hash = numbers.of(name('config_hash'));
      const success = numbers.of(name('success'));
      sample.reloads = {
        ok: success,
        // The series is absent until the first failure (measured on 1.15.1).
        failed: numbers.of(name('errors')) ?? (success === null ? null : 0),
        lastOk: lastOk === null ? null : lastOk === 1,
        lastAt: isoOf(numbers.of(name('config_last_reload_successful_timestamp_seconds'))),
        // 0 while the last reload failed.
        hash: hash ? String(hash) : null,
      };
      sample.process.startedAt = isoOf(numbers.of(name('nginx_process_oldest_start_time_seconds')));
      sample.process.processes = numbers.of(name('nginx_process_num_procs'));
      sample.process.residentBytes = numbers.of(name('nginx_process_resident_memory_bytes'));
      sample.process.cpuSeconds = numbers.of(name('nginx_process_cpu_seconds_total'));
      tally.cannotTell(
        'who made a 4xx or 5xx, and which endpoint it came from',
        'the access log: its default format (upstreaminfo) has $upstream_addr and $upstream_status; name it as accessLog:',
      );
      tally.cannotTell('requests to hosts without an Ingress', '--metrics-per-undefined-host=true (ingress-nginx)');
      if (!hosts && named > 0) tally.cannotTell('requests by host', '--metrics-per-host=true (ingress-nginx)');
      tally.cannotTell('failed handshakes', 'error-log-level: info in the ConfigMap, and the log as errorLog:');
      return true;
    },
  };
};
