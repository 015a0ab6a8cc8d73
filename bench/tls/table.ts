import type { TlsBench } from '../tls.ts';
import type { Row } from './compare-setup.ts';

function line(row: Row): string {
  const cpu = row.serverCpuMs === null ? '-' : row.serverCpuMs.toFixed(1);
  const times = (n: number | null | undefined): string => (n == null ? '' : `${n}x`).padStart(8);
  const sets = row.sets
    ? row.sets.equal
      ? '  same suites'
      : `  only ours ${row.sets.onlyOurs.length} (${row.sets.oursTaken} taken alone), only theirs ${row.sets.onlyTheirs.length} (${row.sets.theirsTaken} taken alone)`
    : '';
  return `  ${row.who.padEnd(17)} ${String(row.suites).padStart(4)} suites ${row.wallMs.toFixed(0).padStart(7)} ms${times(row.ratio?.wall)} ${String(row.connections).padStart(5)} conns${times(row.ratio?.connections)} ${cpu.padStart(7)} ms server CPU${times(row.ratio?.cpu)}${sets}\n`;
}

/** The bench for people: ratios are to our run for suites, so more than 1 is worse than ours. */
export function tlsTable(bench: TlsBench): string {
  const parts = bench.setups.map(({ id, title, rows }) => `${id}: ${title}\n${rows.map(line).join('')}`);
  for (const { id, rttMs, rows } of bench.far) parts.push(`${id}, round trip ${rttMs} ms\n${rows.map(line).join('')}`);
  if (bench.command)
    parts.push(
      `as commands at A: ./dev tls --only suites ${bench.command.oursMs} ms, sslscan ${bench.command.sslscanMs ?? '-'} ms (${bench.command.ratio ?? '-'}x)\n`,
    );
  for (const many of bench.many)
    parts.push(
      `${many.targets} whole probes at once, round trip ${many.rttMs} ms: one alone ${many.singleMs} ms, P50 ${many.p50Ms} ms, P95 ${many.p95Ms} ms (${many.ratio}x), ${many.cpuMsEach} ms of our CPU each, memory +${many.rssGrowthMb} MB\n`,
    );
  for (const one of bench.skipped) parts.push(`skipped: ${one.id}: ${one.why}\n`);
  return parts.join('\n');
}
