import { type Collector, sums } from './collector.ts';
import { isoOf, type Tally } from './tally.ts';

/** The process metrics of Go's Prometheus client, where the proxy is itself the Go program (Traefik). */
export function goProcess(tally: Tally): { handlers: Collector['handlers']; finish(): void } {
  const numbers = sums(
    'process_start_time_seconds',
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'process_open_fds',
    'process_max_fds',
  );
  return {
    handlers: numbers.handlers,
    finish() {
      tally.sample.process = {
        startedAt: isoOf(numbers.of('process_start_time_seconds')),
        processes: 1,
        residentBytes: numbers.of('process_resident_memory_bytes'),
        cpuSeconds: numbers.of('process_cpu_seconds_total'),
        openFiles: numbers.of('process_open_fds'),
        maxFiles: numbers.of('process_max_fds'),
      };
    },
  };
}
