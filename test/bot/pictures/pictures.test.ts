import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KnownBlock } from '@slack/types';
import { checkBlocks } from '../../../bot/local-slack/block-limits.ts';
import { roundUp, timeTicks } from '../../../bot/pictures/axis.ts';
import { barsSvg } from '../../../bot/pictures/bars.ts';
import { barChart, timelineChart } from '../../../bot/pictures/native.ts';
import { standings } from '../../../bot/pictures/path.ts';
import { pngOf } from '../../../bot/pictures/png.ts';
import { timelineOfRollout } from '../../../bot/pictures/sources.ts';
import { timelineSvg } from '../../../bot/pictures/svg.ts';
import { bounded, type Mark, MOST_MARKS, MOST_POINTS, type Timeline, thinned } from '../../../bot/pictures/timeline.ts';
import { withoutPictures } from '../../../bot/pictures/without.ts';
import { barLines, timelineWords } from '../../../bot/pictures/words.ts';
import { intervalsOf } from '../home/seed.ts';
import { running } from '../rollouts/stand-ins.ts';

const START = Date.parse('2026-11-21T09:00:00Z');
const MINUTE = 60_000;
const points = (n: number, bad: (i: number) => number, ms = MINUTE) =>
  Array.from({ length: n }, (_, i) => ({ from: START + i * ms, to: START + (i + 1) * ms, requests: 100, bad: bad(i) }));
const HOSTILE = '</text><script>alert(1)</script>&\u0000\ud800 <!channel> "';

function timeline(over: Partial<Timeline> = {}): Timeline {
  const lines = [{ name: 'edge-1', points: points(30, (i) => (i < 12 ? 0 : 40)) }];
  return { title: '5xx answers for shop', from: START, to: START + 30 * MINUTE, lines, gaps: [], marks: [], ...over };
}
const drawnOf = (over: Partial<Timeline>): Timeline => {
  const found = bounded(timeline(over));
  assert.ok(found);
  return found;
};

test('counts survive the thinning, and nothing is added up across a hole', () => {
  const many = points(5_000, (i) => i % 3, 1_000);
  const few = thinned(many, MOST_POINTS);
  assert.ok(few.length <= MOST_POINTS);
  const sum = (all: typeof many) => all.reduce((n, { bad }) => n + bad, 0);
  assert.equal(sum(few), sum(many));
  const holed = [...many.slice(0, 1_000), ...many.slice(2_000)];
  const [end, begin] = [many[999]?.to ?? 0, many[2_000]?.from ?? 0];
  assert.ok(thinned(holed, 700).every(({ from, to }) => to <= end || from >= begin));
});

test('a stretch over a gap is not drawn, and its counts stay in the words', () => {
  const gap = { from: START + 10 * MINUTE, to: START + 20 * MINUTE };
  const across = { from: gap.from, to: gap.to, requests: 1_000, bad: 7 };
  const all = points(30, () => 0);
  const found = drawnOf({
    lines: [{ name: 'a', points: [...all.slice(0, 10), across, ...all.slice(20)] }],
    gaps: [{ from: START - MINUTE * 60, to: START }, gap],
  });
  assert.equal(found.lines[0]?.points.length, 20);
  assert.match(timelineWords(found), /a: 7 of 3,000.* No samples for 10 min of it/);
  assert.match(timelineSvg(found), /no samples/);
  assert.equal(timelineSvg(found).match(/stroke-width="2"/g)?.length, 2, 'a line in two pieces');
});

test('nothing asked is no line at zero', () => {
  const silent = points(30, () => 0).map((one, i) => (i > 10 && i < 20 ? { ...one, requests: 0 } : one));
  const found = drawnOf({ lines: [{ name: 'a', points: silent }] });
  assert.equal(timelineSvg(found).match(/stroke-width="2"/g)?.length, 2);
  assert.equal(timelineChart(found), null, "Slack's chart cannot leave a hole, so there is none");
  assert.equal(
    bounded(timeline({ lines: [{ name: 'a', points: silent.map((one) => ({ ...one, requests: 0 })) }] })),
    null,
  );
});

test('when it began stays among many reloads', () => {
  const reloads = Array.from(
    { length: 50 },
    (_, i): Mark => ({ at: START + i * 30_000, kind: 'reload', label: 'reload' }),
  );
  const found = drawnOf({ marks: [...reloads, { at: START + 25 * MINUTE, kind: 'onset', label: 'it began' }] });
  assert.equal(found.marks.length, MOST_MARKS);
  assert.ok(found.marks.some(({ kind }) => kind === 'onset'));
});

