import { setTimeout as pause } from 'node:timers/promises';
import type { CountedInAll, NodeHealth } from '../../../diagnostics/io/proxy-health.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { NodeInfo } from '../../../diagnostics/types.ts';
import type { Reach } from '../metrics/page.ts';
import { samples } from '../metrics/prometheus.ts';

/** Time between two readings of a counter, ms: clients repeat their SYN each second (lab: section 6). */
export const BETWEEN_MS = 1_000;

/** What was dropped for want of room in the table: prometheus/node_exporter, collector/conntrack_linux.go (1.5.0 read). */
const DROPS = [
  'node_nf_conntrack_stat_drop',
  'node_nf_conntrack_stat_early_drop',
  'node_nf_conntrack_stat_insert_failed',
];

/**
 * On the page only with `--collector.netstat.fields` that name it, and with `--collector.sysctl` and one
 * `--collector.sysctl.include=net.ipv4.conf.eth0.rp_filter` for each interface and for `all` (prometheus/node_exporter,
 * collector/netstat_linux.go and sysctl_linux.go: neither is there by default, and an include takes no pattern).
 */
const REVERSE_PATH = 'node_netstat_TcpExt_IPReversePathFilter';
const RP_FILTER = /^node_sysctl_net_ipv4_conf_(\w{1,40})_rp_filter$/;
const MOST_STRICT = 10;

/** Pure: interfaces whose reverse-path filter is strict (Linux, ip-sysctl.rst: the higher of `all` and the interface's own counts). */
function strictOn(numbers: Map<string, number>): string[] | null {
  const settings = [...numbers].flatMap(([name, value]) => {
    const place = RP_FILTER.exec(name)?.[1];
    return place === undefined ? [] : [{ place, value }];
  });
  if (settings.length === 0) return null;
  const all = settings.find((one) => one.place === 'all')?.value;
  const interfaces = settings.filter(({ place }) => !['all', 'default', 'lo'].includes(place));
  const strict = interfaces.filter(({ value }) => Math.max(all ?? 0, value) === 1).map(({ place }) => place);
  if (strict.length) return strict.slice(0, MOST_STRICT);
  // Only those that were asked for are there: none of them may be the one that matters.
  if (interfaces.length === 0) return all === 1 ? ['all'] : null;
  return all === undefined ? null : [];
}

/** Pure: the numbers of a node_exporter page that matter here, summed over processors. */
function nodeNumbers(page: string): Map<string, number> {
  const found = new Map<string, number>();
  const wanted = (name: string): boolean =>
    name.startsWith('node_nf_conntrack_') ||
    name === 'node_netstat_TcpExt_ListenOverflows' ||
    name === REVERSE_PATH ||
    RP_FILTER.test(name) ||
    name === 'node_boot_time_seconds';
  for (const { name, value } of samples(page, wanted)) found.set(name, (found.get(name) ?? 0) + value);
  return found;
}

/** A counter at two readings; null where the page has no such counter. One that went back began anew: nothing is said. */
export function counted(before: number | null, after: number | null, overMs: number): CountedInAll | null {
  if (before === null || after === null) return null;
  return { count: after >= before ? after - before : 0, overMs, total: after };
}

/** What a node says of itself, over two readings where a counter ever moved. Throws BlindLook. */
export async function nodeHealth(
  node: NodeInfo,
  reach: Reach,
  signal: AbortSignal,
  betweenMs = BETWEEN_MS,
): Promise<NodeHealth> {
  if (!node.metrics)
    throw new BlindLook(
      'not-configured',
      `${node.name}: name its node_exporter page in the inventory (nodes: metrics:)`,
    );
  const url = node.metrics;
  const first = nodeNumbers(await reach.page(url, signal));
  if (first.size === 0) throw new BlindLook('unreadable', `${url} holds no counters of node_exporter`);
  const drops = (numbers: Map<string, number>): number | null =>
    DROPS.some((name) => numbers.has(name)) ? DROPS.reduce((sum, name) => sum + (numbers.get(name) ?? 0), 0) : null;
  const overflows = (numbers: Map<string, number>): number | null =>
    numbers.get('node_netstat_TcpExt_ListenOverflows') ?? null;
  const began = performance.now();
  const moved = (drops(first) ?? 0) > 0 || (overflows(first) ?? 0) > 0;
  if (moved) await pause(betweenMs, undefined, { signal });
  const last = moved ? nodeNumbers(await reach.page(url, signal)) : first;
  const overMs = moved ? Math.round(performance.now() - began) : 0;
  const entries = last.get('node_nf_conntrack_entries');
  const limit = last.get('node_nf_conntrack_entries_limit');
  const reverse = last.get(REVERSE_PATH);
  return {
    source: url,
    conntrack:
      entries !== undefined && limit ? { entries, limit, dropped: counted(drops(first), drops(last), overMs) } : null,
    overflows: counted(overflows(first), overflows(last), overMs),
    ...(reverse !== undefined && { reversePath: { dropped: reverse, strict: strictOn(last) } }),
    cannotTell: limit
      ? []
      : [
          {
            what: 'the connection table',
            hint: "node_exporter's conntrack collector has nothing: is nf_conntrack loaded there?",
          },
        ],
  };
}
