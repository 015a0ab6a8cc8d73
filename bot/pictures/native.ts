import type { KnownBlock } from '@slack/types';
import type { Bars } from './bars.ts';
import { moments } from './moments.ts';
import { type Timeline, totalOf } from './timeline.ts';

/**
 * Slack's own charts (docs.slack.dev/reference/block-kit/blocks/data-visualization-block, June 2026): no upload, no scope, only in
 * messages. Limits as several implementers read them; the smaller numbers are kept.
 */
const LIMITS = { title: 50, series: 6, name: 50, categories: 20, label: 20 } as const;

const cut = (text: string, most: number): string => {
  const signs = [...text.replace(/\s+/g, ' ').trim().toWellFormed()];
  // Lengths count UTF-16 units: a sign beyond the first plane is two of them.
  while (signs.join('').length > most) signs.splice(Math.max(0, signs.length - 2), 2, '…');
  return signs.join('') || '?';
};

/** Pure: labels that fit and differ from each other. */
function labels(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map((name) => {
    let text = cut(name, LIMITS.label);
    for (let n = 2; seen.has(text); n++) text = `${cut(name, LIMITS.label - 4)} ${n}`;
    seen.add(text);
    return text;
  });
}

type Series = { name: string; values: number[] };

function chart(
  type: 'bar' | 'line',
  title: string,
  categories: string[],
  series: Series[],
  yLabel: string,
): KnownBlock {
  const block = {
    type: 'data_visualization',
    title: cut(title, LIMITS.title),
    chart: {
      type,
      series: series.slice(0, LIMITS.series).map(({ name, values }) => ({
        name: cut(name, LIMITS.name),
        data: categories.map((label, i) => ({ label, value: values[i] ?? 0 })),
      })),
      axis_config: { categories, y_label: cut(yLabel, LIMITS.label) },
    },
  };
  // Not in @slack/types 3.2 yet.
  return block as unknown as KnownBlock;
}

/** Pure: bars as a native chart; null where a value is not known: Slack would draw it as zero. */
export function barChart(bars: Bars, yLabel: string): KnownBlock | null {
  const groups = bars.groups.slice(0, LIMITS.categories);
  if (groups.length === 0 || groups.some(({ values }) => values.some((value) => value === null))) return null;
  const series = bars.series.map((name, n) => ({ name, values: groups.map(({ values }) => values[n] as number) }));
  return chart('bar', bars.title, labels(groups.map(({ name }) => name)), series, yLabel);
}

/** Pure: failures over time as a native chart, in percent; null where a stretch was not counted: Slack draws no holes. */
export function timelineChart(timeline: Timeline): KnownBlock | null {
  const width = (timeline.to - timeline.from) / LIMITS.categories;
  const at = moments(timeline.from, timeline.to);
  const begins = Array.from({ length: LIMITS.categories }, (_, i) => timeline.from + i * width);
  const series = timeline.lines.map(({ name, points }) => ({
    name,
    values: begins.map((begin) => {
      const inside = points.filter(
        (point) => (point.from + point.to) / 2 >= begin && (point.from + point.to) / 2 < begin + width,
      );
      const { requests, bad } = totalOf(inside);
      return requests === 0 ? null : Math.round((10_000 * bad) / requests) / 100;
    }),
  }));
  if (series.some(({ values }) => values.includes(null))) return null;
  return chart('line', timeline.title, labels(begins.map((begin) => at(begin))), series as Series[], '% failed');
}
