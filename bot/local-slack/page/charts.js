import { h, svg } from './dom.js';

const width = 400;
const height = 190;
const edge = { left: 42, right: 12, top: 12, bottom: 30 };

/** A `data_visualization` block: bars, lines, areas or a pie, with the numbers in words for those who cannot see it. */
export function chart(block) {
  const data = block.chart ?? {};
  const drawn = data.type === 'pie' ? pie(data.segments ?? []) : axes(data);
  return h('figure.chart', {}, h('figcaption', {}, block.title ?? ''), drawn, legend(data));
}

function words(data) {
  if (data.type === 'pie') return (data.segments ?? []).map((s) => `${s.label}: ${s.value}`).join(', ');
  return (data.series ?? [])
    .map((s) => `${s.name}: ${(s.data ?? []).map((point) => `${point.label} ${point.value}`).join(', ')}`)
    .join('; ');
}

function frame(data, ...children) {
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': words(data), class: 'plot' },
    ...children,
  );
}

function axes(data) {
  const series = data.series ?? [];
  const categories = data.axis_config?.categories ?? (series[0]?.data ?? []).map((point) => point.label);
  const values = series.flatMap((s) => (s.data ?? []).map((point) => point.value));
  const max = roundUp(Math.max(...values, 1e-9));
  const inner = { width: width - edge.left - edge.right, height: height - edge.top - edge.bottom };
  const step = inner.width / Math.max(1, categories.length);
  const y = (value) => edge.top + inner.height * (1 - Math.max(0, value) / max);
  const x = (i) => edge.left + step * (i + 0.5);
  const grid = [0, 0.5, 1].map((part) => {
    const at = y(max * part);
    return [
      svg('line', { x1: edge.left, x2: width - edge.right, y1: at, y2: at, class: 'grid' }),
      svg('text', { x: edge.left - 6, y: at + 4, 'text-anchor': 'end' }, short(max * part)),
    ];
  });
  const every = Math.ceil(categories.length / 6);
  const labels = categories.map(
    (label, i) => i % every === 0 && svg('text', { x: x(i), y: height - 10, 'text-anchor': 'middle' }, label),
  );
  const marks = series.map((s, n) => {
    const points = (s.data ?? []).map((point, i) => ({
      x: x(i),
      y: y(point.value),
      label: point.label,
      value: point.value,
    }));
    if (data.type === 'bar') return bars(points, n, series.length, step, edge.top + inner.height);
    return line(points, n, data.type === 'area' ? edge.top + inner.height : null);
  });
  return frame(data, grid.flat(), labels.filter(Boolean), marks.flat());
}

function bars(points, n, of, step, floor) {
  const bar = Math.min(36, (step * 0.7) / of);
  return points.map((point) =>
    svg(
      'rect',
      {
        x: point.x - (bar * of) / 2 + bar * n,
        y: point.y,
        width: Math.max(1, bar - 2),
        height: Math.max(0, floor - point.y),
        rx: 2,
        class: `series-${n % 6}`,
      },
      svg('title', {}, `${point.label}: ${point.value}`),
    ),
  );
}

function line(points, n, floor) {
  const path = points.map((point) => `${point.x},${point.y}`).join(' ');
  const area =
    floor !== null && points.length > 0
      ? svg('polygon', {
          points: `${points[0].x},${floor} ${path} ${points.at(-1).x},${floor}`,
          class: `area series-${n % 6}`,
        })
      : null;
  return [area, svg('polyline', { points: path, class: `stroke-${n % 6}` })].filter(Boolean);
}

function pie(segments) {
  const total = segments.reduce((sum, s) => sum + s.value, 0) || 1;
  let from = 0;
  const slices = segments.map((segment, n) => {
    const share = segment.value / total;
    const [start, end] = [from, from + share];
    from = end;
    return svg(
      'path',
      { d: slice(start, Math.min(end, start + 0.99999)), class: `series-${n % 6}` },
      svg('title', {}, segment.label),
    );
  });
  return frame({ type: 'pie', segments }, slices);
}

function slice(start, end) {
  const at = (part) => {
    const angle = part * 2 * Math.PI - Math.PI / 2;
    return `${width / 2 + 84 * Math.cos(angle)} ${height / 2 + 84 * Math.sin(angle)}`;
  };
  return `M ${width / 2} ${height / 2} L ${at(start)} A 84 84 0 ${end - start > 0.5 ? 1 : 0} 1 ${at(end)} Z`;
}

function legend(data) {
  const names =
    data.type === 'pie' ? (data.segments ?? []).map((s) => s.label) : (data.series ?? []).map((s) => s.name);
  return h(
    'div.legend',
    {},
    names.map((name, n) => h('span', {}, h(`i.series-${n % 6}`), name)),
  );
}

/** The least round number that is at least `value`, so that the grid's labels are short. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 3, 4, 6, 8, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10);
}

function short(value) {
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  if (value >= 1e3) return `${trim(value / 1e3)}k`;
  return trim(value);
}

function trim(value) {
  return String(Math.round(value * 100) / 100);
}
