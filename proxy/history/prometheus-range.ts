import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { CannotTell, ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Instance } from '../../diagnostics/types.ts';
import type { Window } from '../../diagnostics/window.ts';
import type { Series } from './assemble.ts';
import type { Missed } from './gaps.ts';
import { oneScraper, pagesOf, type RangeAnswer, type RangeSeries, readRange, scraperOf } from './prometheus-answer.ts';

/** What it needs of the world: guarded pages, and a reader of metrics pages. */
interface PrometheusSources {
  page: (url: string, signal: AbortSignal) => Promise<string>;
  sampleFrom: (page: string, signal: AbortSignal) => Promise<ProxySample>;
}

/** Names of the metrics that say something about a kind of proxy; buckets are left out, since only means are drawn. */
const NAMES: { [kind: string]: string } = {
  traefik: 'traefik_.+',
  nginx: 'nginx_.+|nginxplus_.+',
  'ingress-nginx': 'nginx_ingress_controller_.+',
  haproxy: 'haproxy_.+',
  'haproxy-ingress': 'haproxy_.+|haproxyingress_.+',
  // Envoy has thousands of series; these are the ones that DESIGN's causes need.
  envoy:
    'envoy_(server_.+|cluster_upstream_(rq|cx)_?.*|cluster_membership_.+|http_downstream_.+|listener_.+|cluster_manager_.+)',
};

/** Steps of a window at most: a point for each is what the answer costs. */
const STEPS = 240;
/** How long before the window the last earlier value may be, s: Prometheus' scrape interval is one minute by default. */
const LEAD_S = 120;
/** Times at and beyond the year 10000 are no times, s. */
const END_S = 253_402_300_800;
/** A value is repeated for five minutes after its scrape (lookback-delta); the time of the scrape tells. */
const text = (value: string): string => JSON.stringify(value);

/** Pure: matchers of one instance's series, by the address of its metrics page, else by the name of its pod. */
function selectorsOf(instance: Instance): string[] {
  const url = instance.metrics && URL.canParse(instance.metrics) ? new URL(instance.metrics) : null;
  const port = url?.port || (url?.protocol === 'https:' ? '443' : '80');
  return [...(url ? [`instance=${text(`${url.hostname}:${port}`)}`] : []), `pod=${text(instance.name)}`];
}

/** Pure: what is asked, as PromQL: counters as they were scraped, and when that was. */
function queriesOf(kind: string, instance: Instance, host: string | null): { values: string; times: string } | null {
  const names = NAMES[kind];
  if (!names) return null;
  const name = `__name__=~${text(`${names}|process_.+|up`)},__name__!~".+_bucket"`;
  // Series of other hosts are most of what an ingress controller has; those without a host are its own.
  const only = host === null ? '' : `,host=~${text(`|${host.replace(/[^a-z0-9-]/g, '\\$&')}`)}`;
  const by = selectorsOf(instance);
  return {
    values: by.map((one) => `{${name}${only},${one}}`).join(' or '),
    times: by.map((one) => `timestamp(up{${one}})`).join(' or '),
  };
}

function urlOf(base: string, query: string, window: { start: number; end: number; step: number }): string {
  const url = new URL('api/v1/query_range', base.endsWith('/') ? base : `${base}/`);
  url.search = new URLSearchParams({
    query,
    start: String(window.start),
    end: String(window.end),
    step: String(window.step),
    timeout: '5s',
  }).toString();
  return url.href;
}

/** What to say of a failure: never the URL itself, which may hold a password, and is long. */
function worded(base: string, error: unknown): BlindLook {
  const { host } = new URL(base);
  if (!(error instanceof BlindLook))
    return new BlindLook('unreadable', `Prometheus at ${host} could not be read`, { cause: error });
  const status = /answers (\d{3})/.exec(error.message)?.[1];
  const code = /: (E[A-Z]+|[A-Z_]{6,})$/.exec(error.message)?.[1];
  const why: { [reason: string]: string } = {
    denied: `refuses us (${status})`,
    deadline: 'did not answer in time',
    'no-connection': `cannot be reached${code ? ` (${code})` : ''}`,
    'too-large': 'has too much to say about this proxy for one look',
    'not-allowed': 'is not among what may be asked: add its address to allow: in the inventory',
    resolver: 'has a name that does not resolve',
  };
  const detail = status && error.reason === 'unreadable' ? `answers ${status}` : why[error.reason];
  return new BlindLook(error.reason, `Prometheus at ${host} ${detail ?? `cannot be used: ${error.message}`}`, {
    cause: error,
  });
}

