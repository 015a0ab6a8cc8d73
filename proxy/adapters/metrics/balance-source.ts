import type { Counted } from '../../../diagnostics/balance.ts';
import { TriageError } from '../../../diagnostics/errors.ts';
import { type AccessRow, detectReader, namedReader } from '../logs/access-log.ts';
import { samples } from './prometheus.ts';

/** Requests per endpoint, by service. */
export type Counts = Map<string, Map<string, Counted>>;

const none = (address: string): Counted => ({ address, requests: 0, errors: null, seconds: null, weight: null });

function at(counts: Counts, service: string, address: string): Counted {
  const endpoints = counts.get(service) ?? new Map<string, Counted>();
  counts.set(service, endpoints);
  const endpoint = endpoints.get(address) ?? none(address);
  endpoints.set(address, endpoint);
  return endpoint;
}

function fromRows(rows: AccessRow[]): Counts {
  const counts: Counts = new Map();
  for (const row of rows) {
    // The first try is what the proxy chose; a retry is drawn from what is left.
    const first = row.upstreams[0];
    if (!first) continue;
    const endpoint = at(counts, row.service ?? row.host ?? 'all', first.address);
    const seconds = first.seconds ?? 0;
    endpoint.seconds = ((endpoint.seconds ?? 0) * endpoint.requests + seconds) / (endpoint.requests + 1);
    endpoint.requests++;
    endpoint.errors = (endpoint.errors ?? 0) + ((first.status ?? row.status) >= 500 ? 1 : 0);
  }
  return counts;
}

/** HAProxy has a series for each server of each backend; other metrics pages do not know endpoints. */
function fromMetrics(page: string): Counts {
  const counts: Counts = new Map();
  const wanted = new Set([
    'haproxy_server_http_responses_total',
    'haproxy_server_sessions_total',
    'haproxy_server_weight',
    'haproxy_server_response_time_average_seconds',
  ]);
  const responses = new Set<string>();
  const sessions: { service: string; server: string; value: number }[] = [];
  for (const { name, labels, value } of samples(page, (n) => wanted.has(n))) {
    const { proxy: service = '', server = '', code } = labels;
    if (name === 'haproxy_server_http_responses_total') {
      const endpoint = at(counts, service, server);
      endpoint.requests += value;
      endpoint.errors = (endpoint.errors ?? 0) + (code === '5xx' ? value : 0);
      if (value > 0) responses.add(service);
    } else if (name === 'haproxy_server_weight') at(counts, service, server).weight = value;
    else if (name === 'haproxy_server_response_time_average_seconds')
      at(counts, service, server).seconds = value || null;
    else sessions.push({ service, server, value });
  }
  // In TCP mode there are no responses: sessions are what is drawn.
  for (const { service, server, value } of sessions)
    if (!responses.has(service)) at(counts, service, server).requests = value;
  return counts;
}

/** Pure: reads one metrics page or access log. Throws TriageError `unreadable` naming the source and what is missing. */
export function countsIn(source: string, text: string, kind: string | null): Counts {
  if (/^# (HELP|TYPE) |^[a-z_]+\{[^}]*\} [\d.eE+-]+$/m.test(text.slice(0, 20_000))) {
    const counts = fromMetrics(text);
    if (counts.size === 0)
      throw new TriageError(
        'unreadable',
        `${source}: this metrics page knows no endpoints (HAProxy's does); give an access log instead`,
      );
    return counts;
  }
  const lines = text.split('\n').filter((line) => line !== '');
  const reader = kind === null ? detectReader(lines) : namedReader(kind);
  if (!reader)
    throw new TriageError(
      kind === null ? 'unreadable' : 'wrong-usage',
      kind === null
        ? `${source}:1: neither a metrics page nor an access log that is known here; name its format with --kind`
        : `--kind: ${kind} is no format that is known here (combined, upstreaminfo, json, or a log_format with $variables)`,
    );
  const rows = lines.map(reader).filter((row) => row !== null);
  if (rows.length === 0) throw new TriageError('unreadable', `${source}:1: no line of it can be read`);
  if (!rows.some((row) => row.upstreams.length > 0))
    throw new TriageError(
      'unreadable',
      `${source}:1: its lines do not say which endpoint was asked (add $upstream_addr to the log format)`,
    );
  return fromRows(rows);
}

/** Counters of two pages of one proxy as their difference; a counter that went back was reset and counts from zero. */
export function differenceOfCounts(before: Counts, after: Counts): Counts {
  const out: Counts = new Map();
  for (const [service, endpoints] of after) {
    for (const [address, now] of endpoints) {
      const then = before.get(service)?.get(address);
      const part = (value: number, was: number | undefined): number =>
        was === undefined || value < was ? value : value - was;
      const endpoint = at(out, service, address);
      endpoint.requests = part(now.requests, then?.requests);
      endpoint.errors = now.errors === null ? null : part(now.errors, then?.errors ?? undefined);
      endpoint.seconds = now.seconds;
      endpoint.weight = now.weight;
    }
  }
  return out;
}