test('whatever a name holds, the picture is one, and it is no blank', async () => {
  const lines = Array.from({ length: 9 }, (_, i) => ({ name: HOSTILE.repeat(i + 1), points: points(30, () => i) }));
  const marks: Mark[] = [{ at: START, kind: 'stage', label: HOSTILE }];
  const svg = timelineSvg(drawnOf({ title: HOSTILE.repeat(20), lines, marks }));
  assert.ok(!svg.includes('<script') && !svg.includes('\u0000'));
  const png = await pngOf(svg);
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  const named = await pngOf(
    barsSvg({
      title: 'x',
      series: ['a'],
      groups: [
        { name: HOSTILE, values: [3] },
        { name: 'b', values: [null] },
      ],
    }),
  );
  const unnamed = await pngOf(
    barsSvg({
      title: ' ',
      series: ['a'],
      groups: [
        { name: ' ', values: [3] },
        { name: ' ', values: [null] },
      ],
    }),
  );
  assert.notEqual(named.length, unnamed.length, 'text is drawn without any font of this machine');
});

test("Slack's charts keep the smaller limits, whatever comes in", () => {
  const long = 'a very long name of an endpoint '.repeat(9);
  const bars = {
    title: long,
    series: [long, long],
    groups: Array.from({ length: 60 }, (_, i) => ({ name: `${long}${i}`, values: [i, 1] })),
  };
  const chart = barChart(bars, long) as KnownBlock;
  assert.equal(checkBlocks([chart], 'message'), null);
  const { chart: data } = chart as unknown as { chart: { axis_config: { categories: string[] } } };
  assert.equal(new Set(data.axis_config.categories).size, 20, 'labels differ');
  const lines = ['🙂'.repeat(60), 'b'].map((name) => ({ name, points: points(30, (i) => i) }));
  assert.equal(checkBlocks([timelineChart(drawnOf({ title: '🙂'.repeat(40), lines })) as KnownBlock], 'message'), null);
  assert.equal(barChart({ title: 'x', series: ['a'], groups: [{ name: 'b', values: [null] }] }, 'n'), null);
});

test('pictures go first where Slack does not like a message', () => {
  const text = { type: 'section', text: { type: 'mrkdwn', text: 'x' } } as const;
  const chart = { type: 'data_visualization' } as unknown as KnownBlock;
  assert.deepEqual(withoutPictures([text, chart, { type: 'image', slack_file: { id: 'F1' }, alt_text: '' }]), [text]);
});

test('a rollout in words says what each side failed, stage by stage', () => {
  const record = running(1);
  const begun = Date.parse(record.stages[0]?.startedAt ?? '');
  const stages = new Map([0, 1].map((stage) => [stage, intervalsOf(begun + stage * 30 * MINUTE, 25, stage * 0.25)]));
  const found = timelineOfRollout(record, stages);
  assert.ok(found);
  const words = timelineWords(found);
  assert.match(words, /new: Traefik 3\.7: 760 of 6,000, most at 10:30: 31 of 120 \(26 %\)/);
  assert.match(words, /old: Traefik 2\.10\.7: 50 of 50,000/);
  assert.match(words, /Meanwhile: 10 % 10:00, 50 % 10:30/);
  assert.match(words, /No samples for 5 min/);
  assert.equal(timelineOfRollout(record, new Map([[0, []]])), null);
  const late = new Map([...stages].map(([index, all]) => [index, index === 0 ? all.slice(1) : all]));
  assert.doesNotMatch(timelineWords(timelineOfRollout(record, late) as Timeline), /Meanwhile: 10 % 10:00/);
  const whole = timelineOfRollout(record, late, Date.parse(record.stages[0]?.startedAt ?? ''));
  assert.match(timelineWords(whole as Timeline), /Meanwhile: 10 % 10:00/, 'a stage begins before it is counted');
});

test('axes stand on round times and numbers', () => {
  assert.deepEqual(
    timeTicks(START + 1, START + 30 * MINUTE, 6).map(({ label }) => label),
    ['09:05', '09:10', '09:15', '09:20', '09:25', '09:30'],
  );
  assert.ok(timeTicks(START, START + 400 * 86_400_000).length <= 9);
  assert.deepEqual([27, 0.041, 1, 0].map(roundUp), [30, 0.05, 1, 1]);
  assert.deepEqual(
    barLines({
      title: '',
      series: ['n'],
      groups: [
        { name: 'a', values: [60] },
        { name: 'b', values: [1] },
        { name: 'c', values: [0] },
      ],
    }),
    ['a ▇▇▇▇▇▇▇▇▇▇▇▇ 60', 'b ▇ 1', 'c 0'],
  );
});

test('the broken hop is the one that the verdict and its findings name, and only it', async () => {
  const { hopsOf, judgeOf } = await import('../home/seed.ts');
  const { aCase, aPath } = await import('../../workers/stand-ins.ts');
  const path = { ...aPath('shop.example.test'), hops: await hopsOf() };
  const verdict = judgeOf(START)({ case: aCase('shop.example.test'), path, evidence: [], changes: [], durationMs: 1 });
  const shown = standings({ path } as never, verdict).map(({ hop, standing }) => `${hop.name} ${standing}`);
  assert.deepEqual(shown, ['public unseen', 'edge broken', 'shop clear']);
  const open = standings({ path } as never, { ...verdict, hop: null, findings: [] });
  assert.deepEqual(
    open.map(({ standing }) => standing),
    ['unseen', 'unseen', 'unseen'],
  );
});
