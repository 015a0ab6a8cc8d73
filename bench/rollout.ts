import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { judgeStage } from '../diagnostics/rollout/judge.ts';
import type { Interval } from '../diagnostics/rollout/types.ts';
import { kayentaFails } from './rollout-kayenta.ts';
import { diceOf, stageOf } from './rollout-streams.ts';
import { GOOD_ROLLOUT, ONE_PERCENT, SCENARIOS, type Scenario } from './rollout-worlds.ts';

const SEEDS = 200;
/** Of the other scenarios. */
const FEWER = 50;
/** Stages, and after how long a person goes on who is told neither to go on nor to stop. */
const STAGES = [
  { share: 0.1, minutes: 60 },
  { share: 0.5, minutes: 30 },
  { share: 1, minutes: 30 },
] as const;
const STEP = 10;
/** We are asked after every third interval, Kayenta every ten minutes as well as at the end. */
const LOOK = 3;
const KAYENTA_MINUTES = 10;

/** How one rollout went for one judge. */
interface Course {
  /** Stage of the stop; null: none. */
  stopped: number | null;
  /** Requests on the new side until then, over all stages. */
  requests: number;
  /** Minutes into the stage of the stop. */
  minutes: number;
}
interface Ours extends Course {
  /** Stages that ended in "go on", and minutes each took. */
  wentOn: (number | null)[];
}

interface Row {
  name: string;
  expected: Scenario['expected'];
  seeds: number;
  stopped: number;
  before100: number;
  wentOnThrice: number;
  /** Mean requests on the new side until the stop, of those stopped; median minutes into its stage. */
  meanRequests: number | null;
  medianMinutes: number | null;
  /** Judged once, at the end of each stage, and every ten minutes. */
  kayenta: { atEnd: Peer; repeated: Peer };
}
interface Peer {
  stopped: number;
  before100: number;
  meanRequests: number | null;
}

/**
 * `./dev bench rollout [--seeds N] [--only TEXT] [--json]`: simulated rollouts at 20 requests a second, judged by us while they run, and by
 * Kayenta's judge on the same streams. Seeds 1 to N, the same in every run.
 */
