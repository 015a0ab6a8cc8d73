import { countOf, isoOf, type Tally } from './tally.ts';

/** True for the begin of `server-status?auto`: the host's name, then fields (2.4.13 and newer), or the fields at once. */
export const isApacheStatus = (text: string): boolean =>
  /^(?:[^\n:]*\n)?(?:ServerVersion|Total Accesses|BusyWorkers): /.test(text);

/**
 * Apache's `server-status?auto` (httpd: modules/generators/mod_status.c). Without ExtendedStatus it only shows workers.
 * False where the page is none.
 */
export function readApacheStatus(text: string, tally: Tally): boolean {
  if (!isApacheStatus(text)) return false;
  const fields = new Map(
    text
      .split('\n', 1_000)
      .map((line) => [line.slice(0, Math.max(0, line.indexOf(': '))), line.slice(line.indexOf(': ') + 2)]),
  );
  const number = (name: string): number | null => (fields.has(name) ? countOf(Number(fields.get(name))) : null);
  const { sample } = tally;
  const version = /^Apache\/[\d.]+/.exec(fields.get('ServerVersion') ?? '')?.[0];
  if (version) sample.software = version.toLowerCase().replace('/', ' ');
  tally.request({}, 'all', 'unknown', number('Total Accesses') ?? 0);
  const duration = number('Total Duration');
  if (duration !== null)
    Object.assign(tally.latency({}, 'total'), { seconds: duration / 1000, count: number('Total Accesses') ?? 0 });
  const busy = number('BusyWorkers');
  const idle = number('IdleWorkers');
  // One character for each worker slot: the scoreboard is as long as MaxRequestWorkers allows.
  const slots = fields.get('Scoreboard')?.trim().length ?? 0;
  sample.connections = {
    // The event MPM counts only connections that no worker holds.
    active: busy === null ? null : busy + (number('ConnsTotal') ?? 0),
    idle,
    limit: slots || null,
    accepted: null,
    dropped: null,
  };
  const uptime = number('ServerUptimeSeconds');
  if (uptime !== null) sample.process.startedAt = isoOf(Date.parse(sample.clock ?? sample.at) / 1000 - uptime);
  sample.process.processes = number('Processes');
  const generation = number('ParentServerConfigGeneration');
  // The first generation is the start itself.
  sample.reloads.ok = generation === null ? null : Math.max(0, generation - 1);
  tally.cannotTell(
    'statuses, hosts, endpoints and times (mod_status counts requests only)',
    'LogFormat with %{Host}i %>s %D %{BALANCER_WORKER_NAME}e, and the log as accessLog:',
  );
  if (!fields.has('Total Accesses')) tally.cannotTell('requests', 'ExtendedStatus On');
  return true;
}
