import type {
  EndpointState,
  LatencyCounter,
  Maker,
  ProxySample,
  RequestCounter,
} from '../../../diagnostics/io/proxy-sample.ts';

/** Most series of each kind that one sample holds; the rest is added up without host, service and endpoint. */
const LIMITS = { requests: 10_000, latency: 3_000, endpoints: 20_000, certificates: 2_000, tls: 500, buckets: 48 };

/** Longest name that is kept, characters: a DNS name has at most 253 (RFC 1035 2.3.4). */
const NAME_CHARS = 256;

/** A sample while its page is read: adds up what differs only in labels that nobody needs, in bounded memory. */
export interface Tally {
  readonly sample: ProxySample;
  request(
    of: { host?: string | null; service?: string | null; endpoint?: string | null },
    status: string,
    maker: Maker,
    count: number,
  ): void;
  latency(
    of: { host?: string | null; service?: string | null; endpoint?: string | null },
    kind: LatencyCounter['kind'],
  ): LatencyCounter;
  /** One line of a Prometheus histogram: `_bucket` with its bound, `_sum` or `_count`; `unit`: seconds of one unit. */
  histogram(
    into: LatencyCounter,
    part: 'bucket' | 'sum' | 'count',
    bound: string | null,
    value: number,
    unit: number,
  ): void;
  endpoint(service: string, endpoint: string): EndpointState;
  /** Takes out every endpoint of a service. */
  forgetEndpoints(service: string): void;
  certificate(names: string[], notAfterSeconds: number): void;
  tls(version: string, cipher: string | null, count: number): void;
  cannotTell(what: string, hint: string): void;
  /** Another source told it after all. */
  canTell(what: string): void;
  /** The sample, sorted, with what had to be left out said. */
  done(): ProxySample;
}

/** A name as it is kept: cut to a DNS name's length, null where there is none. */
export const clip = (name: string | null | undefined): string | null =>
  name === undefined || name === null || name === ''
    ? null
    : name.length > NAME_CHARS
      ? name.slice(0, NAME_CHARS)
      : name;

/** Statuses as HTTP has them; anything else (`009`, `-1`, a hostile label) is `other`. */
export const statusOf = (status: string): string => (/^([1-5]\d\d|[1-5]xx|all)$/.test(status) ? status : 'other');

/** A time from a page, s since 1970, as ISO; null for 0, negative, endless and absurd ones (after the year 9999). */
export const isoOf = (seconds: number | null | undefined): string | null =>
  seconds && seconds > 0 && seconds < 253_402_300_800 ? new Date(Math.round(seconds * 1000)).toISOString() : null;

/** A count from a page, or null where it is none. */
export const countOf = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) && value >= 0 ? value : null;