/**
 * Samples of a window as a Prometheus server has them, by range queries of raw counters. Each point becomes the metrics
 * page that was scraped, and is read like one. Throws BlindLook that names the server and what it said.
 */
export async function prometheusSamples(
  base: string,
  kind: string,
  instance: Instance,
  host: string,
  window: Window,
  sources: PrometheusSources,
  signal: AbortSignal,
): Promise<Series> {
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    throw new BlindLook('not-configured', 'prometheus: in the inventory is no http URL');
  const [from, to] = [Date.parse(window.from) / 1000, Date.parse(window.to) / 1000];
  const step = Math.max(1, Math.ceil((to - from) / STEPS));
  const start = Math.floor(from - Math.max(LEAD_S, step));
  const range = { start, end: Math.floor(to), step };
  const ask = async (query: string): Promise<RangeAnswer> => {
    try {
      return readRange(await sources.page(urlOf(base, query, range), signal));
    } catch (error) {
      throw worded(base, error);
    }
  };
  const read = async (only: string | null): Promise<[RangeAnswer, RangeAnswer]> => {
    const queries = queriesOf(kind, instance, only);
    if (!queries) throw new BlindLook('not-configured', `${kind} has no metrics that Prometheus would know`);
    return Promise.all([ask(queries.values), ask(queries.times)]);
  };
  let [values, times] = await read(kind === 'ingress-nginx' ? host : null);
  // A target of its own label `host` hides the proxy's: then everything is asked for.
  if (values.series.length <= 1 && kind === 'ingress-nginx') [values, times] = await read(null);
  const { samples, missed } = await samplesIn(values.series, times.series, from, instance, sources, signal);
  if (samples.length === 0)
    throw new BlindLook(
      'not-configured',
      `Prometheus at ${new URL(base).host} has nothing with ${selectorsOf(instance).join(' or ')} in this time; it must scrape ${instance.metrics ?? instance.name} under that name`,
    );
  return {
    source: 'prometheus',
    samples,
    missed,
    breaks: [],
    everyMs: null,
    otherwise: 'Prometheus has no values of this time',
    cannotTell: values.warnings.map(
      (warning): CannotTell => ({ what: 'everything: Prometheus answered with a warning', hint: warning }),
    ),
  };
}

/** One sample for each scrape that was successful, the last one before the window first; failed ones are missed. */
async function samplesIn(
  values: RangeSeries[],
  times: RangeSeries[],
  from: number,
  instance: Instance,
  sources: PrometheusSources,
  signal: AbortSignal,
): Promise<{ samples: ProxySample[]; missed: Missed[] }> {
  const ours = oneScraper(values);
  const up = new Map(ours.find((one) => one.labels.__name__ === 'up')?.values ?? []);
  const scraper = ours[0] && scraperOf(ours[0]);
  const scraped = new Map(times.find((one) => scraperOf(one) === scraper)?.values ?? []);
  const pages = pagesOf(ours.filter((one) => one.labels.__name__ !== 'up'));
  const samples: ProxySample[] = [];
  const missed: Missed[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const time of new Set([...up.keys(), ...pages.keys()].sort((a, b) => a - b))) {
    const at = Number(scraped.get(time) ?? time);
    // The same scrape as at the step before: nothing new was seen.
    if (!(at >= 0 && at < END_S) || at <= last) continue;
    last = at;
    const iso = new Date(Math.round(at * 1000)).toISOString();
    const page = pages.get(time);
    if (up.get(time) === '0' || page === undefined) {
      missed.push({ at: iso, why: 'Prometheus could not scrape it' });
      continue;
    }
    if (signal.aborted) throw new BlindLook('deadline', 'Prometheus has more to say than can be read in time');
    if (at <= from) samples.length = 0;
    const sample = await sources.sampleFrom(page, signal);
    samples.push({ ...sample, at: iso, clock: null, source: instance.metrics ?? sample.source });
  }
  return { samples, missed: missed.filter((one) => Date.parse(one.at) / 1000 >= from) };
}
