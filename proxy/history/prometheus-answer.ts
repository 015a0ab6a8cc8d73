import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';

/** One series of a range: its labels, and values by time (s). */
export interface RangeSeries {
  labels: { [name: string]: string };
  values: [time: number, value: string][];
}

export interface RangeAnswer {
  series: RangeSeries[];
  /** What Prometheus said about its answer: parts that are missing, limits. */
  warnings: string[];
}

/** Most series that are looked at; a selector that finds more is not about one proxy. */
const MOST_SERIES = 20_000;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const isText = (value: unknown): value is string => typeof value === 'string';
const isPoint = (value: unknown): value is [number, string] =>
  Array.isArray(value) && typeof value[0] === 'number' && Number.isFinite(value[0]) && isText(value[1]);

/**
 * Pure: reads what `/api/v1/query_range` answers (https://prometheus.io/docs/prometheus/latest/querying/api/): status,
 * data.resultType `matrix`, warnings. Throws BlindLook `unreadable` for anything else; unknown parts are left out.
 */
export function readRange(text: string): RangeAnswer {
  let answer: {
    status?: unknown;
    error?: unknown;
    warnings?: unknown;
    data?: { resultType?: unknown; result?: unknown };
  };
  try {
    answer = JSON.parse(text);
  } catch {
    throw new BlindLook('unreadable', 'its answer is no JSON');
  }
  if (answer?.status !== 'success')
    throw new BlindLook('unreadable', `it says: ${isText(answer?.error) ? answer.error.slice(0, 200) : 'no success'}`);
  const { result, resultType } = answer.data ?? {};
  if (resultType !== 'matrix' || !Array.isArray(result))
    throw new BlindLook('unreadable', 'its answer is no range of values');
  if (result.length > MOST_SERIES) throw new BlindLook('too-large', `it has ${result.length} series for one proxy`);
  const series = result.flatMap((one: { metric?: unknown; values?: unknown }): RangeSeries[] => {
    if (typeof one?.metric !== 'object' || one.metric === null || !Array.isArray(one.values)) return [];
    const labels = Object.fromEntries(
      Object.entries(one.metric).filter((label): label is [string, string] => isText(label[1]) && LABEL.test(label[0])),
    );
    return [{ labels, values: one.values.filter(isPoint) }];
  });
  const warnings = Array.isArray(answer.warnings) ? answer.warnings.filter(isText).map((one) => one.slice(0, 200)) : [];
  return { series, warnings: warnings.slice(0, 5) };
}

/** Labels that tell who scraped, not what was counted. */
const SCRAPER = new Set(['__name__', 'job', 'instance', 'prometheus', 'prometheus_replica']);

/**
 * The labels as the proxy wrote them. Where a target's label had the same name (the Operator adds `namespace`, `service`,
 * `pod`), Prometheus keeps the proxy's as `exported_…` (honor_labels: false).
 */
export function ownLabels(labels: RangeSeries['labels']): RangeSeries['labels'] {
  const own: RangeSeries['labels'] = {};
  for (const [name, value] of Object.entries(labels)) if (!SCRAPER.has(name)) own[name] = value;
  for (const [name, value] of Object.entries(own)) {
    if (!name.startsWith('exported_')) continue;
    own[name.slice('exported_'.length)] = value;
    delete own[name];
  }
  return own;
}

/** Who scraped a series: two that scrape the same proxy would count everything twice. */
export const scraperOf = ({ labels }: RangeSeries): string =>
  [labels.job, labels.instance, labels.prometheus, labels.prometheus_replica].join('\0');

/** The scraper that knows most of it, and its series only. */
export function oneScraper(series: RangeSeries[]): RangeSeries[] {
  const counts = new Map<string, number>();
  for (const one of series) counts.set(scraperOf(one), (counts.get(scraperOf(one)) ?? 0) + 1);
  const best = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0];
  return series.filter((one) => scraperOf(one) === best);
}

const quoted = (value: string): string => `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;

/** The metrics page as the proxy would have served it, by time (s): a line for each series that had a value then. */
export function pagesOf(series: RangeSeries[]): Map<number, string> {
  const lines = new Map<number, string[]>();
  for (const one of series) {
    const name = one.labels.__name__;
    if (name === undefined) continue;
    const labels = Object.entries(ownLabels(one.labels)).map(([key, value]) => `${key}=${quoted(value)}`);
    const head = labels.length ? `${name}{${labels.join(',')}}` : name;
    for (const [time, value] of one.values) {
      if (value === 'NaN') continue;
      const page = lines.get(time);
      if (page) page.push(`${head} ${value}`);
      else lines.set(time, [`${head} ${value}`]);
    }
  }
  return new Map([...lines].sort(([a], [b]) => a - b).map(([time, page]) => [time, `${page.join('\n')}\n`]));
}