export async function benchRollout(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: { json: { type: 'boolean' }, seeds: { type: 'string' }, only: { type: 'string' } },
    });
    const seeds = Number(values.seeds ?? SEEDS);
    if (!Number.isInteger(seeds) || seeds < 2 || seeds > 10_000)
      throw new TriageError('wrong-usage', '--seeds takes 2 to 10000');
    if (!values.json) process.stdout.write(head(seeds));
    const rows: Row[] = [];
    const first: { [name: string]: Ours[] } = {};
    for (const scenario of SCENARIOS) {
      if (!scenario.world.name.includes(values.only ?? '')) continue;
      const main = scenario === GOOD_ROLLOUT || scenario === ONE_PERCENT;
      const count = main ? seeds : Math.min(seeds, FEWER);
      const courses = Array.from({ length: count }, (_, i) => rolloutOf(scenario, i + 1));
      if (main) first[scenario.world.name] = courses.map((c) => c.ours);
      const row = rowOf(scenario, courses);
      rows.push(row);
      if (!values.json) process.stdout.write(lineOf(row));
    }
    if (values.only !== undefined) {
      if (values.json) process.stdout.write(`${JSON.stringify({ seeds, stages: STAGES, rows })}\n`);
      return 0;
    }
    const good = rows.find((r) => r.name === GOOD_ROLLOUT.world.name) as Row;
    const bad = rows.find((r) => r.name === ONE_PERCENT.world.name) as Row;
    const power = powerOf(first[good.name] as Ours[], first[bad.name] as Ours[]);
    const met = { falseStops: good.stopped / good.seeds, found: bad.before100 / bad.seeds };
    if (values.json) process.stdout.write(`${JSON.stringify({ seeds, stages: STAGES, rows, power, ...met })}\n`);
    else process.stdout.write(foot(power, good, bad));
    return met.falseStops <= 0.02 && met.found >= 0.95 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`bench rollout: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

interface Courses {
  ours: Ours;
  atEnd: Course;
  repeated: Course;
}

/** One rollout through all its stages. Streams go on to the end of a stage, since each judge takes its own time. */
function rolloutOf({ world }: Scenario, seed: number): Courses {
  const random = diceOf(world.name, seed);
  const ours: Ours = { stopped: null, requests: 0, minutes: 0, wentOn: [] };
  const atEnd: Course = { stopped: null, requests: 0, minutes: 0 };
  const repeated: Course = { stopped: null, requests: 0, minutes: 0 };
  const earlier: Interval[] = [];
  let from = 0;
  for (const [stage, { share, minutes }] of STAGES.entries()) {
    const intervals = [...stageOf(world, share, from, minutes * 60, STEP, random)];
    from += minutes * 60;
    if (ours.stopped === null) judged(ours, stage, share, intervals, earlier);
    if (share < 1) {
      peer(atEnd, stage, intervals, minutes);
      peer(repeated, stage, intervals, KAYENTA_MINUTES);
    }
    earlier.push(...intervals);
    // Whoever was stopped by all needs no more of it.
    if (ours.stopped !== null && atEnd.stopped !== null && repeated.stopped !== null) break;
  }
  return { ours, atEnd, repeated };
}

function judged(ours: Ours, stage: number, share: number, intervals: Interval[], earlier: Interval[]): void {
  for (let end = LOOK; end <= intervals.length; end += LOOK) {
    const seen = intervals.slice(0, end);
    const { result } = judgeStage(seen, { share, earlier }, (seen.at(-1) as Interval).to);
    if (result === 'not-enough-data' && end < intervals.length) continue;
    ours.requests += freshOf(seen);
    if (result === 'stop') {
      ours.stopped = stage;
      ours.minutes = (end * STEP) / 60;
    } else ours.wentOn.push(result === 'go-on' ? (end * STEP) / 60 : null);
    return;
  }
}

function peer(course: Course, stage: number, intervals: Interval[], every: number): void {
  if (course.stopped !== null) return;
  const size = (every * 60) / STEP;
  for (let end = size; end <= intervals.length; end += size) {
    const seen = intervals.slice(0, end);
    const fails = kayentaFails(seen);
    if (fails || end + size > intervals.length) course.requests += freshOf(seen);
    if (!fails) continue;
    course.stopped = stage;
    course.minutes = (end * STEP) / 60;
    return;
  }
}

const freshOf = (intervals: Interval[]): number => intervals.reduce((sum, i) => sum + i.fresh.requests, 0);
const mean = (values: number[]): number | null =>
  values.length > 0 ? Math.round(values.reduce((a, b) => a + b, 0) / values.length) : null;
const middle = (values: number[]): number | null => values.toSorted((a, b) => a - b)[values.length >> 1] ?? null;

function rowOf({ world, expected }: Scenario, courses: Courses[]): Row {
  const stops = (list: Course[]): Course[] => list.filter((c) => c.stopped !== null);
  const early = (list: Course[]): number =>
    list.filter((c) => c.stopped !== null && c.stopped < STAGES.length - 1).length;
  const peerOf = (list: Course[]): Peer => ({
    stopped: stops(list).length,
    before100: early(list),
    meanRequests: mean(stops(list).map((c) => c.requests)),
  });
  const ours = courses.map((c) => c.ours);
  return {
    name: world.name,
    expected,
    seeds: courses.length,
    stopped: stops(ours).length,
    before100: early(ours),
    wentOnThrice: ours.filter((c) => c.wentOn.length === STAGES.length && !c.wentOn.includes(null)).length,
    meanRequests: mean(stops(ours).map((c) => c.requests)),
    medianMinutes: middle(stops(ours).map((c) => c.minutes)),
    kayenta: { atEnd: peerOf(courses.map((c) => c.atEnd)), repeated: peerOf(courses.map((c) => c.repeated)) },
  };
}

interface Power {
  minutes: number;
  requests: number;
  /** Parts of the seeds: a good first stage let go on, and one with 1 % more errors stopped, in so many minutes. */
  wentOn: number;
  stopped: number;
}
const powerOf = (good: Ours[], bad: Ours[]): Power[] =>
  [5, 10, 15, 20, 30, 45, 60].map((minutes) => ({
    minutes,
    requests: minutes * 60 * 20 * STAGES[0].share,
    wentOn: good.filter((c) => (c.wentOn[0] ?? Number.POSITIVE_INFINITY) <= minutes).length / good.length,
    stopped: bad.filter((c) => c.stopped === 0 && c.minutes <= minutes).length / bad.length,
  }));

const WIDTHS = [45, 8, 9, 9, 9, 11, 9, 24, 24] as const;
const cells = (...texts: (string | number)[]): string =>
  `${texts.map((text, i) => (i === 0 ? String(text).padEnd(WIDTHS[0]) : String(text).padStart(WIDTHS[i] ?? 8))).join('')}\n`;
const head = (seeds: number): string =>
  `rollouts in stages of 10, 50 and 100 % at 20 requests a second, seeds 1 to ${seeds} (1 to ${Math.min(seeds, FEWER)} of all but the good ones and the 1 %);\n` +
  `a person who is told nothing goes on after ${STAGES.map((s) => s.minutes).join(', ')} min. Kayenta in brackets: mean requests on the new side until found\n\n` +
  cells(
    'what happens',
    'wanted',
    'stopped',
    '<100 %',
    'go on x3',
    'requests',
    'minutes',
    'Kayenta at stage end',
    'Kayenta every 10 min',
  );
const lineOf = (row: Row): string => {
  const peerText = ({ stopped, meanRequests }: Peer): string => `${stopped} (${meanRequests ?? '-'})`;
  return cells(
    row.name,
    row.expected === 'not-enough-data' ? 'wait' : row.expected,
    `${row.stopped}/${row.seeds}`,
    row.before100,
    row.wentOnThrice,
    row.meanRequests ?? '-',
    row.medianMinutes ?? '-',
    peerText(row.kayenta.atEnd),
    peerText(row.kayenta.repeated),
  );
};
const pc = (part: number): string => `${(100 * part).toFixed(1)} %`;
const foot = (power: Power[], good: Row, bad: Row): string =>
  [
    '',
    `false stops of good rollouts: ${pc(good.stopped / good.seeds)} (wanted: at most 2 %)`,
    `1 % more errors found before 100 %: ${pc(bad.before100 / bad.seeds)} (wanted: at least 95 %), after ${bad.meanRequests} requests on the new side`,
    `Kayenta: ${pc(good.kayenta.atEnd.stopped / good.seeds)} false stops and ${pc(bad.kayenta.atEnd.before100 / bad.seeds)} found at the end of stages, after ${bad.kayenta.atEnd.meanRequests} requests; every 10 min ${pc(good.kayenta.repeated.stopped / good.seeds)} and ${pc(bad.kayenta.repeated.before100 / bad.seeds)}, after ${bad.kayenta.repeated.meanRequests}`,
    '',
    'a first stage of 10 % (2 requests a second on the new side)',
    ' minutes  requests   good: go on   1 % more errors: stop',
    ...power.map(
      (p) =>
        `${String(p.minutes).padStart(8)} ${String(p.requests).padStart(9)} ${pc(p.wentOn).padStart(14)} ${pc(p.stopped).padStart(23)}`,
    ),
    '',
  ].join('\n');
