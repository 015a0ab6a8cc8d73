import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { CHART } from '../../deploy/render.ts';
import { findTool, runTool } from '../../deploy/tools.ts';
import { BLIND_REASONS } from '../../diagnostics/types.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { QUEUES } from '../../workers/queues.ts';
import { ROOT } from './image.ts';

const ALERTS = join(CHART, 'files/alerts.yaml');
const promtool = findTool('promtool');
const skip = promtool ? false : 'promtool is not installed (deploy/get-tools builds it)';

const JUDGED = ['go-on', 'stop', 'not-enough-data'];

interface Panel {
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat: string }[];
}
const dashboard: { panels: Panel[]; templating: { list: { query: string | { query: string } }[] } } = JSON.parse(
  readFileSync(join(CHART, 'files/dashboard.json'), 'utf8'),
);
const rules: { alert: string; expr: string; annotations: { [name: string]: string } }[] = parse(
  readFileSync(ALERTS, 'utf8'),
).groups.flatMap((group: { rules: unknown[] }) => group.rules);
const panels = dashboard.panels.filter((panel) => panel.type !== 'row');

/** What both processes export, by name as Prometheus sees it, with the labels of each. */
function exported(): Map<string, Set<string>> {
  const metrics = createMetrics();
  metrics.watchDepth(async () => ({}));
  metrics.watchCluster(() => null);
  const all = metrics.registry.getMetricsAsArray() as unknown as { name: string; type: string; labelNames: string[] }[];
  return new Map(
    all.flatMap(({ name, type, labelNames = [] }) => {
      const names = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name];
      return names.map((one) => [one, new Set(one.endsWith('_bucket') ? [...labelNames, 'le'] : labelNames)] as const);
    }),
  );
}
const EXPORTED = exported();

/** Metrics of an expression with the labels that its selectors and groupings ask for. */
function usedIn(expr: string): { names: string[]; labels: string[] } {
  const names = [...expr.matchAll(/\b((?:iti|process|nodejs)_[a-z0-9_]+)/g)].map((m) => m[1] as string);
  const selected = [...expr.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)].map((m) => m[1] as string);
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap((m) => (m[1] as string).split(/,\s*/));
  return { names, labels: [...selected, ...grouped].filter((label) => label !== 'job') };
}

test('every panel and alert asks only for metrics and labels that the processes export', () => {
  const asked = [
    ...panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => ({ from: panel.title, expr }))),
    ...rules.map(({ alert, expr }) => ({ from: alert, expr })),
  ];
  assert.ok(asked.length > 25);
  for (const { from, expr } of asked) {
    const { names, labels } = usedIn(expr);
    assert.ok(names.length > 0, `${from}: ${expr}`);
    for (const name of names) assert.ok(EXPORTED.has(name), `${from} asks for ${name}, which nobody exports`);
    const known = new Set(names.flatMap((name) => [...(EXPORTED.get(name) ?? [])]));
    for (const label of labels) assert.ok(known.has(label), `${from} asks for the label ${label}`);
  }
});

test('every metric of our own stands in a panel: what is counted is shown', () => {
  const shown = new Set(panels.flatMap((panel) => (panel.targets ?? []).flatMap(({ expr }) => usedIn(expr).names)));
  const own = [...EXPORTED.keys()].filter((name) => name.startsWith('iti_') && !/_(sum|count)$/.test(name));
  assert.deepEqual(
    own.filter((name) => !shown.has(name)),
    [],
  );
});

test('values that alerts compare with are values that there are', () => {
  const text = rules.map(({ expr }) => expr).join('\n');
  const values = (label: string): string[] =>
    [...text.matchAll(new RegExp(`${label}=~?"([^"]+)"`, 'g'))].flatMap((m) => (m[1] as string).split('|'));
  assert.ok(values('queue').length > 0);
  for (const queue of values('queue')) assert.ok(Object.hasOwn(QUEUES, queue), queue);
  const outcomes = ['ok', ...BLIND_REASONS, 'kept', 'lost', 'sink-failed'];
  for (const outcome of values('outcome')) assert.ok(outcomes.includes(outcome), outcome);
  const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
  const asked = read('bot/listeners/take-question.ts');
  const model = read('docs/model.md');
  for (const way of values('way')) assert.ok(asked.includes(`'${way}'`), way);
  for (const result of values('result'))
    assert.ok(asked.includes(`'${result}'`) || model.includes(`\`${result}\``) || JUDGED.includes(result), result);
});

test('what an alert counts from its first event on is exported before there is one', async () => {
  const page = await createMetrics().registry.metrics();
  for (const series of [
    'iti_audit_entries_total{outcome="lost"} 0',
    'iti_audit_entries_total{outcome="sink-failed"} 0',
    'iti_jobs_failed_total{queue="verdict",final="true"} 0',
    'iti_rollout_judgements_total{result="stop"} 0',
  ])
    assert.ok(page.includes(series), series);
});

test('panels stand beside and below each other, never over one another, and each line has its own name', () => {
  for (const [i, { gridPos: a, title, targets = [] }] of panels.entries()) {
    assert.ok(a.x + a.w <= 24, title);
    for (const { gridPos: b, title: other } of panels.slice(i + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert.ok(apart, `${title} and ${other}`);
    }
    assert.ok(targets.length > 0 && targets.every(({ legendFormat }) => legendFormat.length > 0), title);
  }
});

test('every alert says what people feel and one next step', () => {
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const { alert, annotations } of rules) {
    assert.deepEqual(Object.keys(annotations).sort(), ['next', 'summary'], alert);
    assert.match(annotations.summary as string, /\.$/, alert);
  }
});

test('Prometheus takes the rules, and they fire and stay silent as they should (promtool)', { skip }, () => {
  const checked = runTool(promtool as string, ['check', 'rules', ALERTS]);
  assert.equal(checked.code, 0, checked.out + checked.err);
  const tested = runTool(promtool as string, ['test', 'rules', join(import.meta.dirname, 'alerts.promtool.yaml')]);
  assert.equal(tested.code, 0, tested.out + tested.err);
});

test('Prometheus understands every expression of the dashboard (promtool)', { skip }, () => {
  const asked = panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => expr));
  const filled = asked.map((expr) => expr.replace(/\$__(rate_interval|range)/g, '5m'));
  const groups = { groups: [{ name: 'panels', rules: filled.map((expr, i) => ({ record: `panel:${i}`, expr })) }] };
  const checked = runTool(promtool as string, ['check', 'rules'], JSON.stringify(groups));
  assert.equal(checked.code, 0, checked.out + checked.err);
});