export function startTally(at: Date, source: string): Tally {
  const sample = emptySample(at, source);
  const requests = new Map<string, RequestCounter>();
  const latencies = new Map<string, LatencyCounter>();
  const endpoints = new Map<string, EndpointState>();
  const certificates = new Set<string>();
  const tls = new Map<string, { version: string; cipher: string | null; count: number }>();
  let folded = 0;
  let last: { host: unknown; service: unknown; endpoint: unknown; kind: string; found: LatencyCounter } | null = null;

  return {
    sample,
    request(of, status, maker, count) {
      if (!(count > 0) || !Number.isFinite(count)) return;
      let [host, service, endpoint] = [clip(of.host), clip(of.service), clip(of.endpoint)];
      const kept = statusOf(status);
      let key = `${host}\n${service}\n${endpoint}\n${kept}\n${maker}`;
      if (!requests.has(key) && requests.size >= LIMITS.requests) {
        folded++;
        host = service = endpoint = null;
        key = `null\nnull\nnull\n${kept}\n${maker}`;
      }
      const known = requests.get(key);
      if (known) known.count += count;
      else requests.set(key, { host, service, endpoint, status: kept, maker, count });
    },
    latency(of, kind) {
      // Lines of one histogram stand together, and equal labels are mostly the same string.
      if (last?.kind === kind && last.service === of.service && last.host === of.host && last.endpoint === of.endpoint)
        return last.found;
      let [host, service, endpoint] = [clip(of.host), clip(of.service), clip(of.endpoint)];
      let key = `${host}\n${service}\n${endpoint}\n${kind}`;
      if (!latencies.has(key) && latencies.size >= LIMITS.latency) {
        folded++;
        host = service = endpoint = null;
        key = `null\nnull\nnull\n${kind}`;
      }
      const found = latencies.get(key) ?? { host, service, endpoint, kind, seconds: 0, count: 0, buckets: [] };
      latencies.set(key, found);
      last = { host: of.host, service: of.service, endpoint: of.endpoint, kind, found };
      return found;
    },
    histogram(into, part, bound, value, unit) {
      if (!Number.isFinite(value)) return;
      if (part === 'sum') into.seconds += value * unit;
      else if (part === 'count') into.count += value;
      else if (bound !== null) {
        const upper = bound === '+Inf' ? null : round(Number(bound) * unit);
        if (Number.isNaN(upper)) return;
        const bucket = into.buckets.find(([known]) => known === upper);
        if (bucket) bucket[1] += value;
        else if (into.buckets.length < LIMITS.buckets) into.buckets.push([upper, value]);
      }
    },
    endpoint(service, endpoint) {
      const key = `${clip(service)}\n${clip(endpoint)}`;
      const known = endpoints.get(key);
      if (known) return known;
      const fresh = emptyEndpoint(clip(service) ?? '', clip(endpoint) ?? '');
      if (endpoints.size < LIMITS.endpoints) endpoints.set(key, fresh);
      else folded++;
      return fresh;
    },
    forgetEndpoints(service) {
      for (const [key, { service: of }] of endpoints) if (of === service) endpoints.delete(key);
    },
    certificate(names, notAfterSeconds) {
      const notAfter = isoOf(notAfterSeconds);
      if (!notAfter) return;
      const kept = [...new Set(names.map(clip).filter((name) => name !== null))].slice(0, 100);
      const key = `${notAfter}\n${kept.join('\n')}`;
      if (certificates.has(key)) return;
      if (certificates.size >= LIMITS.certificates) {
        folded++;
        return;
      }
      certificates.add(key);
      sample.certificates.push({ names: kept, notAfter });
    },
    tls(version, cipher, count) {
      if (!(count > 0) || !Number.isFinite(count)) return;
      const key = `${clip(version)}\n${clip(cipher)}`;
      const known = tls.get(key);
      if (known) known.count += count;
      else if (tls.size < LIMITS.tls) tls.set(key, { version: clip(version) ?? '', cipher: clip(cipher), count });
      else folded++;
    },
    cannotTell(what, hint) {
      if (!sample.cannotTell.some((one) => one.what === what)) sample.cannotTell.push({ what, hint });
    },
    canTell(what) {
      sample.cannotTell = sample.cannotTell.filter((one) => one.what !== what);
    },
    done() {
      sample.requests.push(...requests.values());
      sample.latency.push(...latencies.values());
      for (const { buckets } of sample.latency) buckets.sort(([a], [b]) => (a ?? Infinity) - (b ?? Infinity));
      sample.endpoints.push(...endpoints.values());
      sample.tls.push(...tls.values());
      if (folded > 0)
        this.cannotTell(
          'every host and service by itself',
          `${sample.source} has more series than are kept; the rest is added up without names: leave labels out of its metrics`,
        );
      return sample;
    },
  };
}

const round = (seconds: number): number => Math.round(seconds * 1e9) / 1e9;

function emptyEndpoint(service: string, endpoint: string): EndpointState {
  const unknown = { connections: null, inflight: null, queued: null, connectErrors: null, responseErrors: null };
  return { service, endpoint, up: null, weight: null, zone: null, ...unknown, retries: null };
}

function emptySample(at: Date, source: string): ProxySample {
  return {
    v: 1,
    at: at.toISOString(),
    clock: null,
    source,
    software: null,
    requests: [],
    latency: [],
    connections: { active: null, idle: null, limit: null, accepted: null, dropped: null },
    endpoints: [],
    tls: [],
    refusedBeforeRequest: { handshake: null, proxyHeader: null },
    reloads: { ok: null, failed: null, lastOk: null, lastAt: null, hash: null },
    process: {
      startedAt: null,
      processes: null,
      residentBytes: null,
      cpuSeconds: null,
      openFiles: null,
      maxFiles: null,
    },
    certificates: [],
    cannotTell: [],
  };
}
